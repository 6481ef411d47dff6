"""Annotators shipped with the package: picture statistics and small trained classifiers."""
