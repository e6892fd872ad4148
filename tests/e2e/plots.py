"""What a test sees of a chart: its pixels, its words, its requests."""

from __future__ import annotations

import re
from base64 import urlsafe_b64encode
from typing import Any
from urllib.parse import parse_qs, urlsplit


def card(page: Any, key: str) -> Any:
    return page.locator(f'[data-key="{key}"]')


def drawn(page: Any, key: str) -> Any:
    """The card, once its lines are there."""
    found = card(page, key)
    found.locator(".plot .uplot canvas").wait_for()
    page.wait_for_function(
        "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))"
    )
    return found


def label(page: Any, key: str) -> str:
    return str(card(page, key).locator(".plot").get_attribute("aria-label"))


def area(found: Any) -> dict[str, float]:
    """Where the lines lie on the screen."""
    return dict(found.locator(".u-over").bounding_box())


_PIXELS = """(card, [left, top, width, height]) => {
  const canvas = card.querySelector('.uplot canvas'), over = card.querySelector('.u-over');
  const ratio = devicePixelRatio, x = parseFloat(over.style.left), y = parseFloat(over.style.top);
  const part = [x + left, y + top, width, height].map((px) => px * ratio);
  const { data } = canvas.getContext('2d').getImageData(...part);
  const seen = new Set();
  for (let at = 0; at < data.length; at += 4) {
    if (data[at + 3] > 200) seen.add(`rgb(${data[at]}, ${data[at + 1]}, ${data[at + 2]})`);
  }
  return [...seen];
}"""


def pixels(found: Any, left: float, top: float, width: float = 1, height: float = 1) -> set[str]:
    """Colours of the canvas in a part of the plot, in CSS pixels from the corner of the lines' area."""
    return set(found.evaluate(_PIXELS, [left, top, width, height]))


def colors(page: Any) -> list[str]:
    """Of the drawn runs, in the order of the list."""
    return list(page.locator(".eye.on path").evaluate_all("(all) => all.map((each) => each.getAttribute('stroke'))"))


def said(page: Any, key: str) -> str:
    return str(card(page, key).locator("[aria-live]").text_content())


def walk(page: Any, key: str, *keys: str) -> str:
    """Press keys in a chart, and what is said after that."""
    drawn(page, key).locator(".plot").focus()
    for each in keys:
        page.keyboard.press(each)
    return said(page, key)


def series_requests(page: Any) -> list[dict[str, list[str]]]:
    """Requests for histories from now on, as their queries."""
    seen: list[dict[str, list[str]]] = []
    page.on(
        "request",
        lambda request: "metrics/series" in request.url and seen.append(parse_qs(urlsplit(request.url).query)),
    )
    return seen


def is_grey(color: str) -> bool:
    channels = [int(each) for each in re.findall(r"\d+", color)]
    return max(channels) - min(channels) < 30


def rgb(text: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", text)))


def contrast(a: tuple[int, ...], b: tuple[int, ...]) -> float:
    """As WCAG 2.2 says it."""

    def light(color: tuple[int, ...]) -> float:
        parts = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in (each / 255 for each in color)]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    high, low = sorted((light(a), light(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def short(run_id: str) -> str:
    """A run's id as the page's address has it."""
    return urlsafe_b64encode(bytes.fromhex(run_id)).decode().rstrip("=")
