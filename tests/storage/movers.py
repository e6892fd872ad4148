"""What a process runs that moves a large file; imports little, because its memory is measured."""

from __future__ import annotations

import resource
from pathlib import Path
from typing import Any

from cloudtrack.storage.opening import open_store


def move_large_file(url: str, source: str, target: str) -> dict[str, Any]:
    """Up and down; the digests, the bytes reported as progress, and by how much this process grew at most."""
    store = open_store(url)
    store.create("warm", b"up")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    steps: list[int] = []
    up = store.upload("large", Path(source), progress=steps.append)
    down = store.download("large", Path(target), progress=steps.append)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"up": up.sha256, "down": down.sha256, "progress": sum(steps), "grown_bytes": (after - before) * 1024}
