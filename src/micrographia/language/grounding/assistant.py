"""Ask, measure, write, check: one question about one picture."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from micrographia.io.facts.slots import known as known_facts
from micrographia.language.grounding.checker import check
from micrographia.language.grounding.writer import Answer, Asked, Draft, Measured, Writer

_NOTHING = (
    "I cannot answer that from this picture: nothing that was measured on it supports an answer."
)


class Assistant:
    """Answers questions about pictures; every claim of an answer has a measured fact behind it.

    Parameters
    ----------
    writer
        Who puts answers into words.
    tolerance
        Largest difference of a number from its fact, as a share of the fact.
    """

    def __init__(self, writer: Writer, tolerance: float) -> None:
        self.writer = writer
        self._tolerance = tolerance

    def ask(
        self,
        picture: Measured,
        path: Path,
        question: str,
        before: tuple[tuple[str, str], ...] = (),
        form: str = "long",
    ) -> Answer:
        """Answer a question.

        Parameters
        ----------
        picture
            The picture under its tools: what was measured for earlier questions is kept there.
        path
            Its file.
        question
            In words.
        before
            Earlier questions with their answers.
        form
            As of `Asked`.

        Raises
        ------
        MicrographiaError
            The writer gave no answer. A tool that fails is no error: the answer says so.
        """
        start = time.perf_counter()
        asked = self._measured(picture, path, question, self.writer.needs(question), before, form)
        answer = self._checked(self.writer.write(asked), asked)
        return _timed(answer, start)

    def caption(self, picture: Measured, path: Path) -> Answer:
        """Return one to three sentences on what a picture shows; raises as `ask`."""
        start = time.perf_counter()
        asked = self._measured(picture, path, "", self.writer.captions, (), "long")
        return _timed(self._checked(self.writer.caption(asked), asked), start)

    @staticmethod
    def _measured(
        picture: Measured,
        path: Path,
        question: str,
        names: tuple[str, ...],
        before: tuple[tuple[str, str], ...],
        form: str,
    ) -> Asked:
        rows = picture.facts(names)
        unknown = {row["name"]: row["failure"] for row in rows if row["failure"]}
        return Asked(path, question, known_facts(rows), unknown, before, form)

    def _checked(self, draft: Draft, asked: Asked) -> Answer:
        found = check(draft.template, asked.known, self._tolerance)
        failed = [{"name": name, "failure": why} for name, why in asked.unknown.items()]
        empty = not found.text
        return Answer(
            text=_NOTHING if empty else found.text,
            template=_NOTHING if empty else found.template,
            slots=found.slots,
            evidence=(*asked.known.values(), *failed),
            refused=draft.refused or empty,
            dropped=found.dropped,
            topic=draft.topic,
            theme=draft.theme,
        )


def _timed(answer: Answer, start: float) -> Answer:
    return replace(answer, seconds=time.perf_counter() - start)
