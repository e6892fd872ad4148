"""What people come for takes at most three clicks from its page; each click is counted by the page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from cloudtrack.client import Client
from tests.e2e.filling import MODEL, SWEEP, fill_models, fill_sweep
from tests.e2e.stores import Shown, shown
from tests.e2e.watching import settle

_PATCH = b"--- a/train.py\n+++ b/train.py\n@@ -1 +1 @@\n-a\n+b\n"
_DIRTY = {"cloudtrack.git.dirty": "true", "mlflow.source.git.commit": "0" * 40}
_COUNTING = "window.clicks = 0; addEventListener('click', (event) => { if (event.detail) window.clicks++; }, true);"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    def fill(root: str) -> dict[str, Any]:
        made = {"sweep": fill_sweep(root, runs=8, steps=5), **fill_models(root)}
        client = Client(root)
        patched = client.runs.create(client.experiments.create("patched"), tags=_DIRTY)
        made["patched"] = patched.info.run_id
        client.source_files.create(made["patched"], "code.patch", _PATCH)
        client.close()
        return made

    with shown(tmp_path_factory.mktemp("clicks"), fill) as one:
        yield one


@pytest.fixture
def clicking(page: Any) -> Any:
    page.add_init_script(_COUNTING)
    return page


def _open(page: Any, store: Shown, address: str) -> None:
    page.goto(f"{store.server.url}/#/{address}")
    page.locator("h1").first.wait_for()
    settle(page)


def _clicks(page: Any) -> int:
    return int(page.evaluate("window.clicks"))


def test_runs_are_sorted_by_the_best_loss(store: Shown, clicking: Any) -> None:
    _open(clicking, store, f"experiments/{store.experiment(SWEEP)}")
    head = clicking.get_by_role("columnheader", name="val/loss")
    head.click()
    head.click()
    expect(head).to_have_attribute("aria-sort", "ascending")
    assert _clicks(clicking) <= 3


def test_four_runs_are_compared(store: Shown, clicking: Any) -> None:
    _open(clicking, store, f"experiments/{store.experiment(SWEEP)}")
    rows = clicking.locator(".grid-row .tick")
    rows.nth(0).click()
    rows.nth(3).click(modifiers=["Shift"])
    clicking.get_by_role("button", name="Compare").click()
    clicking.locator("h1", has_text="4 runs side by side").wait_for()
    assert _clicks(clicking) <= 3


def test_the_patch_of_a_run_is_opened(store: Shown, clicking: Any) -> None:
    _open(clicking, store, f"experiments/{store.experiment('patched')}/runs/{store.made['patched']}")
    clicking.get_by_role("button", name="Code patch").click()
    clicking.get_by_text("+++ b/train.py").wait_for()
    assert _clicks(clicking) <= 3


def test_a_model_is_registered_and_promoted(store: Shown, clicking: Any) -> None:
    _open(clicking, store, f"experiments/{store.experiment('tabular/churn')}/runs/{store.made['runs'][0]}/models")
    clicking.get_by_role("button", name="Register a model").click()
    clicking.get_by_label("Registered model").wait_for()
    clicking.keyboard.type(MODEL)
    clicking.get_by_role("dialog").get_by_role("button", name="Register", exact=True).click()
    clicking.get_by_role("dialog", name="Registered").get_by_role("link").click()
    clicking.locator("h1", has_text="v5").wait_for()
    assert _clicks(clicking) <= 3
    clicking.evaluate("window.clicks = 0")
    move = clicking.get_by_role("button", name="Move", exact=True)
    expect(move).not_to_have_attribute("aria-disabled", "true")
    move.click()
    dialog = clicking.get_by_role("dialog")
    dialog.get_by_role("radio", name="Production").check()
    dialog.get_by_role("button", name="Move", exact=True).click()
    clicking.locator(".chip.stage.Production").first.wait_for()
    assert _clicks(clicking) <= 3
