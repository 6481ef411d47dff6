# The same training on fewer and on more pictures, judged on the same ones: what more would bring.
# Asked for by name: snakemake bench_segmentation_scaling


rule segmentation_subset:
    input:
        pictures=rules.segmentation_pictures.output.table,
    output:
        table=scaling_folder("{run}", "pictures.parquet"),
    log:
        logs("segmentation_subset", "{run}"),
    benchmark:
        times("segmentation_subset", "{run}")
    wildcard_constraints:
        run=one_of(scaling_runs()),
    conda:
        environment("torch")
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


rule segmentation_scaling_network:
    input:
        pictures=rules.segmentation_subset.output.table,
        init=carded(settings.segmentation.training.init),
        encoder=settings.segmentation.training.encoder or [],
    output:
        checkpoint=scaling_folder("{run}", "network.safetensors"),
        card=scaling_folder("{run}", "network.json"),
        pictures=scaling_folder("{run}", "network-pictures.parquet"),
        history=scaling_folder("{run}", "network-history.parquet"),
        curves=scaling_folder("{run}", "network-curves.png"),
    log:
        logs("segmentation_scaling_network", "{run}"),
    benchmark:
        times("segmentation_scaling_network", "{run}")
    wildcard_constraints:
        run=one_of(scaling_runs()),
    conda:
        environment("baselines")
    threads: 8
    resources:
        mem_mb=8000,
        runtime=1440,
        gpu=gpus(settings.segmentation.training.loop.device),
    params:
        code=code("segmentation.learning.train"),
        settings=settings_of_training("rounds"),
        seed=settings.seed,
    shell:
        "python -m micrographia segmentation train --pictures {input.pictures:q}"
        " --threads {threads} --seed {params.seed} --settings {params.settings:q}"
        " --out {output.checkpoint:q} >{log:q} 2>&1"


rule segmentation_scaling_kept_apart:
    input:
        pictures=rules.segmentation_pictures.output.table,
        checkpoint=rules.segmentation_scaling_network.output.checkpoint,
    output:
        folder=directory(scaling_folder("{run}", "kept_apart")),
    log:
        logs("segmentation_scaling_kept_apart", "{run}"),
    benchmark:
        times("segmentation_scaling_kept_apart", "{run}")
    wildcard_constraints:
        run=one_of(scaling_runs()),
    conda:
        environment("baselines")
    resources:
        mem_mb=4000,
        runtime=240,
        gpu=gpus(settings.segmentation.network.device),
    params:
        code=code("segmentation.predict", "segmentation.network_segmenter"),
        settings=settings_of_training("rounds"),
        method=settings.segmentation.training.network,
    shell:
        "python -m micrographia segmentation predict --kept-apart {input.pictures:q}"
        " --method {params.method} --checkpoint {input.checkpoint:q}"
        " --settings {params.settings:q} --out {output.folder:q} >{log:q} 2>&1"


rule segmentation_scaling_scores:
    input:
        pictures=rules.segmentation_pictures.output.table,
        predictions=rules.segmentation_scaling_kept_apart.output.folder,
    output:
        result=scaling_folder("{run}", "scores.json"),
        table=scaling_folder("{run}", "scores.parquet"),
        figure=scaling_folder("{run}", "scores.png"),
    log:
        logs("segmentation_scaling_scores", "{run}"),
    benchmark:
        times("segmentation_scaling_scores", "{run}")
    wildcard_constraints:
        run=one_of(scaling_runs()),
    conda:
        environment("core")
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        code=code("benchmarks.segmentation.methods"),
        settings=section("benchmarks"),
        seed=settings.seed,
        method=settings.segmentation.training.network,
    shell:
        "python -m micrographia benchmarks score-segmenter --pictures {input.pictures:q}"
        " --predictions {input.predictions:q} --method {params.method}"
        " --settings {params.settings:q} --seed {params.seed}"
        " --out {output.result:q} >{log:q} 2>&1"


rule bench_segmentation_scaling:
    input:
        scores=expand(rules.segmentation_scaling_scores.output.result, run=scaling_runs()),
        tables=expand(rules.segmentation_scaling_scores.output.table, run=scaling_runs()),
        pictures=expand(rules.segmentation_subset.output.table, run=scaling_runs()),
    output:
        result=results("benchmarks", "segmentation_scaling.json"),
        table=results("benchmarks", "segmentation_scaling.parquet"),
        figure=report(
            results("benchmarks", "segmentation_scaling.png"),
            category="Benchmarks",
            caption="captions/segmentation_scaling.rst",
        ),
    log:
        logs("bench_segmentation_scaling"),
    benchmark:
        times("bench_segmentation_scaling")
    conda:
        environment("core")
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
