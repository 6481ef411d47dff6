"""Generated pictures that show what was asked for, told from those that do not."""
