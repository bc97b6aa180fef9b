"""The experiment database, and the only door to it."""
