# Baselines of classification: one split for all, and each trained for the same budget.
# Run only on request: snakemake bench_classification_baselines


use rule classification_split as classification_baseline_split with:
    output:
        table=results("classification", "split.parquet"),
    log:
        logs("classification_baseline_split"),
    benchmark:
        times("classification_baseline_split")
    params:
        code=code("classification.splits"),
        seed=settings.seed,
        how=settings.classification.baselines.how,
        share=settings.classification.baselines.share,


rule classification_baseline:
    input:
        pictures=settings.benchmarks.classification or rules.synthesis_kinds.output.folder,
        split=rules.classification_baseline_split.output.table,
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
