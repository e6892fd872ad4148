"""Promotions that expect something, stages of one's own, and the way back; over a store and over a server."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cloudtrack import clock
from cloudtrack.client import AnyClient, connect
from cloudtrack.errors import Conflict, InvalidInput, NotFound, StateError
from tests.conftest import BOTH_MODES

SOURCE = "runs:/" + "a" * 32 + "/model"


@pytest.fixture(params=BOTH_MODES)
def client(request: pytest.FixtureRequest, make_url: Callable[[str], str]) -> AnyClient:
    made = connect(make_url(request.param))
    made.registered_models.create("churn")
    for _ in range(4):
        made.model_versions.create("churn", SOURCE)
    return made


def _stages(client: AnyClient) -> list[str]:
    return [version.current_stage for version in reversed(client.model_versions.list("churn"))]


def test_who_expects_another_holder_is_refused_and_told_who_was_faster(
    client: AnyClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.stages.transition("churn", 1, "Production", expect=0)
    monkeypatch.setattr(clock, "now_ms", lambda: 4_102_444_800_000)
    client.stages.transition("churn", 2, "Production", expect=1, archive_existing_versions=True)
    with pytest.raises(Conflict) as refused:
        client.stages.transition("churn", 3, "Production", expect=1, archive_existing_versions=True)
    assert refused.value.message == (
        "Production of 'churn' is held by version 2, not by version 1: "
        f"{client.history.events('churn')[-1].actor} changed that at 2100-01-01T00:00:00.000Z (event 7)"
    )
    with pytest.raises(Conflict, match="held by version 2, not by no version"):
        client.stages.transition("churn", 3, "Production", expect=0)
    client.stages.transition("churn", 3, "Production")
    with pytest.raises(Conflict, match="held by versions 2, 3, not by version 2"):
        client.stages.transition("churn", 4, "Production", expect=2)
    with pytest.raises(Conflict, match="Staging of 'churn' is held by no version, not by version 4"):
        client.stages.transition("churn", 1, "Staging", expect=4)
    assert _stages(client) == ["Archived", "Production", "Production", "None"]


def test_who_expects_the_version_elsewhere_is_refused_and_told_who_moved_it(client: AnyClient) -> None:
    client.stages.transition("churn", 1, "Staging", expect_stage="None")
    actor = client.history.events("churn")[-1].actor
    with pytest.raises(Conflict, match=f"version 1 of 'churn' is in Staging, not in None: {actor} changed that at"):
        client.stages.transition("churn", 1, "Production", expect_stage="None")
    client.stages.transition("churn", 1, "Production", expect_stage="staging")
    assert _stages(client)[0] == "Production"


def test_a_model_has_stages_of_its_own(client: AnyClient) -> None:
    model = client.registered_models.set_stages("churn", ["Dev", "QA", "Live"], exclusive=["live"], comment="ours")
    assert model.stages == ["None", "Dev", "QA", "Live", "Archived"]
    assert model.exclusive_stages == ["Live"]
    client.stages.transition("churn", 1, "qa")
    client.stages.transition("churn", 2, "QA")
    client.stages.transition("churn", 3, "live")
    client.stages.transition("churn", 4, "Live")  # for one alone: the other is archived, whoever asks
    assert _stages(client) == ["QA", "QA", "Archived", "Live"]
    assert client.model_versions.resolve("churn", "live").version == 4
    assert [version.version for version in client.stages.holders("churn", "qa")] == [1, 2]
    latest = client.model_versions.get_latest_versions("churn")
    assert [(version.current_stage, version.version) for version in latest] == [("QA", 2), ("Live", 4), ("Archived", 3)]
    with pytest.raises(InvalidInput, match="'Production' is no stage; it is one of None, Dev, QA, Live, Archived"):
        client.stages.transition("churn", 1, "Production")
    with pytest.raises(StateError, match="version 2 of 'churn' is in QA: move it first"):
        client.registered_models.set_stages("churn", ["Dev", "Live"])
    with pytest.raises(StateError, match="versions 1, 2 of 'churn' are in QA: leave one"):
        client.registered_models.set_stages("churn", ["QA", "Live"], exclusive=["QA"])
    client.registered_models.delete("churn")
    assert client.registered_models.create("churn").stages == ["None", "Staging", "Production", "Archived"]


@pytest.mark.parametrize(
    ("stages", "exclusive", "said"),
    [
        (["Latest"], [], "no name for a stage"),
        (["1"], [], "no name for a stage"),
        (["a b"], [], "no name for a stage"),
        (["Dev", "dev"], [], "named twice"),
        (["none"], [], "named twice"),
        ([], [], "there are 0 stages"),
        ([f"s{number}" for number in range(21)], [], "there are 21 stages"),
        (["Dev"], ["Live"], "'Live' is no stage; it is one of Dev"),
    ],
)
def test_stages_that_cannot_be(client: AnyClient, stages: list[str], exclusive: list[str], said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        client.registered_models.set_stages("churn", stages, exclusive=exclusive)


def test_a_stage_is_rolled_back_step_by_step(client: AnyClient) -> None:
    for version in (1, 2, 3):
        client.stages.transition("churn", version, "Production", archive_existing_versions=True)
    assert client.stages.rollback("churn", "production", expect=3, comment="3 is bad").version == 2
    assert _stages(client) == ["Archived", "Production", "Archived", "None"]
    event = client.history.events("churn")[-1]
    assert event.summary() == "rolled back to version 2: Archived -> Production; archived 3"
    assert (event.change.previous, event.comment) == ([3], "3 is bad")  # type: ignore[union-attr]
    with pytest.raises(Conflict, match="held by version 2, not by version 3"):
        client.stages.rollback("churn", "Production", expect=3)
    client.stages.transition("churn", 4, "Production", archive_existing_versions=True)
    assert client.stages.rollback("churn", "Production").version == 2  # 3 was taken away: nobody goes back there
    assert client.stages.rollback("churn", "Production").version == 1
    with pytest.raises(StateError, match="no version of 'churn' that is still there was in Production before"):
        client.stages.rollback("churn", "Production")
    with pytest.raises(NotFound):
        client.stages.rollback("other", "Production")


def test_a_rollback_passes_over_what_was_deleted(client: AnyClient) -> None:
    for version in (1, 2, 3):
        client.stages.transition("churn", version, "Production", archive_existing_versions=True)
    client.model_versions.delete("churn", 2)
    assert client.stages.rollback("churn", "Production").version == 1


def test_a_name_that_had_versions_takes_none_of_another(client: AnyClient) -> None:
    client.registered_models.create("other")
    client.model_versions.create("other", SOURCE)
    client.registered_models.delete("other")
    with pytest.raises(StateError, match="there was a registered model 'other' with 1 versions"):
        client.registered_models.rename("churn", "other")
    assert client.model_versions.create("churn", SOURCE).version == 5  # as it was, and not frozen
    client.registered_models.rename("churn", "new")
    assert client.registered_models.rename("new", "churn").name == "churn"  # back to where they came from
    assert [version.version for version in client.model_versions.list("churn")] == [5, 4, 3, 2, 1]


def test_versions_are_found_by_their_digest(client: AnyClient) -> None:
    digests = ["1" * 64, "2" * 64, "1" * 64]
    for digest in digests:
        client.model_versions.create("churn", SOURCE, digest=digest)
    assert client.model_versions.resolve("churn", f"@sha256:{digests[0]}").version == 7
    assert client.model_versions.resolve("churn", f"@sha256:{digests[1]}").version == 6
    with pytest.raises(NotFound, match="no version with the digest"):
        client.model_versions.resolve("churn", "@sha256:" + "3" * 64)
    with pytest.raises(InvalidInput, match="no digest"):
        client.model_versions.resolve("churn", "@sha256:12")
