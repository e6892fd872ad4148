"""Chromium, as the system has it, without a window."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

MISSING = "no Chromium: `apt-get install chromium-headless-shell`, or name one in CLOUDTRACK_CHROMIUM"
_BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "chrome")
"""The first is Chromium without what is around a page: the same journeys take a fifth less time."""
_WITHOUT = (
    *("AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades", "LensOverlay"),
    *("MediaRouter", "OptimizationHints", "PaintHolding", "ThirdPartyStoragePartitioning"),
    *("WebUIOmniboxPopup", "WebUIOmniboxAimPopup"),
)
"""What Playwright switches off by a switch that ours replaces; and the lists below an address bar that nobody sees: two
pages for each window, which took more processor time than the page under test."""
_ARGUMENTS = (
    "--disable-background-networking",
    "--disable-component-update",
    f"--disable-features={','.join(_WITHOUT)}",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)


def find_chromium() -> str | None:
    """The program that CLOUDTRACK_CHROMIUM names, or the first that is installed."""
    named = os.environ.get("CLOUDTRACK_CHROMIUM")
    return next(filter(None, map(shutil.which, [named] if named else _BROWSERS)), None)


@contextmanager
def chromium(program: str) -> Iterator[Any]:
    """A browser of Playwright's that reaches nothing but this machine."""
    from playwright.sync_api import sync_playwright

    arguments = [*_ARGUMENTS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=arguments)
        yield started
        started.close()


def new_context(browser: Any) -> Any:
    """Windows of one person with nothing cached: 1280 x 800, English, UTC."""
    return browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB", timezone_id="UTC")
