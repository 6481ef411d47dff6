"""Room: crystals become STEM images."""
