# Scores. Each rule reads files only, so `snakemake bench_<name>` reruns one alone.


rule bench_segmentation:
    input:
        micrographs=rules.curation_finish.output.table,
        predictions=expand(rules.segmentation_predict.output.folder, shard=shards("micrographs")),
    output:
        result=results("benchmarks", "segmentation.json"),
        table=results("benchmarks", "segmentation.parquet"),
        figure=report(
            results("benchmarks", "segmentation.png"),
            category="Benchmarks",
            caption="../captions/segmentation.rst",
        ),
    log:
        logs("bench_segmentation"),
    benchmark:
        times("bench_segmentation")
    conda:
        "../../envs/core.yaml"
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        code=code("benchmarks.segmentation.scores", "benchmarks.segmentation.figure"),
        settings=section("benchmarks"),
        method=settings.segmentation.method,
        seed=settings.seed,
    shell:
        "python -m micrographia benchmarks score-segmentation"
        " --micrographs {input.micrographs:q} --predictions {input.predictions:q}"
        " --method {params.method} --settings {params.settings:q} --seed {params.seed}"
        " --out {output.result:q} >{log:q} 2>&1"


rule bench_structure:
    input:
        structures=rules.stem_structures.output.table,
        images=expand(rules.stem_expose.output.folder, shard=names.picture_shards()),
        reconstructions=expand(
            rules.reconstruction_solve.output.folder, shard=names.picture_shards()
        ),
        blind=(
            expand(rules.reconstruction_blind.output.folder, shard=names.picture_shards())
            if settings.reconstruction.blind
            else []
        ),
    output:
        result=results("benchmarks", "structure.json"),
        table=results("benchmarks", "structure.parquet"),
        figure=report(
            results("benchmarks", "structure.png"),
            category="Benchmarks",
            caption="../captions/structure.rst",
        ),
    log:
        logs("bench_structure"),
    benchmark:
        times("bench_structure")
    conda:
        "../../envs/stem.yaml"
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        code=code("benchmarks.structure", "benchmarks.published"),
        settings=section("benchmarks"),
        seed=settings.seed,
    shell:
        "python -m micrographia benchmarks score-structure"
        " --structures {input.structures:q} --images {input.images:q}"
        " --reconstructions {input.reconstructions:q} {input.blind:q}"
        " --settings {params.settings:q} --seed {params.seed}"
        " --out {output.result:q} >{log:q} 2>&1"


# Minutes per shard: part of a full run only if benchmarks.energies is true.
rule bench_energy:
    input:
        scores=rules.bench_structure.output.table,
        energies=rules.energies.input,
        dft=settings.benchmarks.dft_energies or [],
    output:
        result=results("benchmarks", "energy.json"),
        table=results("benchmarks", "energy.parquet"),
        figure=report(
            results("benchmarks", "energy.png"),
            category="Benchmarks",
            caption="../captions/energy.rst",
        ),
    log:
        logs("bench_energy"),
    benchmark:
        times("bench_energy")
    conda:
        "../../envs/stem.yaml"
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        code=code("benchmarks.energy", "benchmarks.published"),
        settings=section("benchmarks"),
        seed=settings.seed,
    shell:
        "python -m micrographia benchmarks score-energy"
        " --scores {input.scores:q} --energies {input.energies:q}"
        " --settings {params.settings:q} --seed {params.seed}"
        " --out {output.result:q} >{log:q} 2>&1"


rule bench_stem:
    input:
        engines=rules.stem_engines.output.table,
    output:
        result=results("benchmarks", "stem.json"),
        figure=report(
            results("benchmarks", "stem.png"),
            category="Benchmarks",
            caption="../captions/stem.rst",
        ),
    log:
        logs("bench_stem"),
    benchmark:
        times("bench_stem")
    conda:
        "../../envs/core.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code("benchmarks.stem"),
    shell:
        "python -m micrographia benchmarks score-stem --engines {input.engines:q}"
        " --out {output.result:q} >{log:q} 2>&1"


# Only for procedural micrographs, whose true attributes are known.
rule bench_annotation:
    input:
        micrographs=rules.curation_finish.output.table,
        truth=expand(rules.data_micrographs.output.folder, shard=shards("micrographs")),
        answers=rules.annotation_review.output.answers,
    output:
        result=results("benchmarks", "annotation.json"),
        table=results("benchmarks", "annotation.parquet"),
        figure=report(
            results("benchmarks", "annotation.png"),
            category="Benchmarks",
            caption="../captions/annotation.rst",
        ),
    log:
        logs("bench_annotation"),
    benchmark:
        times("bench_annotation")
    conda:
        "../../envs/core.yaml"
    resources:
        mem_mb=1000,
        runtime=20,
    params:
        code=code("benchmarks.annotation"),
        settings=section("benchmarks"),
        seed=settings.seed,
    shell:
        "python -m micrographia benchmarks score-annotation"
        " --micrographs {input.micrographs:q} --truth {input.truth:q}"
        " --answers {input.answers:q} --settings {params.settings:q} --seed {params.seed}"
        " --out {output.result:q} >{log:q} 2>&1"
