"""Test the endpoint annotator against a faulty server, killed and restarted: lost calls, cost.

    python studies/annotation_endpoint.py --count 200 --rate 0.3 --kills 3

A local chat-completions server reads the pictures that it is sent and, at the
stated rate, answers late, 429 (with and without Retry-After), 500, with a reset or cut connection,
with HTML, with cut JSON, or with a word that is not in the vocabulary. The command line annotates
pictures against it, is killed with SIGKILL at even shares of the work, and is started again until
it ends; then once more. Printed: faults met, answers that the server gave in full, kept ones that
were asked for again, pictures annotated, calls of the last run, and files that hold the key.
"""

from __future__ import annotations

import argparse
import base64
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from loopback_chat import FAULTS, KEY, KEY_ENV, ChatServer, as_json, settings_for, write_pictures

from micrographia.io.endpoint.ledger import Ledger
from micrographia.io.schemas import ATTRIBUTES, MICROGRAPHS
from micrographia.io.tables import read_rows, write_table
from micrographia.provenance import machine

ROOT = Path(__file__).parents[1]


def main() -> None:
    """Run, kill, run again; print the counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200, help="pictures")
    parser.add_argument("--rate", type=float, default=0.3, help="share of requests that go wrong")
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--concurrency", type=int, default=8)
    parser.add_argument("--timeout", type=float, default=3.0, help="of the client [s]")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measure(arguments, Path(folder))


def measure(arguments: argparse.Namespace, folder: Path) -> None:
    """Everything, in a folder that is thrown away."""
    pictures = write_pictures(folder / "pictures", arguments.count)
    write_table(pictures, folder / "micrographs.parquet", MICROGRAPHS)
    late = arguments.timeout + 0.5
    began = time.monotonic()
    with ChatServer(rate=arguments.rate, faults=FAULTS, delay=(0.05, late)) as server:
        settings = as_json(
            settings_for(server, concurrency=arguments.concurrency, timeout=arguments.timeout)
        )
        lost = kill_some(arguments, folder, server, settings, late)
        finish(folder, settings)
        seconds, asked = time.monotonic() - began, len(server.bodies)
        finish(folder, settings)
        rows = read_rows(folder / "model.parquet", ATTRIBUTES)
        again = server.n_served - kept_answers(folder) - lost
        failures = [row["failure"] for row in rows if row["failure"] is not None]
        print(f"{machine()['processor']}, {machine()['cores']} cores")
        print(f"pictures                                 {arguments.count}")
        print(f"requests                                 {asked}")
        print(f"  of these gone wrong                    {sum(server.met.values())}")
        for fault, times in sorted(server.met.items()):
            print(f"    {fault:15}                      {times}")
        print(f"pictures annotated                       {len(rows) - len(failures)}")
        for failure in failures:
            print(f"  not annotated: {failure}")
        print(f"full answers of the server               {server.n_served}")
        print(f"  lost in flight with a killed process   {lost} (of {arguments.kills} kills)")
        print(f"  kept, and asked for again              {again}")
        print(f"requests of one run more                 {len(server.bodies) - asked}")
    print(f"files that hold the key                  {len(files_with_the_key(folder))}")
    print(f"wall time [s]                            {seconds:.0f}")


def kill_some(
    arguments: argparse.Namespace, folder: Path, server: ChatServer, settings: str, late: float
) -> int:
    """Kill the run at even shares of the work; return full answers that no process kept."""
    for number in range(1, arguments.kills + 1):
        run = start(folder, settings)
        while server.n_served < number * arguments.count / (arguments.kills + 1):
            time.sleep(0.01)
        run.send_signal(signal.SIGKILL)
        run.wait()
    time.sleep(late + 0.5)  # what is on its way arrives nowhere
    return server.n_served - kept_answers(folder)


def kept_answers(folder: Path) -> int:
    """Count the answers in the file of calls."""
    ledger = Ledger(folder / "calls.sqlite")
    kept = sum(row["calls"] for row in ledger.bill() if row["state"] == "answered")
    ledger.close()
    return kept


def start(folder: Path, settings: str) -> subprocess.Popen[bytes]:
    """Start the command as a job of the workflow does; its log is kept."""
    words = [sys.executable, "-m", "micrographia", "--log-level", "DEBUG", "annotation"]
    words += ["annotate", "--annotator", "model", "--settings", settings]
    words += ["--micrographs", str(folder / "micrographs.parquet")]
    words += ["--cache", str(folder / "calls.sqlite"), "--out", str(folder / "model.parquet")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), KEY_ENV: KEY}
    with (folder / "run.log").open("ab") as log:
        return subprocess.Popen(words, stdout=log, stderr=log, env=environment)


def finish(folder: Path, settings: str) -> None:
    """Run to the end."""
    if start(folder, settings).wait() != 0:
        raise SystemExit((folder / "run.log").read_text(encoding="utf-8"))


def files_with_the_key(folder: Path) -> list[str]:
    """Names of files that hold the key, plain or in base64; compressed cells are read."""
    texts = {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    texts["cells"] = repr(read_rows(folder / "model.parquet")).encode()
    spellings = (KEY.encode(), base64.b64encode(KEY.encode()).rstrip(b"="))
    return [name for name, text in texts.items() if any(each in text for each in spellings)]


if __name__ == "__main__":
    main()
