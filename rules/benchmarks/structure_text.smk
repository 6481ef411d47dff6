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
        method="structure text",
    shell:
        "python -m micrographia benchmarks score-written {input.texts:q} --answers {input.answers:q}"
        " --method {params.method:q} --seed {params.seed} --settings {params.settings:q} --out {output.result:q} >{log:q} 2>&1"


use rule bench_structure_text as structure_text_otherwise with:
    input:
        texts=rules.language_texts.output.table,
        answers=rules.language_structures_otherwise.output.table,
    output:
        result=results("benchmarks", "structure_text_{run}.json"),
        table=results("benchmarks", "structure_text_{run}.parquet"),
    log:
        logs("structure_text_otherwise", "{run}"),
    benchmark:
        times("structure_text_otherwise", "{run}")
    wildcard_constraints:
        run=one_of(TEXT_RUNS),
    params:
        code=code("benchmarks.language"),
        settings=section("benchmarks"),
        seed=settings.seed,
        method="{run}",


rule structure_text_gain:
    input:
        texts=rules.language_texts.output.table,
        answers=rules.language_structures.output.table,
        against=rules.language_structures_otherwise.output.table,
    output:
        result=results("benchmarks", "structure_text_gain_{run}.json"),
    log:
        logs("structure_text_gain", "{run}"),
    benchmark:
        times("structure_text_gain", "{run}")
    wildcard_constraints:
        run=one_of(TEXT_RUNS),
    conda:
        "../../envs/stem.yaml"
    resources:
        mem_mb=2000,
        runtime=120,
    params:
        code=code("benchmarks.language"),
        settings=section("benchmarks"),
        seed=settings.seed,
        method=rules.bench_structure_text.params.method,
        run="{run}",
    shell:
        "python -m micrographia benchmarks compare-written {input.texts:q}"
        " --answers {input.answers:q} --answers-method {params.method:q}"
        " --against {input.against:q} --against-method {params.run:q} --seed {params.seed}"
        " --settings {params.settings:q} --out {output.result:q} >{log:q} 2>&1"


# What the picture adds to the formula, and the network to the nearest training crystal.
rule bench_structure_text_gain:
    input:
        rules.bench_structure_text.output.result,
        expand(rules.structure_text_otherwise.output.result, run=TEXT_RUNS),
        expand(rules.structure_text_gain.output.result, run=TEXT_RUNS),
