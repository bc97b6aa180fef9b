"""Which run goes to which slot, and the worker process that a slot runs."""
