"""Duplicates among micrographs: which of a group stays, and why the others do not."""
