# Text regions: text burnt into the micrographs, and the training of its detector.


# Runs if curation.text.detect is true.
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
        "../../envs/text.yaml"
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


# Run only on request: `snakemake text_detector`; the workflow uses the detector of the settings.
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
        "../../envs/core.yaml"
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
        labelled=inputs.labelled_text(),
    output:
        weights=results("curation", "text_training", "detector.safetensors"),
        description=results("curation", "text_training", "detector.json"),
    log:
        logs("text_detector"),
    benchmark:
        times("text_detector")
    conda:
        "../../envs/text.yaml"
    threads: settings.curation.text.training.threads
    resources:
        mem_mb=6000,
        runtime=1440,
    params:
        code=code("curation.text.training"),
        settings=section("curation", "text", "training"),
        seed=settings.seed,
    # The shell prefix limits a job to one core; this job uses several.
    shell:
        "OMP_NUM_THREADS={threads} python -m micrographia curation train-text"
        " --pictures {input.pictures:q} --seed {params.seed} --settings {params.settings:q}"
        " --out {output.weights:q} >{log:q} 2>&1"
