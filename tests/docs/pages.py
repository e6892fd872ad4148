"""The pages of the documentation, and the fenced blocks in them.

What readers do not see is in comments: ``<!-- before sh`` and its commands, which run before the next block, or
``<!-- before python``, lines that go before those of the next block. A word after the language says why a block cannot
run here (``REASONS``); ``title="name"`` puts a block into a file of that name, ``exits="1"`` is how it ends.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]

REASONS = {
    "needs-aim": "Aim, installed (tests/importing/test_aim.py has the same)",
    "needs-aws": "an account at AWS",
    "needs-cluster": "a cluster, a job queue or Spark",
    "needs-docker": "a docker daemon",
    "needs-github": "a repository on GitHub",
    "needs-internet": "other machines than this one",
    "needs-page": "the web page, built (tests/e2e has the same)",
    "needs-mlflow": "an interpreter with MLflow",
    "needs-checkout": "minutes: it makes an environment and runs all tests",
}
"""Why a block is only read, and not run. No other word is taken."""

COMPARED = ("text", "console")
TESTED_ELSEWHERE = dict.fromkeys(("runs", "orders", "experiments", "models", "versions", "refused"), "tests/search")
"""Languages of one page, which has a test of its own in that folder."""

_PIECE = re.compile(
    r"^<!-- before (?P<kind>sh|python)\n(?P<hidden>.*?)^-->$"
    r"|^(?P<indent> *)```(?P<info>[^\n`]+)\n(?P<body>.*?)^(?P=indent)```$",
    re.DOTALL | re.MULTILINE,
)


@dataclass
class Block:
    """One fenced block, with the hidden lines before it and the output that the page promises."""

    page: str
    line: int
    language: str
    words: list[str]
    text: str
    title: str = ""
    code: int = 0
    before: list[tuple[str, str]] = field(default_factory=list)
    said: str | None = None

    @property
    def where(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def reasons(self) -> list[str]:
        return [word for word in self.words if word.startswith("needs-")]


@cache
def pages() -> list[str]:
    """All pages, a new one too."""
    found = [path.relative_to(ROOT).as_posix() for path in sorted((ROOT / "docs").rglob("*.md"))]
    return ["README.md", "SECURITY.md", "CONTRIBUTING.md", "infra/deploying.md", *found]


@cache
def blocks(page: str) -> list[Block]:
    """The blocks of a page in their order."""
    text = (ROOT / page).read_text(encoding="utf-8")
    found: list[Block] = []
    before: list[tuple[str, str]] = []
    for piece in _PIECE.finditer(text):
        if piece["kind"]:
            before.append((piece["kind"], piece["hidden"]))
            continue
        language, _, rest = piece["info"].strip().partition(" ")
        given = dict(re.findall(r'(\w+)="([^"]+)"', rest))
        body = re.sub(f"^{piece['indent']}", "", piece["body"], flags=re.MULTILINE)
        if language in COMPARED and found and found[-1].said is None and found[-1].language in ("sh", "python"):
            found[-1].said = body
            continue
        words = [word for word in rest.split() if "=" not in word]
        line = text.count("\n", 0, piece.start()) + 1
        title, code = given.get("title", ""), int(given.get("exits", 0))
        found.append(Block(page, line, language, words, body, title, code, before))
        before = []
    return found
