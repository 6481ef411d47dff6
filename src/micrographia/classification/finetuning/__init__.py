"""Further training of the ImageNet encoder on pictures with classes."""
