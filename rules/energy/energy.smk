# Crystals to relaxed crystals and energies: `snakemake energies`. Takes minutes, not in the demo.


rule energy_references:
    output:
        references=results("energy", "references.json"),
    log:
        logs("energy_references"),
    benchmark:
        times("energy_references")
    conda:
        "../../envs/energy.yaml"
    resources:
        mem_mb=3000,
        runtime=60,
    params:
        code=code("energy.references", "energy.calculators"),
        settings=section("energy"),
    shell:
        "python -m micrographia energy references --settings {params.settings:q}"
        " --out {output.references:q} >{log:q} 2>&1"


rule energy_relax:
    input:
        crystals=rules.reconstruction_solve.output.folder,
        references=rules.energy_references.output.references,
    output:
        table=results("energy", "{shard}", "energies.parquet"),
    log:
        logs("energy_relax", "{shard}"),
    benchmark:
        times("energy_relax", "{shard}")
    conda:
        "../../envs/energy.yaml"
    resources:
        mem_mb=3000,
        runtime=480,
    params:
        code=code("energy"),
        settings=section("energy"),
        seed=settings.seed,
        options="",
    shell:
        "python -m micrographia energy batch {input.crystals:q} {params.options}"
        " --references {input.references:q}"
        " --settings {params.settings:q} --seed {params.seed}"
        " --out {output.table:q} >{log:q} 2>&1"


# The true crystals, relaxed in the same way: the best result that a reconstruction can reach.
use rule energy_relax as energy_truth with:
    input:
        crystals=rules.stem_structures.output.table,
        references=rules.energy_references.output.references,
    output:
        table=results("energy", "truth", r"{shard,\d+}", "energies.parquet"),
    log:
        logs("energy_truth", "{shard}"),
    benchmark:
        times("energy_truth", "{shard}")
    resources:
        mem_mb=3000,
        runtime=240,
    params:
        options=f"--trust-heights --shard {{shard}} --shards {settings.shards.structures}",


rule energies:
    input:
        expand(rules.energy_relax.output.table, shard=names.picture_shards()),
        expand(rules.energy_truth.output.table, shard=shards("structures")),
