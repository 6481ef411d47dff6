# Structures written as text for pictures of held-out crystals.
# Run only on request: snakemake bench_structure_text


rule bench_structure_text:
    input:
        texts=rules.language_texts.output.table,
        answers=rules.language_structures.output.table,
    output:
        result=results("benchmarks", "structure_text.json"),
        table=results("benchmarks", "structure_text.parquet"),
    log:
        logs("bench_structure_text"),
    benchmark:
        times("bench_structure_text")
    conda:
        "../../envs/stem.yaml"
    resources:
        mem_mb=2000,
        runtime=120,
    params:
        code=code("benchmarks.language"),
        settings=section("benchmarks"),
        seed=settings.seed,
    shell:
        "python -m micrographia benchmarks score-written {input.texts:q} --answers {input.answers:q}"
        " --seed {params.seed} --settings {params.settings:q} --out {output.result:q} >{log:q} 2>&1"
