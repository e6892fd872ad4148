"""Rival writers in processes of their own, also when answers to their writes are lost."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cloudtrack.storage.document import DocumentStore
from cloudtrack.storage.opening import open_store
from tests.conftest import SHARED_KINDS, SLOW_S3FS
from tests.processes import run_together
from tests.servers.lossy_proxy import lossy_proxy
from tests.storage.racers import KEY, Counter, claim, increment
from tests.thoroughness import IS_THOROUGH, examples

KINDS = [SLOW_S3FS if kind == "moto-s3fs" else kind for kind in SHARED_KINDS]
RACERS = 32 if IS_THOROUGH else 8
TIMES = examples(100)
"""So often each writer writes."""


def _width(kind: str) -> int:
    """SeaweedFS is exact, but slow when many writers contend for a key."""
    return 4 if kind.startswith("seaweed") else RACERS


def _count_up(url: str, writers: int, times: int, *, lost_share: float = 0.0) -> Counter:
    documents = DocumentStore(open_store(url), Counter)
    documents.create(KEY, Counter())
    run_together(increment, [(url, writer, times, lost_share) for writer in range(writers)])
    return documents.get(KEY).document


@pytest.mark.parametrize("kind", KINDS)
def test_no_increment_of_many_writers_is_lost(kind: str, make_url: Callable[[str], str]) -> None:
    writers = _width(kind)
    counter = _count_up(make_url(kind), writers, TIMES)
    assert counter.count == writers * TIMES
    assert counter.by_writer == {str(writer): TIMES for writer in range(writers)}
    assert counter.version == writers * TIMES + 1


@pytest.mark.parametrize("kind", ["folder", "moto-obstore", "seaweed-obstore"])
def test_nothing_is_applied_twice_when_answers_are_lost(kind: str, make_url: Callable[[str], str]) -> None:
    writers = _width(kind)
    counter = _count_up(make_url(kind), writers, TIMES, lost_share=0.25)
    assert counter.count == writers * TIMES
    assert counter.by_writer == {str(writer): TIMES for writer in range(writers)}


@pytest.mark.slow
@pytest.mark.parametrize("kind", [SLOW_S3FS, "moto-obstore"])
def test_nothing_is_applied_twice_when_connections_break_after_the_write(
    kind: str, make_url: Callable[[str], str], moto_url: str
) -> None:
    with lossy_proxy(moto_url) as proxy:
        url = make_url(kind).replace(moto_url, proxy.url)
        counter = _count_up(url, 8, TIMES)
        assert proxy.lost > TIMES
    assert counter.count == 8 * TIMES
    assert counter.by_writer == {str(writer): TIMES for writer in range(8)}


@pytest.mark.parametrize("kind", KINDS)
def test_of_many_simultaneous_creates_exactly_one_wins(kind: str, make_url: Callable[[str], str]) -> None:
    url = make_url(kind)
    racers = _width(kind)
    won = run_together(claim, [(url, writer) for writer in range(racers)])
    assert won.count(True) == 1
    assert open_store(url).get("claims/one").body == f"writer {won.index(True)}".encode()


@pytest.mark.parametrize("kind", [SLOW_S3FS, "moto-obstore"])
def test_of_many_creates_exactly_one_wins_when_connections_break_after_the_write(
    kind: str, make_url: Callable[[str], str], moto_url: str
) -> None:
    with lossy_proxy(moto_url, share=0.5) as proxy:
        url = make_url(kind).replace(moto_url, proxy.url)
        won = run_together(claim, [(url, writer) for writer in range(RACERS)])
    assert won.count(True) == 1
    assert open_store(url.replace(proxy.url, moto_url)).get("claims/one").body == f"writer {won.index(True)}".encode()
