"""Public data sets to folders that the workflow reads."""
