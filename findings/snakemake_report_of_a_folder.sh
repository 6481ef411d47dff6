#!/usr/bin/env bash
# snakemake 9.27.1: an output `report(directory("page"), htmlindex="index.html")`, as the documentation
# has it, stops `snakemake --report x.html` altogether; in `--report x.zip` its links work.
#
# One would guess: both forms of the report hold what is marked for it, or the single page leaves out
# what it cannot hold and says so. It raises, and no report at all is written, whatever else is marked.
#
# Why it matters here: a page with files beside it (tables, masks, CIFs) is one output folder. Whoever
# asks for the HTML report of a workflow with such an output gets an error and must ask for a zip.
#
# Seen (Python 3.11): x.html: status 1, "Please use store as zip instead"; x.zip: status 0, with page and file in one folder.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip --quiet --disable-pip-version-check install "snakemake[reports]==9.27.1" 2>"$folder/pip.log" ||
    { cat "$folder/pip.log" >&2; exit 2; }
cd "$folder"
cat >Snakefile <<'SNAKEFILE'
rule page:
    output:
        report(directory("page"), htmlindex="index.html", category="Pages"),
    shell:
        "mkdir {output}; echo '<a href=table.csv>table</a>' > {output}/index.html;"
        " echo a,b > {output}/table.csv"
SNAKEFILE
snakemake=venv/bin/snakemake
$snakemake --quiet all --cores 1
status() { $snakemake --report "$1" >"$1.log" 2>&1 && echo 0 || echo $?; }
page=$(status x.html)
zip=$(status x.zip)
tail -1 x.html.log
found=$(python3 -m zipfile -l x.zip | grep -oE "[^ ]*(index.html|table.csv)" | xargs -n1 dirname | sort | uniq -c | sort -rn | head -1)
echo "x.html: status $page; x.zip: status $zip, page and table in one folder: $found"
[ "$page" -ne 0 ] && [ "$zip" -eq 0 ] && grep -qi "zip" x.html.log && [[ "$found" =~ ^\ *2\  ]]
