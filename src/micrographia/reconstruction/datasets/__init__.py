"""Tables of pictures that were made elsewhere, to crystals."""
