"""The package that `isicbench new` writes for a plugin to start from."""
