"""From vectors to classes: demonstrations, methods, calibrated confidence, declining."""
