# Crystals to STEM images: one noiseless image each, noise for every dose; comparison of engines.


rule stem_structures:
    input:
        source=inputs.crystal_source(),
    output:
        table=results("stem", "structures.parquet"),
    log:
        logs("stem_structures"),
    benchmark:
        times("stem_structures")
    conda:
        "../../envs/stem.yaml"
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        code=code("stem.crystals"),
        settings=section("data", "structures"),
        seed=settings.seed,
        state=state(*inputs.crystal_source()),
    shell:
        "python -m micrographia stem structures --out {output.table:q}"
        " --seed {params.seed} --settings {params.settings:q} >{log:q} 2>&1"


rule stem_images:
    input:
        structures=rules.stem_structures.output.table,
    output:
        folder=directory(results("stem", "images", r"{shard,\d+}")),
    log:
        logs("stem_images", "{shard}"),
    benchmark:
        times("stem_images", "{shard}")
    conda:
        "../../envs/stem.yaml"
    resources:
        mem_mb=1500,
        runtime=60,
    params:
        code=code("stem.images", "stem.sample"),
        settings=section("stem"),
        seed=settings.seed,
        options=f"--shard {{shard}} --shards {settings.shards.structures}",
    shell:
        "python -m micrographia stem images --structures {input.structures:q}"
        " {params.options} --seed {params.seed}"
        " --settings {params.settings:q} --out {output.folder:q} >{log:q} 2>&1"


# Some crystals, listed or drawn at random, again with an engine that the solver does not use.
use rule stem_images as stem_multislice with:
    output:
        folder=directory(results("stem", "images", "multislice")),
    log:
        logs("stem_multislice"),
    benchmark:
        times("stem_multislice")
    resources:
        mem_mb=4000,
        runtime=240,
    params:
        options="--engine multislice",


rule stem_expose:
    input:
        folder=results("stem", "images", "{shard}"),
    output:
        folder=directory(results("stem", "exposures", "{shard}")),
    log:
        logs("stem_expose", "{shard}"),
    benchmark:
        times("stem_expose", "{shard}")
    conda:
        "../../envs/stem.yaml"
    resources:
        mem_mb=1500,
        runtime=60,
    params:
        code=code("stem.images"),
        settings=section("stem"),
        seed=settings.seed,
    shell:
        "python -m micrographia stem expose {input.folder:q} --seed {params.seed}"
        " --settings {params.settings:q} --out {output.folder:q} >{log:q} 2>&1"


rule stem_engines:
    input:
        structures=rules.stem_structures.output.table,
    output:
        table=results("stem", "engines.parquet"),
        pictures=directory(results("stem", "engines")),
    log:
        logs("stem_engines"),
    benchmark:
        times("stem_engines")
    conda:
        "../../envs/stem.yaml"
    resources:
        mem_mb=4000,
        runtime=120,
    params:
        code=code("stem.images"),
        settings=section("stem"),
    shell:
        "python -m micrographia stem engines --structures {input.structures:q}"
        " --settings {params.settings:q} --pictures {output.pictures:q}"
        " --out {output.table:q} >{log:q} 2>&1"
