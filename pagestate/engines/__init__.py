"""The engines: one algorithm each, behind one interface."""
