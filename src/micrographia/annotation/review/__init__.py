"""Cross-check of answers, agreement of annotators, the form for a person."""
