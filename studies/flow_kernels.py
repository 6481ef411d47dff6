"""Speed and memory of the flow kernels against those of cellpose, on the same masks.

    python studies/flow_kernels.py --emps ../shared/data/emps
    python studies/flow_kernels.py --cases ellipses-1024-5000 voronoi-1024-1000
    python studies/flow_kernels.py --cases large --no-peer
    python studies/flow_kernels.py --torch cuda --no-peer

Three tasks: labels to field; field to labels by following alone (cellpose: `follow_flows` only,
ours: the whole way to labels without the flow error); field to labels with all that is default
in cellpose, its flow threshold included (ours: with the flow error of every instance). Both sides
start from their own field of the true mask. Each side runs in a process of its own, after a
warm-up on a small mask; memory is the highest resident size during the task above that before
it. Seconds are by the clock; processor seconds are given too, since other work may share the
cores. cellpose is no dependency: install it into an environment of its own together with
Micrographia and run this script there; without it our side is printed alone. With `--torch` the
kernels in torch are measured too, on a mask and a field that lie on the device already; memory is
the GPU's if the device is one.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from flow_masks import make

TASKS = ("labels to field", "following", "field to labels")
#: Ours compiled, ours in torch, the peer.
SIDES = ("ours", "torch", "cellpose")
#: cellpose's own default of the largest flow error.
MAX_FLOW_ERROR = 0.4
SYNTHETIC = [
    f"{kind}-{side}-{count}"
    for side in (1024, 2048)
    for count in (5000, 1000, 100)
    for kind in ("ellipses", "voronoi")
]
#: 8000 x 6000 pixels with 20,000 instances; minutes, and cellpose would need many hours.
LARGE = ("ellipses-large-20000", "voronoi-large-20000")


def main() -> None:
    """Measure case after case, printing each at once."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--emps", type=Path, help="folder with segmaps/: 20 masks of it are cases")
    parser.add_argument("--cases", nargs="*", help=f"of: {', '.join(SYNTHETIC)}, emps, large")
    parser.add_argument("--threads", type=int, default=2, help="threads of either side")
    parser.add_argument("--repeats", type=int, default=3, help="runs of ours; the median counts")
    parser.add_argument("--no-peer", action="store_true", help="our side only")
    parser.add_argument("--torch", metavar="DEVICE", help="measure ours in torch there, too: cuda")
    parser.add_argument("--out", type=Path, help="JSON lines, one per case, added to")
    parser.add_argument("--child", nargs=2, metavar=("SIDE", "MASK"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        _child(*arguments.child, arguments)
        return
    peer = not arguments.no_peer
    if peer and importlib.util.find_spec("cellpose") is None:
        print("cellpose is not installed here; only our side is measured (see --help)\n")
        peer = False
    _header(arguments.threads, peer, arguments.torch)
    real = []
    for name, labels in _cases(arguments.cases, arguments.emps):
        row = _measure(name, labels, peer and "large" not in name, arguments)
        _print_row(row)
        real += [row] if name.startswith("emps-") and peer else []
        if arguments.out:
            with arguments.out.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(row) + "\n")
    if real:
        _print_sum(real)


def _cases(wanted: list[str] | None, emps: Path | None) -> Iterator[tuple[str, np.ndarray]]:
    for name in wanted or [*SYNTHETIC, "emps"]:
        if name == "emps":
            if emps is None:
                print("no --emps folder: the EMPS masks are left out")
                continue
            yield from _emps(emps)
        elif name == "large":
            yield from ((large, make(large)) for large in LARGE)
        else:
            yield name, make(name)


def _emps(folder: Path) -> Iterator[tuple[str, np.ndarray]]:
    """Every eighteenth mask: 20 of the 366, in order of name."""
    from micrographia.io.images import read_labels

    files = sorted((folder / "segmaps").glob("*.png"))
    for path in files[:: max(1, len(files) // 20)][:20]:
        yield f"emps-{path.stem}", read_labels(path)


def _measure(name: str, labels: np.ndarray, peer: bool, arguments: Any) -> dict[str, Any]:
    row: dict[str, Any] = {"case": name, "shape": labels.shape}
    row["instances"] = len(np.unique(labels[labels > 0]))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "mask.npy")
        np.save(path, labels)
        wanted = {"ours": True, "torch": arguments.torch, "cellpose": peer}
        for side in (name for name in SIDES if wanted[name]):
            command = [sys.executable, __file__, "--child", side, str(path)]
            command += ["--threads", str(arguments.threads), "--repeats", str(arguments.repeats)]
            command += ["--torch", arguments.torch] if side == "torch" else []
            answer = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
            row[side] = json.loads(answer.stdout.splitlines()[-1])
    return row


def _child(side: str, mask: str, arguments: argparse.Namespace) -> None:
    labels = np.load(mask)
    warm_up = np.zeros((48, 48), np.int32)
    warm_up[4:20, 4:20], warm_up[4:40, 20:40] = 1, 2
    run = {
        "ours": _ours,
        "torch": partial(_torch, device=arguments.torch),
        "cellpose": _cellpose,
    }[side]
    run(warm_up, arguments.threads, 1)
    print(
        json.dumps(run(labels, arguments.threads, 1 if side == "cellpose" else arguments.repeats))
    )


def _ours(labels: np.ndarray, threads: int, repeats: int) -> dict[str, Any]:
    from micrographia.segmentation.flow.field import flow_field
    from micrographia.segmentation.flow.follow import follow

    field, foreground = None, (labels > 0).astype(np.float32)
    figures = {}
    truth, figures[TASKS[0]] = _timed(lambda: flow_field(labels, threads), repeats)
    field = truth.field
    _, figures[TASKS[1]] = _timed(lambda: follow(field, foreground, threads=threads), repeats)
    found, figures[TASKS[2]] = _timed(
        lambda: follow(field, foreground, max_flow_error=MAX_FLOW_ERROR, threads=threads), repeats
    )
    figures["AP"] = _precision(labels, found.labels)
    return figures


def _torch(labels: np.ndarray, threads: int, repeats: int, device: str) -> dict[str, Any]:
    import torch

    from micrographia.segmentation.flow.torch_field import flow_field
    from micrographia.segmentation.flow.torch_follow import follow

    torch.set_num_threads(threads)
    there = torch.from_numpy(labels).to(device)
    foreground = (there > 0).float()
    figures = {}
    field, figures[TASKS[0]] = _timed(lambda: flow_field(there), repeats, device)
    _, figures[TASKS[1]] = _timed(lambda: follow(field, foreground), repeats, device)
    found, figures[TASKS[2]] = _timed(
        lambda: follow(field, foreground, max_flow_error=MAX_FLOW_ERROR), repeats, device
    )
    figures["AP"] = _precision(labels, found.labels)
    return figures


def _cellpose(labels: np.ndarray, threads: int, repeats: int) -> dict[str, Any]:
    import torch
    from cellpose import dynamics

    torch.set_num_threads(threads)
    figures = {}
    # The network's field is five times the unit field; its foreground is above 0.
    (unit, _), figures[TASKS[0]] = _timed(lambda: dynamics.masks_to_flows_gpu(labels), repeats)
    field, logit = 5 * unit.astype(np.float32), np.where(labels > 0, 5, -5).astype(np.float32)
    inside = np.nonzero(labels)
    _, figures[TASKS[1]] = _timed(
        lambda: dynamics.follow_flows(field * (labels > 0) / 5, inds=inside), repeats
    )
    found, figures[TASKS[2]] = _timed(
        lambda: dynamics.resize_and_compute_masks(field, logit), repeats
    )
    figures["AP"] = _precision(labels, found.astype(np.int32))
    return figures


def _timed(
    work: Callable[[], Any], repeats: int, device: str = "cpu"
) -> tuple[Any, dict[str, float]]:
    """Return the answer, with the medians of seconds and processor seconds and the memory."""
    meter = _Resident() if device == "cpu" else _OnGpu(device)
    seconds, processor, memory = [], [], []
    for _ in range(repeats):
        answer = None
        meter.start()
        clock, cpu = time.perf_counter(), time.process_time()
        answer = work()
        meter.finish()
        seconds.append(time.perf_counter() - clock)
        processor.append(time.process_time() - cpu)
        memory.append(meter.grown())
    return answer, {
        "seconds": float(np.median(seconds)),
        "processor": float(np.median(processor)),
        "MiB": float(max(memory)),
    }


class _Resident:
    """By how much this process's resident size grew above that at the start."""

    def start(self) -> None:
        Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
        self.before = _status("VmRSS")

    def finish(self) -> None:
        """Nothing runs on."""

    def grown(self) -> float:
        return _status("VmHWM") - self.before


class _OnGpu:
    """The same of what torch holds on a GPU."""

    def __init__(self, device: str) -> None:
        import torch

        self.device, self.cuda = device, torch.cuda

    def start(self) -> None:
        self.cuda.synchronize(self.device)
        self.cuda.reset_peak_memory_stats(self.device)
        self.before = self.cuda.memory_allocated(self.device)

    def finish(self) -> None:
        self.cuda.synchronize(self.device)

    def grown(self) -> float:
        return (self.cuda.max_memory_allocated(self.device) - self.before) / 2**20


def _status(name: str) -> float:
    """A line of Linux's account of this process [MiB]."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) / 1024
    raise LookupError(name)


def _precision(true: np.ndarray, found: np.ndarray) -> list[float]:
    from micrographia.benchmarks.segmentation.matching import precision_curve
    from micrographia.io.label_masks import overlaps

    return precision_curve(overlaps(true, found), (0.5, 0.75, 0.9)).round(4).tolist()


def _header(threads: int, peer: bool, device: str | None) -> None:
    from importlib.metadata import version

    from micrographia.provenance import machine

    here = machine()
    gpu = "no GPU used"
    if device not in (None, "cpu"):
        import torch

        gpu = f"torch on {torch.cuda.get_device_name(device)}"
    print(f"{here['processor']}, {here['cores']} cores, {gpu}, {threads} threads each")
    if peer:
        print(f"cellpose {version('cellpose')}, torch {version('torch')}")
    print(
        "\n| mask | instances | task | s | MiB | cellpose s | MiB | faster | by processor time |"
        " memory |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")


def _print_row(row: dict[str, Any]) -> None:
    for task in TASKS:
        ours = row["ours"][task]
        cells = [row["case"], row["instances"], task]
        cells += [f"{ours['seconds']:.3g}", f"{ours['MiB']:.0f}"]
        if "cellpose" in row:
            peer = row["cellpose"][task]
            cells += [f"{peer['seconds']:.3g}", f"{peer['MiB']:.0f}"]
            cells.append(f"{peer['seconds'] / ours['seconds']:.0f}×")
            cells.append(f"{peer['processor'] / ours['processor']:.0f}×")
            cells.append(f"{100 * ours['MiB'] / max(peer['MiB'], 1):.0f} %")
        print("| " + " | ".join(map(str, cells)) + " |")
    for task in TASKS if "torch" in row else ():
        figures = row["torch"][task]
        cells = [row["case"], row["instances"], f"{task}, torch"]
        cells += [f"{figures['seconds']:.3g}", f"{figures['MiB']:.0f}"]
        print("| " + " | ".join(map(str, cells)) + " |")
    for side in SIDES:
        if side in row:
            scores = " / ".join(f"{value:.3f}" for value in row[side]["AP"])
            print(f"| {row['case']} | | AP@0.5 / 0.75 / 0.9, {side} | {scores} |")
    sys.stdout.flush()


def _print_sum(rows: list[dict[str, Any]]) -> None:
    """What all masks of EMPS take together, and by how much ours is faster on them."""
    print(f"\n{len(rows)} masks of EMPS together:")
    for task in TASKS:
        ours = np.array([row["ours"][task]["seconds"] for row in rows])
        peer = np.array([row["cellpose"][task]["seconds"] for row in rows])
        ratio = peer / ours
        print(
            f"{task}: {ours.sum():.3g} s, cellpose {peer.sum():.3g} s, "
            f"{peer.sum() / ours.sum():.0f}×; "
            f"of the masks median {np.median(ratio):.0f}×, least {ratio.min():.1f}×"
        )
    for side in ("ours", "cellpose"):
        scores = np.mean([row[side]["AP"] for row in rows], axis=0)
        print(f"AP@0.5 / 0.75 / 0.9, {side}: " + " / ".join(f"{value:.4f}" for value in scores))


if __name__ == "__main__":
    main()
