"""Devices, processes and the environment that runs ran in."""
