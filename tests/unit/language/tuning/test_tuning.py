"""Adapters for vision-language models: miniatures of the real architectures, trained for real."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from tests.miniature_models import WRITERS

from micrographia.cli import main
from micrographia.config import Tuning
from micrographia.errors import CheckpointError, ConfigError, MicrographiaError, TableError
from micrographia.language.tuning.adapters import add_adapters, load_adapted, merge, share_of
from micrographia.language.tuning.answer import answers
from micrographia.language.tuning.conversations import (
    UNSEEN,
    Conversation,
    conversations,
    training_batch,
)
from micrographia.language.tuning.models import bits_of, load_model, load_on, load_processor
from micrographia.language.tuning.train import last_complete, train

# transformers 5.23 warns of a name that its own code and peft's still use.
pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")

SHORT = Tuning(steps=4, batch=2, accumulate=1, save_every=2, rank=4, learning_rate=1e-2)


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    """Six pictures, each with a question and an answer of other lengths."""
    folder = tmp_path_factory.mktemp("pictures")
    generator = np.random.default_rng(5)
    found = []
    for number in range(6):
        path = folder / f"{number}.png"
        Image.fromarray(generator.integers(0, 255, (40, 50), dtype=np.uint8)).save(path)
        question = "The formula is MoS2." + "?" * number
        found.append(Conversation(str(path), question, f"{number}.18 3.18" + " 90" * (number % 3)))
    return found


@pytest.fixture(scope="module")
def miniatures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    for name, write in WRITERS.items():
        torch.manual_seed(3)
        write(folder / name)
    return {name: str(folder / name) for name in WRITERS}


@pytest.mark.parametrize("name", WRITERS)
def test_only_the_answers_are_learned_from(name, miniatures, asked):
    processor = load_processor(miniatures[name])
    batch = training_batch(processor, asked[:3])
    # The message ends with its token: a model that never learns it never stops.
    told = [processor.tokenizer.decode(row[row != UNSEEN]) for row in batch["labels"]]
    assert told == [f"{each.answer}<|end|>" for each in asked[:3]]


@pytest.mark.parametrize("name", WRITERS)
def test_adapters_reload_in_plain_peft_and_merge_to_the_same_logits(
    name, miniatures, asked, tmp_path
):
    from peft import PeftModel
    from transformers import AutoModelForImageTextToText

    card = train(miniatures[name], asked, asked[:2], SHORT, tmp_path / "adapters", 7)
    processor = load_processor(miniatures[name])
    batch = training_batch(processor, asked[:3])
    plain = AutoModelForImageTextToText.from_pretrained(miniatures[name])
    with torch.no_grad():
        before = plain.eval()(**batch).logits
        adapted = PeftModel.from_pretrained(plain, tmp_path / "adapters").eval()
        after = adapted(**batch).logits
        merge(miniatures[name], tmp_path / "adapters", tmp_path / "merged", SHORT)
        merged = load_model(str(tmp_path / "merged"), SHORT).eval()(**batch).logits
    assert float((after - before).abs().max()) > 1e-2
    torch.testing.assert_close(merged, after, rtol=0, atol=1e-5)
    # Rank 4 on a linear layer of n inputs and m outputs is 4 (n + m) weights.
    wanted = sum(
        4 * (module.in_features + module.out_features)
        for place, module in load_model(miniatures[name], SHORT).named_modules()
        if isinstance(module, torch.nn.Linear) and "lm_head" not in place
    )
    assert card["weights"]["trained"] == wanted
    history = pd.read_parquet(tmp_path / "adapters" / "history.parquet")
    losses = history[(history.split == "train") & (history.metric == "loss")].value.tolist()
    assert len(losses) == 4 and losses[-1] < losses[0]


@pytest.mark.parametrize("name", WRITERS)
def test_the_picture_matters_to_the_answer(name, miniatures, asked):
    """Labels alike, pictures not: other logits; a model that ignores its picture would pass."""
    processor, model = load_processor(miniatures[name]), load_model(miniatures[name], SHORT).eval()
    other = Conversation(asked[1].path, asked[0].question, asked[0].answer)
    with torch.no_grad():
        first, second = (
            model(**training_batch(processor, [each])).logits for each in (asked[0], other)
        )
    assert float((first - second).abs().max()) > 1e-6


@pytest.mark.parametrize("checkpointing", [True, False])
def test_gradients_are_the_same_with_and_without_checkpointing(checkpointing, miniatures, asked):
    torch.manual_seed(1)
    settings = SHORT.model_copy(update={"checkpointing": checkpointing})
    model = add_adapters(load_model(miniatures["mllama"], settings), settings).train()
    model(**training_batch(load_processor(miniatures["mllama"]), asked[:2])).loss.backward()
    norm = sum(
        float(weight.grad.square().sum()) for weight in model.parameters() if weight.requires_grad
    )
    torch.manual_seed(1)
    whole = add_adapters(load_model(miniatures["mllama"], SHORT), SHORT).eval()
    whole(**training_batch(load_processor(miniatures["mllama"]), asked[:2])).loss.backward()
    wanted = sum(
        float(weight.grad.square().sum()) for weight in whole.parameters() if weight.requires_grad
    )
    assert norm == pytest.approx(wanted, rel=1e-4)


def test_a_killed_training_resumes_to_the_same_loss(miniatures, asked, tmp_path):
    """Twenty steps of a miniature Mllama, killed by SIGKILL on the way, and in one piece."""
    rows = [vars(each) | {"part": "train"} for each in asked]
    pd.DataFrame(rows).to_parquet(tmp_path / "asked.parquet")
    settings = tmp_path / "settings.json"
    settings.write_text(
        json.dumps({"steps": 20, "batch": 2, "accumulate": 1, "save_every": 5, "dropout": 0.1})
    )

    def command(out: str) -> list[str]:
        verb = [sys.executable, "-m", "micrographia", "language", "tune", miniatures["mllama"]]
        return [*verb, str(tmp_path / "asked.parquet"), "--out", str(tmp_path / out / "adapters"),
                "--settings", str(settings)]  # fmt: skip

    subprocess.run(command("whole"), check=True, capture_output=True)
    running = subprocess.Popen(
        command("broken"), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    states = tmp_path / "broken" / "states"
    deadline = time.monotonic() + 120
    while not list(states.glob("*/checkpoint-*/trainer_state.json")):
        assert running.poll() is None and time.monotonic() < deadline, "it ended too early"
        time.sleep(0.01)
    os.kill(running.pid, signal.SIGKILL)
    running.wait()
    assert not (tmp_path / "broken" / "adapters").exists()
    again = subprocess.run(command("broken"), check=True, capture_output=True, text=True)
    assert "resuming from checkpoint" in again.stderr
    whole, broken = (
        pd.read_parquet(tmp_path / name / "adapters" / "history.parquet")
        for name in ("whole", "broken")
    )
    assert broken.step.max() == 20
    pd.testing.assert_frame_equal(broken, whole, rtol=0, atol=1e-5)
    weights = [
        (tmp_path / name / "adapters" / "adapter_model.safetensors").read_bytes()
        for name in ("whole", "broken")
    ]
    assert weights[0] == weights[1]


def test_a_state_that_was_not_written_to_its_end_is_passed_over(tmp_path):
    for number, text in ((5, '{"global_step": 5}'), (10, '{"global_st'), (15, None)):
        folder = tmp_path / f"checkpoint-{number}"
        folder.mkdir()
        if text is not None:
            (folder / "trainer_state.json").write_text(text)
    assert last_complete(tmp_path) == str(tmp_path / "checkpoint-5")
    assert last_complete(tmp_path / "nothing") is None


def test_an_unreadable_picture_is_a_reason_and_the_rest_is_answered(miniatures, asked, tmp_path):
    model = load_model(miniatures["mllama"], SHORT)
    processor = load_processor(miniatures["mllama"])
    absent = Conversation(str(tmp_path / "absent.png"), "What is it?")
    together = list(answers(model, processor, [asked[0], absent, asked[5]], 6, batch=3))
    assert "absent.png" in together[1][1]
    alone = [next(answers(model, processor, [each], 6)) for each in (asked[0], asked[5])]
    # Padding at the start must not change what is said.
    assert [together[0], together[2]] == alone
    assert all(text for text, _ in alone)


def test_four_bits_train_on_this_machine(miniatures, asked):
    """The path of a GPU, without an evaluation: adapters alone learn, the rest stays packed."""
    pytest.importorskip("bitsandbytes")
    torch.manual_seed(2)
    model = load_on(miniatures["mllama"], torch.device("cpu"), 4, torch.float32)
    packed = {
        name: weight.clone()
        for name, weight in model.named_parameters()
        if weight.dtype == torch.uint8
    }
    assert packed
    model = add_adapters(model, SHORT).train()
    batch = training_batch(load_processor(miniatures["mllama"]), asked[:4])
    optimizer = torch.optim.AdamW([w for w in model.parameters() if w.requires_grad], lr=1e-2)
    losses = []
    for _ in range(5):
        loss = model(**batch).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < losses[0] - 0.05
    found = dict(model.get_base_model().named_parameters())
    for name, weight in packed.items():
        kept = found.get(name)
        kept = found[name.replace(".weight", ".base_layer.weight")] if kept is None else kept
        assert torch.equal(kept, weight)
    assert share_of(model)[0] < share_of(model)[1]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"targets": ("lm_head",)}, "Embeddings cannot take adapters"),
        ({"targets": ("no_such_module",)}, "no modules for the adapters"),
    ],
)
def test_targets_that_cannot_be_are_refused(wrong, message, miniatures):
    settings = SHORT.model_copy(update=wrong)
    with pytest.raises(ConfigError, match=message):
        add_adapters(load_model(miniatures["mllama"], settings), settings)


def test_wrong_inputs_are_refused_with_what_to_do(miniatures, asked, tmp_path):
    with pytest.raises(CheckpointError, match="no vision-language model"):
        load_model(str(tmp_path), SHORT)
    with pytest.raises(CheckpointError, match="holds no adapters"):
        load_adapted(miniatures["mllama"], tmp_path, SHORT)
    with pytest.raises(MicrographiaError, match="no conversation to learn from"):
        train(miniatures["mllama"], [], [], SHORT, tmp_path / "out", 1)
    with pytest.raises(MicrographiaError, match="has no answer"):
        training_batch(
            load_processor(miniatures["mllama"]), [Conversation(asked[0].path, "What?")]
        )
    with pytest.raises(TableError, match="Row 0 of the conversations has no 'question'"):
        conversations([{"path": "a.png", "answer": "b"}])
    with pytest.raises(ConfigError, match="on a GPU only"):
        bits_of(Tuning(quantise="4bit"), torch.device("cpu"))


def test_what_would_end_a_training_is_told_before_it_begins(miniatures, asked, tmp_path):
    foreign = tmp_path / "mine"
    foreign.mkdir()
    (foreign / "notes.txt").write_text("mine", encoding="utf-8")
    model, mute = miniatures["qwen"], Conversation(asked[0].path, "What?")
    with pytest.raises(MicrographiaError, match=r"did not write, such as notes\.txt"):
        train(model, asked, [], SHORT, foreign, 1)
    with pytest.raises(MicrographiaError, match=r"no answer to learn from; saw '1 of 7 without'"):
        train(model, [*asked, mute], [], SHORT, tmp_path / "out", 1)
    # A folder that one call made, and the next would replace: not with a picture of it inside.
    train(model, asked, [], SHORT, tmp_path / "made", 1)
    inside = tmp_path / "made" / "a.png"
    Image.open(asked[0].path).save(inside)
    with pytest.raises(MicrographiaError, match="would be replaced"):
        train(model, [Conversation(str(inside), "q", "a")], [], SHORT, tmp_path / "made", 1)
    assert not (tmp_path / "states" / "out").exists() and inside.exists()


def test_pictures_that_no_one_can_learn_from_are_left_out(miniatures, asked, tmp_path, caplog):
    strip, text = tmp_path / "strip.png", tmp_path / "text.png"
    # Qwen2-VL takes sides of at most 200 to 1.
    Image.fromarray(np.zeros((3, 900), dtype=np.uint8)).save(strip)
    text.write_text("no picture", encoding="utf-8")
    wrong = [Conversation(str(path), "q", "a") for path in (strip, text)]
    card = train(miniatures["qwen"], [*asked, *wrong], wrong, SHORT, tmp_path / "out", 1)
    assert card["data"]["trained"] == 6 and card["data"]["held_out"] == 0
    assert "takes no such picture" in caplog.text and "text.png is not an image" in caplog.text
    model = load_model(miniatures["qwen"], SHORT)
    told = list(answers(model, load_processor(miniatures["qwen"]), [*wrong, asked[0]], 4, 3))
    assert [answer is None for answer, _ in told] == [True, True, False]
    assert "aspect ratio" in told[0][1]


def test_answer_says_which_parts_there_are(miniatures, asked, tmp_path, caplog, capsys):
    table, out = tmp_path / "asked.parquet", tmp_path / "out.parquet"
    pd.DataFrame([vars(each) for each in asked]).to_parquet(table)
    words = ["language", "answer", miniatures["qwen"], str(table), "--settings", '{"longest": 2}']
    assert main([*words, "--part", "tset", "--out", str(out)]) == 2
    assert main([*words, "--out", str(table)]) == 2
    assert not out.exists() and len(pd.read_parquet(table)) == 6
    rows = [{"path": str(tmp_path / "absent.png"), "question": "q"}]
    pd.DataFrame(rows).to_parquet(table)
    assert main([*words, "--out", str(out)]) == 1
    assert "0 answers, 1 failed" in capsys.readouterr().out
    with pytest.raises(TableError, match="no text in 'path'; saw 1"):
        conversations([{"path": 1, "question": "q"}])


def test_adapters_of_another_model_are_refused(miniatures, asked, tmp_path):
    train(miniatures["mllama"], asked, [], SHORT, tmp_path / "adapters", 7)
    with pytest.raises(CheckpointError, match="do not fit"):
        load_adapted(miniatures["qwen"], tmp_path / "adapters", SHORT)


def test_parts_of_a_table_are_told_apart():
    rows = [
        {"path": "a", "question": "q", "answer": "x", "part": "train"},
        {"path": "b", "question": "q", "answer": "x", "part": "test"},
        {"path": "c", "question": "q", "answer": "x", "part": None},
        {"path": "d", "question": "q", "answer": "x", "part": "train", "failure": "unreadable"},
    ]
    assert [each.path for each in conversations(rows, "train")] == ["a", "c"]
    assert [each.path for each in conversations(rows)] == ["a", "b", "c"]
    assert Path(conversations(rows, "test")[0].path) == Path("b")
