"""The DAG: its size, its guards, and what an edit reruns."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from workflow.harness import TINY, Workflow

pytestmark = pytest.mark.slow

# Everything in the micrograph wing that stands on curation's settings.
MICROGRAPH_WING = {
    "curation_ingest",
    "curation_merge",
    "curation_scale",
    "curation_text",
    "curation_finish",
    "segmentation_predict",
    "segmentation_measurements",
    "bench_segmentation",
}
# What reads the masks, or describes what they hold.
ANNOTATED = {
    "annotation_annotate",
    "annotation_judge",
    "annotation_review",
    "annotation_agree",
    "bench_annotation",
}
END = {"report_page", "all"}


def test_the_demo_is_small_and_complete(fresh: Workflow) -> None:
    jobs = fresh.jobs()
    assert sum(jobs.values()) < 150
    assert {"bench_segmentation", "bench_structure", "bench_stem", "report_page"} <= set(jobs)
    assert fresh.jobs("demo").keys() - {"demo"} == jobs.keys() - {"all"}


@pytest.mark.parametrize("name", ["segmentation", "structure", "stem"])
def test_each_benchmark_is_a_target(fresh: Workflow, name: str) -> None:
    jobs = fresh.jobs(f"bench_{name}")
    assert jobs[f"bench_{name}"] == 1
    assert "report_page" not in jobs


def test_segmenters_are_compared_on_demand(fresh: Workflow) -> None:
    assert "segmentation_baseline" not in fresh.jobs()
    jobs = fresh.jobs("bench_segmentation_methods")
    assert jobs["segmentation_baseline"] == 4 and jobs["segmentation_held_out"] == 5
    one = fresh.jobs("bench_segmentation_yolo_seg")
    assert one["segmentation_baseline"] == 1 and "bench_segmentation_stardist" not in one


def test_a_learning_curve_is_drawn_on_demand(fresh: Workflow) -> None:
    assert "segmentation_subset" not in fresh.jobs()
    five = ("subset", "scaling_network", "scaling_held_out", "scaling_scores")
    jobs = fresh.jobs("bench_segmentation_scaling")
    assert [jobs[f"segmentation_{name}"] for name in five] == [5] * 4
    assert jobs["segmentation_pictures"] == jobs["bench_segmentation_scaling"] == 1
    assert "segmentation_network" not in jobs
    text = "segmentation: {scaling: {real: [0, 30, null], procedural: [false, true]}}\n"
    both = ("bench_segmentation_scaling", "--configfile", fresh.overlay(text))
    assert fresh.jobs(*both)["segmentation_scaling_network"] == 5  # no real-0
    said = fresh.call("-n", "-p", "--cores", "2", *both).stdout
    chosen = re.findall(r"segmentation subset --pictures \S+ (.*?)--seed", said)
    assert sorted(map(str.strip, chosen)) == [
        "", "--procedural", "--real 0 --procedural", "--real 30", "--real 30 --procedural",
    ]  # fmt: skip
    # The sizes of the curve are no matter to a training of another name.
    other = fresh.call("-n", "-p", "--cores", "2", "segmentation_network", *both[1:]).stdout
    assert "segmentation train" in other and "scaling" not in other


def test_a_sample_for_multislice_is_a_shard_of_its_own(fresh: Workflow) -> None:
    none = fresh.overlay("stem: {multislice: [], multislice_sample: 0}\n", "none.yaml")
    assert "stem_multislice" not in fresh.jobs("bench_structure", "--configfile", none)
    some = fresh.overlay("stem: {multislice: [], multislice_sample: 2}\n", "some.yaml")
    assert fresh.jobs("bench_structure", "--configfile", some)["stem_multislice"] == 1


def test_energies_are_scored_on_demand(fresh: Workflow) -> None:
    assert "bench_energy" not in fresh.jobs()
    jobs = fresh.jobs("bench_energy")
    assert jobs["bench_energy"] == 1 and jobs["energy_truth"] == 4
    full = fresh.overlay("benchmarks: {energies: true}\n", "full.yaml")
    assert {"bench_energy", "report_page"} <= set(fresh.jobs("--configfile", full))


def test_endpoints_are_asked_where_the_settings_name_them(fresh: Workflow) -> None:
    assert "annotation_ask" not in fresh.jobs()
    endpoint = "{base_url: 'http://localhost:1/v1', model: m}"
    names = "".join(
        f"  - {{name: {name}, kind: endpoint, endpoint: {endpoint}}}\n" for name in "xyz"
    )
    text = f"annotation:\n  judges: [x]\n  legible: z\n  annotators:\n{names}"
    jobs = fresh.jobs("annotations", "--configfile", fresh.overlay(text, "endpoints.yaml"))
    shards = jobs["annotation_ask"] // 3
    assert shards == jobs["annotation_ask_judge"] == jobs["curation_legibility"] > 1
    assert jobs["annotation_review"] == jobs["annotation_agree"] == 1
    # Nothing that needs the segmentation, and no embedded annotator beside those named.
    assert not {"annotation_annotate", "annotation_judge", "segmentation_predict"} & set(jobs)


def test_weights_that_settings_name_are_inputs(fresh: Workflow) -> None:
    """Where they are replaced, what they made is made again."""
    for name in ("mine.safetensors", "mine.json", "encoder.pth"):
        (fresh.folder / name).touch()
    text = (
        "annotation: {annotators: [{name: m, kind: measured, weights: mine.safetensors}]}\n"
        "segmentation: {training: {init: mine.safetensors, encoder: encoder.pth}}\n"
        "curation: {text: {weights: mine.safetensors}}\n"
    )
    target = ("annotations", "segmentation_network", "--configfile", fresh.overlay(text))
    said = fresh.call("-n", "--cores", "2", *target).stdout
    inputs = {
        rule: re.search(rf"^rule {rule}:\n +input: (.*)$", said, re.M)
        for rule in ("annotation_annotate", "segmentation_network", "curation_text")
    }
    found = {rule: match[1] if match else said for rule, match in inputs.items()}
    assert all("mine.safetensors, mine.json" in names for names in found.values()), found
    assert "encoder.pth" in found["segmentation_network"]


def test_a_template_library_is_made_where_the_settings_name_it(fresh: Workflow) -> None:
    assert "reconstruction_library" not in fresh.jobs()
    named = "{library: results/reconstruction/library.parquet}"
    overlay = fresh.overlay(f"reconstruction: {{templates: {named}}}\n", "library.yaml")
    assert fresh.jobs("--configfile", overlay)["reconstruction_library"] == 1


def test_a_hundred_thousand_micrographs_stay_under_two_thousand_jobs(fresh: Workflow) -> None:
    pictures = fresh.folder / "pictures"
    pictures.mkdir()
    for number in range(100_000):
        (pictures / f"{number:06d}.png").touch()
    overlay = fresh.overlay(
        f"shards: {{micrographs: 200}}\ndata: {{micrographs: {{source: {pictures}}}}}\n"
    )
    jobs = fresh.jobs("--configfile", overlay)
    assert jobs["curation_ingest"] == 200
    assert sum(jobs.values()) < 2000


def test_faults_stop_before_the_dag_and_are_all_listed(fresh: Workflow) -> None:
    overlay = fresh.overlay("stem: {pixelsize: 1}\ncuration: {min_side: -2}\nseed: never\n")
    answer = fresh.call("-n", "--configfile", overlay)
    assert answer.returncode != 0
    assert "3 faults" in answer.stdout
    for text in ("stem.pixelsize", "did you mean 'pixel_size'", "curation.min_side: saw -2"):
        assert text in answer.stdout
    assert "Job stats" not in answer.stdout and "Traceback" not in answer.stdout


def test_use_conda_without_conda_is_one_sentence(fresh: Workflow) -> None:
    path = "/usr/bin:/bin"
    answer = fresh.call("-n", "--use-conda", environment={"PATH": path})
    assert answer.returncode != 0
    assert "there is no conda on PATH" in answer.stdout and "MICROGRAPHIA_ENV" in answer.stdout
    assert "Traceback" not in answer.stdout
    answer = fresh.call(
        "-n", "--use-conda", environment={"PATH": path, "MICROGRAPHIA_ENV": "active"}
    )
    assert answer.returncode == 0, answer.stdout


def test_a_finished_run_has_nothing_to_do(finished: Workflow) -> None:
    assert finished.jobs("--configfile", "tiny.yaml") == {}
    page = finished.folder / "results" / "report" / "index.html"
    assert page.stat().st_size > 10_000


def test_a_threshold_reruns_its_dependents_alone(finished: Workflow) -> None:
    overlay = finished.overlay(TINY + "segmentation: {network: {min_area: 31}}\n")
    assert set(finished.jobs("--configfile", overlay)) == {
        "segmentation_predict",
        "segmentation_measurements",
        "bench_segmentation",
        *ANNOTATED,
        *END,
    }
    overlay = finished.overlay(TINY + "curation: {min_contrast: 0.06}\n")
    assert set(finished.jobs("--configfile", overlay)) == MICROGRAPH_WING | ANNOTATED | END
    overlay = finished.overlay(TINY + "reconstruction: {max_atoms: 23}\n")
    assert set(finished.jobs("--configfile", overlay)) == {
        "reconstruction_solve",
        "bench_structure",
        *END,
    }


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        (
            "segmentation/inference/candidates.py",
            {
                "segmentation_predict",
                "segmentation_measurements",
                "bench_segmentation",
                *ANNOTATED,
                *END,
            },
        ),
        (
            "segmentation/pseudo_labels/rounds.py",
            set(),
        ),  # no network is trained unless it is asked for
        ("reconstruction/columns.py", {"reconstruction_solve", "bench_structure", *END}),
        ("benchmarks/structure/scores.py", {"bench_structure", *END}),
        ("benchmarks/structure/figure.py", {"bench_structure", *END}),
        ("report/build.py", END),
        ("physics/matching.py", {"reconstruction_solve", "bench_structure", *END}),
    ],
)
def test_a_line_of_code_reruns_its_dependents_alone(
    finished: Workflow, module: str, expected: set[str]
) -> None:
    path = finished.folder / "src" / "micrographia" / module
    before = path.read_text()
    try:
        path.write_text(before + "\n_EDITED = 1\n")
        assert set(finished.jobs("--configfile", "tiny.yaml")) == expected
        path.write_text(before + "\n# a comment is no change\n")
        assert finished.jobs("--configfile", "tiny.yaml") == {}
    finally:
        path.write_text(before)


@pytest.mark.parametrize("source", ["pictures", "set.csv"])
def test_a_picture_replaced_in_place_is_noticed(fresh: Workflow, source: str) -> None:
    from PIL import Image

    pictures = fresh.folder / "pictures"
    pictures.mkdir()
    for number in range(3):
        Image.effect_noise((220, 220), 40 + number).save(pictures / f"{number}.png")
    (fresh.folder / "set.csv").write_text("path\npictures/0.png\npictures/1.png\n")
    overlay = fresh.overlay(f"data: {{micrographs: {{source: {fresh.folder / source}}}}}\n")
    target = ("curation_merge", "--cores", "2", "--configfile", overlay)
    assert fresh.call(*target).returncode == 0
    assert fresh.jobs("curation_merge", "--configfile", overlay) == {}
    Image.effect_noise((220, 220), 60).save(pictures / "1.png")
    assert "curation_ingest" in fresh.jobs("curation_merge", "--configfile", overlay)


ASKED = """
shards: {{micrographs: 1}}
data: {{micrographs: {{source: pictures}}}}
curation: {{min_side: 50, text: {{detect: false}}, scale: {{read: false}}}}
annotation:
  legible: x
  annotators:
    - name: x
      kind: endpoint
      endpoint: {{base_url: "{url}", model: m, retries: 0, concurrency: 1}}
"""


def test_what_had_no_answer_is_asked_again_and_illegible_text_rejects(fresh: Workflow) -> None:
    import pandas as pd
    from loopback_chat import ChatServer
    from PIL import Image, ImageDraw

    (fresh.folder / "pictures").mkdir()
    for number, side in enumerate((220, 221, 90)):  # text of the smallest cannot be read
        picture = Image.effect_noise((side, side), 30)
        place = 10 + 25 * number
        ImageDraw.Draw(picture).ellipse((place, 12, place + 20, 40), fill=230)
        picture.save(fresh.folder / "pictures" / f"{number}.png")
    target = "results/curation/micrographs.parquet"

    def table() -> pd.DataFrame:
        return pd.read_parquet(fresh.folder / target).sort_values("path")

    with ChatServer(
        key=None, script=lambda body, times: "403" if len(server.bodies) == 3 else None
    ) as server:
        overlay = fresh.overlay(ASKED.format(url=server.url))
        run = (target, "--configfile", overlay)
        answer = fresh.call("--cores", "1", *run)
        assert answer.returncode == 0, answer.stdout[-4000:]
        assert len(server.bodies) == 3 and list(table()["status"]) == ["kept"] * 3
        assert "curation_legibility" in fresh.jobs(*run)
        answer = fresh.call("--cores", "1", *run)
        assert answer.returncode == 0, answer.stdout[-4000:]
        assert len(server.bodies) == 4  # only what had no answer
        assert fresh.jobs(*run) == {}
    assert list(table()["status"]) == ["kept", "kept", "rejected"]
    assert table()["reason"].iloc[2] == "embedded text illegible (said x)"


BROKEN = """
name: broken
shards: {micrographs: 1, structures: 1}
data:
  micrographs: {source: pictures}
  structures: {source: crystals}
stem: {field: 30}
report: {examples: 1}
"""


def test_only_the_wing_that_was_asked_for_runs(fresh: Workflow) -> None:
    """Two thirds of the time of a run on one's own pictures went into crystals of ours."""
    from PIL import Image

    (fresh.folder / "pictures").mkdir()
    Image.effect_noise((260, 240), 30).save(fresh.folder / "pictures" / "a.png")
    mine = fresh.overlay("data: {micrographs: {source: pictures}}\n")
    jobs = fresh.jobs("-n", "--configfile", mine)
    assert {"curation_list", "segmentation_predict", "report_page"} <= jobs.keys()
    wing = ("stem_", "reconstruction_", "bench_structure", "bench_stem", "energy_")
    assert not [name for name in jobs if name.startswith(wing)]
    both = "data: {micrographs: {source: pictures}, structures: {source: prototypes}}\n"
    assert "bench_structure" in fresh.jobs("-n", "--configfile", fresh.overlay(both))
    crystals = fresh.overlay("data: {micrographs: {source: none}}\n")
    jobs = fresh.jobs("-n", "--configfile", crystals)
    assert {"stem_structures", "bench_structure", "report_page"} <= jobs.keys()
    wing = ("curation_", "segmentation_", "annotation_", "data_", "report_statistics")
    assert not [name for name in jobs if name.startswith(wing)]
    nothing = "data: {micrographs: {source: none}, structures: {source: none}}\n"
    answer = fresh.call("-n", "--configfile", fresh.overlay(nothing))
    assert answer.returncode != 0 and "nothing is left to do" in answer.stdout


def test_broken_input_is_set_aside_and_the_rest_runs_to_the_report(fresh: Workflow) -> None:
    import pandas as pd
    from ase.build import graphene
    from ase.io import write
    from PIL import Image, ImageDraw

    pictures, crystals = fresh.folder / "pictures", fresh.folder / "crystals"
    pictures.mkdir()
    crystals.mkdir()
    good = Image.effect_noise((260, 240), 30)
    for place in range(40, 220, 60):
        ImageDraw.Draw(good).ellipse((place, place - 15, place + 40, place + 25), fill=230)
    good.save(pictures / "good.png")
    whole = (pictures / "good.png").read_bytes()
    (pictures / "cut.png").write_bytes(whole[: len(whole) // 2])
    (pictures / "empty.png").touch()
    (pictures / "text.png").write_text("no picture")
    Image.new("L", (1, 1)).save(pictures / "point.png")
    write(crystals / "graphene.cif", graphene(vacuum=8))
    (crystals / "none.cif").write_text("data_x\n_cell_length_a 3\n")
    (crystals / "empty.cif").touch()
    answer = fresh.call("--cores", "2", "--configfile", fresh.overlay(BROKEN))
    assert answer.returncode == 0, answer.stdout[-4000:]
    micrographs = pd.read_parquet(fresh.folder / "results/curation/micrographs.parquet")
    kept = micrographs[micrographs["status"] == "kept"]
    assert [Path(path).name for path in kept["path"]] == ["good.png"]
    assert micrographs.loc[micrographs["status"] != "kept", "reason"].str.len().min() > 5
    scores = pd.read_parquet(fresh.folder / "results/benchmarks/structure.parquet")
    # The name graphene is among stem.multislice, so both engines made a picture of it.
    assert scores["engine"].tolist() == ["phase-object", "multislice"]
    assert scores["ss_047"].tolist() == [True, True]
    assert (fresh.folder / "results/report/index.html").exists()


def test_the_same_config_gives_the_same_bytes(finished: Workflow) -> None:
    images = finished.folder / "results" / "stem" / "exposures"
    before = {path: path.read_bytes() for path in sorted(images.rglob("*.*"))}
    answer = finished.call(
        "--cores", "2", "--configfile", "tiny.yaml", "--forcerun", "stem_images", "stem_expose",
        "--until", "stem_expose",
    )  # fmt: skip
    assert answer.returncode == 0, answer.stdout
    assert before and {path: path.read_bytes() for path in before} == before


def test_the_snakemake_report_holds_the_page(finished: Workflow, tmp_path: Path) -> None:
    target = tmp_path / "report.zip"
    answer = finished.call("--report", str(target), "--configfile", "tiny.yaml")
    assert answer.returncode == 0, answer.stdout
    import zipfile

    archive = zipfile.ZipFile(target)
    names = archive.namelist()
    (page,) = (name for name in names if name.endswith("index.html"))
    # What the page links to is in the zip, at the place where the page looks for it.
    links = set(re.findall(r'href="(files/[^"]+)"', archive.read(page).decode("utf-8")))
    assert len(links) > 10
    folder = page.removesuffix("index.html")
    assert {f"{folder}{unquote(link)}" for link in links} <= set(names)
    assert any(name.endswith("structure.png") for name in names)
