# Questions that an assistant learns from, on drawn pictures with exact masks and on drawn classes,
# the assistant's network, and answers of writers and baselines. Run only on request: snakemake
# bench_assistant_baselines (minutes), bench_assistant (trains the network first)


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


rule assistant_network:
    input:
        questions=rules.assistant_instructions.output.table,
        facts=rules.assistant_instructions.input.facts,
    output:
        checkpoint=results("language", "network", "assistant.safetensors"),
        card=results("language", "network", "assistant.json"),
        history=results("language", "network", "assistant-history.parquet"),
        curves=results("language", "network", "assistant-curves.png"),
    log:
        logs("assistant_network"),
    benchmark:
        times("assistant_network")
    conda:
        "../../envs/language.yaml"
    threads: 8
    resources:
        mem_mb=12000,
        runtime=1440,
        gpu=inputs.gpus(settings.language.network.loop.device),
    params:
        code=code("language.network.train", "training.history"),
        settings=section("language", "network"),
        seed=settings.seed,
    shell:
        "python -m micrographia language train-assistant {input.questions:q}"
        " --facts {input.facts:q} --threads {threads} --seed {params.seed}"
        " --settings {params.settings:q} --out {output.checkpoint:q} >{log:q} 2>&1"


rule assistant_answers:
    input:
        questions=rules.assistant_instructions.output.table,
        facts=rules.assistant_instructions.input.facts,
        checkpoint=rules.assistant_network.output.checkpoint,
    output:
        table=results("language", "assistant", "answers", "{writer}.parquet"),
    log:
        logs("assistant_answers", "{writer}"),
    benchmark:
        times("assistant_answers", "{writer}")
    wildcard_constraints:
        writer="embedded|network",
    conda:
        "../../envs/language.yaml"
    resources:
        mem_mb=4000,
        runtime=240,
    params:
        code=code("language.grounding.tabled", "language.grounding.writers", "io.questions.sample"),
    shell:
        "python -m micrographia language answers {input.questions:q} --facts {input.facts:q}"
        " --writer {wildcards.writer} --weights {input.checkpoint:q} --out {output.table:q}"
        " >{log:q} 2>&1"


rule bench_assistant:
    input:
        questions=rules.assistant_instructions.output.table,
        answers=[
            *rules.bench_assistant_baselines.input.answers,
            *expand(rules.assistant_answers.output.table, writer=["embedded", "network"]),
        ],
        facts=rules.assistant_instructions.input.facts,
    output:
        result=results("benchmarks", "assistant.json"),
        table=results("benchmarks", "assistant.parquet"),
    log:
        logs("bench_assistant"),
    benchmark:
        times("bench_assistant")
    conda:
        "../../envs/stem.yaml"
    resources:
        mem_mb=2000,
        runtime=120,
    params:
        code=code("benchmarks.assistant"),
        settings=section("benchmarks"),
        seed=settings.seed,
    shell:
        "python -m micrographia benchmarks score-assistant {input.questions:q}"
        " --answers {input.answers:q} --facts {input.facts:q} --seed {params.seed}"
        " --settings {params.settings:q} --out {output.result:q} >{log:q} 2>&1"
