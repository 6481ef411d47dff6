"""Progress of a trainer of `transformers`: a line in the log, and a bar on a terminal."""

from __future__ import annotations

import logging
from typing import Any

from tqdm import tqdm

LOG = logging.getLogger(__name__)
#: Entries of the trainer's log that are told.
_TOLD = ("loss", "eval_loss", "learning_rate")


def progress() -> Any:
    """Return the callback."""
    from transformers import TrainerCallback

    class Progress(TrainerCallback):  # type: ignore[misc]
        """Bar of steps; losses at every validation, and at the end."""

        def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            self._bar = tqdm(
                total=state.max_steps, initial=state.global_step, unit="step", disable=None
            )

        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            self._bar.update()

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
            told = {name: logs[name] for name in _TOLD if name in (logs or {})}
            if told and state.global_step % args.save_steps == 0:
                LOG.info("step %d of %d: %s", state.global_step, state.max_steps, told)

        def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            self._bar.close()

    return Progress()
