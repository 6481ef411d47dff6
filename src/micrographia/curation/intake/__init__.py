"""List and read the user's files and check their quality."""
