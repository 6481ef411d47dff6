"""Networks that classify pictures and learn from their labels."""
