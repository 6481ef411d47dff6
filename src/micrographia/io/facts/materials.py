"""Names of materials in a text: elements, their compounds, formulas."""

from __future__ import annotations

import re

from micrographia.io.facts.terms import Term, denied

#: Elements by name; those whose names are everyday English words (lead, tin) are left out.
_ELEMENTS = {
    "gold": "Au", "silver": "Ag", "copper": "Cu", "iron": "Fe", "platinum": "Pt",
    "palladium": "Pd", "titanium": "Ti", "zinc": "Zn", "nickel": "Ni", "cobalt": "Co",
    "aluminium": "Al", "aluminum": "Al", "silicon": "Si", "gallium": "Ga", "indium": "In",
    "tungsten": "W", "molybdenum": "Mo", "cerium": "Ce", "calcium": "Ca", "magnesium": "Mg",
    "sodium": "Na", "potassium": "K", "lithium": "Li", "manganese": "Mn", "chromium": "Cr",
    "vanadium": "V", "zirconium": "Zr", "barium": "Ba", "strontium": "Sr", "lanthanum": "La",
    "bismuth": "Bi", "cadmium": "Cd", "tellurium": "Te", "selenium": "Se", "germanium": "Ge",
    "arsenic": "As", "antimony": "Sb", "ruthenium": "Ru", "rhodium": "Rh", "iridium": "Ir",
    "niobium": "Nb", "tantalum": "Ta", "hafnium": "Hf", "yttrium": "Y", "europium": "Eu",
    "erbium": "Er", "boron": "B", "sulfur": "S", "sulphur": "S", "phosphorus": "P",
    "silica": "Si", "titania": "Ti", "alumina": "Al", "zirconia": "Zr", "ceria": "Ce",
    "magnesia": "Mg", "quartz": "Si", "steel": "Fe", "brass": "Cu", "bronze": "Cu",
    "oxide": "O", "hydroxide": "O", "nitride": "N", "carbide": "C", "sulfide": "S",
    "sulphide": "S",
}  # fmt: skip
_OTHERS = (
    "polystyrene", "polyethylene", "polypropylene", "polyimide", "pmma", "pdms", "peek",
    "nylon", "cellulose", "collagen", "chitosan", "protein", "zeolite", "perovskite", "mxene",
    "mof", "hydroxyapatite", "calcite", "hematite", "magnetite", "glass",
)  # fmt: skip
_ANIONS = "oxide|hydroxide|nitride|carbide|sulfide|sulphide"
#: A compound is one name: "iron oxide" is neither iron nor an oxide alone.
_NAMES = re.compile(
    rf"\b(?:{'|'.join([*_ELEMENTS, *_OTHERS])})(?:\s+(?:{_ANIONS}))?\b", re.IGNORECASE
)
_SYMBOL = (
    "H", "He", "Li", "Be", "B", "C", "N", "O", "F", "Ne", "Na", "Mg", "Al", "Si", "P", "S",
    "Cl", "Ar", "K", "Ca", "Sc", "Ti", "V", "Cr", "Mn", "Fe", "Co", "Ni", "Cu", "Zn", "Ga",
    "Ge", "As", "Se", "Br", "Kr", "Rb", "Sr", "Y", "Zr", "Nb", "Mo", "Tc", "Ru", "Rh", "Pd",
    "Ag", "Cd", "In", "Sn", "Sb", "Te", "I", "Xe", "Cs", "Ba", "La", "Ce", "Pr", "Nd", "Sm",
    "Eu", "Gd", "Tb", "Dy", "Ho", "Er", "Tm", "Yb", "Lu", "Hf", "Ta", "W", "Re", "Os", "Ir",
    "Pt", "Au", "Hg", "Tl", "Pb", "Bi", "Th", "U",
)  # fmt: skip
_ONE = "|".join(sorted(_SYMBOL, key=len, reverse=True))
#: At least two symbols, or one with a number: a single symbol may be a word.
_FORMULA = re.compile(
    rf"\b(?=\w*[a-z0-9₀-₉])(?:(?:{_ONE})[\d₀-₉]*){{2,}}\b|\b(?:{_ONE})[\d₀-₉]+\b"
)
_OXIDES = frozenset({"oxide", "silica", "titania", "alumina", "zirconia", "ceria", "quartz"})
_PART = re.compile(rf"(?:{_ONE})(?![a-z])")


def materials_in(text: str) -> list[Term]:
    """Return the names and formulas of materials in a text, in their order.

    Examples
    --------
    >>> [one.text for one in materials_in("TiO2 on gold, by SEM, no silver; as in iron oxide")]
    ['TiO2', 'gold', 'iron oxide']
    """
    found = [
        Term(match.start(), match.end(), match[0], ())
        for pattern in (_NAMES, _FORMULA)
        for match in pattern.finditer(text)
    ]
    ordered = sorted(found, key=lambda term: term.start)
    return [one for one in ordered if not denied(text, one)]


def names_material(term: Term, material: str) -> bool:
    """Whether a material, as its author states it, has what a term names.

    Examples
    --------
    >>> gold, formula = materials_in("gold and ZnO")
    >>> names_material(gold, "Au@SiO2"), names_material(formula, "Au@SiO2")
    (True, False)
    """
    if term.text.casefold() in material.casefold():
        return True
    stated = set(_symbols(material))
    asked = set(_symbols(term.text))
    return bool(asked) and asked <= stated


def _symbols(text: str) -> list[str]:
    """Return the elements that a text names, by symbol: in formulas, or in full."""
    words = re.findall(r"[a-z]+", text.casefold())
    named = [_ELEMENTS[word] for word in words if word in _ELEMENTS]
    oxygen = ["O"] if _OXIDES.intersection(words) else []
    return [*named, *oxygen, *_PART.findall(text)]
