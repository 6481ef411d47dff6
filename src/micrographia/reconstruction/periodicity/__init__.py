"""The lattice of a microscope's picture in real space, and the undoing of scan distortions."""
