"""From the output of a network to instances."""
