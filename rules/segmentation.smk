# Instance segmentation: one folder of label masks and two tables per shard.


rule segmentation_watershed:
    input:
        micrographs=rules.curation_finish.output.table,
    output:
        folder=directory(results("segmentation", "watershed", "{shard}")),
    log:
        logs("segmentation_watershed", "{shard}"),
    benchmark:
        times("segmentation_watershed", "{shard}")
    conda:
        environment("core")
    resources:
        mem_mb=2000,
        runtime=120,
    params:
        code=code("segmentation"),
        settings=section("segmentation"),
        shards=settings.shards.micrographs,
    shell:
        "python -m micrographia segmentation predict --method watershed"
        " --micrographs {input.micrographs:q} --shard {wildcards.shard}"
        " --shards {params.shards} --settings {params.settings:q}"
        " --out {output.folder:q} >{log:q} 2>&1"
