# What the files of this folder share: settings, code digests, shards. No science.
import glob
import json
import os
import shlex
import shutil
import sys
from pathlib import Path

PROJECT = Path(workflow.basedir)
sys.path.insert(0, str(PROJECT / "src"))

from micrographia import config as mg_config
from micrographia.curation.tabulated import named_files
from micrographia.errors import ConfigError, ImageError
from micrographia.provenance import code_digest, digest
from snakemake.exceptions import WorkflowError


def guard_python():
    """Stop at once on a Python that the package cannot run on."""
    if sys.version_info < (3, 11):
        raise WorkflowError(
            f"Micrographia needs Python 3.11 or newer; this is {sys.version.split()[0]}."
        )


def load_settings(raw):
    """Validate the merged configuration; every fault is listed before the DAG is built."""
    try:
        return mg_config.validate(raw)
    except ConfigError as error:
        raise WorkflowError(str(error))


def uses_conda(workflow):
    """Whether this run was asked to make conda environments."""
    methods = workflow.deployment_settings.deployment_method
    return any(getattr(method, "name", str(method)).upper() == "CONDA" for method in methods)


def guard_conda(workflow):
    """Without conda, --use-conda stops with one sentence, or uses the running Python."""
    if not uses_conda(workflow):
        return
    if os.environ.get("MICROGRAPHIA_ENV") == "active":
        workflow.deployment_settings.deployment_method = frozenset()
    elif not shutil.which("conda"):
        raise WorkflowError(
            "--use-conda was asked for, but there is no conda on PATH: install it, drop "
            "--use-conda to use the Python that runs snakemake, or set MICROGRAPHIA_ENV=active."
        )


def prepare_shell(workflow):
    """Let jobs find the package, and this Python unless conda gives them another."""
    path = f"export PYTHONPATH='{PROJECT / 'src'}'; "
    if not uses_conda(workflow):
        path += f"export PATH='{Path(sys.executable).parent}':\"$PATH\"; "
    # One job is one core: numerical libraries must not each start a thread per core.
    path += "export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1; "
    shell.prefix(f"set -euo pipefail; {path}")


def code(*names, without=()):
    """Digest of the code behind a step: an edit there reruns it, and nothing else."""
    return code_digest(*names, without=without, root=PROJECT / "src" / "micrographia")


def section(*names, without=()):
    """A section of the settings as canonical JSON, for --settings; parts can be left out."""
    value = settings
    for name in names:
        value = getattr(value, name)
    parts = json.loads(mg_config.dump_section(value))
    kept = {name: part for name, part in parts.items() if name not in without}
    return json.dumps(kept, sort_keys=True, separators=(",", ":"))


def whole_config():
    """All settings as canonical JSON."""
    return mg_config.dump_section(settings)


def state(*sources):
    """Digest of the names, sizes and change times of the user's files.

    A folder's own time does not change when a file in it is replaced; this does. Of a CSV the
    files that it names count too.
    """
    found = []
    for source in filter(None, sources):
        roots = [Path(name) for name in sorted(glob.glob(source, recursive=True))]
        roots = [Path(source)] if os.path.exists(source) else roots
        roots += _named_in(source)
        for path in [
            path
            for root in roots
            for path in ([root] if root.is_file() else sorted(root.rglob("*")))
        ]:
            # What cannot be looked at is reported by the step that reads it.
            if os.path.isfile(path):
                status = os.stat(path)
                found.append([str(path), status.st_size, status.st_mtime_ns])
    return digest(found)


def _named_in(source):
    """The files that a CSV names; one that cannot be read is reported by the step that lists."""
    if not source.lower().endswith(".csv") or not os.path.isfile(source):
        return []
    try:
        return [Path(name) for name in named_files(source)]
    except ImageError:
        return []


def micrograph_sources():
    """The folders of the generator, or the user's folders, archives, tables and globs."""
    chosen = settings.data.micrographs
    if chosen.source == "procedural":
        return expand(results("data", "micrographs", "{shard}"), shard=shards("micrographs"))
    return list(chosen.sources())


def training_pictures_state():
    """State of the real pictures, masks and lists of articles that a network learns from."""
    named = [
        path
        for source in settings.segmentation.training.real
        for path in (source.images, source.masks, source.articles)
    ]
    return state(*named)


def gpus(device):
    """How many GPUs a job asks for: jobs that may take one wait for each other."""
    return 0 if device == "cpu" else 1


def for_contestant(wildcards):
    """The section `segmentation` as it is for one method of the comparison, as JSON."""
    room = settings.segmentation
    own = getattr(room.baselines, wildcards.method.replace("-", "_"), None)
    if own is None:  # watershed
        unread = ("baselines", "network", "training", "rounds", "scaling")
        return section("segmentation", without=unread)
    length = {"steps": own.steps, "learning_rate": own.learning_rate}
    loop = room.training.loop.model_copy(update=length)
    own_network = {"checkpoint": type(room.network)().checkpoint}
    less = {
        "method": type(room)().method,
        "watershed": type(room.watershed)(),
        "network": room.network.model_copy(update=own_network),
        "training": room.training.model_copy(update={"network": wildcards.method, "loop": loop}),
        "baselines": type(room.baselines)(),
        "rounds": type(room.rounds)(),
        "scaling": type(room.scaling)(),
    }
    return mg_config.dump_section(room.model_copy(update=less))


def round_folder(number, *parts):
    """A path of a round of pseudo-labels."""
    return results("segmentation", "rounds", str(number), *parts)


def network_of_round(wildcards):
    """The checkpoint that labels pictures; round 0's was trained without pseudo-labels."""
    if int(wildcards.round) == 0:
        return results("segmentation", "network", "network.safetensors")
    return round_folder(wildcards.round, "network.safetensors")


def labels_before_round(wildcards):
    """What the network of the round before was sure of, shard by shard."""
    before = int(wildcards.round) - 1
    return [round_folder(before, "pseudo", shard) for shard in shards("micrographs")]


def networks_of_rounds():
    """Checkpoints of all rounds, from round 0 on."""
    first = results("segmentation", "network", "network.safetensors")
    last = settings.segmentation.rounds.count
    return [first, *(round_folder(n, "network.safetensors") for n in range(1, last + 1))]


def flag(name, value):
    """A command-line option, quoted for the shell; nothing where there is no value."""
    return f"{name} {shlex.quote(value)}" if value else ""


def results(*parts):
    """A path under the results folder."""
    return "/".join([settings.results, *parts])


def logs(step, *wildcards):
    """The log file of a step."""
    return results("logs", step, *wildcards) + ".log"


def times(step, *wildcards):
    """The benchmark file of a step (run time and memory)."""
    return results("times", step, *wildcards) + ".tsv"


def room_folder(wildcards, output):
    """The folder that the outputs of a step lie in."""
    return str(Path(output[0]).parent)


def results_folder(wildcards, output):
    """The results folder that a page in one of its rooms belongs to."""
    return str(Path(output[0]).parents[1])


def shards(wing):
    """Three-digit names of a wing's shards."""
    return [f"{number:03d}" for number in range(getattr(settings.shards, wing))]


def picture_shards():
    """Shards of STEM images: those of the phase object, and the one made by multislice."""
    slow = settings.stem.multislice or settings.stem.multislice_sample
    return shards("structures") + (["multislice"] if slow else [])


def annotators(embedded):
    """Names of the annotators that are embedded, or of those behind an endpoint."""
    every = settings.annotation.annotators
    return [one.name for one in every if (one.kind != "endpoint") == embedded]


def judges(embedded):
    """The same of those that judge the others."""
    named = settings.annotation.judges
    several = len(settings.annotation.annotators) > 1
    return [name for name in annotators(embedded) if several and (named is None or name in named)]


def learn_folders(kind, segmented=False):
    """Folders of all sets that embedded annotators learn from, or of those to be segmented."""
    sets = settings.annotation.learn.sets
    seeds = [one.seed for one in sets if one.segmented or not segmented]
    return [results("annotation", "learn", kind, str(seed)) for seed in seeds]


def learn_order():
    """Sets that are segmented first: `annotation learn` pairs folders in their order."""
    return sorted(learn_folders("pictures"), key=lambda one: one not in _segmented_pictures())


def _segmented_pictures():
    return learn_folders("pictures", segmented=True)


def learn_segmentations(wildcards):
    """Masks that an annotator learns from beside the true ones: `measured` alone does."""
    return [] if wildcards.kind == "texture" else learn_folders("predicted", segmented=True)


def learn_pictures(wildcards):
    """How the pictures of a set are made, as JSON for --settings."""
    learn = settings.annotation.learn
    count = next(one.pictures for one in learn.sets if str(one.seed) == wildcards.seed)
    made = settings.synthesis.model_copy(update={"count": count, "size": learn.size})
    return mg_config.dump_section(made)


def answers_known():
    """Whether micrographs have attributes by construction, and annotators that read them."""
    made = settings.data.micrographs.source == "procedural"
    return made and bool(settings.annotation.annotators)


def round_of(kind):
    """Which round of asking a table of answers needs: one more where some had no answer."""

    def number(wildcards):
        path = Path(results("annotation", kind, wildcards.annotator, f"{wildcards.shard}.json"))
        try:
            before = json.loads(path.read_text())
            return before["round"] + (before["unanswered"] > 0)
        except (OSError, ValueError, LookupError, TypeError):
            return 0

    return number


def carded(*names):
    """Files of weights that the settings name, each .safetensors with the card beside it."""
    named = [name for name in names if name]
    return named + [str(Path(name).with_suffix(".json")) for name in named if _has_card(name)]


def _has_card(name):
    return Path(name).suffix == ".safetensors"


def weights_of(names):
    """Weights that these annotators read, with their cards; an endpoint reads none."""
    chosen = [one for one in settings.annotation.annotators if one.name in names]
    embedded = [one for one in chosen if one.kind != "endpoint"]
    return carded(*(one.weights or _shipped_weights(one.kind) for one in embedded))


def _shipped_weights(kind):
    folder = PROJECT / "src" / "micrographia" / "annotation" / "weights"
    return str(folder / f"{kind}.safetensors")


def weights_of_annotator(wildcards):
    """The same for the one that a job is for."""
    return weights_of([wildcards.annotator])


def one_of(names):
    """What a wildcard may be; of no names, nothing."""
    return "|".join(names) or "(?!)"


def for_annotators(names):
    """The section `annotation` as far as it matters to these, as JSON for --settings."""
    chosen = tuple(one for one in settings.annotation.annotators if one.name in names)
    less = {"annotators": chosen, "judges": None, "resolved": None, "legible": None}
    return mg_config.dump_section(settings.annotation.model_copy(update=less))


def for_annotator(wildcards):
    """The same for the one that a job is for."""
    return for_annotators([wildcards.annotator])


def prompts(*names):
    """Files of the prompts that annotators behind endpoints are asked with, if there are any."""
    room = settings.annotation
    files = [f"{room.prompts}/{name}-{room.prompt_version}.md" for name in names]
    return files if annotators(embedded=False) else []


def answers_of_a_shard(wildcards):
    """What all annotators answered about the pictures of a shard."""
    return [
        results("annotation", "answers", one.name, f"{wildcards.shard}.parquet")
        for one in settings.annotation.annotators
    ]


def environment(name):
    """A conda environment by the name of its room."""
    return f"../envs/{name}.yaml"


def weights_of_segmenter():
    """The checkpoint that the workflow segments with, and its card; none for the watershed."""
    room = settings.segmentation
    return [] if room.method == "watershed" else carded(room.network.checkpoint)


def code_of_segmenter():
    """Digest of what segments: an edit of a network is no reason to run the watershed again."""
    if settings.segmentation.method == "watershed":
        return code("segmentation.predict", without=["segmentation.network_segmenter"])
    peers = ["segmentation.baselines.star", "segmentation.baselines.yolo", "segmentation.baselines.mask_rcnn"]
    return code("segmentation.predict", without=peers)


def settings_of_segmenter():
    """The section `segmentation` without what the method of the workflow does not read."""
    watershed = settings.segmentation.method == "watershed"
    unread = "network" if watershed else "watershed"
    return section("segmentation", without=("training", "baselines", "rounds", "scaling", unread))


def settings_of_training(*unread):
    """The section `segmentation` as a training reads it: which weights the workflow uses is not."""
    names = ("method", "watershed", "baselines", "scaling", *unread)
    kept = json.loads(section("segmentation", without=names))
    kept["network"].pop("checkpoint")
    if "rounds" in kept:  # how many there are is no matter to one of them
        kept["rounds"].pop("count")
    return json.dumps(kept, sort_keys=True, separators=(",", ":"))


def gpus_of_segmenter():
    """GPUs of a shard's segmentation; the watershed needs none."""
    watershed = settings.segmentation.method == "watershed"
    return 0 if watershed else gpus(settings.segmentation.network.device)
