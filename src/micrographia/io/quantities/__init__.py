"""Numbers with units in English sentences: found, compared, written."""
