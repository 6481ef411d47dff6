"""Encoders of patch graphs that learn without labels, and a random forest behind them."""
