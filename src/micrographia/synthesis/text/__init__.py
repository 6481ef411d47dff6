"""Pictures with rendered text, for the text detector."""
