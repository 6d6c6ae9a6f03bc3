"""The ``pagestate`` command."""

import click

from pagestate import __version__
from pagestate.cli.check import check
from pagestate.cli.models import models
from pagestate.cli.show import show


@click.group(
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="""\b
Example:
  pagestate check rfc_v3 --set hook=false""",
)
@click.version_option(__version__, prog_name="pagestate")
def main() -> None:
    """Model checker for page lifecycle protocols of the Linux kernel."""


main.add_command(check)
main.add_command(models)
main.add_command(show)
