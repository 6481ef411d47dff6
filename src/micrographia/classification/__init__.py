"""Micrographs to kinds of nanomaterial: embeddings, splits, identification from few examples."""
