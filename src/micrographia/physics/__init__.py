"""Ground floor: lattices, electron scattering and image formation."""
