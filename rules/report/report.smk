# One self-contained HTML page about the whole run.


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
        page=report(
            results("report", "index.html"),
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
        " --out {output.page:q} >{log:q} 2>&1"


rule report_statistics:
    input:
        micrographs=rules.curation_finish.output.table,
        predictions=rules.bench_segmentation.input.predictions,
        annotation=rules.annotation_review.output if settings.annotation.annotators else [],
    output:
        numbers=results("report", "statistics.json"),
        sheet=report(
            results("report", "statistics.png"),
            category="Report",
            caption="../captions/statistics.rst",
        ),
    log:
        logs("report_statistics"),
    benchmark:
        times("report_statistics")
    conda:
        "../../envs/core.yaml"
    resources:
        mem_mb=2000,
        runtime=20,
    params:
        code=code("report.sections.attributes"),
        config=sections.whole_config(),
        results=results_folder,
    shell:
        "python -m micrographia report statistics --results {params.results:q}"
        " --config-json {params.config:q} --out {output.numbers:q} >{log:q} 2>&1"
