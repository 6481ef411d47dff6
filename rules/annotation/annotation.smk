# Nine attributes of every micrograph: annotators, their cross-check, cases for a person.


# Endpoints are called from this machine: compute nodes often have no network access, and the
# file of calls needs a local disk.
localrules:
    annotation_ask,
    annotation_ask_judge,


rule annotation_annotate:
    input:
        micrographs=rules.curation_finish.output.table,
        segmentation=rules.segmentation_predict.output.folder,
        weights=inputs.weights_of_annotator,
    output:
        table=results("annotation", "answers", "{annotator}", "{shard}.parquet"),
    log:
        logs("annotation_annotate", "{annotator}", "{shard}"),
    benchmark:
        times("annotation_annotate", "{annotator}", "{shard}")
    wildcard_constraints:
        annotator=one_of(names.annotators(embedded=True)),
    conda:
        "../../envs/annotation.yaml"
    resources:
        mem_mb=2000,
        runtime=120,
    params:
        code=code("annotation.batch", "annotation.registry"),
        settings=sections.for_annotator,
        shards=settings.shards.micrographs,
    shell:
        "python -m micrographia annotation annotate --annotator {wildcards.annotator}"
        " --micrographs {input.micrographs:q} --segmentation {input.segmentation:q}"
        " --shard {wildcards.shard} --shards {params.shards} --settings {params.settings:q}"
        " --out {output.table:q} >{log:q} 2>&1"


# The key comes from the environment and never enters settings or log. Requests without an answer
# are repeated by the next run: `round` counts the earlier attempts at the table.
rule annotation_ask:
    input:
        micrographs=rules.curation_finish.output.table,
        prompts=inputs.prompts("attributes", "judge", "legible", "correction"),
    output:
        table=results("annotation", "answers", "{annotator}", "{shard}.parquet"),
        state=results("annotation", "answers", "{annotator}", "{shard}.json"),
    log:
        logs("annotation_ask", "{annotator}", "{shard}"),
    benchmark:
        times("annotation_ask", "{annotator}", "{shard}")
    wildcard_constraints:
        annotator=one_of(names.annotators(embedded=False)),
    conda:
        "../../envs/annotation.yaml"
    resources:
        mem_mb=2000,
        runtime=1440,
        endpoint=1,
    params:
        code=code("annotation.batch", "annotation.registry", without=["annotation.embedded"]),
        settings=sections.for_annotator,
        shards=settings.shards.micrographs,
        cache=results("annotation", "calls.sqlite"),
        round=inputs.round_of("annotation", "answers"),
        asked="annotate --annotator",
        answers=answers_option,
    shell:
        "python -m micrographia annotation {params.asked} {wildcards.annotator}"
        " --micrographs {input.micrographs:q} {params.answers}"
        " --shard {wildcards.shard} --shards {params.shards} --settings {params.settings:q}"
        " --cache {params.cache:q} --round {params.round} --state {output.state:q}"
        " --out {output.table:q} >{log:q} 2>&1"


# All embedded judges of a shard in one job: each takes only seconds.
rule annotation_judge:
    input:
        micrographs=rules.curation_finish.output.table,
        segmentation=rules.segmentation_predict.output.folder,
        answers=inputs.answers_of_a_shard,
        weights=inputs.weights_of(names.judges(embedded=True)),
    output:
        table=results("annotation", "verdicts", "{shard}.parquet"),
    log:
        logs("annotation_judge", "{shard}"),
    benchmark:
        times("annotation_judge", "{shard}")
    conda:
        "../../envs/annotation.yaml"
    resources:
        mem_mb=2000,
        runtime=120,
    params:
        code=code("annotation.batch", "annotation.registry"),
        settings=sections.for_annotators(names.judges(embedded=True)),
        shards=settings.shards.micrographs,
        judges=names.judges(embedded=True),
    shell:
        "python -m micrographia annotation judge --judge {params.judges}"
        " --micrographs {input.micrographs:q} --segmentation {input.segmentation:q}"
        " --answers {input.answers:q}"
        " --shard {wildcards.shard} --shards {params.shards} --settings {params.settings:q}"
        " --out {output.table:q} >{log:q} 2>&1"


use rule annotation_ask as annotation_ask_judge with:
    input:
        micrographs=rules.curation_finish.output.table,
        answers=inputs.answers_of_a_shard,
        prompts=rules.annotation_ask.input.prompts,
    output:
        table=results("annotation", "verdicts", "{annotator}", "{shard}.parquet"),
        state=results("annotation", "verdicts", "{annotator}", "{shard}.json"),
    log:
        logs("annotation_ask_judge", "{annotator}", "{shard}"),
    benchmark:
        times("annotation_ask_judge", "{annotator}", "{shard}")
    wildcard_constraints:
        annotator=one_of(names.judges(embedded=False)),
    params:
        round=inputs.round_of("annotation", "verdicts"),
        asked="judge --judge",


rule annotation_review:
    input:
        micrographs=rules.curation_finish.output.table,
        answers=expand(
            results("annotation", "answers", "{annotator}", "{shard}.parquet"),
            annotator=names.annotators(embedded=True) + names.annotators(embedded=False),
            shard=shards("micrographs"),
        ),
        verdicts=[
            expand(
                rules.annotation_judge.output.table,
                shard=shards("micrographs") if names.judges(embedded=True) else [],
            ),
            expand(
                rules.annotation_ask_judge.output.table,
                annotator=names.judges(embedded=False),
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
        "../../envs/annotation.yaml"
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
        "../../envs/annotation.yaml"
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


# The JSON schema of an answer and the meaning of each word, for people and for other tools.
rule annotation_schema:
    output:
        schema=results("annotation", "schema.json"),
    log:
        logs("annotation_schema"),
    benchmark:
        times("annotation_schema")
    conda:
        "../../envs/annotation.yaml"
    resources:
        mem_mb=500,
        runtime=5,
    params:
        code=code("annotation.schema"),
    shell:
        "python -m micrographia annotation schema --out {output.schema:q} >{log:q} 2>&1"


rule annotations:
    input:
        rules.annotation_review.output,
        rules.annotation_agree.output,
        rules.annotation_schema.output,
        expand(
            results("curation", "legibility", "{annotator}", "{shard}.parquet"),
            annotator=settings.annotation.legible or [],
            shard=shards("micrographs"),
        ),
