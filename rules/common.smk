# Names that the rules share. No science and no logic here: all of it is typed
# and tested in src/micrographia/workflow.
import shlex
import sys
from pathlib import Path

PROJECT = Path(workflow.basedir)
sys.path.insert(0, str(PROJECT / "src"))

from micrographia.config import dump_section, validate
from micrographia.method_names import (
    CONTESTANTS,
    PICTURE_BASELINES,
    SPLITS,
    TRAINED_ANNOTATOR_KINDS,
)
from micrographia.errors import MicrographiaError
from micrographia.workflow import guards
from micrographia.workflow.digests import Digests, state
from micrographia.workflow.inputs import Inputs, carded
from micrographia.workflow.options import (
    TEXT_RUNS,
    answers_option,
    checkpoint_option,
    extra_option,
    flag,
    learn_from,
    split_share,
    subset_of_run,
    text_run_option,
    words_option,
)
from micrographia.workflow.names import Names, one_of, results_folder, room_folder
from micrographia.workflow.public_data import PublicData, public_folder
from micrographia.workflow.sections import Sections
from snakemake.exceptions import WorkflowError

try:
    settings = validate(config).resolved()  # every fault is listed before the DAG is built
    deployment = guards.deployment(workflow.deployment_settings.deployment_method)
except MicrographiaError as error:
    raise WorkflowError(str(error))
workflow.deployment_settings.deployment_method = deployment
shell.prefix(guards.shell_prefix(PROJECT / "src", guards.uses_conda(deployment)))

names = Names(settings)
sections = Sections(settings)
inputs = Inputs(settings, names)
public = PublicData(settings)
digests = Digests(settings, PROJECT / "src" / "micrographia")

results, logs, times, shards = names.results, names.logs, names.times, names.shards
code, section = digests.code, sections.section
