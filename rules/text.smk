# Text regions: what is burnt into the micrographs, and the table that later rooms read.


if settings.curation.text.detect:

    rule curation_text:
        input:
            micrographs=rules.curation_merge.output.table,
            weights=settings.curation.text.weights,
        output:
            table=results("curation", "text", "{shard}.parquet"),
        log:
            logs("curation_text", "{shard}"),
        benchmark:
            times("curation_text", "{shard}")
        conda:
            environment("text")
        resources:
            mem_mb=3000,
            runtime=120,
        params:
            code=code("curation.text", "curation.text_network"),
            settings=section("curation", "text"),
            shards=settings.shards.micrographs,
        shell:
            "python -m micrographia curation text --micrographs {input.micrographs:q}"
            " --weights {input.weights:q} --shard {wildcards.shard} --shards {params.shards}"
            " --settings {params.settings:q} --out {output.table:q} >{log:q} 2>&1"


rule curation_finish:
    input:
        micrographs=rules.curation_merge.output.table,
        text=(
            expand(results("curation", "text", "{shard}.parquet"), shard=shards("micrographs"))
            if settings.curation.text.detect
            else []
        ),
    output:
        table=results("curation", "micrographs.parquet"),
    log:
        logs("curation_finish"),
    benchmark:
        times("curation_finish")
    conda:
        environment("core")
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        code=code("curation.finish"),
    shell:
        "python -m micrographia curation finish --micrographs {input.micrographs:q}"
        " --text {input.text:q} --out {output.table:q} >{log:q} 2>&1"
