"""Masks of new images by the network that a run has trained."""
