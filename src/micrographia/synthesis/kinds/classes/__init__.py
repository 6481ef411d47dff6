"""The ten classes, a module each, with their sub-kinds."""
