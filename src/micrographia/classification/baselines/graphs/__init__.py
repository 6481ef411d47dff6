"""Networks on graphs whose nodes are the patches of a picture."""
