"""Which assumptions a proof needs: each is left out by itself, and the rest proved again."""
