# Baselines of classification: one split for all, and each trained for the same budget.
# Run only on request: snakemake bench_classification_baselines


rule classification_split:
    input:
        embeddings=rules.classification_embed.output.table,
    output:
        table=results("classification", "split.parquet"),
    log:
        logs("classification_split"),
    benchmark:
        times("classification_split")
    conda:
        "../../envs/torch.yaml"
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        code=code("classification.splits"),
        how=settings.classification.baselines.how,
        share=settings.classification.baselines.share,
        seed=settings.seed,
    shell:
        "python -m micrographia classification split --embeddings {input.embeddings:q}"
        " --how {params.how} --share {params.share} --seed {params.seed}"
        " --out {output.table:q} >{log:q} 2>&1"


rule classification_baseline:
    input:
        pictures=settings.benchmarks.classification or rules.synthesis_kinds.output.folder,
        split=rules.classification_split.output.table,
    output:
        table=results("classification", "baselines", "{baseline}.parquet"),
        card=results("classification", "baselines", "{baseline}.json"),
    log:
        logs("classification_baseline", "{baseline}"),
    benchmark:
        times("classification_baseline", "{baseline}")
    wildcard_constraints:
        baseline=one_of(PICTURE_BASELINES),
    conda:
        "../../envs/torch.yaml"
    threads: 1
    resources:
        mem_mb=6000,
        runtime=600,
        gpu=inputs.gpus(settings.classification.baselines.device),
    params:
        code=code("classification.baselines", "io.datasets.labelled"),
        settings=sections.for_baselines(),
        seed=settings.seed,
        baseline="{baseline}",
    shell:
        "OMP_NUM_THREADS={threads} python -m micrographia classification baseline"
        " {params.baseline} {input.pictures:q} --split {input.split:q} --seed {params.seed}"
        " --settings {params.settings:q} --out {output.table:q} >{log:q} 2>&1"
