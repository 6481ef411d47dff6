"""Label masks made of what other programs draw: COCO, LabelMe, ImageJ, napari."""
