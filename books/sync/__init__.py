"""A new edition, from its build to its readers."""
