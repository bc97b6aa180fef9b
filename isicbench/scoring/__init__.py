"""Scoring of masks at their images' own size, whoever predicted them."""
