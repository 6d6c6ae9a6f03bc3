"""The verdicts of many models side by side."""
