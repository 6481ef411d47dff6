#!/usr/bin/env bash
# spglib 2.8.0: names do not tell its 530 settings apart. Three pairs of Hall numbers share every symbol
# and differ in `choice` alone, and full symbols of four groups are abbreviated.
#
# One would guess: `get_spacegroup_type(hall_number).international_full` is the full symbol of the
# International Tables, and with `international_short` and `number` it names one setting, so that a
# dictionary from symbols to Hall numbers serves to read CIFs that state a name and no operations.
#
# Why it matters here: `C m m e` in the second origin would silently be read in the first, and
# `P 4/n 21/m 2/m` of the Tables is not found: spglib writes `P 4/n 2_1/m m`.
#
# Seen (Python 3.11): 316/317, 318/319 and 320/321 share their symbols; 127 to 130 are abbreviated.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip --quiet --disable-pip-version-check install spglib==2.8.0 numpy==2.4.6
cat >"$folder/run.py" <<'PYTHON'
import spglib

kinds = {n: spglib.get_spacegroup_type(n) for n in range(1, 531)}
for first in (316, 318, 320):
    one, other = kinds[first], kinds[first + 1]
    same = (one.number, one.international_full) == (other.number, other.international_full)
    print(first, same, one.choice != other.choice)
full = sorted({kind.number for kind in kinds.values() if kind.number in range(127, 131)
               and kind.international_full.endswith(("m m", "c m", "m c", "c c", "b m", "n c"))})
print("abbreviated", full, kinds[next(n for n, k in kinds.items() if k.number == 129)].international_full)
PYTHON
said=$("$folder/venv/bin/python" "$folder/run.py")
echo "$said"
[ "$(grep -c 'True True' <<<"$said")" -eq 3 ]
grep -q "abbreviated \[" <<<"$said"
