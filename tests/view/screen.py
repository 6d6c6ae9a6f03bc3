"""A page in a browser, as the tests of the viewer see it."""

import os
import shutil
from dataclasses import dataclass, field

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")


def browser_file() -> str:
    named = os.environ.get("PAGESTATE_BROWSER", "")
    return named or next((p for n in NAMES if (p := shutil.which(n))), "")


@dataclass
class Screen:
    """A page that is open, and everything it was heard to do besides."""

    page: object
    url: str
    heard: list[str] = field(default_factory=list)

    def press(self, *keys: str) -> "Screen":
        for key in keys:
            self.page.keyboard.press(key)
        return self

    def count(self, selector: str) -> int:
        return self.page.locator(selector).count()

    def text(self, selector: str) -> str:
        return self.page.locator(selector).first.inner_text()

    @property
    def step(self) -> int:
        chosen = self.page.locator('.steps [aria-selected="true"]')
        assert chosen.count() == 1
        return int(chosen.get_attribute("id").removeprefix("step-"))

    @property
    def link(self) -> str:
        return self.page.url.partition("#")[2]
