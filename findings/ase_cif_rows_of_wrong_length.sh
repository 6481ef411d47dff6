#!/usr/bin/env bash
# ASE 3.29.0: of a CIF whose site has one value too many the site is left out. The crystal is read
# without this atom; there is a UserWarning, and no error.
#
# One would guess: a loop whose number of values is no multiple of its columns is a fault of the file
# (the CIF standard says so), and `ase.io.read` raises, as it does for most faults. It reads loops
# line by line, and drops a line whose number of values is another.
#
# Why it matters here: hand-edited CIFs have such lines (a label and a symbol where one column is
# declared). Readers that silence warnings of libraries, as ours did, turned MoS2 into MoS.
#
# Seen (Python 3.11): MoS instead of MoS2, "Wrong number 6 of tokens, expected 5".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip --quiet --disable-pip-version-check install ase==3.29.0 numpy==2.4.6
cat >"$folder/run.py" <<'PYTHON'
import sys, warnings
from ase.io import read

text = """data_x
_cell_length_a 3.18
_cell_length_b 3.18
_cell_length_c 20
_cell_angle_alpha 90
_cell_angle_beta 90
_cell_angle_gamma 120
_space_group_name_H-M_alt 'P 1'
loop_
_atom_site_label
_atom_site_type_symbol
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
Mo1 Mo 0.3333 0.6667 0.50
S1 S 0.6667 0.3333 0.58
{last}
"""
good, long = "S2 S 0.6667 0.3333 0.42", "S2 S 0.6667 0.3333 0.42 1.0"
for name, last in (("good", good), ("long", long)):
    path = f"{sys.argv[1]}/{name}.cif"
    open(path, "w").write(text.format(last=last))
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        formula = read(path).get_chemical_formula("hill")
    print(name, formula, [str(one.message) for one in seen if "tokens" in str(one.message)])
PYTHON
said=$("$folder/venv/bin/python" "$folder/run.py" "$folder")
echo "$said"
grep -q "^good MoS2 \[\]$" <<<"$said"
grep -q '^long MoS .*Wrong number 6 of tokens, expected 5' <<<"$said"
