"""Room: simulation of STEM images of crystals."""
