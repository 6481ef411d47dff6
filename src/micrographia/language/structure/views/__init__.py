"""Pictures of crystals for others than the network: data sets, examples for the report."""
