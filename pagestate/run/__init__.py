"""Running engines: each in a process of its own, their answers checked and collected."""
