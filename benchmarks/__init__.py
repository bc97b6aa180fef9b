"""Measurements of isicbench itself; each module is run as `python -m benchmarks.NAME`."""
