# Crystals of real pictures beside their truths, and of a data set with ranked answers.
# Run only on request: snakemake bench_structure_real, snakemake bench_stem2crystal
REAL_PICTURES = settings.benchmarks.real_pictures or str(
    PROJECT / "resources" / "real_stem" / "table.csv"
)


rule reconstruction_real:
    input:
        table=REAL_PICTURES,
        pictures=settings.benchmarks.real_folder or [],
    output:
        folder=directory(results("reconstruction-real")),
    log:
        logs("reconstruction_real"),
    benchmark:
        times("reconstruction_real")
    conda:
        "../../envs/stem.yaml"
    resources:
        mem_mb=4000,
        runtime=120,
    params:
        code=code("reconstruction"),
        settings=section("reconstruction"),
        pictures=flag("--pictures", settings.benchmarks.real_folder),
    shell:
        "python -m micrographia reconstruction real {input.table:q} {params.pictures}"
        " --settings {params.settings:q} --out {output.folder:q} >{log:q} 2>&1"


rule bench_structure_real:
    input:
        table=REAL_PICTURES,
        reconstructions=rules.reconstruction_real.output.folder,
    output:
        result=results("benchmarks", "structure_real.json"),
        table=results("benchmarks", "structure_real.parquet"),
        text=results("benchmarks", "structure_real.csv"),
    log:
        logs("bench_structure_real"),
    benchmark:
        times("bench_structure_real")
    conda:
        "../../envs/stem.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code("benchmarks.structure.real"),
        settings=section("benchmarks"),
        pictures=flag("--pictures", settings.benchmarks.real_folder),
    shell:
        "python -m micrographia benchmarks score-real {input.table:q} {params.pictures}"
        " --reconstructions {input.reconstructions:q} --settings {params.settings:q}"
        " --out {output.result:q} >{log:q} 2>&1"


rule reconstruction_ranked:
    input:
        dataset=settings.benchmarks.stem2crystal or [],
    output:
        answers=results("reconstruction-ranked", "answers.jsonl"),
    log:
        logs("reconstruction_ranked"),
    benchmark:
        times("reconstruction_ranked")
    conda:
        "../../envs/stem.yaml"
    resources:
        mem_mb=4000,
        runtime=1440,
    params:
        code=code("reconstruction"),
        settings=section("reconstruction"),
    shell:
        "python -m micrographia reconstruction ranked {input.dataset:q}"
        " --settings {params.settings:q} --out {output.answers:q} >{log:q} 2>&1"


rule bench_stem2crystal:
    input:
        dataset=settings.benchmarks.stem2crystal or [],
        answers=rules.reconstruction_ranked.output.answers,
    output:
        result=results("benchmarks", "stem2crystal.json"),
        table=results("benchmarks", "stem2crystal.parquet"),
    log:
        logs("bench_stem2crystal"),
    benchmark:
        times("bench_stem2crystal")
    conda:
        "../../envs/stem.yaml"
    resources:
        mem_mb=4000,
        runtime=240,
    params:
        code=code("benchmarks.structure.stem2crystal"),
        settings=section("benchmarks"),
        seed=settings.seed,
    shell:
        "python -m micrographia benchmarks score-stem2crystal {input.dataset:q}"
        " --answers {input.answers:q} --settings {params.settings:q} --seed {params.seed}"
        " --out {output.result:q} >{log:q} 2>&1"
