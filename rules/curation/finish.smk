# The table of micrographs that later rooms read: text, pixel sizes and legibility added.


rule curation_finish:
    input:
        micrographs=rules.curation_merge.output.table,
        text=expand(
            rules.curation_text.output.table,
            shard=shards("micrographs") if settings.curation.text.detect else [],
        ),
        scale=expand(
            rules.curation_scale.output.table,
            shard=shards("micrographs") if settings.curation.scale.read else [],
        ),
        legible=expand(
            results("curation", "legibility", "{annotator}", "{shard}.parquet"),
            annotator=settings.annotation.legible or [],
            shard=shards("micrographs"),
        ),
    output:
        table=results("curation", "micrographs.parquet"),
    log:
        logs("curation_finish"),
    benchmark:
        times("curation_finish")
    conda:
        "../../envs/core.yaml"
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        code=code("curation.finish"),
    shell:
        "python -m micrographia curation finish --micrographs {input.micrographs:q}"
        " --text {input.text:q} --scale {input.scale:q} --legible {input.legible:q}"
        " --out {output.table:q} >{log:q} 2>&1"
