"""What a segmenter learns from: pictures, crops, augmentation."""
