"""Segmenters: an encoder and a decoder."""
