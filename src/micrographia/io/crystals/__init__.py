"""What a crystal's file states: symmetry operations, sites, distances between atoms."""
