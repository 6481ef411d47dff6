# Public data sets, only on request: `snakemake retrieve_emps`. `micrographia data list` says which
# there are. Compute nodes often have no network access, so this machine downloads.
localrules:
    retrieve,


rule retrieve:
    output:
        receipt=public.receipt("{name}"),
    log:
        logs("retrieve", "{name}"),
    benchmark:
        times("retrieve", "{name}")
    wildcard_constraints:
        name=one_of(public.names()),
    conda:
        "../../envs/core.yaml"
    resources:
        mem_mb=2000,
        runtime=1440,
    params:
        code=code("data"),
        entry=public.entry,
        folder=public_folder,
    shell:
        "python -m micrographia data retrieve {wildcards.name} --into {params.folder:q}"
        " >{log:q} 2>&1"


for one in public.names():

    rule:
        name:
            f"retrieve_{one}"
        input:
            public.receipt(one),
