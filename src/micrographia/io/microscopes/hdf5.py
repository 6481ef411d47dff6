"""What an open HDF5 file holds itself: links, also those into other files, are not followed."""

from __future__ import annotations

from typing import Any


def members(group: Any) -> dict[str, Any]:
    """Return the groups and datasets that lie in a group of `h5py`, by name."""
    links = {key: type(group.get(key, getlink=True)).__name__ for key in group}
    return {key: group[key] for key, link in links.items() if link == "HardLink"}
