"""Annotators that come with the package: statistics of the picture, small trained heads."""
