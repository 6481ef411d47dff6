"""The metrics of STEM2Crystal-Bench: ranked crystals in three dimensions, against the true one."""
