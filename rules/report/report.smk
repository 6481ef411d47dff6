# One self-contained HTML page about the whole run, with the files that it links to beside it.


rule report_page:
    input:
        micrographs=(
            [
                rules.curation_finish.output.table,
                *rules.bench_segmentation.input.predictions,
                rules.segmentation_measurements.output.folder,
                rules.bench_segmentation.output.result,
                rules.bench_annotation.output.result if names.answers_known() else [],
                rules.annotations.input if settings.annotation.annotators else [],
            ]
            if names.has_micrographs()
            else []
        ),
        crystals=(
            [
                rules.stem_structures.output.table,
                *rules.bench_structure.input.images,
                *rules.bench_structure.input.reconstructions,
                *rules.stem_engines.output,
                rules.bench_structure.output.result,
                rules.bench_stem.output.result,
                rules.bench_energy.output.result if settings.benchmarks.energies else [],
            ]
            if names.has_crystals()
            else []
        ),
    output:
        # A folder, so that the zip of `snakemake --report` holds what the page links to.
        folder=report(
            directory(results("report")),
            htmlindex="index.html",
            category="Report",
            caption="../captions/report.rst",
        ),
    log:
        logs("report_page"),
    benchmark:
        times("report_page")
    conda:
        "../../envs/core.yaml"
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        code=code("report"),
        settings=section("report"),
        config=sections.whole_config(),
        results=results_folder,
    shell:
        "python -m micrographia report build --results {params.results:q}"
        " --settings {params.settings:q} --config-json {params.config:q}"
        " --out {output.folder:q}/index.html >{log:q} 2>&1"
