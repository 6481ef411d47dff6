"""Micrographia: electron micrographs to data, models and crystal structures.

From Python: `read`, `segment`, `measure` and `sizes` for micrographs, `simulate` and `solve` for
crystals. They are imported when they are first used, so that `import micrographia` is quick.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from micrographia.api.crystals import simulate, solve
    from micrographia.api.instances import measure, segment, sizes
    from micrographia.api.micrograph import Micrograph, read
    from micrographia.errors import MicrographiaError
    from micrographia.reconstruction.crystal import Crystal

__version__ = "0.2.0"

__all__ = [
    "Crystal",
    "Micrograph",
    "MicrographiaError",
    "measure",
    "read",
    "segment",
    "simulate",
    "sizes",
    "solve",
]

#: In which module each public name lives.
_HOMES = {
    "Crystal": "micrographia.reconstruction.crystal",
    "Micrograph": "micrographia.api.micrograph",
    "MicrographiaError": "micrographia.errors",
    "measure": "micrographia.api.instances",
    "read": "micrographia.api.micrograph",
    "segment": "micrographia.api.instances",
    "simulate": "micrographia.api.crystals",
    "sizes": "micrographia.api.instances",
    "solve": "micrographia.api.crystals",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        from importlib import import_module

        value = getattr(import_module(_HOMES[name]), name)
        globals()[name] = value
        return value
    message = f"module 'micrographia' has no attribute {name!r}"
    if not name.startswith("_"):
        from difflib import get_close_matches

        close = get_close_matches(name, _HOMES, n=1)
        message += f"; did you mean {close[0]!r}?" if close else f"; it has {', '.join(__all__)}"
    raise AttributeError(message)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
