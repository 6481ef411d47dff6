"""Room: reconstruction of crystal structures from STEM images."""
