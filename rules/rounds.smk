# A network labels the kept micrographs, the next one learns from what it was sure of, and so on.
# Asked for by name: snakemake segmentation_rounds


rule segmentation_pseudo:
    input:
        micrographs=rules.curation_finish.output.table,
        known=rules.segmentation_network.output.pictures,
        checkpoint=network_of_round,
    output:
        folder=directory(results("segmentation", "rounds", "{round}", "pseudo", "{shard}")),
    log:
        logs("segmentation_pseudo", "{round}", "{shard}"),
    benchmark:
        times("segmentation_pseudo", "{round}", "{shard}")
    wildcard_constraints:
        round=r"\d+",
    conda:
        environment("torch")
    resources:
        mem_mb=4000,
        runtime=240,
        gpu=gpus(settings.segmentation.network.device),
    params:
        code=code("segmentation.pseudo_labels.run"),
        settings=settings_of_training(),
        shards=settings.shards.micrographs,
        corrections=state(settings.segmentation.rounds.corrections),
    shell:
        "python -m micrographia segmentation pseudo-label --micrographs {input.micrographs:q}"
        " --shard {wildcards.shard} --shards {params.shards} --known {input.known:q}"
        " --checkpoint {input.checkpoint:q} --settings {params.settings:q}"
        " --out {output.folder:q} >{log:q} 2>&1"


rule segmentation_round:
    input:
        # The same division in all rounds: their scores can be compared.
        pictures=rules.segmentation_network.output.pictures,
        pseudo=labels_before_round,
    output:
        checkpoint=results("segmentation", "rounds", "{round}", "network.safetensors"),
        card=results("segmentation", "rounds", "{round}", "network.json"),
        pictures=results("segmentation", "rounds", "{round}", "network-pictures.parquet"),
        history=results("segmentation", "rounds", "{round}", "network-history.parquet"),
        curves=results("segmentation", "rounds", "{round}", "network-curves.png"),
    log:
        logs("segmentation_round", "{round}"),
    benchmark:
        times("segmentation_round", "{round}")
    wildcard_constraints:
        round=r"[1-9]\d*",
    conda:
        environment("torch")
    threads: 8
    resources:
        mem_mb=8000,
        runtime=1440,
        gpu=gpus(settings.segmentation.training.loop.device),
    params:
        code=code("segmentation.learning.train", "segmentation.pseudo_labels.select"),
        settings=settings_of_training("rounds"),
        seed=settings.seed,
    shell:
        "python -m micrographia segmentation train --pictures {input.pictures:q}"
        " --pseudo {input.pseudo:q} --threads {threads} --seed {params.seed}"
        " --settings {params.settings:q} --out {output.checkpoint:q} >{log:q} 2>&1"


rule segmentation_rounds:
    input:
        checkpoints=networks_of_rounds(),
    output:
        table=results("segmentation", "rounds", "learning-curve.parquet"),
        figure=report(
            results("segmentation", "rounds", "learning-curve.png"),
            category="Segmentation",
            caption="captions/rounds.rst",
        ),
    log:
        logs("segmentation_rounds"),
    benchmark:
        times("segmentation_rounds")
    conda:
        environment("torch")
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code("segmentation.pseudo_labels.rounds"),
    shell:
        "python -m micrographia segmentation rounds {input.checkpoints:q} --out {output.table:q}"
        " >{log:q} 2>&1"
