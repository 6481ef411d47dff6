#!/usr/bin/env bash
# tifffile 2026.3.3 with imagecodecs 2026.3.6: `imwrite(rgb, photometric="ycbcr", compression="jpeg")`
# takes the samples as YCbCr already. What is read back is another picture, without a word.
#
# One would guess: `photometric` names how the file shall hold the picture, as with Pillow or libtiff,
# which convert; RGB goes in, RGB comes out, up to what JPEG loses. On reading tifffile does convert
# to RGB, so that a round trip is not the identity.
#
# Why it matters here: test files of colour spaces are written with tifffile. A reader that is right
# fails such a test by tens of grey levels, and one that ignores the photometric passes.
#
# Seen (Python 3.11): a grey wedge given as equal R, G, B comes back up to 133 levels off in a channel;
# written with photometric="rgb" it comes back as it was.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip --quiet --disable-pip-version-check install \
    tifffile==2026.3.3 imagecodecs==2026.3.6 numpy==2.4.6
cat >"$folder/run.py" <<'PYTHON'
import sys
import numpy as np, tifffile

wedge = np.repeat(np.tile(np.arange(0, 256, 4, dtype=np.uint8), (64, 1))[..., None], 3, axis=2)
for photometric in ("rgb", "ycbcr"):
    path = f"{sys.argv[1]}/{photometric}.tif"
    tifffile.imwrite(path, wedge, photometric=photometric, compression="jpeg",
                     compressionargs={"level": 98})
    off = np.abs(tifffile.imread(path).astype(int) - wedge)
    print(photometric, int(off.max()))
PYTHON
said=$("$folder/venv/bin/python" "$folder/run.py" "$folder")
echo "$said"
read -r _ rgb <<<"$(grep '^rgb' <<<"$said")"
read -r _ ycbcr <<<"$(grep '^ycbcr' <<<"$said")"
[ "$rgb" -le 3 ] && [ "$ycbcr" -ge 30 ]
