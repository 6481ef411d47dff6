"""`python -m micrographia`: the same program as the `micrographia` command."""

from micrographia.cli import program

program()
