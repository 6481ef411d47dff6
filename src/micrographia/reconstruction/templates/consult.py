"""Comparison of the analysis with known crystals: alternatives, heights, or a replacement.

Templates are retrieved by what was measured, laid on the picture, and compared with the answer
by the same likelihood. One that explains the picture much better replaces the answer; one that
explains it as well, with the same species in the same places, lends its heights.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from ase import Atoms
from scipy.special import logsumexp

from micrographia.arrays import BoolArray
from micrographia.config import Reconstruction, Templates
from micrographia.errors import SolveError
from micrographia.io.stem_images import StemImage
from micrographia.physics.conditions import ImagingConditions
from micrographia.physics.imaging import information_limit
from micrographia.physics.matching import Projection
from micrographia.reconstruction.answer.solution import Solution, average_cell
from micrographia.reconstruction.columns import Problem, model, set_up
from micrographia.reconstruction.deadline import UNLIMITED, Deadline, OutOfTimeError
from micrographia.reconstruction.lattice import find_lattice
from micrographia.reconstruction.solve import (
    WORST_FIT,
    agreement,
    parse_elements,
    solve,
)
from micrographia.reconstruction.spectrum import whiten
from micrographia.reconstruction.symmetry.wallpaper import find_wallpaper
from micrographia.reconstruction.templates.library import (
    Library,
    Template,
    retrieve,
    retrieve_by_lattice,
    retrieve_prototypes,
)
from micrographia.reconstruction.templates.placing import Placed, place, placed_layer
from micrographia.reconstruction.unstated.stated import Stated

_OWN_STRAIN = 0.01  # between a picture's lattice and the crystal that was read from it


@dataclass(frozen=True)
class Match:
    """A template that was laid on a picture.

    Attributes
    ----------
    placed
        Where and how well.
    similarity
        By which it was retrieved, 0..1.
    renamed
        Whether its species were exchanged for those of the answer.
    """

    placed: Placed
    similarity: float
    renamed: bool = False

    @property
    def evidence(self) -> float:
        """Log-likelihood less the cost of its coordinates."""
        return self.placed.evidence

    @property
    def template(self) -> Template:
        """The known crystal."""
        return self.placed.template

    def distance(self, length: float) -> tuple[bool, float, str]:
        """By which templates that fit an answer are ordered, own species first.

        Known ones by how far they were moved and strained over a length [Å]; prototypes by their
        chemistry, since where their atoms lie in the plane says less of their heights.
        """
        moved = float(np.hypot(self.placed.displacement, self.placed.strain * length))
        return self.renamed, -self.similarity if self.renamed else moved, self.template.name

    def summary(self) -> dict[str, Any]:
        """What a list of matches says of one."""
        return {
            "structure_id": self.template.name,
            "formula": self.template.formula,
            "similarity": round(self.similarity, 4),
            "log_evidence": round(self.evidence, 2),
            "displacement": round(self.placed.displacement, 4),
            "strain": round(self.placed.strain, 5),
        }


@dataclass(frozen=True)
class Consulted:
    """What templates make of an answer.

    Attributes
    ----------
    solution
        The answer: its own, one with a template's heights, or a template's.
    template
        The template it rests on; None where it rests on none.
    role
        What that is for: answer, rival, heights; empty for nothing.
    heights
        Templates with the answer's species and places, the nearest first.
    evidence
        Of the answer.
    """

    solution: Solution
    template: str | None
    role: str
    heights: list[Match]
    evidence: float


def problem_of(
    image: StemImage,
    elements: Sequence[str],
    settings: Reconstruction,
    conditions: ImagingConditions | None = None,
    deadline: Deadline = UNLIMITED,
) -> Problem:
    """Coefficients of a picture without an answer, with the signals of the elements' columns.

    Raises
    ------
    SolveError
        The picture has no lattice, an element is none, or `deadline` is reached.
    """
    numbers = parse_elements(elements)
    microscope = Stated.of(image.metadata, settings, conditions).assumed()
    whitened = whiten(image.pixels, image.pixel_size, information_limit(microscope), deadline)
    fit = find_lattice(whitened, settings)
    return set_up(fit, numbers, microscope, deadline=deadline)


def can_be_laid_on(image: StemImage, settings: Reconstruction) -> bool:
    """Whether known crystals can be compared with a picture that holds no answer of its own.

    That takes the transfer of its microscope, which otherwise comes with the answer.
    """
    stated = Stated.of(image.metadata, settings)
    return stated.mode in (None, "phase")


def rank(
    problem: Problem,
    candidates: Sequence[tuple[float, Template]],
    strain: float,
    renamed: bool = False,
) -> list[Match]:
    """Lay templates on a picture; those that can be, the one with the most evidence first."""
    matches = []
    for similarity, template in candidates:
        placed = place(problem, template, strain)
        if placed is not None:
            matches.append(Match(placed, similarity, renamed))
    matches.sort(key=lambda match: -match.evidence)
    return matches


def match_templates(
    problem: Problem, answer: Atoms | None, library: Library, settings: Templates
) -> list[Match]:
    """Templates of the problem's elements for a picture, the one with the most evidence first.

    Parameters
    ----------
    problem
        From `problem_of`.
    answer
        The crystal that was read from it, by which templates are retrieved; None where there is
        none, and the area of the cell has to do.
    library, settings
        Known crystals; how many are compared.
    """
    numbers = sorted({number for kind in problem.kinds for number in kind})
    if answer is None:
        found = retrieve_by_lattice(library, problem.fit.cell, numbers, settings.count)
    else:
        found = retrieve(library, Template.of("", answer).projection, numbers, settings.count)
    return rank(problem, found, settings.strain)


def describe(problem: Problem, answer: Atoms | None) -> dict[str, Any] | None:
    """Formula and evidence of the analysis' answer, to hold against those of templates."""
    if answer is None:
        return None
    template = Template.of("", answer)
    placed = place(problem, template, _OWN_STRAIN)
    return {
        "formula": template.formula,
        "log_evidence": None if placed is None else round(placed.evidence, 2),
    }


def consult(solution: Solution, library: Library, settings: Reconstruction) -> Consulted:
    """Compare an answer with the library, by the likelihood and in the cell it was found with.

    Parameters
    ----------
    solution
        What the analysis made of the picture.
    library
        Known crystals, less those that must be held out.
    settings
        Section `reconstruction`.
    """
    rules, problem = settings.templates, solution.problem
    own = place(problem, Template.of("", solution.atoms), _OWN_STRAIN)
    if own is None:
        return Consulted(solution, None, "", [], -np.inf)
    rivals = match_templates(problem, solution.atoms, library, rules)
    species = own.composition(problem)
    others = [match for match in rivals if match.placed.composition(problem) != species]
    if rivals and rivals[0].evidence > own.evidence + rules.odds:
        best = rivals[0]
        answer = _template_answer(problem, rivals, settings.vacuum, own)
        heights = [best, *_lenders(problem, rivals[1:], best.placed, rules)]
        return Consulted(answer, best.template.name, "rival", heights, best.evidence)
    # The other compositions among the templates are alternatives like those of the search.
    deficits = [match.evidence - own.evidence for match in others]
    share = float(np.exp(-logsumexp([0.0, *deficits])))
    solution = replace(solution, confidence=solution.confidence * share)
    lenders = _lenders(problem, rivals, own, rules)
    if not lenders:
        lenders = _lenders(
            problem, _prototypes(problem, own.template.projection, library, rules), own, rules
        )
    if not lenders:
        return Consulted(solution, None, "", [], own.evidence)
    atoms = placed_layer(lenders[0].placed, problem.fit.cell, settings.vacuum)
    lent = replace(solution, atoms=atoms, site_confidence=None)
    return Consulted(lent, lenders[0].template.name, "heights", lenders, own.evidence)


def answer_from_templates(
    problem: Problem, library: Library, settings: Reconstruction
) -> Consulted | None:
    """The template that explains a picture which the analysis could not, or None."""
    matches = match_templates(problem, None, library, settings.templates)
    if not matches or agreement(problem, matches[0].placed.state)[0] < WORST_FIT:
        return None
    answer = _template_answer(problem, matches, settings.vacuum, None)
    best = matches[0]
    heights = [best, *_lenders(problem, matches[1:], best.placed, settings.templates)]
    return Consulted(answer, best.template.name, "answer", heights, best.evidence)


def solve_with_templates(
    image: StemImage,
    elements: Sequence[str],
    settings: Reconstruction,
    library: Library,
    composition: Mapping[str, int] | None = None,
    mask: BoolArray | None = None,
) -> Consulted:
    """Read a crystal from a STEM image with the help of known ones.

    Raises
    ------
    SolveError
        The picture has no lattice, neither the analysis nor a template explains it, or the
        settings' limit of time was reached. A template never stands in for an analysis that was
        stopped: whether it was depends on the machine.
    """
    deadline = Deadline(settings.time_limit)
    try:
        solution = solve(
            image, elements, settings, deadline=deadline, composition=composition, mask=mask
        )
    except OutOfTimeError:
        raise
    except SolveError:
        if mask is not None or not can_be_laid_on(image, settings):
            raise
        problem = problem_of(image, elements, settings, deadline=deadline)
        deadline.begin("comparing known crystals with the picture")
        found = answer_from_templates(problem, library, settings)
        if found is None:
            raise
        return _timeless(found)
    deadline.begin("comparing known crystals with the picture")
    timed = replace(solution, problem=replace(solution.problem, deadline=deadline))
    return _timeless(consult(timed, library, settings))


def _timeless(found: Consulted) -> Consulted:
    """The same for later use, which has time of its own."""
    problem = replace(found.solution.problem, deadline=UNLIMITED)
    return replace(found, solution=replace(found.solution, problem=problem))


def _prototypes(
    problem: Problem, query: Projection, library: Library, rules: Templates
) -> list[Match]:
    group = find_wallpaper(query.cell, query.xy, query.numbers, 0.1).name
    found = retrieve_prototypes(library, query, group, rules.count)
    return rank(problem, found, rules.strain, renamed=True)


def _lenders(
    problem: Problem, matches: Sequence[Match], own: Placed, rules: Templates
) -> list[Match]:
    """Templates with the answer's species in its places, the least displaced first."""
    found = [
        match
        for match in matches
        if match.placed.composition(problem) == own.composition(problem)
        and match.placed.displacement <= rules.same_crystal
        and match.evidence >= own.evidence - rules.odds
    ]
    length = np.sqrt(abs(float(np.linalg.det(problem.fit.cell))))
    found.sort(key=lambda match: match.distance(length))
    return found


def _template_answer(
    problem: Problem, matches: Sequence[Match], vacuum: float, answer: Placed | None
) -> Solution:
    """The first match as a solution; what is left over are its alternatives."""
    best = matches[0]
    rivals = [
        (match.evidence - best.evidence, match.template)
        for match in matches[1:]
        if match.placed.composition(problem) != best.placed.composition(problem)
    ]
    if answer is not None:
        rivals.append((answer.evidence - best.evidence, answer.template))
    rivals.sort(key=lambda item: -item[0])
    share = float(np.exp(-logsumexp([0.0, *(deficit for deficit, _ in rivals)])))
    names = [f"{rival.formula} (log-likelihood {gap:+.1f})" for gap, rival in rivals]
    kinds = [problem.kinds[kind] for kind in best.placed.state.kinds]
    return Solution(
        atoms=placed_layer(best.placed, problem.fit.cell, vacuum),
        confidence=share * agreement(problem, best.placed.state)[1] * problem.fit.explained,
        alternatives=list(dict.fromkeys(names))[:3],
        cell=problem.fit.cell,
        xy=best.placed.state.positions,
        numbers=np.array([max(kind) for kind in kinds], dtype=np.int64),
        counts=np.array([len(kind) for kind in kinds], dtype=np.int64),
        average=average_cell(problem.fit),
        coefficients=model(problem, best.placed.state) * problem.deviation,
        problem=problem,
    )
