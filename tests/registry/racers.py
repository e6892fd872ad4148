"""What racing processes run; imports little, because each process imports it anew."""

from __future__ import annotations

from contextlib import suppress

from cloudtrack.errors import Conflict, NotFound, StateError
from cloudtrack.registry.approvals import Approvals
from cloudtrack.registry.model_versions import ModelVersions
from cloudtrack.registry.registry import Registry
from cloudtrack.registry.release_chain import ReleaseChain
from cloudtrack.registry.releases import Releases
from cloudtrack.registry.stages import Stages
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.storage.opening import open_store
from tests.storage.lossy import LossyStore

MODEL = "churn"


def register(url: str, writer: int, times: int, lost_share: float) -> list[int]:
    """The numbers of the versions that this process registered."""
    store: ObjectStore = open_store(url)
    if lost_share:
        store = LossyStore(store, share=lost_share, seed=writer)
    versions = ModelVersions(Registry(store, actor=f"writer {writer}"))
    return [versions.create(MODEL, f"runs:/{writer:032x}/model{number}").version for number in range(times)]


def promote(url: str, version: int, times: int) -> None:
    """Move one version to Production again and again, archiving the others."""
    stages = Stages(Registry(open_store(url), actor=f"promoter of {version}"))
    for _ in range(times):
        stages.transition(MODEL, version, "Production", archive_existing_versions=True)


def promote_expecting(url: str, version: int, expected: int) -> str:
    """What came of moving a version to Production while ``expected`` is there: its number, or the refusal."""
    stages = Stages(Registry(open_store(url), actor=f"promoter of {version}"))
    try:
        moved = stages.transition(MODEL, version, "Production", archive_existing_versions=True, expect=expected)
    except Conflict as refused:
        return refused.message
    return str(moved.version)


def watch_production(url: str, reads: int) -> list[int]:
    """How many versions were in Production at each read."""
    stages = Stages(Registry(open_store(url), actor="watcher"))
    return [len(stages.holders(MODEL, "Production")) for _ in range(reads)]


def watch_or_promote(what: str, url: str, number: int) -> list[int] | None:
    """One of the two above."""
    return watch_production(url, number) if what == "watch" else promote(url, number, 15)


def approve(url: str, who: str, request_id: int) -> str:
    """What came of one person's approval."""
    try:
        return Approvals(Registry(open_store(url), actor=who)).approve(MODEL, request_id).status
    except NotFound:
        return "not open"


RELEASE = "search/prod"


def switch_release(url: str, times: int, lost_share: float) -> list[int]:
    """Switch both members to the same number again and again, and roll back now and then; the numbers it made."""
    store: ObjectStore = open_store(url)
    if lost_share:
        store = LossyStore(store, share=lost_share, seed=times)
    releases = releases_of(store)
    made = []
    for turn in range(times):
        version = turn % 5 + 1
        if turn % 4 == 3:
            with suppress(StateError):  # rivals may have gone back to the first set
                made.append(releases.rollback(RELEASE).number)
        else:
            made.append(releases.switch(RELEASE, {"a": f"a/{version}", "b": f"b/{version}"}).number)
    return made


def watch_release(url: str, reads: int) -> list[int]:
    """The versions of the two members at each read, as one number where they are the same, else 0."""
    releases = releases_of(open_store(url))
    found = []
    for _ in range(reads):
        versions = {member.version for member in releases.get(RELEASE).members.values()}
        found.append(versions.pop() if len(versions) == 1 else 0)
    return found


def watch_or_switch(what: str, url: str, number: int) -> list[int]:
    """One of the two above."""
    return watch_release(url, number) if what == "watch" else switch_release(url, number, 0.0)


def switch_expecting(url: str, version: int, expect: int) -> int:
    """The number after a switch that expects one, 0 where somebody was faster."""
    try:
        return releases_of(open_store(url)).switch(RELEASE, {"a": f"a/{version}"}, expect=expect).number
    except Conflict:
        return 0


def releases_of(store: ObjectStore) -> Releases:
    """The releases of a store."""
    return Releases(ReleaseChain(store, actor="racer"), ModelVersions(Registry(store, actor="racer")))
