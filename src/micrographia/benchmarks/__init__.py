"""Room: scores of predictions against the ground truth; reads files only."""
