# Pixel sizes: scale bars and banners read, and checked against the files' headers.


if settings.curation.scale.read:

    rule curation_scale:
        input:
            micrographs=rules.curation_merge.output.table,
            text=(
                results("curation", "text", "{shard}.parquet")
                if settings.curation.text.detect
                else []
            ),
            reader=settings.curation.scale.reader,
        output:
            table=results("curation", "scale", "{shard}.parquet"),
        log:
            logs("curation_scale", "{shard}"),
        benchmark:
            times("curation_scale", "{shard}")
        conda:
            environment("core")
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
