# What enters at the front: the procedural micrographs, or the user's own folder.


if settings.data.micrographs.source == "procedural":

    rule data_micrographs:
        output:
            folder=directory(results("data", "micrographs", "{shard}")),
        log:
            logs("data_micrographs", "{shard}"),
        benchmark:
            times("data_micrographs", "{shard}")
        conda:
            environment("core")
        resources:
            mem_mb=1000,
            runtime=30,
        params:
            code=code("synthesis"),
            settings=section("synthesis"),
            seed=settings.seed,
            shards=settings.shards.micrographs,
        shell:
            "python -m micrographia synthesis micrographs --out {output.folder:q}"
            " --seed {params.seed} --shard {wildcards.shard} --shards {params.shards}"
            " --settings {params.settings:q} >{log:q} 2>&1"


rule data_structures:
    input:
        prototypes="resources/prototypes.csv",
        source=(
            []
            if settings.data.structures.source in ("prototypes", "materials-project")
            else settings.data.structures.source
        ),
    output:
        table=results("stem", "structures.parquet"),
    log:
        logs("data_structures"),
    benchmark:
        times("data_structures")
    conda:
        environment("stem")
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        code=code("stem.crystals.structures", "stem.crystals.prototypes", "stem.crystals.materials_project"),
        settings=section("data", "structures"),
        seed=settings.seed,
        state=(
            ""
            if settings.data.structures.source in ("prototypes", "materials-project")
            else state(settings.data.structures.source)
        ),
    shell:
        "python -m micrographia stem structures --out {output.table:q}"
        " --table {input.prototypes:q} --seed {params.seed}"
        " --settings {params.settings:q} >{log:q} 2>&1"
