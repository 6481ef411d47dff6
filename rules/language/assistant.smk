# Questions that an assistant learns from, on drawn pictures with exact masks and on drawn classes,
# and the answers of baselines. Run only on request: snakemake bench_assistant_baselines


# A set of its own: those of `data` may be the user's pictures.
rule assistant_micrographs:
    output:
        folder=directory(results("language", "assistant", "micrographs")),
    log:
        logs("assistant_micrographs"),
    benchmark:
        times("assistant_micrographs")
    conda:
        "../../envs/core.yaml"
    resources:
        mem_mb=1000,
        runtime=120,
    params:
        code=code("synthesis.procedural", "io.images"),
        settings=section("synthesis", without=("kinds",)),
        seed=settings.seed + 1,
    shell:
        "python -m micrographia synthesis micrographs --seed {params.seed}"
        " --settings {params.settings:q} --out {output.folder:q} >{log:q} 2>&1"


rule assistant_instances:
    input:
        folder=rules.assistant_micrographs.output.folder,
    output:
        table=results("language", "assistant", "instances.parquet"),
    log:
        logs("assistant_instances"),
    benchmark:
        times("assistant_instances")
    conda:
        "../../envs/torch.yaml"
    resources:
        mem_mb=1000,
        runtime=60,
    params:
        code=code("segmentation.measuring.given"),
    shell:
        "python -m micrographia segmentation measure-masks {input.folder:q}/images"
        " --masks {input.folder:q}/masks --out {output.table:q} >{log:q} 2>&1"


rule assistant_facts:
    input:
        folder=rules.assistant_micrographs.output.folder,
        instances=rules.assistant_instances.output.table,
    output:
        table=results("language", "assistant", "facts.parquet"),
    log:
        logs("assistant_facts"),
    benchmark:
        times("assistant_facts")
    conda:
        "../../envs/language.yaml"
    resources:
        mem_mb=1000,
        runtime=60,
    params:
        code=code("language.instruction.facts"),
    shell:
        "python -m micrographia language facts {input.folder:q} --instances {input.instances:q}"
        " --out {output.table:q} >{log:q} 2>&1"


rule assistant_class_facts:
    input:
        pictures=rules.classification_embed.input.pictures,
    output:
        table=results("language", "assistant", "class-facts.parquet"),
    log:
        logs("assistant_class_facts"),
    benchmark:
        times("assistant_class_facts")
    conda:
        "../../envs/language.yaml"
    resources:
        mem_mb=1000,
        runtime=60,
    params:
        code=code("language.instruction.facts"),
        state=state(settings.benchmarks.classification),
    shell:
        "python -m micrographia language facts {input.pictures:q} --out {output.table:q}"
        " >{log:q} 2>&1"


rule assistant_instructions:
    input:
        facts=[
            rules.assistant_facts.output.table,
            rules.assistant_class_facts.output.table,
        ],
        embeddings=rules.classification_embed.output.table,
        grammar=inputs.instruction_grammar(),
    output:
        table=results("language", "assistant", "instructions.parquet"),
    log:
        logs("assistant_instructions"),
    benchmark:
        times("assistant_instructions")
    conda:
        "../../envs/language.yaml"
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        code=code("language.instruction", "io.resources"),
        settings=section(
            "language", "instruction", without=("endpoint", "prompts", "prompt_version")
        ),
        seed=settings.seed,
    shell:
        "python -m micrographia language instructions {input.facts:q}"
        " --embeddings {input.embeddings:q} --seed {params.seed} --settings {params.settings:q}"
        " --out {output.table:q} >{log:q} 2>&1"


rule assistant_majority:
    input:
        questions=rules.assistant_instructions.output.table,
    output:
        table=results("language", "assistant", "answers", "majority.parquet"),
    log:
        logs("assistant_majority"),
    benchmark:
        times("assistant_majority")
    conda:
        "../../envs/language.yaml"
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        code=code("language.instruction.baselines"),
    shell:
        "python -m micrographia language baseline-answers {input.questions:q} --method majority"
        " --out {output.table:q} >{log:q} 2>&1"


rule assistant_nearest:
    input:
        questions=rules.assistant_instructions.output.table,
        embeddings=rules.classification_embed.output.table,
    output:
        table=results("language", "assistant", "answers", "nearest.parquet"),
    log:
        logs("assistant_nearest"),
    benchmark:
        times("assistant_nearest")
    conda:
        "../../envs/language.yaml"
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        code=code("language.instruction.baselines"),
    shell:
        "python -m micrographia language baseline-answers {input.questions:q} --method nearest"
        " --embeddings {input.embeddings:q} --out {output.table:q} >{log:q} 2>&1"


rule bench_assistant_baselines:
    input:
        questions=rules.assistant_instructions.output.table,
        answers=[rules.assistant_majority.output.table, rules.assistant_nearest.output.table],
        facts=rules.assistant_instructions.input.facts,
    output:
        result=results("benchmarks", "assistant_baselines.json"),
        table=results("benchmarks", "assistant_baselines.parquet"),
    log:
        logs("bench_assistant_baselines"),
    benchmark:
        times("bench_assistant_baselines")
    conda:
        "../../envs/stem.yaml"
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        code=code("benchmarks.assistant"),
        settings=section("benchmarks"),
        seed=settings.seed,
    shell:
        "python -m micrographia benchmarks score-assistant {input.questions:q}"
        " --answers {input.answers:q} --facts {input.facts:q} --seed {params.seed}"
        " --settings {params.settings:q} --out {output.result:q} >{log:q} 2>&1"
