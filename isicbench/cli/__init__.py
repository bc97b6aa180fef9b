"""The command line: parse, call, print."""

from isicbench.cli.app import main

__all__ = ["main"]
