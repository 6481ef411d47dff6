# STEM images to crystals. The rule sees pictures and the elements, never the structures, unless
# the settings name a library of known crystals.


rule reconstruction_solve:
    input:
        folder=rules.stem_expose.output.folder,
        library=settings.reconstruction.templates.library or [],
    output:
        folder=directory(results("reconstruction", "{shard}")),
    log:
        logs("reconstruction_solve", "{shard}"),
    benchmark:
        times("reconstruction_solve", "{shard}")
    conda:
        environment("stem")
    resources:
        mem_mb=2000,
        runtime=240,
    params:
        code=code("reconstruction"),
        settings=section("reconstruction"),
    shell:
        "python -m micrographia reconstruction batch {input.folder:q}"
        " --settings {params.settings:q} --out {output.folder:q} >{log:q} 2>&1"


# The same pictures once more, without the elements; where reconstruction.blind says so.
rule reconstruction_blind:
    input:
        folder=rules.stem_expose.output.folder,
    output:
        folder=directory(results("reconstruction-blind", "{shard}")),
    log:
        logs("reconstruction_blind", "{shard}"),
    benchmark:
        times("reconstruction_blind", "{shard}")
    conda:
        environment("stem")
    resources:
        mem_mb=2000,
        runtime=240,
    params:
        code=code("reconstruction"),
        settings=section("reconstruction"),
    shell:
        "python -m micrographia reconstruction batch {input.folder:q} --track blind"
        " --settings {params.settings:q} --out {output.folder:q} >{log:q} 2>&1"


# Asked for by name, or by reconstruction.templates.library being its output.
rule reconstruction_library:
    input:
        structures=rules.data_structures.output.table,
    output:
        table=results("reconstruction", "library.parquet"),
    log:
        logs("reconstruction_library"),
    benchmark:
        times("reconstruction_library")
    conda:
        environment("stem")
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        code=code("reconstruction.templates.library"),
        settings=section("reconstruction"),
    shell:
        "python -m micrographia reconstruction library --structures {input.structures:q}"
        " --settings {params.settings:q} --out {output.table:q} >{log:q} 2>&1"
