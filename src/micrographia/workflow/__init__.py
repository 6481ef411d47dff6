"""What the Snakefile's rules need to know, typed and tested; and the generated settings files."""
