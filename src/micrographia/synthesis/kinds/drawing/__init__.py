"""Drawing with heights: noise fields, solids, secondary electrons, transmission, exposure."""
