"""Metrics, their summaries, and what they say about a run."""
