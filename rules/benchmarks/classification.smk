# Kinds of nanomaterials. Run only on request: snakemake bench_classification, and
# snakemake bench_classification_splits


rule bench_classification:
    input:
        answers=rules.classification_bench.output.table,
    output:
        result=results("benchmarks", "classification.json"),
    log:
        logs("bench_classification"),
    benchmark:
        times("bench_classification")
    conda:
        "../../envs/core.yaml"
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        code=code("benchmarks.classification"),
        settings=section("benchmarks"),
        seed=settings.seed,
        # An empty text is no label: then every label is a class.
        none_of_these=settings.classification.none_of_these or "",
        quality=words_option("--quality", settings.benchmarks.classification_quality),
    shell:
        "python -m micrographia benchmarks score-classification {input.answers:q}"
        " {params.quality} --none-of-these {params.none_of_these:q} --seed {params.seed}"
        " --settings {params.settings:q} --out {output.result:q} >{log:q} 2>&1"


rule bench_classification_splits:
    input:
        answers=expand(rules.classification_bench_split.output.table, how=SPLITS),
    output:
        result=results("benchmarks", "classification_splits.json"),
    log:
        logs("bench_classification_splits"),
    benchmark:
        times("bench_classification_splits")
    conda:
        "../../envs/core.yaml"
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        code=code("benchmarks.classification"),
        settings=section("benchmarks"),
        seed=settings.seed,
        none_of_these=rules.bench_classification.params.none_of_these,
        quality=rules.bench_classification.params.quality,
    shell:
        "python -m micrographia benchmarks score-classification-splits {input.answers:q}"
        " {params.quality} --none-of-these {params.none_of_these:q} --seed {params.seed}"
        " --settings {params.settings:q} --out {output.result:q} >{log:q} 2>&1"
