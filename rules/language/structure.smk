# Structure as text: crystals to texts, a network that writes them, and what it writes for pictures
# of held-out crystals. Run only on request: snakemake bench_structure_text


rule language_texts:
    input:
        structures=rules.stem_structures.output.table,
    output:
        table=results("language", "texts.parquet"),
    log:
        logs("language_texts"),
    benchmark:
        times("language_texts")
    conda:
        "../../envs/language.yaml"
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        code=code("language.structure.dataset"),
        settings=section(
            "language",
            "structure",
            without=(
                "model",
                "pictures",
                "variants",
                "told",
                "judged",
                "loop",
                "samples",
                "temperature",
                "checkpoint",
                "device",
            ),
        ),
        seed=settings.seed,
    shell:
        "python -m micrographia language texts {input.structures:q}"
        " --seed {params.seed} --settings {params.settings:q} --out {output.table:q} >{log:q} 2>&1"


# An interrupted training resumes from states/ beside the weights.
rule language_network:
    input:
        texts=rules.language_texts.output.table,
    output:
        checkpoint=results("language", "network", "structure.safetensors"),
        card=results("language", "network", "structure.json"),
        history=results("language", "network", "structure-history.parquet"),
        curves=results("language", "network", "structure-curves.png"),
    log:
        logs("language_network"),
    benchmark:
        times("language_network")
    conda:
        "../../envs/language.yaml"
    threads: 8
    resources:
        mem_mb=8000,
        runtime=1440,
        gpu=inputs.gpus(settings.language.structure.loop.device),
    params:
        code=code("language.structure.train", "training.history"),
        settings=section(
            "language",
            "structure",
            without=("test", "validation", "checkpoint", "device", "samples", "temperature"),
        ),
        seed=settings.seed,
    shell:
        "python -m micrographia language train-structure {input.texts:q} --threads {threads}"
        " --seed {params.seed} --settings {params.settings:q} --out {output.checkpoint:q}"
        " >{log:q} 2>&1"


rule language_structures:
    input:
        texts=rules.language_texts.output.table,
        checkpoint=(
            settings.language.structure.checkpoint or rules.language_network.output.checkpoint
        ),
    output:
        table=results("language", "structures.parquet"),
    log:
        logs("language_structures"),
    benchmark:
        times("language_structures")
    conda:
        "../../envs/language.yaml"
    resources:
        mem_mb=4000,
        runtime=240,
    params:
        code=code("language.structure.predict", "language.structure.baselines"),
        settings=section(
            "language", "structure", without=("checkpoint", "loop", "variants", "judged", "told")
        ),
        seed=settings.seed,
        run="",
    shell:
        "python -m micrographia language structures {input.texts:q}"
        " --checkpoint {input.checkpoint:q} --seed {params.seed} --settings {params.settings:q}"
        " {params.run} --out {output.table:q} >{log:q} 2>&1"


# The same pictures answered without the picture, and by the nearest training crystal.
use rule language_structures as language_structures_otherwise with:
    output:
        table=results("language", "other", "{run}.parquet"),
    log:
        logs("language_structures_otherwise", "{run}"),
    benchmark:
        times("language_structures_otherwise", "{run}")
    wildcard_constraints:
        run=one_of(TEXT_RUNS),
    params:
        code=code("language.structure.predict", "language.structure.baselines"),
        settings=section(
            "language", "structure", without=("checkpoint", "loop", "variants", "judged", "told")
        ),
        seed=settings.seed,
        run=text_run_option,


# Some of the pictures, for the report: snakemake structure_text_examples
rule structure_text_examples:
    input:
        texts=rules.language_texts.output.table,
        scores=results("benchmarks", "structure_text.parquet"),
    output:
        folder=directory(results("language", "examples")),
    log:
        logs("structure_text_examples"),
    benchmark:
        times("structure_text_examples")
    conda:
        "../../envs/language.yaml"
    resources:
        mem_mb=2000,
        runtime=20,
    params:
        code=code("language.structure.views.examples"),
        settings=section(
            "language", "structure", without=("checkpoint", "loop", "variants", "judged", "told")
        ),
        seed=settings.seed,
        examples=settings.report.examples,
    shell:
        "python -m micrographia language examples {input.texts:q} --scores {input.scores:q}"
        " --count {params.examples} --seed {params.seed} --settings {params.settings:q}"
        " --out {output.folder:q} >{log:q} 2>&1"
