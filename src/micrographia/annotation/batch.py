"""Annotate or judge all pictures of a shard."""

from __future__ import annotations

import itertools
import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from micrographia.annotation.annotator import (
    AnnotationError,
    Annotator,
    Case,
)
from micrographia.annotation.schema import Attributes, Verdicts
from micrographia.errors import EndpointDownError, MicrographiaError
from micrographia.io.schemas import (
    ATTRIBUTES,
    CROSSCHECK,
    LEGIBILITY,
    MICROGRAPHS,
    PREDICTIONS,
)
from micrographia.io.schemas.rows import (
    CrosscheckRow,
    LegibilityRow,
    blank,
)
from micrographia.io.tables import read_rows
from micrographia.io.vocabulary import ATTRIBUTE_NAMES, UNKNOWN

if TYPE_CHECKING:
    from micrographia.annotation.endpoint.annotator import EndpointAnnotator

LOG = logging.getLogger(__name__)

Item = TypeVar("Item")
Result = TypeVar("Result")


def read_cases(
    micrographs: Path, segmentation: Path | None, shard: int = 0, shards: int = 1
) -> list[Case]:
    """Return the kept pictures of a shard with what the segmentation found in them.

    Parameters
    ----------
    micrographs
        Table of micrographs.
    segmentation
        Folder with predictions.parquet and masks; None for none.
    shard, shards
        As in the segmentation: kept rows whose position modulo `shards` is `shard`.

    Raises
    ------
    MicrographiaError
        The shard does not exist, or a table cannot be read.
    """
    if not 0 <= shard < shards:
        raise AnnotationError(
            "There is no such shard", seen=shard, allowed=f"0 to {shards - 1} (--shards {shards})"
        )
    rows = [row for row in read_rows(micrographs, MICROGRAPHS) if row["status"] == "kept"]
    predictions: dict[str, Mapping[str, Any]] = {}
    if segmentation is not None:
        found = read_rows(segmentation / "predictions.parquet", PREDICTIONS)
        predictions = {row["image_id"]: row for row in found if row["image_id"]}
    cases = []
    for row in rows[shard::shards]:
        name = row["image_id"]
        prediction = predictions.get(name)
        mask = prediction["mask"] if prediction else None
        failure = prediction["failure"] if prediction else "not segmented"
        path = segmentation / mask if segmentation is not None and mask else None
        cases.append(Case(row, path, failure))
    return cases


def annotate_cases(annotator: Annotator, cases: Iterable[Case]) -> Iterator[dict[str, Any]]:
    """Yield a row of `schemas.ATTRIBUTES` per picture; where there is no answer, its reason.

    Raises
    ------
    EndpointDownError
        The annotator's endpoint serves nobody; answers so far are kept in its ledger.
    """

    def one(case: Case) -> dict[str, Any]:
        row: dict[str, Any] = dict.fromkeys(ATTRIBUTES.names)
        row.update(image_id=case.image_id, annotator=annotator.name, model=annotator.model)
        row.update(prompt_sha=annotator.prompt_sha)
        try:
            return row | annotator.annotate(case).to_row()
        except EndpointDownError:
            raise
        except MicrographiaError as error:
            LOG.warning("%s, %s: %s", annotator.name, case.image_id, error)
            return row | {"failure": str(error)}
        finally:
            case.release()

    yield from _in_order(one, cases, annotator)


def legibility_of_cases(
    annotator: EndpointAnnotator, cases: Iterable[Case]
) -> Iterator[LegibilityRow]:
    """Yield a row of `schemas.LEGIBILITY` per picture; where there is no answer, its reason."""

    def one(case: Case) -> LegibilityRow:
        row: LegibilityRow = blank(LEGIBILITY)
        row["image_id"], row["annotator"] = case.image_id, annotator.name
        row["model"], row["prompt_sha"] = annotator.model, annotator.legible_prompt_sha
        try:
            found = annotator.legible(case)
        except EndpointDownError:
            raise
        except MicrographiaError as error:
            LOG.warning("%s, %s: %s", annotator.name, case.image_id, error)
            return row | {"failure": str(error)}
        return row | {
            "has_text": found.has_text,
            "illegible": found.has_text and found.illegible,
            "comment": found.comment or None,
        }

    yield from _in_order(one, cases, annotator)


def judge_cases(
    judge: Annotator, cases: Sequence[Case], answers: Iterable[Mapping[str, Any]]
) -> Iterator[CrosscheckRow]:
    """Yield nine rows of `schemas.CROSSCHECK` per answer of another annotator.

    Parameters
    ----------
    judge
        Who judges; its own answers are passed over, and answers that failed.
    cases
        The pictures.
    answers
        Rows of `schemas.ATTRIBUTES`; those of other pictures are passed over.

    Raises
    ------
    EndpointDownError
        As `annotate_cases`.
    """
    by_name = {case.image_id: case for case in cases}
    tasks = (
        (by_name[row["image_id"]], row)
        for row in answers
        if row["annotator"] != judge.name and row["failure"] is None and row["image_id"] in by_name
    )

    def one(task: tuple[Case, Mapping[str, Any]]) -> list[CrosscheckRow]:
        case, row = task
        answer = Attributes.from_row(row)
        if all(reading.value == UNKNOWN for reading in answer.readings().values()):
            return _verdict_rows(judge, row, {}, None)
        try:
            return _verdict_rows(judge, row, judge.judge(case, answer), None)
        except EndpointDownError:
            raise
        except MicrographiaError as error:
            LOG.warning("%s on %s, %s: %s", judge.name, row["annotator"], case.image_id, error)
            return _verdict_rows(judge, row, {}, str(error))
        finally:
            case.release()

    yield from itertools.chain.from_iterable(_in_order(one, tasks, judge))


def _verdict_rows(
    judge: Annotator, row: Mapping[str, Any], verdicts: Verdicts, failure: str | None
) -> list[CrosscheckRow]:
    """Nine rows; of an attribute that the answer leaves unknown there is nothing to judge."""
    rows = []
    for name in ATTRIBUTE_NAMES:
        entry: CrosscheckRow = blank(CROSSCHECK)
        entry.update(
            {"image_id": row["image_id"], "annotator": row["annotator"], "judge": judge.name}
        )
        entry.update({"model": judge.model, "prompt_sha": judge.judge_prompt_sha})
        entry.update({"attribute": name, "value": row[name], "failure": failure})
        if failure is None:
            given = verdicts.get(name) if row[name] != UNKNOWN else None
            entry.update({"verdict": given.verdict if given else "abstain"})
            entry.update({"comment": (given.comment if given else "") or None})
        rows.append(entry)
    return rows


def _in_order(
    work: Callable[[Item], Result], items: Iterable[Item], annotator: Annotator
) -> Iterator[Result]:
    """Yield results in the order of the items; few items are held at a time."""
    threads = annotator.concurrency
    if threads <= 1:
        yield from map(work, items)
        return
    pool = ThreadPoolExecutor(threads)
    waiting: deque[Future[Result]] = deque()
    try:
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) >= 2 * threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    except BaseException:
        # An interrupted run does not sit out the waits between tries.
        stop = getattr(annotator, "stop", None)
        if stop is not None:
            stop()
        raise
    finally:
        # After a fault nothing that has not begun is asked any more.
        pool.shutdown(wait=True, cancel_futures=True)
