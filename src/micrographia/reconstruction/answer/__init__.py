"""What a search found, as a crystal in the plane with how sure it is."""
