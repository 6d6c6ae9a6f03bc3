"""pytest: the gate's models as test items, off unless ``--pagestate`` or ``pagestate = true``.

Only the switch is here; :mod:`pagestate.gate.pytest_models` is imported when it is on.
"""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """The option and the setting that switch it on."""
    group = parser.getgroup("pagestate")
    group.addoption(
        "--pagestate", action="store_true", help="collect the models that the gate checks"
    )
    parser.addini("pagestate", "collect the models that the gate checks", "bool", False)


def pytest_configure(config: pytest.Config) -> None:
    """Read the gate's configuration, if the plugin is switched on."""
    if config.getoption("--pagestate") or config.getini("pagestate"):
        from pagestate.gate.pytest_models import models_of

        config.pluginmanager.register(models_of(config.rootpath), "pagestate-models")
