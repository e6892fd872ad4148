"""What a page must never do: log an error, break its policy, or ask another site; and when it has come to rest."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

_LONGEST_MS = 30_000
_QUIET_MS = 50
_POLICY = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy: ${event.violatedDirective} refuses ${event.blockedURI || "inline code"}`));
"""
_watches: WeakKeyDictionary[Any, Watch] = WeakKeyDictionary()
"""By browser context."""


@dataclass(eq=False)
class Watch:
    """What has gone wrong in the pages of one browser context. A test says what it expects to go wrong."""

    seen: list[str] = field(default_factory=list)
    _expected: list[str] = field(default_factory=list)
    _origins: set[str] = field(default_factory=set)
    _under_way: set[Any] = field(default_factory=set)

    def expect(self, pattern: str) -> None:
        """Problems with a match of this regular expression are what the test is about."""
        self._expected.append(pattern)

    def allow_origin(self, url: str) -> None:
        """Pages may ask this origin too: an S3 server behind signed URLs."""
        self._origins.add(_origin(url))

    def problems(self) -> list[str]:
        """What nobody expected."""
        return [text for text in self.seen if not any(re.search(pattern, text) for pattern in self._expected)]

    def attach(self, context: Any) -> None:
        """Watch all pages of a context of Playwright's."""
        context.add_init_script(_POLICY)
        context.on("console", self._on_console)
        context.on("weberror", lambda error: self.seen.append(f"uncaught: {error.error}"))
        context.on("request", self._on_request)
        context.on("requestfinished", self._on_answer)
        context.on("requestfailed", self._on_answer)
        _watches[context] = self

    @property
    def is_answered(self) -> bool:
        """Whether nothing that was asked for is under way."""
        return not self._under_way

    def _on_console(self, message: Any) -> None:
        if message.type == "error":
            self.seen.append(f"console: {message.text} ({message.location.get('url', '')})")

    def _on_answer(self, request: Any) -> None:
        self._under_way.discard(request)

    def _on_request(self, request: Any) -> None:
        if not request.url.startswith(("http:", "https:", "ws:", "wss:")):
            return
        self._under_way.add(request)
        origin = _origin(request.url)
        if request.is_navigation_request() and request.frame.parent_frame is None:
            self._origins.add(origin)  # the test, or a link in the page, opened it
        elif origin not in self._origins:
            self.seen.append(f"foreign request: {request.url}")


def settle(page: Any) -> None:
    """Wait until a page has all that it asked for, and nothing stands in for what will come."""
    _wait(page, lambda: page.locator(".bone").count() == 0)


def wait_for_answers(page: Any) -> None:
    """Wait until a page has all that it asked for."""
    _wait(page, lambda: True)


def _wait(page: Any, is_whole: Callable[[], bool]) -> None:
    watch, quiet = _watches[page.context], 0
    for _ in range(_LONGEST_MS // _QUIET_MS):
        page.wait_for_timeout(_QUIET_MS)
        quiet = quiet + 1 if watch.is_answered and is_whole() else 0
        if quiet == 2:
            return
    raise TimeoutError(f"{page.url} does not come to rest")


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
