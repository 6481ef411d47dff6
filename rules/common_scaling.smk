# What the rules of the learning curve share: which trainings there are. No science.


def scaling_runs():
    """Names of the trainings on fewer and more pictures: real-30, mixed-all …"""
    chosen = settings.segmentation.scaling
    return [
        f"{'mixed' if mixed else 'real'}-{'all' if real is None else real}"
        for mixed in chosen.procedural
        for real in chosen.real
        if real != 0 or mixed
    ]


def subset_of_run(wildcards):
    """What one of them learns from, as options of `segmentation subset`."""
    kind, real = wildcards.run.split("-")
    return flag("--real", real.removeprefix("all")) + " --procedural" * (kind == "mixed")


def scaling_folder(run, *parts):
    """A path of one of them."""
    return results("segmentation", "scaling", run, *parts)
