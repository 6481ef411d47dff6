# Crystals to STEM images: noiseless once, every dose drawn from them; engines compared.


rule stem_images:
    input:
        structures=rules.data_structures.output.table,
    output:
        folder=directory(results("stem", "images", r"{shard,\d+}")),
    log:
        logs("stem_images", "{shard}"),
    benchmark:
        times("stem_images", "{shard}")
    conda:
        environment("stem")
    resources:
        mem_mb=1500,
        runtime=60,
    params:
        code=code("stem.images"),
        settings=section("stem"),
        seed=settings.seed,
        shards=settings.shards.structures,
    shell:
        "python -m micrographia stem images --structures {input.structures:q}"
        " --shard {wildcards.shard} --shards {params.shards} --seed {params.seed}"
        " --settings {params.settings:q} --out {output.folder:q} >{log:q} 2>&1"


# Some crystals, named or drawn, once more and by an engine that is not the solver's.
rule stem_multislice:
    input:
        structures=rules.data_structures.output.table,
    output:
        folder=directory(results("stem", "images", "multislice")),
    log:
        logs("stem_multislice"),
    benchmark:
        times("stem_multislice")
    conda:
        environment("stem")
    resources:
        mem_mb=4000,
        runtime=240,
    params:
        code=code("stem.images"),
        settings=section("stem"),
        seed=settings.seed,
    shell:
        "python -m micrographia stem images --engine multislice"
        " --structures {input.structures:q} --seed {params.seed}"
        " --settings {params.settings:q} --out {output.folder:q} >{log:q} 2>&1"


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
        environment("stem")
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
        structures=rules.data_structures.output.table,
    output:
        table=results("stem", "engines.parquet"),
        pictures=directory(results("stem", "engines")),
    log:
        logs("stem_engines"),
    benchmark:
        times("stem_engines")
    conda:
        environment("stem")
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
