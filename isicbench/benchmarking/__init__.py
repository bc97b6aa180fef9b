"""Measurements of isicbench itself, beside other ways to do the same work."""
