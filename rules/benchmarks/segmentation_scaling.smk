# Score against the number of training pictures, on the same held-out pictures.
# Run only on request: snakemake bench_segmentation_scaling


rule segmentation_subset:
    input:
        pictures=rules.segmentation_pictures.output.table,
    output:
        table=names.scaling_folder("{run}", "pictures.parquet"),
    log:
        logs("segmentation_subset", "{run}"),
    benchmark:
        times("segmentation_subset", "{run}")
    wildcard_constraints:
        run=one_of(names.scaling_runs()),
    conda:
        "../../envs/torch.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code("segmentation.samples.subset"),
        choice=subset_of_run,
        seed=settings.seed,
    shell:
        "python -m micrographia segmentation subset --pictures {input.pictures:q} {params.choice}"
        " --seed {params.seed} --out {output.table:q} >{log:q} 2>&1"


use rule segmentation_network as segmentation_scaling_network with:
    input:
        pictures=rules.segmentation_subset.output.table,
        init=carded(settings.segmentation.training.init),
        encoder=settings.segmentation.training.encoder or [],
    output:
        checkpoint=names.scaling_folder("{run}", "network.safetensors"),
        card=names.scaling_folder("{run}", "network.json"),
        pictures=names.scaling_folder("{run}", "network-pictures.parquet"),
        history=names.scaling_folder("{run}", "network-history.parquet"),
        curves=names.scaling_folder("{run}", "network-curves.png"),
    log:
        logs("segmentation_scaling_network", "{run}"),
    benchmark:
        times("segmentation_scaling_network", "{run}")
    wildcard_constraints:
        run=one_of(names.scaling_runs()),
    conda:
        "../../envs/baselines.yaml"
    params:
        state="",


use rule segmentation_held_out as segmentation_scaling_held_out with:
    input:
        pictures=rules.segmentation_pictures.output.table,
        checkpoint=rules.segmentation_scaling_network.output.checkpoint,
    output:
        folder=directory(names.scaling_folder("{run}", "held_out")),
    log:
        logs("segmentation_scaling_held_out", "{run}"),
    benchmark:
        times("segmentation_scaling_held_out", "{run}")
    wildcard_constraints:
        run=one_of(names.scaling_runs()),
    params:
        code=digests.code_of_prediction(settings.segmentation.training.architecture),
        settings=sections.for_training("rounds"),
        method=settings.segmentation.training.architecture,


use rule segmentation_method_scores as segmentation_scaling_scores with:
    input:
        pictures=rules.segmentation_pictures.output.table,
        predictions=rules.segmentation_scaling_held_out.output.folder,
    output:
        result=names.scaling_folder("{run}", "scores.json"),
        table=names.scaling_folder("{run}", "scores.parquet"),
        figure=names.scaling_folder("{run}", "scores.png"),
    log:
        logs("segmentation_scaling_scores", "{run}"),
    benchmark:
        times("segmentation_scaling_scores", "{run}")
    wildcard_constraints:
        run=one_of(names.scaling_runs()),
    params:
        method=settings.segmentation.training.architecture,


rule bench_segmentation_scaling:
    input:
        scores=expand(rules.segmentation_scaling_scores.output.result, run=names.scaling_runs()),
        tables=expand(rules.segmentation_scaling_scores.output.table, run=names.scaling_runs()),
        pictures=expand(rules.segmentation_subset.output.table, run=names.scaling_runs()),
    output:
        result=results("benchmarks", "segmentation_scaling.json"),
        table=results("benchmarks", "segmentation_scaling.parquet"),
        figure=report(
            results("benchmarks", "segmentation_scaling.png"),
            category="Benchmarks",
            caption="../captions/segmentation_scaling.rst",
        ),
    log:
        logs("bench_segmentation_scaling"),
    benchmark:
        times("bench_segmentation_scaling")
    conda:
        "../../envs/core.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code("benchmarks.segmentation.scaling"),
        settings=section("benchmarks"),
        seed=settings.seed,
    shell:
        "python -m micrographia benchmarks segmentation-scaling --scores {input.scores:q}"
        " --pictures {input.pictures:q} --settings {params.settings:q} --seed {params.seed}"
        " --out {output.result:q} >{log:q} 2>&1"
