"""Recordings of a real kernel: whether a model has an execution that shows what was recorded."""
