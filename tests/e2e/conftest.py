"""A real browser, and the real server on a port of its own. Run by ``make ui-test``.

``server`` serves the store of ``store_url``: a folder, or with ``@pytest.mark.parametrize("store_url", [...],
indirect=True)`` any of ``SHARED_KINDS``. ``page`` fails its test for errors, broken policies and foreign requests.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from cloudtrack.api.bundle import BUILT
from cloudtrack.client import Client
from tests.e2e.chromium import MISSING, chromium, find_chromium, new_context
from tests.e2e.watching import Watch
from tests.servers.cloudtrack_server import RunningServer, forked_server

_AXE = BUILT.parent / "node_modules" / "axe-core" / "axe.min.js"
Axe = Callable[..., list[str]]

if find_spec("playwright") is None:  # `make ui-test` installs it, and runs what is here
    collect_ignore_glob = ["test_*.py"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All tests in here need a browser."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.ui)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium, as the system has it or as CLOUDTRACK_CHROMIUM says."""
    found = find_chromium()
    if found is None:
        pytest.fail(MISSING)
    with chromium(found) as started:
        yield started


@pytest.fixture
def watch() -> Watch:
    """What goes wrong in ``page``; a test says what it expects."""
    return Watch()


@pytest.fixture
def context(browser: Any, watch: Watch) -> Iterator[Any]:
    """Windows of one person; their pages are watched."""
    made = new_context(browser)
    made.set_default_timeout(30_000)
    watch.attach(made)
    yield made
    made.close()


@pytest.fixture
def page(context: Any, watch: Watch) -> Iterator[Any]:
    """A page; its test fails where anything went wrong in it that ``watch`` does not expect."""
    opened = context.new_page()
    yield opened
    opened.close()
    assert watch.problems() == []


@pytest.fixture
def start_server(tmp_path: Path) -> Iterator[Callable[..., RunningServer]]:
    """Start a server over a store: ``start_server(url, "--auth", ...)``."""
    with ExitStack() as stack:

        def start(root: str, *arguments: str) -> RunningServer:
            return stack.enter_context(forked_server(root, tmp_path, *arguments))

        yield start


@pytest.fixture
def server(store_url: str, start_server: Callable[..., RunningServer]) -> RunningServer:
    """``cloudtrack server`` over ``store_url``."""
    return start_server(store_url)


@pytest.fixture
def client(store_url: str) -> Iterator[Client]:
    """Writes to the store behind ``server``."""
    made = Client(store_url)
    yield made
    made.close()


@pytest.fixture(scope="session")
def axe() -> Axe:
    """Examine a page for accessibility: ``axe(page)`` gives the violations, a line each."""
    if not _AXE.is_file():
        pytest.fail(f"{_AXE} is missing: `npm ci` in cloudtrack/ui, as `make ui-test` does")
    source = _AXE.read_text(encoding="utf-8")

    def examine(page: Any, *, within: str = "html") -> list[str]:
        session = page.context.new_cdp_session(page)
        session.send("Runtime.evaluate", {"expression": source})  # the policy of the page does not bind DevTools
        asked = {
            "expression": f"axe.run({json.dumps(within)}).then((found) => found.violations)",
            "awaitPromise": True,
            "returnByValue": True,
        }
        answer = session.send("Runtime.evaluate", asked)
        session.detach()
        return [
            f"{each['id']} ({each['impact']}): {each['help']}: {node['html'][:200]}"
            for each in answer["result"]["value"]
            for node in each["nodes"]
        ]

    return examine
