"""Heights for a projected crystal: nominal ones, by bonds and symmetry."""

from micrographia.reconstruction.heights.layer import (
    build_layer,
    nominal_heights,
    rank_layers,
    shortest_bond,
)

__all__ = ["build_layer", "nominal_heights", "rank_layers", "shortest_bond"]
