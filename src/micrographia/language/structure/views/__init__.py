"""Pictures of crystals for others than the network: examples for the report."""
