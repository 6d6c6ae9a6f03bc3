"""The trace viewer in a terminal; ``app`` needs Textual (the extra ``tui``)."""
