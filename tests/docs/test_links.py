"""Links of pages lead to files that are there, and to headings that they have."""

from __future__ import annotations

import re

import pytest

from tests.docs.pages import ROOT, pages


@pytest.mark.parametrize("page", [*pages(), "CHANGELOG.md"])
def test_links_of_a_page_lead_somewhere(page: str) -> None:
    text = re.sub(r"```.*?```|`[^`\n]*`", "", (ROOT / page).read_text(encoding="utf-8"), flags=re.DOTALL)
    for target, heading in re.findall(r"\]\((?!\w+:)([^)#\s]*)(?:#([^)\s]+))?\)", text):
        path = (ROOT / page).parent / target if target else ROOT / page
        assert path.exists(), f"{page} links to {target}"
        assert not heading or heading in _headings(path.read_text(encoding="utf-8")), f"{page}: {target}#{heading}"


def _headings(text: str) -> set[str]:
    found = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in found}
