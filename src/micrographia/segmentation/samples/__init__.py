"""Training samples of a segmenter: pictures, crops, augmentation."""
