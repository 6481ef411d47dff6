"""Which pictures are trained on and which are held out."""
