# Text regions: what is burnt into the micrographs, and the table that later rooms read.


if settings.curation.text.detect:

    rule curation_text:
        input:
            micrographs=rules.curation_merge.output.table,
            weights=carded(settings.curation.text.weights),
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
            code=code("curation.text.regions", "curation.text.network"),
            settings=section("curation", "text", without=("training",)),
            shards=settings.shards.micrographs,
        shell:
            "python -m micrographia curation text --micrographs {input.micrographs:q}"
            " --weights {input.weights[0]:q} --shard {wildcards.shard} --shards {params.shards}"
            " --settings {params.settings:q} --out {output.table:q} >{log:q} 2>&1"


# Asked for by name: `snakemake text_detector`; the workflow uses the detector of the settings.
rule text_pictures:
    input:
        backgrounds=list(settings.curation.text.training.backgrounds),
    output:
        folder=directory(results("curation", "text_training", "pictures")),
    log:
        logs("text_pictures"),
    benchmark:
        times("text_pictures")
    conda:
        environment("core")
    resources:
        mem_mb=2000,
        runtime=120,
    params:
        code=code("synthesis.text.dataset"),
        settings=section("curation", "text", "training"),
        seed=settings.seed,
    shell:
        "python -m micrographia synthesis text-pictures --seed {params.seed}"
        " --settings {params.settings:q} --out {output.folder:q} >{log:q} 2>&1"


rule text_detector:
    input:
        pictures=rules.text_pictures.output.folder,
        start=carded(settings.curation.text.training.start),
        labelled=[
            labelled.boxes
            for labelled in [settings.curation.text.training.labelled]
            if labelled is not None
        ],
    output:
        weights=results("curation", "text_training", "detector.safetensors"),
        description=results("curation", "text_training", "detector.json"),
    log:
        logs("text_detector"),
    benchmark:
        times("text_detector")
    conda:
        environment("text")
    threads: settings.curation.text.training.threads
    resources:
        mem_mb=6000,
        runtime=1440,
    params:
        code=code("curation.text.training"),
        settings=section("curation", "text", "training"),
        seed=settings.seed,
    # The preamble holds a job to one core; this one has several.
    shell:
        "OMP_NUM_THREADS={threads} python -m micrographia curation train-text"
        " --pictures {input.pictures:q} --seed {params.seed} --settings {params.settings:q}"
        " --out {output.weights:q} >{log:q} 2>&1"


rule curation_finish:
    input:
        micrographs=rules.curation_merge.output.table,
        text=(
            expand(results("curation", "text", "{shard}.parquet"), shard=shards("micrographs"))
            if settings.curation.text.detect
            else []
        ),
        scale=(
            expand(results("curation", "scale", "{shard}.parquet"), shard=shards("micrographs"))
            if settings.curation.scale.read
            else []
        ),
        legible=expand(
            results("annotation", "legibility", "{annotator}", "{shard}.parquet"),
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
        environment("core")
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        code=code("curation.finish"),
    shell:
        "python -m micrographia curation finish --micrographs {input.micrographs:q}"
        " --text {input.text:q} --scale {input.scale:q} --legible {input.legible:q}"
        " --out {output.table:q} >{log:q} 2>&1"
