"""Studies that isicbench ships, as files that a user can copy."""
