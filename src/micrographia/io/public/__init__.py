"""Public data sets: what there is, and how a file of one is downloaded and checked."""
