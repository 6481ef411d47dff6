"""Tables of pictures with true crystals that were made elsewhere, and answers to them."""
