# Pixel sizes: read scale bars and banners, and check them against the file headers.


# Runs if curation.scale.read is true.
rule curation_scale:
    input:
        micrographs=rules.curation_merge.output.table,
        text=(rules.curation_text.output.table if settings.curation.text.detect else []),
        reader=carded(settings.curation.scale.reader),
    output:
        table=results("curation", "scale", "{shard}.parquet"),
    log:
        logs("curation_scale", "{shard}"),
    benchmark:
        times("curation_scale", "{shard}")
    conda:
        "../../envs/core.yaml"
    resources:
        mem_mb=2000,
        runtime=240,
    params:
        code=code("curation.scale.measure"),
        settings=section("curation", "scale"),
        shards=settings.shards.micrographs,
    shell:
        "python -m micrographia curation scale --micrographs {input.micrographs:q}"
        " --text {input.text:q} --shard {wildcards.shard} --shards {params.shards}"
        " --settings {params.settings:q} --out {output.table:q} >{log:q} 2>&1"
