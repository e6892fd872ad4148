"""Rival registrations and promotions, in processes of their own."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cloudtrack.registry.history import History
from cloudtrack.registry.model_versions import ModelVersions
from cloudtrack.registry.registered_models import RegisteredModels
from cloudtrack.registry.registry import Registry
from cloudtrack.registry.stages import Stages
from cloudtrack.storage.opening import open_store
from tests.processes import run_together
from tests.registry.racers import MODEL, promote_expecting, register, watch_or_promote


def _registry(url: str) -> Registry:
    registry = Registry(open_store(url), actor="test")
    RegisteredModels(registry).create(MODEL)
    return registry


@pytest.mark.parametrize(
    ("kind", "writers", "times", "lost_share"),
    [
        ("folder", 12, 6, 0.0),
        ("moto-obstore", 6, 4, 0.25),
        pytest.param("folder", 64, 20, 0.0, marks=pytest.mark.slow),
        pytest.param("moto-obstore", 64, 20, 0.0, marks=pytest.mark.slow),
        ("seaweed-obstore", 4, 10, 0.0),
        ("folder", 8, 10, 0.25),
        pytest.param("moto-s3fs", 4, 10, 0.25, marks=pytest.mark.slow),
    ],
)
def test_version_numbers_are_dense_whoever_registers(
    kind: str, writers: int, times: int, lost_share: float, make_url: Callable[[str], str]
) -> None:
    url = make_url(kind)
    registry = _registry(url)
    found = run_together(register, [(url, writer, times, lost_share) for writer in range(writers)])
    assert sorted(number for numbers in found for number in numbers) == list(range(1, writers * times + 1))
    for writer, numbers in enumerate(found):
        assert numbers == sorted(numbers)
        sources = [ModelVersions(registry).get(MODEL, number).source for number in numbers[:2]]
        assert all(source.startswith(f"runs:/{writer:032x}/") for source in sources)
    assert History(registry).verify(MODEL).number == writers * times + 1


@pytest.mark.parametrize(
    ("kind", "promoters"),
    [
        ("folder", 8),
        ("moto-obstore", 5),
        pytest.param("folder", 64, marks=pytest.mark.slow),
        pytest.param("moto-obstore", 64, marks=pytest.mark.slow),
        pytest.param("seaweed-obstore", 4, marks=pytest.mark.slow),
    ],
)
def test_one_of_all_who_expect_the_same_holder_wins(kind: str, promoters: int, make_url: Callable[[str], str]) -> None:
    url = make_url(kind)
    registry = _registry(url)
    for _ in range(promoters + 1):
        ModelVersions(registry).create(MODEL, "runs:/" + "0" * 32 + "/model")
    Stages(registry).transition(MODEL, 1, "Production")
    found = run_together(promote_expecting, [(url, version, 1) for version in range(2, promoters + 2)])
    (winner,) = [answer for answer in found if answer.isdecimal()]
    refused = [answer for answer in found if not answer.isdecimal()]
    said = f"Production of 'churn' is held by version {winner}, not by version 1: promoter of {winner} changed that at "
    assert len(refused) == promoters - 1
    assert all(message.startswith(said) for message in refused)
    assert [version.version for version in Stages(registry).holders(MODEL, "Production")] == [int(winner)]


@pytest.mark.parametrize("kind", ["folder", "moto-obstore"])
def test_production_has_exactly_one_holder_at_every_read(kind: str, make_url: Callable[[str], str]) -> None:
    url = make_url(kind)
    registry = _registry(url)
    for _ in range(4):
        ModelVersions(registry).create(MODEL, "runs:/" + "0" * 32 + "/model")
    Stages(registry).transition(MODEL, 1, "Production")
    seen = run_together(watch_or_promote, [("watch", url, 60), *(("promote", url, version) for version in range(1, 5))])
    assert set(seen[0]) == {1}
