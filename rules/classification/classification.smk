# Kinds of nanomaterials: pictures to vectors, and each picture identified while it is held out.
# Run only on request: snakemake bench_classification


rule synthesis_kinds:
    output:
        folder=directory(results("classification", "pictures")),
    log:
        logs("synthesis_kinds"),
    benchmark:
        times("synthesis_kinds")
    conda:
        "../../envs/core.yaml"
    resources:
        mem_mb=1000,
        runtime=120,
    params:
        code=code("synthesis.kinds"),
        settings=section("synthesis", "kinds"),
        seed=settings.seed,
    shell:
        "python -m micrographia synthesis kinds --seed {params.seed}"
        " --settings {params.settings:q} --out {output.folder:q} >{log:q} 2>&1"


rule classification_embed:
    input:
        pictures=settings.benchmarks.classification or rules.synthesis_kinds.output.folder,
        encoder=inputs.encoder(),
    output:
        table=results("classification", "embeddings.parquet"),
    log:
        logs("classification_embed"),
    benchmark:
        times("classification_embed")
    conda:
        "../../envs/torch.yaml"
    threads: 4
    resources:
        mem_mb=4000,
        runtime=240,
    params:
        code=code("classification.embedding", "classification.encoders", "io.datasets.labelled"),
        settings=sections.for_embedding(),
        state=state(settings.benchmarks.classification),
    shell:
        "python -m micrographia classification embed {input.pictures:q} --mirrored"
        " --jobs {threads} --settings {params.settings:q} --out {output.table:q} >{log:q} 2>&1"


use rule classification_embed as classification_embed_extra with:
    input:
        pictures=inputs.kinds_to_add(rules.synthesis_kinds.output.folder),
        encoder=inputs.encoder(),
    output:
        table=results("classification", "embeddings-extra.parquet"),
    log:
        logs("classification_embed_extra"),
    benchmark:
        times("classification_embed_extra")
    params:
        state=state(inputs.kinds_to_add("")),


rule classification_bench:
    input:
        embeddings=rules.classification_embed.output.table,
        extra=(
            rules.classification_embed_extra.output.table
            if settings.benchmarks.classification_extra
            else []
        ),
    output:
        table=results("classification", "held-out.parquet"),
    log:
        logs("classification_bench"),
    benchmark:
        times("classification_bench")
    conda:
        "../../envs/torch.yaml"
    resources:
        mem_mb=4000,
        runtime=240,
    params:
        code=code("classification.bench"),
        settings=section(
            "classification",
            without=(
                "baselines",
                "encoder",
                "endpoint",
                "prompts",
                "prompt_version",
                "pretraining",
            ),
        ),
        seed=settings.seed,
        extra=extra_option,
    shell:
        "python -m micrographia classification bench --embeddings {input.embeddings:q}"
        " {params.extra} --seed {params.seed} --settings {params.settings:q}"
        " --out {output.table:q} >{log:q} 2>&1"


# Pictures held out in three ways: what near-copies and easy pictures flatter.
# Run only on request: snakemake bench_classification_splits
rule classification_split:
    input:
        embeddings=rules.classification_embed.output.table,
    output:
        table=results("classification", "splits", "{how}.parquet"),
    log:
        logs("classification_split", "{how}"),
    benchmark:
        times("classification_split", "{how}")
    wildcard_constraints:
        how=one_of(SPLITS),
    conda:
        "../../envs/torch.yaml"
    resources:
        mem_mb=4000,
        runtime=120,
    params:
        code=code("classification.splits"),
        seed=settings.seed,
        how="{how}",
        share=split_share,
    shell:
        "python -m micrographia classification split --embeddings {input.embeddings:q}"
        " --how {params.how} --share {params.share} --seed {params.seed}"
        " --out {output.table:q} >{log:q} 2>&1"


rule classification_bench_split:
    input:
        embeddings=rules.classification_embed.output.table,
        split=rules.classification_split.output.table,
    output:
        table=results("classification", "held-out-by-split", "{how}.parquet"),
    log:
        logs("classification_bench_split", "{how}"),
    benchmark:
        times("classification_bench_split", "{how}")
    wildcard_constraints:
        how=one_of(SPLITS),
    conda:
        "../../envs/torch.yaml"
    resources:
        mem_mb=4000,
        runtime=240,
    params:
        code=code("classification.bench"),
        settings=rules.classification_bench.params.settings,
        seed=settings.seed,
    shell:
        "python -m micrographia classification bench --embeddings {input.embeddings:q}"
        " --split {input.split:q} --seed {params.seed} --settings {params.settings:q}"
        " --out {output.table:q} >{log:q} 2>&1"


# Questions and answers about the pictures, from what is known of them.
# Run only on request: snakemake classification_questions
rule classification_questions:
    input:
        pictures=rules.classification_embed.input.pictures,
        grammar=inputs.grammar(),
    output:
        table=results("classification", "questions.parquet"),
    log:
        logs("classification_questions"),
    benchmark:
        times("classification_questions")
    conda:
        "../../envs/torch.yaml"
    resources:
        mem_mb=2000,
        runtime=120,
    params:
        code=code("classification.questions", "io.datasets.labelled"),
        seed=settings.seed,
        state=rules.classification_embed.params.state,
    shell:
        "python -m micrographia classification questions {input.pictures:q} --per-theme 2"
        " --seed {params.seed} --out {output.table:q} >{log:q} 2>&1"
