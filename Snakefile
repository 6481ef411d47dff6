# Micrographia: electron micrographs to data, models and crystal structures.
# Guard, configuration, includes, targets. The science is in src/micrographia.
from snakemake.utils import min_version

min_version("9.0")


configfile: "workflow_config.yaml"


include: "rules/common.smk"
include: "rules/common_scaling.smk"


guard_python()
settings = load_settings(config)
guard_conda(workflow)
prepare_shell(workflow)


wildcard_constraints:
    shard=r"\d{3}|multislice",


include: "rules/data.smk"
include: "rules/curation.smk"
include: "rules/scale.smk"
include: "rules/text.smk"
include: "rules/segmentation.smk"
include: "rules/rounds.smk"
include: "rules/annotation.smk"
include: "rules/stem.smk"
include: "rules/reconstruction.smk"
include: "rules/energy.smk"
include: "rules/benchmarks.smk"
include: "rules/baselines.smk"
include: "rules/scaling.smk"
include: "rules/report.smk"


report: "rules/captions/workflow.rst"


rule all:
    default_target: True
    input:
        rules.report_page.output.page,
        rules.report_statistics.output,


# The embedded configuration *is* the demo; an overlay makes the same target a bigger run.
rule demo:
    input:
        rules.all.input,
