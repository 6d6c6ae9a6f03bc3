"""``python -m pagestate``."""

from pagestate.cli.main import main

main()
