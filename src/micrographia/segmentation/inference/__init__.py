"""From a network's answer to instances."""
