"""The shipped protocol models: one generation of the kernel per file."""
