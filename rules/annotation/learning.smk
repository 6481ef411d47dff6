# Weights of the embedded annotators, trained on procedural pictures. Run only on request:
# snakemake annotation_weights


# Training pictures have their own random seeds: none of them is ever scored.
use rule data_micrographs as annotation_learn_pictures with:
    output:
        folder=directory(results("annotation", "learn", "pictures", "{seed}")),
    log:
        logs("annotation_learn_pictures", "{seed}"),
    benchmark:
        times("annotation_learn_pictures", "{seed}")
    wildcard_constraints:
        seed=r"\d+",
    params:
        settings=sections.learn_pictures,
        seed="{seed}",
        division="",


rule annotation_learn_segment:
    input:
        pictures=rules.annotation_learn_pictures.output.folder,
        weights=inputs.weights_of_segmenter(),
    output:
        folder=directory(results("annotation", "learn", "predicted", "{seed}")),
    log:
        logs("annotation_learn_segment", "{seed}"),
    benchmark:
        times("annotation_learn_segment", "{seed}")
    wildcard_constraints:
        seed=r"\d+",
    conda:
        "../../envs/torch.yaml"
    resources:
        mem_mb=2000,
        runtime=60,
        gpu=inputs.gpus_of_segmenter(),
    params:
        code=digests.code_of_segmenter(),
        settings=sections.for_segmenter(),
    shell:
        "python -m micrographia segmentation predict {input.pictures:q}/images --masks-only --keep-text"
        " --settings {params.settings:q} --out {output.folder:q} >{log:q} 2>&1"


rule annotation_learn:
    input:
        pictures=inputs.learn_order(),
        segmentations=inputs.learn_segmentations,
    output:
        weights=results("annotation", "weights", "{kind}.safetensors"),
        card=results("annotation", "weights", "{kind}.json"),
    log:
        logs("annotation_learn", "{kind}"),
    benchmark:
        times("annotation_learn", "{kind}")
    wildcard_constraints:
        kind=one_of(TRAINED_ANNOTATOR_KINDS),
    conda:
        "../../envs/annotation.yaml"
    resources:
        mem_mb=4000,
        runtime=120,
    params:
        code=code("annotation.embedded"),
        seed=settings.seed,
    shell:
        "python -m micrographia annotation learn --kind {wildcards.kind}"
        " --pictures {input.pictures:q} --segmentations {input.segmentations:q}"
        " --seed {params.seed} --out {output.weights:q} >{log:q} 2>&1"


# New weights of the embedded annotators; set them in annotation.annotators to use them.
rule annotation_weights:
    input:
        expand(rules.annotation_learn.output.weights, kind=TRAINED_ANNOTATOR_KINDS),
