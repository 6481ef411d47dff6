"""Baselines of classification: trained for one budget, behind one function."""
