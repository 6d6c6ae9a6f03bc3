"""Renderers of a gate's report: each lays out the same data, none of them judges."""
