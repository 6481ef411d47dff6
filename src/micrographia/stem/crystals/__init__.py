"""Crystals of any origin become one table: standardised, filtered, split."""
