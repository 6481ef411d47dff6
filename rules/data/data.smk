# Input data: the procedural micrographs. A user's own images are listed by `curation_list`.


rule data_micrographs:
    output:
        folder=directory(results("data", "micrographs", "{shard}")),
    log:
        logs("data_micrographs", "{shard}"),
    benchmark:
        times("data_micrographs", "{shard}")
    conda:
        "../../envs/core.yaml"
    resources:
        mem_mb=1000,
        runtime=120,
    params:
        code=code("synthesis.procedural", "io.images"),
        settings=section("synthesis", without=("kinds",)),
        seed=settings.seed,
        division=f"--shard {{shard}} --shards {settings.shards.micrographs}",
    shell:
        "python -m micrographia synthesis micrographs --out {output.folder:q}"
        " --seed {params.seed} {params.division} --settings {params.settings:q} >{log:q} 2>&1"
