# Methods of segmentation side by side, all on the same pictures. Asked for by name:
# snakemake bench_segmentation_methods, or bench_segmentation_<method> for one.


# Trained in the workflow; watershed learns nothing.
TRAINED = ("unet-small", "stardist", "yolo-seg", "mask-rcnn")


rule segmentation_pictures:
    input:
        procedural=(
            rules.segmentation_procedural.output.folder
            if settings.segmentation.training.procedural
            else []
        ),
    output:
        table=results("segmentation", "pictures.parquet"),
    log:
        logs("segmentation_pictures"),
    benchmark:
        times("segmentation_pictures")
    conda:
        environment("torch")
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        code=code("segmentation.samples.pictures"),
        settings=section(
            "segmentation", without=("baselines", "network", "watershed", "rounds", "scaling")
        ),
        seed=settings.seed,
        state=training_pictures_state(),
    shell:
        "python -m micrographia segmentation pictures --procedural {input.procedural:q}"
        " --seed {params.seed} --settings {params.settings:q} --out {output.table:q} >{log:q} 2>&1"


rule segmentation_baseline:
    input:
        pictures=rules.segmentation_pictures.output.table,
    output:
        checkpoint=results("segmentation", "baselines", "{method}.safetensors"),
        card=results("segmentation", "baselines", "{method}.json"),
        pictures=results("segmentation", "baselines", "{method}-pictures.parquet"),
        history=results("segmentation", "baselines", "{method}-history.parquet"),
        curves=results("segmentation", "baselines", "{method}-curves.png"),
    log:
        logs("segmentation_baseline", "{method}"),
    benchmark:
        times("segmentation_baseline", "{method}")
    wildcard_constraints:
        method=one_of(TRAINED),
    conda:
        environment("baselines")
    threads: 8
    resources:
        mem_mb=8000,
        runtime=1440,
        gpu=gpus(settings.segmentation.training.loop.device),
    params:
        code=code("segmentation.learning.train", "segmentation.baselines.star", "segmentation.baselines.yolo")
        + code("segmentation.baselines.mask_rcnn"),
        settings=for_contestant,
        seed=settings.seed,
    shell:
        "python -m micrographia segmentation train --pictures {input.pictures:q}"
        " --threads {threads} --seed {params.seed} --settings {params.settings:q}"
        " --out {output.checkpoint:q} >{log:q} 2>&1"


rule segmentation_kept_apart:
    input:
        pictures=rules.segmentation_pictures.output.table,
        checkpoint=lambda wildcards: (
            results("segmentation", "baselines", f"{wildcards.method}.safetensors")
            if wildcards.method in TRAINED
            else []
        ),
    output:
        folder=directory(results("segmentation", "kept_apart", "{method}")),
    log:
        logs("segmentation_kept_apart", "{method}"),
    benchmark:
        times("segmentation_kept_apart", "{method}")
    wildcard_constraints:
        method=one_of(("watershed", *TRAINED)),
    conda:
        environment("baselines")
    resources:
        mem_mb=4000,
        runtime=240,
        gpu=gpus(settings.segmentation.network.device),
    params:
        code=code("segmentation.predict", "segmentation.network_segmenter", "segmentation.baselines.star")
        + code("segmentation.baselines.yolo", "segmentation.baselines.mask_rcnn"),
        settings=for_contestant,
        checkpoint=lambda wildcards, input: flag("--checkpoint", "".join(input.checkpoint)),
    shell:
        "python -m micrographia segmentation predict --kept-apart {input.pictures:q}"
        " --method {wildcards.method} {params.checkpoint} --settings {params.settings:q}"
        " --out {output.folder:q} >{log:q} 2>&1"


for METHOD in ("watershed", *TRAINED):

    rule:
        name:
            f"bench_segmentation_{METHOD.replace('-', '_')}"
        input:
            pictures=rules.segmentation_pictures.output.table,
            predictions=results("segmentation", "kept_apart", METHOD),
        output:
            result=results("benchmarks", f"segmentation_{METHOD}.json"),
            table=results("benchmarks", f"segmentation_{METHOD}.parquet"),
            figure=results("benchmarks", f"segmentation_{METHOD}.png"),
        log:
            logs(f"bench_segmentation_{METHOD}"),
        benchmark:
            times(f"bench_segmentation_{METHOD}")
        conda:
            environment("core")
        resources:
            mem_mb=2000,
            runtime=60,
        params:
            code=code("benchmarks.segmentation.methods"),
            settings=section("benchmarks"),
            seed=settings.seed,
            method=METHOD,
        shell:
            "python -m micrographia benchmarks score-segmenter --pictures {input.pictures:q}"
            " --predictions {input.predictions:q} --method {params.method}"
            " --settings {params.settings:q} --seed {params.seed}"
            " --out {output.result:q} >{log:q} 2>&1"


rule bench_segmentation_methods:
    input:
        results=[
            results("benchmarks", f"segmentation_{method}.json")
            for method in settings.segmentation.baselines.methods
        ],
    output:
        result=results("benchmarks", "segmentation_methods.json"),
        figure=report(
            results("benchmarks", "segmentation_methods.png"),
            category="Benchmarks",
            caption="captions/segmentation_methods.rst",
        ),
    log:
        logs("bench_segmentation_methods"),
    benchmark:
        times("bench_segmentation_methods")
    conda:
        environment("core")
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code("benchmarks.segmentation.methods"),
    shell:
        "python -m micrographia benchmarks compare-segmenters {input.results:q}"
        " --out {output.result:q} >{log:q} 2>&1"
