"""The trace viewer: one HTML file that needs nothing else."""
