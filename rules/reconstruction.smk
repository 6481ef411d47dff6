# STEM images to crystals. The rule sees pictures and the elements, never the structures.


rule reconstruction_solve:
    input:
        folder=rules.stem_expose.output.folder,
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
