# Micrographia: electron micrographs to data, models and crystal structures.
# Guard, configuration, includes, targets. The science is in src/micrographia.
from snakemake.utils import min_version

min_version("9.0")


configfile: "workflow_config.yaml"


include: "rules/common.smk"


wildcard_constraints:
    shard=r"\d{3}|multislice",


include: "rules/data/data.smk"
include: "rules/data/retrieve.smk"
include: "rules/curation/intake.smk"
include: "rules/curation/text.smk"
include: "rules/curation/scale.smk"
include: "rules/curation/finish.smk"
include: "rules/segmentation/segmentation.smk"
include: "rules/segmentation/pseudo_labels.smk"
include: "rules/annotation/annotation.smk"
include: "rules/annotation/learning.smk"
include: "rules/curation/legibility.smk"
include: "rules/classification/classification.smk"
include: "rules/classification/baselines.smk"
include: "rules/stem/stem.smk"
include: "rules/reconstruction/reconstruction.smk"
include: "rules/energy/energy.smk"
include: "rules/language/structure.smk"
include: "rules/language/assistant.smk"
include: "rules/benchmarks/benchmarks.smk"
include: "rules/benchmarks/structure_real.smk"
include: "rules/benchmarks/segmentation_methods.smk"
include: "rules/benchmarks/segmentation_scaling.smk"
include: "rules/benchmarks/classification.smk"
include: "rules/benchmarks/classification_baselines.smk"
include: "rules/benchmarks/structure_text.smk"
include: "rules/report/report.smk"


report: "rules/captions/workflow.rst"


rule all:
    default_target: True
    input:
        rules.report_page.output,


# The embedded configuration *is* the demo; an overlay makes the same target a bigger run.
rule demo:
    input:
        rules.all.input,
