"""Ground floor: tables, images and structures on disk."""
