"""Measurements that the documentation quotes. Each is run by `python -m benchmarks.NAME`."""
