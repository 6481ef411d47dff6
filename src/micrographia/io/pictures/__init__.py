"""Which files are pictures, and how they become one grey channel."""
