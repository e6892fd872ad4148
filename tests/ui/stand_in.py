"""A page small enough to be made in a test: what a build leaves."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

INDEX = b"""<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <script type="module" src="./assets/index-Ab12_-9z.js"></script>
  </head>
  <body></body>
</html>
"""
SCRIPT = b"export const answer = 42;\n" * 100
FILES = {
    "index.html": INDEX,
    "assets/index-Ab12_-9z.js": SCRIPT,
    "assets/mark.svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    "THIRD_PARTY_LICENSES.txt": b"MIT\n",
}


def built(folder: Path) -> Path:
    """The folder with the page in it."""
    for name, content in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    (folder / "assets" / "index-Ab12_-9z.js.gz").write_bytes(gzip.compress(SCRIPT, mtime=0))
    (folder / "build.json").write_text(json.dumps({"format": 1, "stamp": "0"}))
    return folder
