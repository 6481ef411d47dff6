"""From a folder of micrographs to sizes in nanometres: `micrographia measure`.

It drives the rooms curation, segmentation and report through their public functions.
"""
