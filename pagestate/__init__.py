"""pagestate: a model checker for page lifecycle protocols of the Linux kernel."""
