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


rule classification_bench:
    input:
        embeddings=rules.classification_embed.output.table,
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
    shell:
        "python -m micrographia classification bench --embeddings {input.embeddings:q}"
        " --seed {params.seed} --settings {params.settings:q} --out {output.table:q} >{log:q} 2>&1"
