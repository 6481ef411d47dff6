# STEM images to crystals. The rule reads images and elements, never the true structures, unless
# the settings give a library of known crystals.


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
        "../../envs/stem.yaml"
    resources:
        mem_mb=2000,
        runtime=240,
    params:
        code=code("reconstruction"),
        settings=section("reconstruction"),
        track="given",
    shell:
        "python -m micrographia reconstruction batch {input.folder:q} --track {params.track}"
        " --settings {params.settings:q} --out {output.folder:q} >{log:q} 2>&1"


# The same images again, without knowledge of the elements, if reconstruction.blind is true.
use rule reconstruction_solve as reconstruction_blind with:
    input:
        folder=rules.stem_expose.output.folder,
    output:
        folder=directory(results("reconstruction-blind", "{shard}")),
    log:
        logs("reconstruction_blind", "{shard}"),
    benchmark:
        times("reconstruction_blind", "{shard}")
    params:
        track="blind",


# Run only on request, or if reconstruction.templates.library is its output.
rule reconstruction_library:
    input:
        structures=rules.stem_structures.output.table,
    output:
        table=results("reconstruction", "library.parquet"),
    log:
        logs("reconstruction_library"),
    benchmark:
        times("reconstruction_library")
    conda:
        "../../envs/stem.yaml"
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        code=code("reconstruction.templates.library"),
        settings=section("reconstruction"),
    shell:
        "python -m micrographia reconstruction library --structures {input.structures:q}"
        " --settings {params.settings:q} --out {output.table:q} >{log:q} 2>&1"
