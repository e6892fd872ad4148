"""Large files move in bounded memory, and parts that fail are sent again."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from pathlib import Path

import pytest

from cloudtrack.storage.opening import open_store
from tests.processes import run_together
from tests.servers.lossy_proxy import lossy_proxy
from tests.storage.movers import move_large_file

SIZE = 160 << 20
ALLOWED = 110 << 20
"""What a transfer may add to a process: parts under way, and the libraries that it loads."""


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["folder", pytest.param("moto-s3fs", marks=pytest.mark.slow), "moto-obstore"])
def test_a_large_file_moves_in_bounded_memory(kind: str, make_url: Callable[[str], str], tmp_path: Path) -> None:
    source = tmp_path / "source"
    with source.open("wb") as stream:
        stream.truncate(SIZE)
        stream.seek(SIZE // 2)
        stream.write(b"not only zeros")
    (moved,) = run_together(move_large_file, [(make_url(kind), str(source), str(tmp_path / "target"))])
    assert moved["up"] == moved["down"] == hashlib.sha256(source.read_bytes()).hexdigest()
    assert moved["progress"] == 2 * SIZE
    assert moved["grown_bytes"] < ALLOWED, f"{moved['grown_bytes'] >> 20} MiB"


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["moto-s3fs", "moto-obstore"])
def test_parts_whose_answer_is_lost_are_sent_again(
    kind: str, make_url: Callable[[str], str], moto_url: str, tmp_path: Path
) -> None:
    body = b"".join(hashlib.sha256(str(number).encode()).digest() for number in range(1 << 20))  # 32 MiB
    with lossy_proxy(moto_url, share=0.4, seed=3) as proxy:
        store = open_store(make_url(kind).replace(moto_url, proxy.url))
        up = store.upload("large", io.BytesIO(body))
        assert proxy.lost > 0
        down = store.download("large", tmp_path / "large")
    assert up == down
    assert (tmp_path / "large").read_bytes() == body
