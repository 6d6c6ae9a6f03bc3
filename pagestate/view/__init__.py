"""Traces as people see them."""
