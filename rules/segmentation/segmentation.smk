# Instance segmentation: one folder of label masks and two tables per shard.


rule segmentation_predict:
    input:
        micrographs=rules.curation_finish.output.table,
        weights=inputs.weights_of_segmenter(),
    output:
        folder=directory(results("segmentation", "predicted", "{shard}")),
    log:
        logs("segmentation_predict", "{shard}"),
    benchmark:
        times("segmentation_predict", "{shard}")
    conda:
        "../../envs/torch.yaml"
    resources:
        mem_mb=4000,
        runtime=120,
        gpu=inputs.gpus_of_segmenter(),
    params:
        code=digests.code_of_segmenter(),
        settings=sections.for_segmenter(),
        shards=settings.shards.micrographs,
    shell:
        "python -m micrographia segmentation predict"
        " --micrographs {input.micrographs:q} --shard {wildcards.shard}"
        " --shards {params.shards} --settings {params.settings:q}"
        " --out {output.folder:q} >{log:q} 2>&1"


# Sizes and shapes of all instances as tables for other programs, with a fit of the sizes.
rule segmentation_measurements:
    input:
        predictions=expand(rules.segmentation_predict.output.folder, shard=shards("micrographs")),
    output:
        folder=directory(results("segmentation", "measurements")),
    log:
        logs("segmentation_measurements"),
    benchmark:
        times("segmentation_measurements")
    conda:
        "../../envs/torch.yaml"
    resources:
        mem_mb=4000,
        runtime=240,
    params:
        code=code("segmentation.measuring.export"),
        options="",
        # Masks that somebody corrected take the place of those that were found.
        masks=flag("--masks", settings.segmentation.rounds.corrections),
        state=state(settings.segmentation.rounds.corrections),
    shell:
        "python -m micrographia segmentation measurements {input.predictions:q} {params.options}"
        " {params.masks}"
        " --out {output.folder:q} >{log:q} 2>&1"


# ImageJ regions of interest and overlays of all instances. Run only on request.
use rule segmentation_measurements as segmentation_exports with:
    input:
        predictions=rules.segmentation_predict.output.folder,
    output:
        folder=directory(results("segmentation", "exports", "{shard}")),
    log:
        logs("segmentation_exports", "{shard}"),
    benchmark:
        times("segmentation_exports", "{shard}")
    params:
        options="--pictures",


rule measurements:
    input:
        rules.segmentation_measurements.output.folder,
        expand(rules.segmentation_exports.output.folder, shard=shards("micrographs")),


# Run only on request: train a network on segmentation.training.real and on procedural pictures.
use rule data_micrographs as segmentation_procedural with:
    output:
        folder=directory(results("segmentation", "procedural")),
    log:
        logs("segmentation_procedural"),
    benchmark:
        times("segmentation_procedural")
    params:
        settings=sections.training_pictures(),
        # Not the pictures that the workflow segments.
        seed=settings.seed + 1,
        division="",


rule segmentation_network:
    input:
        procedural=(
            rules.segmentation_procedural.output.folder
            if settings.segmentation.training.procedural
            else []
        ),
        # Their content counts: replaced weights rerun the training.
        init=carded(settings.segmentation.training.init),
        encoder=settings.segmentation.training.encoder or [],
    output:
        checkpoint=results("segmentation", "network", "network.safetensors"),
        card=results("segmentation", "network", "network.json"),
        pictures=results("segmentation", "network", "network-pictures.parquet"),
        history=results("segmentation", "network", "network-history.parquet"),
        curves=results("segmentation", "network", "network-curves.png"),
    log:
        logs("segmentation_network"),
    benchmark:
        times("segmentation_network")
    conda:
        "../../envs/torch.yaml"
    threads: 8
    resources:
        mem_mb=8000,
        runtime=1440,
        gpu=inputs.gpus(settings.segmentation.training.loop.device),
    params:
        code=digests.code_of_training(settings.segmentation.training.architecture),
        settings=sections.for_training("rounds"),
        seed=settings.seed,
        state=digests.training_pictures(),
        learn_from=learn_from,
    shell:
        "python -m micrographia segmentation train {params.learn_from}"
        " --threads {threads} --seed {params.seed} --settings {params.settings:q}"
        " --out {output.checkpoint:q} >{log:q} 2>&1"
