# Segmentation methods side by side on the same held-out pictures. Run only on request:
# snakemake bench_segmentation_methods, or bench_segmentation_<method> for one.


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
        "../../envs/torch.yaml"
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        code=code("segmentation.samples.pictures"),
        settings=section(
            "segmentation", without=("baselines", "network", "watershed", "rounds", "scaling")
        ),
        seed=settings.seed,
        state=digests.training_pictures(),
    shell:
        "python -m micrographia segmentation pictures --procedural {input.procedural:q}"
        " --seed {params.seed} --settings {params.settings:q} --out {output.table:q} >{log:q} 2>&1"


use rule segmentation_network as segmentation_baseline with:
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
        method=one_of(names.trained_contestants()),
    conda:
        "../../envs/baselines.yaml"
    params:
        code=digests.code_of_contestant,
        settings=sections.for_contestant,
        state="",


rule segmentation_held_out:
    input:
        pictures=rules.segmentation_pictures.output.table,
        checkpoint=inputs.checkpoint_of_contestant,
    output:
        folder=directory(results("segmentation", "held_out", "{method}")),
    log:
        logs("segmentation_held_out", "{method}"),
    benchmark:
        times("segmentation_held_out", "{method}")
    wildcard_constraints:
        method=one_of(CONTESTANTS),
    conda:
        "../../envs/baselines.yaml"
    resources:
        mem_mb=4000,
        runtime=240,
        gpu=inputs.gpus(settings.segmentation.network.device),
    params:
        code=digests.code_of_contestant_prediction,
        settings=sections.for_contestant,
        method="{method}",
        checkpoint=checkpoint_option,
    shell:
        "python -m micrographia segmentation predict --held-out {input.pictures:q}"
        " --method {params.method} {params.checkpoint} --settings {params.settings:q}"
        " --out {output.folder:q} >{log:q} 2>&1"


rule segmentation_method_scores:
    input:
        pictures=rules.segmentation_pictures.output.table,
        predictions=rules.segmentation_held_out.output.folder,
    output:
        result=results("benchmarks", "segmentation_{method}.json"),
        table=results("benchmarks", "segmentation_{method}.parquet"),
        figure=results("benchmarks", "segmentation_{method}.png"),
    log:
        logs("segmentation_method_scores", "{method}"),
    benchmark:
        times("segmentation_method_scores", "{method}")
    wildcard_constraints:
        method=one_of(CONTESTANTS),
    conda:
        "../../envs/core.yaml"
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        code=code("benchmarks.segmentation.methods_cli"),
        settings=section("benchmarks"),
        seed=settings.seed,
        method="{method}",
    shell:
        "python -m micrographia benchmarks score-segmenter --pictures {input.pictures:q}"
        " --predictions {input.predictions:q} --method {params.method}"
        " --settings {params.settings:q} --seed {params.seed}"
        " --out {output.result:q} >{log:q} 2>&1"


for METHOD in CONTESTANTS:

    rule:
        name:
            f"bench_segmentation_{METHOD.replace('-', '_')}"
        input:
            results("benchmarks", f"segmentation_{METHOD}.json"),


rule bench_segmentation_methods:
    input:
        results=expand(
            rules.segmentation_method_scores.output.result,
            method=settings.segmentation.baselines.methods,
        ),
    output:
        result=results("benchmarks", "segmentation_methods.json"),
        figure=report(
            results("benchmarks", "segmentation_methods.png"),
            category="Benchmarks",
            caption="../captions/segmentation_methods.rst",
        ),
    log:
        logs("bench_segmentation_methods"),
    benchmark:
        times("bench_segmentation_methods")
    conda:
        "../../envs/core.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code("benchmarks.segmentation.methods_cli"),
    shell:
        "python -m micrographia benchmarks compare-segmenters {input.results:q}"
        " --out {output.result:q} >{log:q} 2>&1"
