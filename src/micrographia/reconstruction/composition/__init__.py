"""A crystal whose composition is known: columns that hold exactly its atoms."""
