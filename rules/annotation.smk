# Nine attributes of every micrograph: annotators, their cross-check, what is left to a person.


# Endpoints are asked from here, not from a compute node: those have no way out, and the file of
# calls wants a local disk.
localrules:
    annotation_ask,
    annotation_ask_judge,
    annotation_legible,


rule annotation_annotate:
    input:
        micrographs=rules.curation_finish.output.table,
        segmentation=rules.segmentation_predict.output.folder,
        weights=weights_of_annotator,
    output:
        table=results("annotation", "answers", "{annotator}", "{shard}.parquet"),
    log:
        logs("annotation_annotate", "{annotator}", "{shard}"),
    benchmark:
        times("annotation_annotate", "{annotator}", "{shard}")
    wildcard_constraints:
        annotator=one_of(annotators(embedded=True)),
    conda:
        environment("annotation")
    resources:
        mem_mb=2000,
        runtime=120,
    params:
        code=code("annotation.batch", "annotation.registry"),
        settings=for_annotator,
        shards=settings.shards.micrographs,
    shell:
        "python -m micrographia annotation annotate --annotator {wildcards.annotator}"
        " --micrographs {input.micrographs:q} --segmentation {input.segmentation:q}"
        " --shard {wildcards.shard} --shards {params.shards} --settings {params.settings:q}"
        " --out {output.table:q} >{log:q} 2>&1"


# The key comes by the environment; neither the settings nor the log know it. What had no answer
# is asked again by the next run: `round` is one more then than when the table was made.
rule annotation_ask:
    input:
        micrographs=rules.curation_finish.output.table,
        prompts=prompts("attributes", "judge", "legible", "correction"),
    output:
        table=results("annotation", "answers", "{annotator}", "{shard}.parquet"),
        state=results("annotation", "answers", "{annotator}", "{shard}.json"),
    log:
        logs("annotation_ask", "{annotator}", "{shard}"),
    benchmark:
        times("annotation_ask", "{annotator}", "{shard}")
    wildcard_constraints:
        annotator=one_of(annotators(embedded=False)),
    conda:
        environment("annotation")
    resources:
        mem_mb=2000,
        runtime=1440,
        endpoint=1,
    params:
        code=code("annotation.batch", "annotation.endpoint.annotator"),
        settings=for_annotator,
        shards=settings.shards.micrographs,
        cache=results("annotation", "calls.sqlite"),
        round=round_of("answers"),
    shell:
        "python -m micrographia annotation annotate --annotator {wildcards.annotator}"
        " --micrographs {input.micrographs:q}"
        " --shard {wildcards.shard} --shards {params.shards} --settings {params.settings:q}"
        " --cache {params.cache:q} --round {params.round} --state {output.state:q}"
        " --out {output.table:q} >{log:q} 2>&1"


# All embedded judges of a shard in one job: each takes a moment.
rule annotation_judge:
    input:
        micrographs=rules.curation_finish.output.table,
        segmentation=rules.segmentation_predict.output.folder,
        answers=answers_of_a_shard,
        weights=weights_of(judges(embedded=True)),
    output:
        table=results("annotation", "verdicts", "{shard}.parquet"),
    log:
        logs("annotation_judge", "{shard}"),
    benchmark:
        times("annotation_judge", "{shard}")
    conda:
        environment("annotation")
    resources:
        mem_mb=2000,
        runtime=120,
    params:
        code=code("annotation.batch", "annotation.registry"),
        settings=for_annotators(judges(embedded=True)),
        shards=settings.shards.micrographs,
        judges=judges(embedded=True),
    shell:
        "python -m micrographia annotation judge --judge {params.judges}"
        " --micrographs {input.micrographs:q} --segmentation {input.segmentation:q}"
        " --answers {input.answers:q}"
        " --shard {wildcards.shard} --shards {params.shards} --settings {params.settings:q}"
        " --out {output.table:q} >{log:q} 2>&1"


rule annotation_ask_judge:
    input:
        micrographs=rules.curation_finish.output.table,
        answers=answers_of_a_shard,
        prompts=rules.annotation_ask.input.prompts,
    output:
        table=results("annotation", "verdicts", "{annotator}", "{shard}.parquet"),
        state=results("annotation", "verdicts", "{annotator}", "{shard}.json"),
    log:
        logs("annotation_ask_judge", "{annotator}", "{shard}"),
    benchmark:
        times("annotation_ask_judge", "{annotator}", "{shard}")
    wildcard_constraints:
        annotator=one_of(judges(embedded=False)),
    conda:
        environment("annotation")
    resources:
        mem_mb=2000,
        runtime=1440,
        endpoint=1,
    params:
        code=code("annotation.batch", "annotation.endpoint.annotator"),
        settings=for_annotator,
        shards=settings.shards.micrographs,
        cache=results("annotation", "calls.sqlite"),
        round=round_of("verdicts"),
    shell:
        "python -m micrographia annotation judge --judge {wildcards.annotator}"
        " --micrographs {input.micrographs:q} --answers {input.answers:q}"
        " --shard {wildcards.shard} --shards {params.shards} --settings {params.settings:q}"
        " --cache {params.cache:q} --round {params.round} --state {output.state:q}"
        " --out {output.table:q} >{log:q} 2>&1"


# Before curation ends: pictures whose text cannot be read are rejected there.
rule annotation_legible:
    input:
        micrographs=rules.curation_merge.output.table,
        prompts=rules.annotation_ask.input.prompts,
    output:
        table=results("annotation", "legibility", "{annotator}", "{shard}.parquet"),
        state=results("annotation", "legibility", "{annotator}", "{shard}.json"),
    log:
        logs("annotation_legible", "{annotator}", "{shard}"),
    benchmark:
        times("annotation_legible", "{annotator}", "{shard}")
    wildcard_constraints:
        annotator=one_of(annotators(embedded=False)),
    conda:
        environment("annotation")
    resources:
        mem_mb=2000,
        runtime=1440,
        endpoint=1,
    params:
        code=code("annotation.batch", "annotation.endpoint.annotator"),
        settings=for_annotator,
        shards=settings.shards.micrographs,
        cache=results("annotation", "calls.sqlite"),
        round=round_of("legibility"),
    shell:
        "python -m micrographia annotation legible --annotator {wildcards.annotator}"
        " --micrographs {input.micrographs:q}"
        " --shard {wildcards.shard} --shards {params.shards} --settings {params.settings:q}"
        " --cache {params.cache:q} --round {params.round} --state {output.state:q}"
        " --out {output.table:q} >{log:q} 2>&1"


rule annotation_review:
    input:
        micrographs=rules.curation_finish.output.table,
        answers=expand(
            results("annotation", "answers", "{annotator}", "{shard}.parquet"),
            annotator=annotators(embedded=True) + annotators(embedded=False),
            shard=shards("micrographs"),
        ),
        verdicts=[
            expand(
                rules.annotation_judge.output.table,
                shard=shards("micrographs") if judges(embedded=True) else [],
            ),
            expand(
                rules.annotation_ask_judge.output.table,
                annotator=judges(embedded=False),
                shard=shards("micrographs"),
            ),
        ],
        resolved=settings.annotation.resolved or [],
    output:
        answers=results("annotation", "attributes.parquet"),
        verdicts=results("annotation", "crosscheck.parquet"),
        queue=results("annotation", "review_queue.parquet"),
        form=results("annotation", "review_queue.csv"),
        final=results("annotation", "attributes_final.parquet"),
    log:
        logs("annotation_review"),
    benchmark:
        times("annotation_review")
    conda:
        environment("annotation")
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        code=code("annotation.review.crosscheck", "annotation.review.form"),
        settings=section("annotation"),
        out=room_folder,
    shell:
        "python -m micrographia annotation review --micrographs {input.micrographs:q}"
        " --answers {input.answers:q} --verdicts {input.verdicts:q}"
        " --settings {params.settings:q} --out {params.out:q} >{log:q} 2>&1"


rule annotation_agree:
    input:
        answers=rules.annotation_review.output.answers,
        verdicts=rules.annotation_review.output.verdicts,
    output:
        result=results("annotation", "agreement.json"),
    log:
        logs("annotation_agree"),
    benchmark:
        times("annotation_agree")
    conda:
        environment("annotation")
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        code=code("annotation.review.agreement"),
        resamples=settings.benchmarks.bootstrap,
        confidence=settings.benchmarks.confidence,
        seed=settings.seed,
    shell:
        "python -m micrographia annotation agree --answers {input.answers:q}"
        " --verdicts {input.verdicts:q} --resamples {params.resamples}"
        " --confidence {params.confidence} --seed {params.seed}"
        " --out {output.result:q} >{log:q} 2>&1"


# The form of an answer and what each word means, for people and for other tools.
rule annotation_schema:
    output:
        schema=results("annotation", "schema.json"),
    log:
        logs("annotation_schema"),
    benchmark:
        times("annotation_schema")
    conda:
        environment("annotation")
    resources:
        mem_mb=500,
        runtime=5,
    params:
        code=code("annotation.schema"),
    shell:
        "python -m micrographia annotation schema --out {output.schema:q} >{log:q} 2>&1"


# Pictures to learn from have seeds of their own: none of them is ever scored.
rule annotation_learn_pictures:
    output:
        folder=directory(results("annotation", "learn", "pictures", "{seed}")),
    log:
        logs("annotation_learn_pictures", "{seed}"),
    benchmark:
        times("annotation_learn_pictures", "{seed}")
    wildcard_constraints:
        seed=r"\d+",
    conda:
        environment("core")
    resources:
        mem_mb=1000,
        runtime=60,
    params:
        code=code("synthesis"),
        settings=learn_pictures,
    shell:
        "python -m micrographia synthesis micrographs --out {output.folder:q}"
        " --seed {wildcards.seed} --settings {params.settings:q} >{log:q} 2>&1"


rule annotation_learn_segment:
    input:
        pictures=rules.annotation_learn_pictures.output.folder,
        weights=weights_of_segmenter(),
    output:
        folder=directory(results("annotation", "learn", "predicted", "{seed}")),
    log:
        logs("annotation_learn_segment", "{seed}"),
    benchmark:
        times("annotation_learn_segment", "{seed}")
    wildcard_constraints:
        seed=r"\d+",
    conda:
        environment("torch")
    resources:
        mem_mb=2000,
        runtime=60,
        gpu=gpus_of_segmenter(),
    params:
        code=code_of_segmenter(),
        settings=settings_of_segmenter(),
    shell:
        "python -m micrographia segmentation predict {input.pictures:q}/images --masks-only"
        " --settings {params.settings:q} --out {output.folder:q} >{log:q} 2>&1"


rule annotation_learn:
    input:
        pictures=learn_order(),
        segmentations=learn_segmentations,
    output:
        weights=results("annotation", "weights", "{kind}.safetensors"),
        card=results("annotation", "weights", "{kind}.json"),
    log:
        logs("annotation_learn", "{kind}"),
    benchmark:
        times("annotation_learn", "{kind}")
    wildcard_constraints:
        kind="measured|texture",
    conda:
        environment("annotation")
    resources:
        mem_mb=4000,
        runtime=120,
    params:
        code=code("annotation.embedded.train", "annotation.embedded.examples"),
        seed=settings.seed,
    shell:
        "python -m micrographia annotation learn --kind {wildcards.kind}"
        " --pictures {input.pictures:q} --segmentations {input.segmentations:q}"
        " --seed {params.seed} --out {output.weights:q} >{log:q} 2>&1"


# Weights of the embedded annotators, made anew; name them in annotation.annotators to use them.
rule annotation_weights:
    input:
        expand(rules.annotation_learn.output.weights, kind=["measured", "texture"]),


rule annotations:
    input:
        rules.annotation_review.output,
        rules.annotation_agree.output,
        rules.annotation_schema.output,
        expand(
            rules.annotation_legible.output.table,
            annotator=settings.annotation.legible or [],
            shard=shards("micrographs"),
        ),
