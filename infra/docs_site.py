"""What the documentation's site has from elsewhere, and what its pages have that a site does not show.

Pages of the repository (infra/deploying.md, SECURITY.md, CHANGELOG.md) become pages of the site; links that leave
docs/ lead to them, or to the repository; reasons in fences are for tests; a page that nobody put into the menu is
listed under More.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parent.parent
ADDED = {
    "README.md#concepts": "concepts.md",
    "infra/deploying.md": "deploying.md",
    "SECURITY.md": "security.md",
    "CHANGELOG.md": "changes.md",
}


def on_config(config: Any) -> Any:
    """Put pages that the menu does not have under More."""
    named = re.findall(r"[\w-]+\.md", str(config["nav"]))
    rest = sorted(path.name for path in (ROOT / "docs").glob("*.md") if path.name not in named)
    if rest:
        config["nav"].append({"More": rest})
    return config


def on_files(files: Files, config: Any) -> Files:
    """Add the repository's own pages, or a chapter of one."""
    for source, name in ADDED.items():
        path, _, chapter = source.partition("#")
        text = (ROOT / path).read_text(encoding="utf-8")
        if chapter:
            title = chapter.capitalize()
            text = f"# {title}\n" + text.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
        files.append(File.generated(config, name, content=text))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """The page as the site shows it."""
    source = next((key for key, name in ADDED.items() if name == page.file.src_uri), f"docs/{page.file.src_uri}")
    markdown = re.sub(r"^<!-- before .*?^-->\n", "", markdown, flags=re.DOTALL | re.MULTILINE)
    markdown = re.sub(r"^( *```\w+)[^\n]*?( title=\"[^\"\n]+\")?[^\n]*$", r"\1\2", markdown, flags=re.MULTILINE)
    link = r"\[([^\[\]]*)\]\((?!\w+:|#)([^)#\s]+)(#[^)]*)?\)"
    return re.sub(link, lambda found: _link(found, Path(source).parent), markdown)


def _link(link: re.Match[str], folder: Path) -> str:
    """A link to a page or a file of docs/; the words alone where it leads elsewhere in the repository."""
    target = (ROOT / folder / link[2]).resolve()
    name = target.relative_to(ROOT).as_posix()
    if f"{name}{link[3]}" in ADDED:
        return f"[{link[1]}]({ADDED[f'{name}{link[3]}']})"
    if not target.exists():
        raise ValueError(f"a page in {folder} links to {link[2]}, which is not there")
    name = ADDED.get(name, name.removeprefix("docs/") if name.startswith("docs/") else "")
    return f"[{link[1]}]({name}{link[3] or ''})" if name else link[1]
