# Nine attributes of every micrograph: annotators, their cross-check, what is left to a person.


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
