"""Ground floor of learning: one training loop, checkpoints, devices, seeds."""
