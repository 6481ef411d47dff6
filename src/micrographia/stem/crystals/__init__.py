"""Table of crystals from any source: standardised, filtered, split."""
