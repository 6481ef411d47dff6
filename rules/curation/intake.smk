# Micrographs: list, read and hash the files, reject duplicates and poor images.


rule curation_list:
    input:
        # A glob is not a file; params.state covers the files that it matches.
        sources=inputs.existing_sources(),
    output:
        manifest=results("curation", "manifest.parquet"),
    log:
        logs("curation_list"),
    benchmark:
        times("curation_list")
    conda:
        "../../envs/core.yaml"
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        code=code("curation.intake.listing"),
        masks=flag("--masks", settings.data.micrographs.masks),
        state=inputs.state_of_micrographs(),
        sources=shlex.join(inputs.micrograph_sources()),
        licence=settings.data.micrographs.known_licence(),
        shards=settings.shards.micrographs,
    shell:
        "python -m micrographia curation list {params.sources} {params.masks}"
        " --licence {params.licence:q} --shards {params.shards}"
        " --out {output.manifest:q} >{log:q} 2>&1"


rule curation_ingest:
    input:
        manifest=rules.curation_list.output.manifest,
    output:
        table=results("curation", "ingest", "{shard}.parquet"),
    log:
        logs("curation_ingest", "{shard}"),
    benchmark:
        times("curation_ingest", "{shard}")
    conda:
        "../../envs/core.yaml"
    resources:
        mem_mb=2000,
        runtime=120,
    params:
        code=code("curation.intake.ingest"),
        settings=section("curation", without=("text", "scale")),
    shell:
        "python -m micrographia curation ingest --manifest {input.manifest:q}"
        " --shard {wildcards.shard} --settings {params.settings:q}"
        " --out {output.table:q} >{log:q} 2>&1"


rule curation_merge:
    input:
        tables=expand(rules.curation_ingest.output.table, shard=shards("micrographs")),
    output:
        table=results("curation", "deduplicated.parquet"),
    log:
        logs("curation_merge"),
    benchmark:
        times("curation_merge")
    conda:
        "../../envs/core.yaml"
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        code=code("curation.copies.dedup", "curation.intake.quality"),
        settings=section("curation", without=("text", "scale")),
    shell:
        "python -m micrographia curation merge {input.tables:q}"
        " --settings {params.settings:q} --out {output.table:q} >{log:q} 2>&1"
