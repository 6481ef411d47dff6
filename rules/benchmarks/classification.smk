# Kinds of nanomaterials. Run only on request: snakemake bench_classification


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
    shell:
        "python -m micrographia benchmarks score-classification {input.answers:q}"
        " --none-of-these {params.none_of_these:q} --seed {params.seed}"
        " --settings {params.settings:q} --out {output.result:q} >{log:q} 2>&1"
