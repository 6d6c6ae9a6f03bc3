"""From core terms to Z3; the only package that imports z3."""
