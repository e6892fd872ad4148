"""What the tests of many runs together look at, and how a page is handled in them."""

from __future__ import annotations

import base64
import re
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import cloudtrack as ct
from cloudtrack.client import Client
from tests.e2e.filling import png


class Site:
    """A server over a store that has been filled, and what is in it."""

    def __init__(self, url: str, store: Path) -> None:
        self.url = url
        self.client = Client(str(store))
        self.names: dict[str, Any] = {}

    def metrics(self, experiment_id: str, key: str) -> dict[str, float]:
        """The last value of a metric, by the name of the run."""
        runs = self.client.runs.list([experiment_id])
        return {run.info.run_name: run.data.metrics[key] for run in runs}


def fill_pairs(url: str) -> list[str]:
    """Two runs with a picture, a table, a text and settings of the same paths that differ."""
    ct.set_tracking_uri(url)
    ct.set_experiment("pairs")
    found = []
    for number, name in enumerate(("left", "right")):
        with ct.start_run(run_name=name) as run:
            ct.log_params({"number": number, "same": "x"})
            ct.log_metric("acc", 0.5 + number / 10)
            ct.log_text("one\ntwo\nthree\n" if number else "one\n2\nthree\nfour\n", "notes.txt")
            ct.log_dict({"b": [1, number], "a": "same"}, "config.json")
            rows = "id,score\na,1\nb,2\nc,3\n" if number else "id,score\na,1\nb,5\nd,4\n"
            ct.log_text(rows, "scores.csv")
            ct.log_table({"word": ["a", "b"], "score": [0.1, number]}, "words.json")
            ct.log_text("equal", "equal.txt")
            if number:
                ct.log_text("new", "only-right.txt")
            with tempfile.TemporaryDirectory() as folder:
                (Path(folder) / "sample.png").write_bytes(png(64, 48, number * 200))
                ct.log_artifact(str(Path(folder) / "sample.png"), "images")
        found.append(str(run.info.run_id))
    return found


def shorten(ids: list[str]) -> str:
    """Run ids as the address has them."""
    return ".".join(base64.urlsafe_b64encode(bytes.fromhex(one)).decode().rstrip("=") for one in ids)


def open_view(page: Any, site: Site, view: str, more: str = "") -> None:
    page.goto(f"{site.url}/#/experiments/{site.names['experiment']}?view={view}{more}")
    page.locator(".parallel canvas, .scatter-plot canvas").first.wait_for()


def open_pair(page: Any, site: Site, key: str, more: str = "") -> None:
    page.goto(f"{site.url}/#/compare?runs={shorten(site.names[key])}{more}")
    page.locator(".sheet").wait_for()


def drag(page: Any, start: tuple[float, float], *to: tuple[float, float], steps: int = 4) -> None:
    page.mouse.move(*start)
    page.mouse.down()
    for place in to:
        page.mouse.move(*place, steps=steps)
    page.mouse.up()


def track(page: Any, axis: str) -> dict[str, float]:
    return dict(page.get_by_role("slider", name=f"Brush of {axis}").bounding_box())


def brush(page: Any, axis: str, low: float, high: float) -> None:
    """Drag over a part of an axis, from 0 at its foot to 1."""
    box = track(page, axis)
    x = box["x"] + box["width"] / 2
    drag(page, *((x, box["y"] + box["height"] * (1 - part)) for part in (low, high)))


def query(page: Any, key: str) -> str:
    match = re.search(rf"[?&]{key}=([^&]*)", page.url)
    return unquote(match[1].replace("+", " ")) if match else ""


def picture(page: Any, selector: str) -> str:
    """A canvas as text."""
    return str(page.eval_on_selector(selector, "(canvas) => canvas.toDataURL()"))


def axes(page: Any) -> list[str]:
    return [text.removesuffix(" log").removeprefix("↓ ") for text in page.locator(".axis-name").all_inner_texts()]


def rows(page: Any) -> int:
    return int(page.get_by_role("grid", name="Runs").get_attribute("aria-rowcount")) - 1


def wait_until(page: Any, condition: str, arg: Any = None) -> None:
    page.wait_for_function(condition, arg=arg)
