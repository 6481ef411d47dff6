#!/usr/bin/env bash
# pytest 9.2.0 with pytest-xdist 3.8.0: `--dist loadgroup` and the marker `xdist_group` are accepted,
# and do nothing. Tests of one group run in several processes, without a warning.
#
# One would guess: the newest releases of both, installed side by side without a complaint from pip,
# keep a documented option. xdist tells its scheduler of a group by writing `node-id@group` to the
# item's private `_nodeid`; pytest 9.2 computes `nodeid` from a structured `id` and no longer reads
# that attribute, so the suffix is never seen.
#
# Why it matters here: one finished run of the workflow, a minute long, serves fifteen tests as a
# session fixture. In groups it should run once; it ran in every process, and the test suite was as
# slow as before. `--dist loadfile` (with --no-loadscope-reorder, or it begins with the file of the
# most tests, not the longest) does what was wanted.
#
# Seen (Python 3.11, 2 processes, 12 tests of one group): 9.2.0 uses 2 processes, 9.0.2 uses 1.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat >"$folder/test_group.py" <<'PYTHON'
import os, time
import pytest


@pytest.mark.xdist_group("one")
@pytest.mark.parametrize("number", range(12))
def test_of_a_group(number):
    time.sleep(0.1)
    with open(os.environ["SEEN"], "a") as file:
        file.write(os.environ["PYTEST_XDIST_WORKER"] + "\n")
PYTHON
processes() {
    python3 -m venv "$folder/$1"
    "$folder/$1/bin/python" -m pip --quiet --disable-pip-version-check install "pytest==$1" pytest-xdist==3.8.0 2>"$folder/pip.log" ||
        { cat "$folder/pip.log" >&2; exit 2; }
    (cd "$folder" && SEEN="$folder/seen-$1" "$folder/$1/bin/python" -m pytest -q -n 2 --dist loadgroup test_group.py) >&2
    sort -u "$folder/seen-$1" | wc -l
}
new=$(processes 9.2.0)
old=$(processes 9.0.2)
echo "processes that ran the group: pytest 9.2.0: $new, pytest 9.0.2: $old"
[ "$new" -eq 2 ] && [ "$old" -eq 1 ]
