"""Room: predictions and truth become scores; reads files only."""
