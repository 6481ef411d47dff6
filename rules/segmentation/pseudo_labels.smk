# Pseudo-labels: a network labels the kept micrographs, the next one trains on the reliable labels.
# Run only on request: snakemake segmentation_rounds


rule segmentation_pseudo:
    input:
        micrographs=rules.curation_finish.output.table,
        known=rules.segmentation_network.output.pictures,
        checkpoint=inputs.network_of_round,
    output:
        folder=directory(names.round_folder("{round}", "pseudo", "{shard}")),
    log:
        logs("segmentation_pseudo", "{round}", "{shard}"),
    benchmark:
        times("segmentation_pseudo", "{round}", "{shard}")
    wildcard_constraints:
        round=r"\d+",
    conda:
        "../../envs/torch.yaml"
    resources:
        mem_mb=4000,
        runtime=240,
        gpu=inputs.gpus(settings.segmentation.network.device),
    params:
        code=code("segmentation.pseudo_labels.run"),
        settings=sections.for_training(),
        shards=settings.shards.micrographs,
        corrections=state(settings.segmentation.rounds.corrections),
    shell:
        "python -m micrographia segmentation pseudo-label --micrographs {input.micrographs:q}"
        " --shard {wildcards.shard} --shards {params.shards} --known {input.known:q}"
        " --checkpoint {input.checkpoint:q} --settings {params.settings:q}"
        " --out {output.folder:q} >{log:q} 2>&1"


use rule segmentation_network as segmentation_round with:
    input:
        # The same split in all rounds: their scores can be compared.
        pictures=rules.segmentation_network.output.pictures,
        pseudo=inputs.labels_before_round,
    output:
        checkpoint=names.round_folder("{round}", "network.safetensors"),
        card=names.round_folder("{round}", "network.json"),
        pictures=names.round_folder("{round}", "network-pictures.parquet"),
        history=names.round_folder("{round}", "network-history.parquet"),
        curves=names.round_folder("{round}", "network-curves.png"),
    log:
        logs("segmentation_round", "{round}"),
    benchmark:
        times("segmentation_round", "{round}")
    wildcard_constraints:
        round=r"[1-9]\d*",
    params:
        state="",


rule segmentation_rounds:
    input:
        checkpoints=inputs.networks_of_rounds(),
    output:
        table=results("segmentation", "rounds", "learning-curve.parquet"),
        figure=report(
            results("segmentation", "rounds", "learning-curve.png"),
            category="Segmentation",
            caption="../captions/rounds.rst",
        ),
    log:
        logs("segmentation_rounds"),
    benchmark:
        times("segmentation_rounds")
    conda:
        "../../envs/torch.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code("segmentation.pseudo_labels.rounds"),
    shell:
        "python -m micrographia segmentation rounds {input.checkpoints:q} --out {output.table:q}"
        " >{log:q} 2>&1"
