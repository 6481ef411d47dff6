"""A process that has imported Snakemake and forks for every dry run that it is asked for.

Half of a dry run's time is importing Snakemake. Nothing of the workflow is imported before the
fork, so each run sees the package of its own checkout. One JSON request per line on standard
input (argv, cwd, env, out); the answer is the exit status on a line of standard output.
"""

from __future__ import annotations

import json
import os
import sys

import snakemake.cli


def run(request: dict) -> int:
    """Fork; the child becomes `snakemake argv` with its output in a file; return its status."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    status = 1
    try:
        file = os.open(request["out"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for stream in (1, 2):
            os.dup2(file, stream)
        os.chdir(request["cwd"])
        os.environ.clear()
        os.environ.update(request["env"])
        sys.argv = ["snakemake", *request["argv"]]
        snakemake.cli.main(request["argv"])
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    for line in sys.stdin:
        print(run(json.loads(line)), flush=True)
