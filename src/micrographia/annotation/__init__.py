"""Annotation: nine attributes of every micrograph, by several annotators who check one another."""
