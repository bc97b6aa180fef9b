"""Measurements behind the numbers of docs/performance.md."""
