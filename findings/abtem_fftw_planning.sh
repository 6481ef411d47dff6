#!/usr/bin/env bash
# abTEM 1.0.11: one and the same multislice, run twice, gives two pictures that differ in their last
# bits, if the machine is busy.
#
# One would guess: a simulation without random numbers, one thread, same inputs, gives the same
# bytes. abtem/core/fft.py even copies arrays to aligned memory so that FFTW's plans do not depend
# on where an array happens to lie. But the default `fftw.planning_effort` is FFTW_MEASURE: FFTW
# times several algorithms and keeps the fastest, and which is fastest changes with whatever else
# the machine does. Idle machines hide it.
#
# Why it matters here: a Snakemake workflow runs several jobs side by side, so "same configuration,
# same bytes" failed for the multislice pictures, and with them for all that is read from them.
# `abtem.config.set({"fftw.planning_effort": "FFTW_ESTIMATE"})` chooses without timing: one answer,
# as quick for arrays of this size.
#
# Seen (Python 3.11, x86-64, 2 cores kept busy): of 12 runs 2 different pictures with FFTW_MEASURE, of 6
# runs 1 with FFTW_ESTIMATE.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"; kill $(jobs -p) 2>/dev/null || true' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip --quiet --disable-pip-version-check install \
    abtem==1.0.11 ase==3.29.0 numpy==2.4.6 pyfftw==0.15.1
cat >"$folder/run.py" <<'PYTHON'
import hashlib, sys
import abtem, numpy as np
from ase.build import graphene

abtem.config.set({"diagnostics.progress_bar": False, "fftw.planning_effort": sys.argv[1]})
atoms = abtem.orthogonalize_cell(graphene(vacuum=2.0) * (3, 2, 1))
potential = abtem.Potential(atoms, sampling=0.04, slice_thickness=1)
probe = abtem.Probe(energy=80e3, semiangle_cutoff=25)
scan = abtem.GridScan(start=(0, 0), end=(2, 2), gpts=4)
found = probe.scan(potential, scan=scan, detectors=abtem.AnnularDetector(40, 120)).compute()
print(hashlib.sha256(np.asarray(found.array).tobytes()).hexdigest()[:12])
PYTHON
for _ in $(seq "$(nproc)"); do timeout 900 python3 -c 'while True: pass' & done
count() {
    for _ in $(seq "$2"); do
        for _ in 1 2; do OMP_NUM_THREADS=1 "$folder/venv/bin/python" -W ignore "$folder/run.py" "$1" & pids+=($!); done
        wait "${pids[@]}"; pids=()
    done | sort | uniq -c | tee /dev/stderr | wc -l
}
pids=()
echo "FFTW_MEASURE (abTEM's default):" >&2
measure=$(count FFTW_MEASURE 6)
echo "FFTW_ESTIMATE:" >&2
estimate=$(count FFTW_ESTIMATE 3)
"$folder/venv/bin/python" -c 'import abtem; print("abtem", abtem.__version__, abtem.config.get("fftw.planning_effort"))'
echo "different pictures: FFTW_MEASURE $measure, FFTW_ESTIMATE $estimate"
[ "$measure" -ge 2 ] && [ "$estimate" -eq 1 ]
