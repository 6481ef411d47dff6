"""Training of adapters; an interrupted run resumes where its last complete state lies.

The loop is `Trainer` of `transformers`, which writes the adapters alone and not the frozen model.
"""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from micrographia.config import Tuning
from micrographia.errors import MicrographiaError
from micrographia.io.atomic import atomic_directory, refuse_foreign, write_text
from micrographia.io.schemas import TRAINING_HISTORY
from micrographia.io.tables import write_table
from micrographia.language.tuning.adapters import add_adapters, share_of
from micrographia.language.tuning.conversations import (
    Conversation,
    readable,
    refuse_unanswered,
    training_batch,
)
from micrographia.language.tuning.models import (
    dtype_of,
    identity,
    load_model,
    load_processor,
)
from micrographia.language.tuning.ranks import DrawnRank, drawing
from micrographia.provenance import digest, stamp, versions
from micrographia.training.devices import choose_device

LOG = logging.getLogger(__name__)

#: Names of the trainer's log: what we call them, and of which part they are.
_LOGGED = {
    "loss": ("train", "loss"),
    "learning_rate": ("train", "learning rate"),
    "eval_loss": ("validation", "loss"),
}


def train(
    name: str,
    trained: Sequence[Conversation],
    held: Sequence[Conversation],
    settings: Tuning,
    out: Path,
    seed: int,
) -> dict[str, Any]:
    """Fit adapters to conversations and write them, their card and history to a folder.

    Parameters
    ----------
    name
        Folder or hub name of the model.
    trained, held
        Conversations to learn from, and to validate on (may be empty). Those whose picture cannot
        be read are left out with a warning.
    settings
        Adapters, length, schedule, quantisation.
    out
        Folder with `adapter_model.safetensors`, `adapter_config.json` (both of `peft`),
        `history.parquet` and `card.json`. States to resume from lie in `states` beside it.
    seed
        Of adapters, order and dropout.

    Returns
    -------
    dict
        The card.

    Raises
    ------
    MicrographiaError
        There is nothing to learn from, an answer is empty, or `out` must not be replaced: told
        before the training begins, not hours later.
    """
    from transformers import PrinterCallback, Trainer, set_seed

    from micrographia.language.tuning.progress import progress

    refuse_foreign(out, [name, *{each.path for each in (*trained, *held)}])
    refuse_unanswered([*trained, *held])
    processor = load_processor(name)
    trained, held = _usable(processor, trained), _usable(processor, held)
    _refuse_none(trained)
    set_seed(seed)
    model = add_adapters(load_model(name, settings), settings, settings.checkpointing)
    some, whole = share_of(model)
    LOG.info("%d of %d weights are trained (%.3f %%)", some, whole, 100 * some / whole)
    card: dict[str, Any] = {
        "kind": "adapters",
        "base": name,
        "base_identity": identity(name),
        "data": {"trained": len(trained), "held_out": len(held), "digest": _digest(trained)},
        "settings": settings.model_dump(mode="json"),
        "seed": seed,
        "versions": versions(),
        "weights": {"trained": some, "all": whole},
    }
    callbacks = [progress()]
    if settings.least_rank is not None:
        callbacks.append(drawing(DrawnRank(model, settings, seed)))
    states = out.parent / "states" / f"{out.name}-{digest(card)}"
    trainer = Trainer(
        model=model,
        args=_arguments(settings, states, seed, bool(held)),
        data_collator=partial(_collate, processor),
        train_dataset=_Listed(trained),
        eval_dataset=_Listed(held) if held else None,
        callbacks=callbacks,
    )
    # Standard output is for the result.
    trainer.remove_callback(PrinterCallback)
    trainer.train(resume_from_checkpoint=last_complete(states))
    history = _history(trainer.state.log_history)
    card["metrics"] = {
        f"{row['split']} {row['metric']}": row["value"]
        for row in history
        if row["metric"] == "loss"
    }
    with atomic_directory(out) as folder:
        model.save_pretrained(folder)
        write_table(history, folder / "history.parquet", TRAINING_HISTORY, stamp(settings, seed))
        write_text(folder / "card.json", json.dumps(card, indent=2, sort_keys=True) + "\n")
    return card


def _refuse_none(trained: Sequence[Conversation]) -> None:
    """Refuse to train on nothing."""
    if not trained:
        raise MicrographiaError(
            "There is no conversation to learn from",
            allowed="rows of the part 'train' whose picture can be read",
        )


def _usable(processor: Any, items: Sequence[Conversation]) -> list[Conversation]:
    """Return the conversations whose picture can be read; say why the others are left out."""
    found, reasons = readable(processor, items)
    for reason in reasons:
        LOG.warning("left out: %s", reason)
    return found


def last_complete(states: Path) -> str | None:
    """Return the newest state that was written to its end; None where there is none.

    `trainer_state.json` is written last: a state without it was interrupted, and is removed.
    """
    found = sorted(states.glob("checkpoint-*"), key=lambda path: int(path.name.split("-")[1]))
    while found:
        newest = found.pop()
        if _is_whole(newest / "trainer_state.json"):
            LOG.info("resuming from %s", newest.name)
            return str(newest)
        shutil.rmtree(newest)
    return None


def _is_whole(file: Path) -> bool:
    try:
        json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return True


class _Listed:
    """Conversations behind torch's interface of a data set."""

    def __init__(self, items: Sequence[Conversation]) -> None:
        self._items = items

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, number: int) -> Conversation:
        return self._items[number]


def _collate(processor: Any, batch: Sequence[Conversation]) -> dict[str, Any]:
    return training_batch(processor, batch)


def _arguments(settings: Tuning, states: Path, seed: int, validated: bool) -> Any:
    from transformers import TrainingArguments

    device = choose_device(settings.device)
    return TrainingArguments(
        output_dir=str(states),
        max_steps=settings.steps,
        per_device_train_batch_size=settings.batch,
        per_device_eval_batch_size=settings.batch,
        gradient_accumulation_steps=settings.accumulate,
        learning_rate=settings.learning_rate,
        weight_decay=settings.weight_decay,
        warmup_steps=round(settings.warmup * settings.steps),
        lr_scheduler_type="linear",
        max_grad_norm=1.0,
        # The moments of the adapters in eight bits, in pages: only where bitsandbytes is at hand.
        optim="paged_adamw_8bit" if settings.paged else "adamw_torch",
        bf16=str(dtype_of(settings, device)) == "torch.bfloat16",
        use_cpu=device.type == "cpu",
        logging_steps=1,
        save_steps=settings.save_every,
        save_total_limit=2,
        eval_strategy="steps" if validated else "no",
        eval_steps=settings.save_every,
        # Pictures are read where batches are made: the columns of a row are ours.
        remove_unused_columns=False,
        label_names=["labels"],
        dataloader_num_workers=settings.workers,
        report_to="none",
        disable_tqdm=True,
        seed=seed,
        data_seed=seed,
    )


def _history(logged: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {"step": row["step"], "split": split, "metric": metric, "value": float(row[key])}
        for row in logged
        for key, (split, metric) in _LOGGED.items()
        if key in row
    ]


def _digest(items: Sequence[Conversation]) -> str:
    return digest([(each.path, each.question, each.answer) for each in items])
