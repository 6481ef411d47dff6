# An annotator checks burnt-in text; pictures with illegible text are rejected.


localrules:
    curation_legibility,


use rule annotation_ask as curation_legibility with:
    input:
        micrographs=rules.curation_merge.output.table,
        prompts=rules.annotation_ask.input.prompts,
    output:
        table=results("curation", "legibility", "{annotator}", "{shard}.parquet"),
        state=results("curation", "legibility", "{annotator}", "{shard}.json"),
    log:
        logs("curation_legibility", "{annotator}", "{shard}"),
    benchmark:
        times("curation_legibility", "{annotator}", "{shard}")
    params:
        round=inputs.round_of("curation", "legibility"),
        asked="legible --annotator",
