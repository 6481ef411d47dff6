# Baselines of classification side by side on the same test pictures. Run only on request:
# snakemake bench_classification_baselines, or bench_classification_<name> for one.


use rule bench_classification as classification_baseline_scores with:
    input:
        answers=rules.classification_baseline.output.table,
    output:
        result=results("benchmarks", "classification_{baseline}.json"),
    log:
        logs("classification_baseline_scores", "{baseline}"),
    benchmark:
        times("classification_baseline_scores", "{baseline}")
    wildcard_constraints:
        baseline=one_of(PICTURE_BASELINES),


for BASELINE in PICTURE_BASELINES:

    rule:
        name:
            f"bench_classification_{BASELINE.replace('-', '_')}"
        input:
            results("benchmarks", f"classification_{BASELINE}.json"),


rule bench_classification_baselines:
    input:
        results=expand(
            rules.classification_baseline_scores.output.result,
            baseline=settings.classification.baselines.names,
        ),
        cards=expand(
            rules.classification_baseline.output.card,
            baseline=settings.classification.baselines.names,
        ),
    output:
        result=results("benchmarks", "classification_baselines.json"),
        table=results("benchmarks", "classification_baselines.parquet"),
        figure=report(
            results("benchmarks", "classification_baselines.png"),
            category="Benchmarks",
            caption="../captions/classification_baselines.rst",
        ),
    log:
        logs("bench_classification_baselines"),
    benchmark:
        times("bench_classification_baselines")
    conda:
        "../../envs/core.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code("benchmarks.classification"),
    shell:
        "python -m micrographia benchmarks compare-classifiers {input.results:q}"
        " --cards {input.cards:q} --out {output.result:q} >{log:q} 2>&1"
