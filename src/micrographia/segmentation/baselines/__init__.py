"""Peers of the flow networks: StarDist, YOLO, Mask R-CNN."""
