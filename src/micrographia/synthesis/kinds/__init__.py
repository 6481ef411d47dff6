"""Ten classes of nanomaterial micrographs, drawn from a random seed with exact labels."""
