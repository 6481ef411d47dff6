"""Questions and answers about pictures, by ten themes, each answer with its evidence."""
