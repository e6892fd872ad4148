"""The policy inside the commit: what it takes, what it records, and that it judges what is true at that moment."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudtrack.access.access import Access
from cloudtrack.access.permission import Permission, Resource
from cloudtrack.access.principal import Principal
from cloudtrack.api.app import App
from cloudtrack.client import AnyClient, Client, connect
from cloudtrack.entities.model_version import ModelVersion
from cloudtrack.entities.run import Metric
from cloudtrack.errors import Conflict, InvalidInput, NotFound, PermissionDenied, Unavailable
from cloudtrack.models.digests import digest_of
from cloudtrack.models.model_file import Model
from cloudtrack.registry.chain import hash_of
from cloudtrack.registry.decision import Holder, Inputs, Value
from cloudtrack.registry.events import Event, StageTransitioned
from cloudtrack.registry.judging import judge_text
from cloudtrack.registry.policy_file import MAX_BYTES, parse_policy
from cloudtrack.registry.review_events import TransitionDenied
from cloudtrack.storage.memory import MemoryStore
from cloudtrack.storage.object_store import ObjectStore
from tests.api.sending import ask
from tests.conftest import SLOW_SERVER
from tests.storage.lossy import CountingStore, ForwardingStore, LossyStore, Stopped, StoppingStore

MODEL = "churn"
EVENT = f"models/{MODEL}/events/"
SKOPS = {
    "flavors": {
        "sklearn": {"serialization_format": "skops", "pickled_model": "model.skops"},
        "python_function": {"loader_module": "mlflow.sklearn"},
    },
    "signature": {"inputs": '[{"type": "double", "name": "x"}]', "outputs": None, "params": None},
    "saved_input_example_info": {"artifact_path": "input_example.json"},
    "file_digests": {"model.skops": "0" * 64},
}


def policy(require: str, more: str = "") -> str:
    return f"rules:\n- models: [chu*]\n  stages: Production\n  require: {require}\n{more}"


def register(
    client: AnyClient,
    metrics: dict[str, float] | None = None,
    tags: dict[str, str] | None = None,
    model_file: dict[str, Any] | None = None,
) -> ModelVersion:
    run_id = client.runs.create("0").info.run_id
    if metrics:
        client.runs.log_batch(run_id, metrics=[Metric(key, value, 1, 1) for key, value in metrics.items()])
    digest = None
    if model_file is not None:
        client.artifacts.log_text(run_id, json.dumps(model_file), "model/MLmodel")
        digest = digest_of(Model.from_dict(model_file))
    return client.model_versions.create(MODEL, f"runs:/{run_id}/model", run_id=run_id, tags=tags, digest=digest)


def stages(client: AnyClient) -> list[str]:
    return [version.current_stage for version in reversed(client.model_versions.list(MODEL))]


def last_change(client: AnyClient) -> Any:
    return client.history.events(MODEL)[-1].change


def agrees(client: AnyClient) -> list[str]:
    """The outcomes of all decisions, each of which comes out as it was."""
    found = client.policy.replay(MODEL)
    assert [one.disagreements for one in found] == [[]] * len(found)
    return [one.outcome for one in found]


@pytest.fixture(params=SLOW_SERVER)
def client(request: pytest.FixtureRequest, make_url: Callable[[str], str]) -> AnyClient:
    made = connect(make_url(request.param))
    made.registered_models.create(MODEL)
    return made


@pytest.fixture
def direct() -> Client:
    made = Client(MemoryStore())
    made.registered_models.create(MODEL)
    return made


# The file


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        ("rules:\n  - models: [a\n", "line 3: did not find expected ',' or ']'"),
        ("- a", "line 1: policy.yaml has the fields rules, rollback"),
        ("rollback: exempt", "line 1: rules is missing"),
        ("rules: []\nrolback: exempt", "line 2: policy.yaml has no field 'rolback'; there are rules, rollback"),
        ("rules: []\nrollback: maybe", "line 2: rollback is 'maybe'; it is exempt or checked"),
        ("rules: []\nrules: []", "line 2: policy.yaml has the field 'rules' twice"),
        ("rules: {}", "line 1: rules is a list"),
        ("rules: []\n---\nrules: []", "line 2: but found another document"),
        ("rules:\n- stages: [a]\n  require: {signature: true}", "line 2: rules[0] has no models"),
        (policy("{}"), "line 4: rules[0].require requires nothing"),
        (policy("{signatur: true}"), "line 4: rules[0].require has no field 'signatur'"),
        (policy("{signature: yes please}"), "line 4: rules[0].require.signature is true or false"),
        (policy("{approvals: 0}"), "rules[0].require.approvals is a whole number from 1 to 20"),
        (policy("{approvals: '2'}"), "rules[0].require.approvals is a whole number"),
        (policy("{two_person: true}"), "rules[0].require.two_person is for approvals"),
        (policy("{approvals: 1, approvers: ['group:']}"), "line 4: rules[0].require.approvers '' is not the name"),
        (policy("\n    metrics:\n    - accuracy > 0\n    - accuracy > high"), "line 7: rules[0].require.metrics[1] is"),
        (policy("{metrics: [accuracy >= nan]}"), "write a metric, a sign and a number: accuracy >= 0.9"),
        (policy("{metrics: accuracy >= 1}"), "rules[0].require.metrics is a list"),
        (policy("{metrics: ['a$b > 1']}"), "metric key 'a$b' is not allowed"),
        (policy("{not_worse_than_current: [{loss: less}]}"), "loss is 'less'; say which is better, higher or lower"),
        (policy("{tags: [a, {a: b}]}"), "rules[0].require.tags names 'a' twice"),
        (policy("{tags: [{a: }]}"), "rules[0].require.tags.a takes text here"),
        (policy("{tags: [!!python/name:os.system x]}"), "takes text here"),
        ("rules:\n- &a {models: a, stages: b, require: {approvals: 1}}\n- *a", "line 3: aliases are not taken"),
        ("[" * 1000 + "]" * 1000, "nest"),
        ("[" * 90 + "]" * 90, "line 1: is nested too deep: 64 levels"),
        ("rules: [\x01]", "not plain YAML"),
    ],
)
def test_what_is_misspelt_is_refused_with_line_and_field(text: str, said: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_policy(text.encode())
    assert said in refused.value.message
    assert "\n" not in refused.value.message


def test_a_policy_is_read_as_it_is_written() -> None:
    (rule,) = parse_policy(
        policy(
            "{tags: [reviewed, {ok: yes}, {size: 010}], metrics: [val/auc>=.5, 'a b < -1e-3'], approvals: 2, "
            "two_person: true, approvers: [ann, 'group:leads'], not_worse_than_current: [auc, {loss: lower}]}"
        ).encode()
    ).rules
    assert rule.tags == {"reviewed": None, "ok": "yes", "size": "010"}
    assert [str(bound) for bound in rule.metrics] == ["val/auc >= 0.5", "a b < -0.001"]
    assert rule.not_worse == {"auc": False, "loss": True}
    assert (rule.approvals, rule.two_person, rule.approvers) == (2, True, ("ann", "group:leads"))
    assert rule.is_for("churn", "production")
    assert not rule.is_for("Churn", "Production")
    assert not rule.is_for("churn", "Staging")


@given(
    st.one_of(st.binary(max_size=200), st.text(alphabet="rules: []{}-\n&*a!'\"#|>%@,0.9=", max_size=80).map(str.encode))
)
def test_whatever_the_file_holds_it_is_a_policy_or_refused(body: bytes) -> None:
    try:
        parse_policy(body)
    except InvalidInput as refused:
        assert refused.message.startswith("policy.yaml")  # noqa: PT017 - most inputs are refused, and some are not


def test_a_policy_is_set_and_shown_and_a_bad_one_is_not_set(client: AnyClient) -> None:
    with pytest.raises(NotFound, match=r"no policy\.yaml"):
        client.policy.get()
    client.policy.set("rules: []\n")
    client.policy.set(policy("{signature: true}"))
    for bad in ("rules: {}", "#" * (MAX_BYTES + 1)):
        with pytest.raises(InvalidInput, match=r"policy\.yaml"):
            client.policy.set(bad)
    assert client.policy.get() == policy("{signature: true}")


def test_two_who_set_a_policy_at_once_do_not_overwrite_each_other() -> None:
    client = Client(Rival(MemoryStore(), "policy.yaml", lambda inner: set_policy(inner, "rules: [ ]")))
    with pytest.raises(Conflict, match="somebody else changes"):
        client.policy.set("rules: []")
    client.policy.set("rules: []")
    assert client.policy.get() == "rules: []"


# What it judges


@pytest.mark.parametrize(
    ("require", "good", "bad", "why"),
    [
        (
            "{signature: true}",
            {"model_file": SKOPS},
            {"model_file": {**SKOPS, "signature": None}},
            "it has no signature",
        ),
        (
            "{input_example: true}",
            {"model_file": SKOPS},
            {"model_file": {**SKOPS, "saved_input_example_info": None}},
            "it has no input example",
        ),
        ("{signature: true}", {"model_file": SKOPS}, {}, "MLmodel cannot be read: there is no model at"),
        ("{tags: [reviewed]}", {"tags": {"reviewed": "x"}}, {"tags": {"other": "x"}}, "it has no tag reviewed"),
        ("{tags: [{risk: low}]}", {"tags": {"risk": "low"}}, {"tags": {"risk": "Low"}}, "and must be 'low'"),
        (
            "{metrics: [acc >= 0.9]}",
            {"metrics": {"acc": 0.9}},
            {"metrics": {"acc": 0.89}},
            "acc is 0.89, and acc >= 0.9",
        ),
        ("{metrics: [acc >= 0.9]}", {"metrics": {"acc": 1.0}}, {"metrics": {"a": 1.0}}, "it has no metric acc"),
        ("{metrics: [l < 9]}", {"metrics": {"l": -math.inf}}, {"metrics": {"l": math.nan}}, "l is nan"),
        ("{not_worse_than_current: [acc]}", {"metrics": {"acc": 0.0}}, {}, "it has no metric acc to compare"),
    ],
)
def test_a_requirement_lets_the_good_through_and_names_what_the_bad_lacks(
    client: AnyClient, require: str, good: dict[str, Any], bad: dict[str, Any], why: str
) -> None:
    register(client, **good)
    register(client, **bad)
    client.policy.set(policy(require))
    with pytest.raises(PermissionDenied) as denied:
        client.stages.transition(MODEL, 2, "production")
    assert denied.value.message.startswith(f"policy.yaml does not let version 2 of {MODEL!r} come to Production: ")
    assert why in denied.value.message
    assert stages(client) == ["None", "None"]
    change = last_change(client)
    assert (change.type, change.version, change.decision.allowed) == ("transition_denied", 2, False)
    assert why in client.history.events(MODEL)[-1].summary()
    client.stages.transition(MODEL, 2, "Staging")  # no rule is for it
    client.stages.transition(MODEL, 1, "Production")
    assert stages(client) == ["Production", "Staging"]
    assert agrees(client) == ["denied", "allowed", "allowed"]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({}, ""),
        ({"file_digests": None}, "MLmodel does not list its files"),
        ({"file_digests": {"model.pkl": "0" * 64}}, "model.pkl is a pickle by its name"),
        ({"flavors": {"sklearn": {"serialization_format": "cloudpickle"}}}, "sklearn is saved as cloudpickle"),
        ({"flavors": {"sklearn": {"code": "code"}}}, "brings code in code/"),
        ({"flavors": {"statsmodels": {}}}, "the flavor statsmodels may unpickle"),
        (
            {"flavors": {"python_function": {"loader_module": "mlflow.pyfunc.model"}}},
            "python_function is loaded by mlflow.pyfunc.model",
        ),
    ],
)
def test_pickles_are_told_by_mlmodel_alone(direct: Client, changes: dict[str, Any], why: str) -> None:
    register(direct, model_file={**SKOPS, **changes})
    direct.policy.set(policy("{no_pickle: true}"))
    decision = direct.policy.check(MODEL, 1, "Production")
    assert decision is not None
    assert (decision.allowed, [check.detail for check in decision.failed]) == (not why, [why] if why else [])


def test_an_mlmodel_that_was_replaced_says_nothing(direct: Client) -> None:
    version = register(direct, model_file={**SKOPS, "signature": None})
    direct.artifacts.log_text(version.run_id or "", json.dumps(SKOPS), "model/MLmodel")
    direct.policy.set(policy("{signature: true}"))
    with pytest.raises(PermissionDenied, match="MLmodel is not the one that was registered"):
        direct.stages.transition(MODEL, 1, "Production")


def test_nobody_is_replaced_by_somebody_worse(client: AnyClient) -> None:
    for acc, loss in ((0.8, 0.3), (0.8, 0.4), (0.7, 0.1), (0.9, 0.2), (math.nan, 0.1)):
        register(client, {"acc": acc, "loss": loss})
    client.policy.set(policy("{not_worse_than_current: [acc, {loss: lower}]}"))
    client.stages.transition(MODEL, 1, "Production")
    for version, why in (
        (2, "loss is 0.4, worse than 0.3 of version 1"),
        (3, "acc is 0.7, worse"),
        (5, "no number as"),
    ):
        with pytest.raises(PermissionDenied, match=why):
            client.stages.transition(MODEL, version, "Production", archive_existing_versions=True)
    client.stages.transition(MODEL, 4, "Production", archive_existing_versions=True)
    decision = last_change(client).decision
    holder = decision.inputs.holders[0]
    assert (holder.version, holder.metrics["acc"].value, holder.run_id) == (
        1,
        0.8,
        client.model_versions.get(MODEL, 1).run_id,
    )
    client.stages.transition(MODEL, 4, "Production", archive_existing_versions=True)  # itself is no rival
    assert agrees(client) == ["allowed", "denied", "denied", "denied", "allowed", "allowed"]


def test_a_logged_models_own_metrics_come_before_its_runs(client: AnyClient) -> None:
    run_id = client.runs.create("0").info.run_id
    model = client.logged_models.create("0", name="m", source_run_id=run_id)
    metrics = [Metric("acc", 0.95, 1, 1, model_id=model.model_id), Metric("acc", 0.1, 2, 2), Metric("auc", 0.7, 1, 1)]
    client.runs.log_batch(run_id, metrics=metrics)
    client.model_versions.create(MODEL, f"models:/{model.model_id}", run_id=run_id, model_id=model.model_id)
    client.policy.set(policy("{metrics: [acc > 0.9, auc > 0.5]}"))
    client.stages.transition(MODEL, 1, "Production")
    found = last_change(client).decision.inputs.metrics
    assert {key: (one.value, one.origin) for key, one in found.items()} == {
        "acc": (0.95, f"logged model {model.model_id}"),
        "auc": (0.7, f"run {run_id}"),
    }


def test_all_rules_that_match_have_to_be_met_and_the_record_says_which(client: AnyClient) -> None:
    register(client, {"acc": 0.5}, {"a": "1"})
    rules = (
        ("[other]", "[x]", "{tags: [z]}"),
        ("'*'", "'*'", "{tags: [a]}"),
        ("[churn]", "[pro*]", "{metrics: [acc > 1]}"),
    )
    client.policy.set("rules:\n" + "".join(f"- {{models: {m}, stages: {s}, require: {r}}}\n" for m, s, r in rules))
    decision = client.policy.check(MODEL, 1, "PRODUCTION")
    assert decision is not None
    assert [(check.rule, check.requirement, check.passed) for check in decision.checks] == [
        (2, "tag a", True),
        (3, "acc > 1", False),
    ]
    assert len(client.history.events(MODEL)) == 2  # trying writes nothing
    client.stages.transition(MODEL, 1, "Archived")
    assert [check.rule for check in last_change(client).decision.checks] == [2]


def test_force_moves_it_and_the_history_tells(client: AnyClient) -> None:
    register(client, {"acc": 0.5})
    client.policy.set(policy("{metrics: [acc >= 0.9]}"))
    client.stages.transition(MODEL, 1, "Production", force=True, comment="the boss said so")
    event = client.history.events(MODEL)[-1]
    assert event.change.decision.forced
    assert [check.requirement for check in event.change.decision.failed] == ["acc >= 0.9"]
    assert (
        event.summary()
        == "version 1: None -> Production; FORCED, though acc is 0.5, and acc >= 0.9 is required (rule 1)"
    )
    client.policy.set(policy("{metrics: [acc >= 0.1]}"))
    client.stages.transition(MODEL, 1, "Production", force=True)
    assert not last_change(client).decision.forced  # it was not needed
    assert agrees(client) == ["forced", "allowed"]


def test_a_rollback_is_exempt_unless_the_policy_says_otherwise(client: AnyClient) -> None:
    for acc in (0.5, 0.6, 0.7):
        register(client, {"acc": acc})
        client.stages.transition(MODEL, round(acc * 10) - 4, "Production", archive_existing_versions=True)
    client.policy.set(policy("{metrics: [acc >= 0.9]}"))
    assert client.stages.rollback(MODEL, "Production").version == 2
    change = last_change(client)
    assert (change.rolled_back, change.decision.rollback, change.decision.checks) == (True, True, [])
    client.policy.set(policy("{metrics: [acc >= 0.9]}", "rollback: checked"))
    with pytest.raises(PermissionDenied, match=r"version 1 of 'churn' come to Production: acc is 0\.5"):
        client.stages.rollback(MODEL, "Production")
    assert stages(client) == ["Archived", "Production", "Archived"]
    assert client.stages.rollback(MODEL, "Production", force=True).version == 1
    assert agrees(client) == ["exempt", "denied", "forced"]


@pytest.mark.parametrize("body", [b"rules: {", b"\xff", b""])
def test_a_policy_that_cannot_be_understood_lets_nothing_through(direct: Client, body: bytes) -> None:
    register(direct)
    direct.store.create("policy.yaml", body)
    with pytest.raises(PermissionDenied, match=r"come to Production: policy\.yaml"):
        direct.stages.transition(MODEL, 1, "Production")
    direct.stages.transition(MODEL, 1, "Production", force=True)
    assert agrees(direct) == ["denied", "forced"]


def test_over_a_server_only_an_approver_forces() -> None:
    store = MemoryStore()
    client = Client(store)
    client.registered_models.create(MODEL)
    register(client)
    client.policy.set(policy("{tags: [a]}"))
    access = Access(store)
    for name, approver in (("editor", False), ("approver", True)):
        access.grant(name, Resource.REGISTERED_MODEL, MODEL, Permission.EDIT, approver=approver)
    app = App(client, access=access)

    def send(who: str, force: bool) -> int:
        body = {"name": MODEL, "version": "1", "stage": "Production", "force": force}
        path = "/api/2.0/mlflow/model-versions/transition-stage"
        return ask(
            app, "POST", path, json.dumps(body).encode(), {"content-type": "application/json"}, Principal(who)
        ).status

    assert [send("editor", True), send("approver", False), send("approver", True)] == [403, 403, 200]
    assert [event.actor for event in client.history.events(MODEL)][-2:] == ["approver", "approver"]
    assert agrees(client) == ["denied", "forced"]


# The commit


class Rival(ForwardingStore):
    """Does something once, just before the first creation or replacement of a key that begins so."""

    def __init__(self, inner: ObjectStore, prefix: str, act: Callable[[ObjectStore], None]) -> None:
        super().__init__(inner)
        self._prefix = prefix
        self._act: Callable[[ObjectStore], None] | None = act

    def create(self, key: str, body: bytes) -> str:
        self._maybe(key)
        return super().create(key, body)

    def replace(self, key: str, body: bytes, etag: str) -> str:
        self._maybe(key)
        return super().replace(key, body, etag)

    def _maybe(self, key: str) -> None:
        if self._act is not None and key.startswith(self._prefix):
            act, self._act = self._act, None
            act(self.inner)


def set_policy(store: ObjectStore, text: str) -> None:
    Client(store).policy.set(text)


def filled(rule: str) -> tuple[MemoryStore, Client]:
    """A store with three versions of 0.5, 0.6 and 0.7, the first in Production."""
    store = MemoryStore()
    client = Client(store)
    client.registered_models.create(MODEL)
    for acc in (0.5, 0.6, 0.7):
        register(client, {"acc": acc})
    client.stages.transition(MODEL, 1, "Production")
    client.policy.set(policy(rule))
    return store, client


def test_a_rival_that_changes_the_holder_before_the_commit_makes_it_judge_again() -> None:
    store, client = filled("{not_worse_than_current: [acc]}")

    def act(inner: ObjectStore) -> None:
        Client(inner, user="rival").stages.transition(MODEL, 3, "Production", archive_existing_versions=True)

    with pytest.raises(PermissionDenied, match=r"acc is 0\.6, worse than 0\.7 of version 3"):
        Client(Rival(store, EVENT, act)).stages.transition(MODEL, 2, "Production")
    assert stages(client) == ["Archived", "None", "Production"]
    assert [holder.version for holder in last_change(client).decision.inputs.holders] == [3]
    assert agrees(client) == ["allowed", "denied"]


def test_a_rival_that_changes_a_runs_metric_before_the_commit_makes_it_judge_again() -> None:
    store, client = filled("{not_worse_than_current: [acc]}")

    def act(inner: ObjectStore) -> None:
        run_id = client.model_versions.get(MODEL, 2).run_id or ""
        Client(inner).runs.log_batch(run_id, metrics=[Metric("acc", 0.1, 2, 2)])

    with pytest.raises(PermissionDenied, match=r"acc is 0\.1, worse than 0\.5"):
        Client(Rival(store, "index/models/pending/", act)).stages.transition(MODEL, 2, "Production")
    assert stages(client) == ["Production", "None", "None"]


@pytest.mark.parametrize("prefix", ["index/models/pending/", EVENT])
def test_a_policy_that_is_changed_before_the_commit_counts(prefix: str) -> None:
    """Just before the second look; and with an event that takes the number."""
    store, _ = filled("{metrics: [acc > 0]}")

    def act(inner: ObjectStore) -> None:
        set_policy(inner, policy("{metrics: [acc > 1]}"))
        if prefix == EVENT:
            Client(inner).aliases.set(MODEL, "champion", 1)

    with pytest.raises(PermissionDenied, match="acc > 1 is required"):
        Client(Rival(store, prefix, act)).stages.transition(MODEL, 2, "Production")


def test_a_lost_answer_is_neither_a_second_transition_nor_a_second_denial() -> None:
    store, client = filled("{metrics: [acc > 0.55]}")
    before = len(client.history.events(MODEL))
    lossy = Client(LossyStore(store, share=1.0, seed=1))
    lossy.stages.transition(MODEL, 2, "Production")
    with pytest.raises(PermissionDenied):
        lossy.stages.transition(MODEL, 1, "Production")
    assert [event.change.type for event in client.history.events(MODEL)[before:]] == [
        "stage_transitioned",
        "transition_denied",
    ]


def test_an_operation_that_was_denied_stays_denied() -> None:
    _, client = filled("{metrics: [acc > 0.55]}")
    for _ in range(2):
        with pytest.raises(PermissionDenied, match=r"acc > 0\.55 is required"):
            client.acting_as("ann", operation="f" * 32).stages.transition(MODEL, 1, "Production")
        client.policy.set("rules: []")
    assert agrees(client) == ["denied"]


@pytest.mark.parametrize("writes", range(3))
def test_whoever_dies_between_two_writes_leaves_a_whole_history(writes: int) -> None:
    store, client = filled("{metrics: [acc > 0.55]}")
    with pytest.raises(Stopped):
        Client(StoppingStore(store, writes=writes)).stages.transition(MODEL, 2, "Production")
    moved = writes >= 2  # the marker and the event
    assert stages(client)[1] == ("Production" if moved else "None")
    assert agrees(client) == ["allowed"] * moved
    client.stages.transition(MODEL, 2, "Production")
    assert agrees(client) == ["allowed"] * (1 + moved)
    client.history.verify(MODEL)


def test_without_a_policy_a_transition_makes_one_more_request_and_records_nothing() -> None:
    counting = CountingStore(MemoryStore())
    client = Client(counting)
    client.registered_models.create(MODEL)
    register(client)
    counting.reset()
    client.aliases.set(MODEL, "champion", 1)
    plain = dict(counting.counts)
    counting.reset()
    client.stages.transition(MODEL, 1, "Production")
    assert counting.counts == {**plain, "get": plain["get"] + 1}
    assert last_change(client).decision is None
    assert client.policy.check(MODEL, 1, "Production") is None


@pytest.mark.parametrize(
    ("require", "reads"),
    [("{tags: [a]}", 2), ("{metrics: [acc > 0]}", 4), ("{not_worse_than_current: [acc]}", 6)],
)
def test_a_policy_costs_two_looks_at_what_its_rules_ask_for(require: str, reads: int) -> None:
    store, client = filled(require)
    client.model_versions.set_tag(MODEL, 2, "a", "1")
    counting = CountingStore(store)
    measured = Client(counting)
    counting.reset()
    measured.aliases.set(MODEL, "champion", 1)
    plain = counting.requests
    counting.reset()
    measured.stages.transition(MODEL, 2, "Production")
    assert counting.requests == plain + reads


# Judging again


def test_a_record_that_was_altered_does_not_agree() -> None:
    """A history that was written anew is whole in itself; its decisions are not."""
    store, client = filled("{metrics: [acc >= 0.6], not_worse_than_current: [acc], tags: [{ok: yes}]}")
    client.model_versions.set_tag(MODEL, 2, "ok", "yes")
    client.stages.transition(MODEL, 2, "Production")
    events = client.history.events(MODEL)
    allowed = events[-1].change
    assert isinstance(allowed, StageTransitioned)
    assert allowed.decision is not None
    decision = allowed.decision

    def said(change: Any) -> str:
        return "; ".join(written_anew([*events[:-1], events[-1].model_copy(update={"change": change})]))

    def inputs(**update: Any) -> Any:
        new = decision.inputs.model_copy(update=update)
        return allowed.model_copy(update={"decision": decision.model_copy(update={"inputs": new})})

    def about(**update: Any) -> Any:
        return allowed.model_copy(update={"decision": decision.model_copy(update=update)})

    assert said(allowed) == ""
    assert "rule 1, acc >= 0.6: passed as recorded, failed now; it comes out as denied" in said(
        inputs(metrics={"acc": Value(value=0.59, origin="run x")})
    )
    assert "holders" in said(inputs(holders=[]))
    assert "tags" in said(inputs(tags={"ok": "no"}))
    assert "the policy is not the one with the SHA-256" in said(about(policy=policy("{metrics: [acc >= 0.5]}")))
    assert "it comes out as allowed" in said(about(allowed=False))
    assert "it is about 'churn' version 3" in said(about(version=3))
    assert "it is a rollback as recorded" in said(about(rollback=True))
    denied = TransitionDenied(version=2, to_stage="Production", decision=decision)
    assert "the version did not move" in said(denied)
    assert "rule 1, acc not worse: missing as recorded, passed now" in said(about(checks=decision.checks[:2]))
    assert store.get("policy.yaml").body  # the store's policy is not asked


def written_anew(events: list[Event]) -> list[str]:
    """A store with these events, chained anew; what does not agree in it."""
    store = MemoryStore()
    client = Client(store)
    previous = ""
    for event in events:
        body = event.model_copy(update={"previous_hash": previous}).to_bytes()
        store.create(f"{EVENT}{event.number:012d}.json", body)
        previous = hash_of(body)
    client.history.verify(MODEL)
    return [text for one in client.policy.replay(MODEL) for text in one.disagreements]


def test_decisions_come_out_the_same_when_runs_policy_and_model_are_gone(client: AnyClient) -> None:
    version = register(client, {"acc": math.inf}, model_file=SKOPS)
    client.policy.set(policy("{metrics: [acc >= 0.9], no_pickle: true, signature: true}"))
    client.stages.transition(MODEL, 1, "Production")
    client.runs.delete(version.run_id or "")
    client.policy.set(policy("{tags: [never]}"))
    client.registered_models.rename(MODEL, "other")
    assert agrees(client) == ["allowed"]
    client.registered_models.delete("other")
    assert agrees(client) == ["allowed"]
    with pytest.raises(NotFound, match="there never was"):
        client.policy.replay("nothing")


# The judge against a plain model of it

VALUES = st.one_of(st.none(), st.sampled_from([math.nan, math.inf, -math.inf]), st.floats(-2, 2))
SIGNS = {
    ">=": lambda a, b: a >= b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    "<": lambda a, b: a < b,
    "==": lambda a, b: a == b,
}


@given(
    sign=st.sampled_from(list(SIGNS)),
    limit=st.floats(-2, 2),
    mine=VALUES,
    theirs=st.lists(VALUES, max_size=3),
    lower=st.booleans(),
    tag=st.sampled_from([None, "low", "high"]),
)
def test_a_judgement_is_what_the_rule_says(
    sign: str, limit: float, mine: float | None, theirs: list[float | None], lower: bool, tag: str | None
) -> None:
    better = "lower" if lower else "higher"
    text = policy(
        f"{{metrics: ['acc {sign} {limit!r}'], not_worse_than_current: [{{acc: {better}}}], tags: [{{risk: low}}]}}"
    )
    holders = [Holder(version=number, metrics=measured(value)) for number, value in enumerate(theirs, 1)]
    inputs = Inputs(metrics=measured(mine), holders=holders, tags={"risk": tag} if tag else {})
    checks = judge_text(text.encode(), MODEL, "Production", inputs)
    others = [value for value in theirs if value is not None and not math.isnan(value)]
    not_worse = mine is not None and not math.isnan(mine) and all(mine <= v if lower else mine >= v for v in others)
    assert [check.passed for check in checks] == [
        tag == "low",
        mine is not None and SIGNS[sign](mine, limit),
        not_worse,
    ]
    stored = Inputs.model_validate_json(inputs.model_dump_json())
    assert judge_text(text.encode(), MODEL, "Production", stored) == checks
    assert judge_text(text.encode(), "other", "Production", inputs) == []


def measured(value: float | None) -> dict[str, Value]:
    return {} if value is None else {"acc": Value(value=value, origin="run x")}


def test_a_store_that_is_away_is_no_denial(direct: Client) -> None:
    register(direct, {"acc": 1.0})
    direct.policy.set(policy("{metrics: [acc > 0]}"))

    class Away(ForwardingStore):
        def get(self, key: str, *, unless_etag: str = "") -> Any:
            if key.startswith("runs/"):
                raise Unavailable("away")
            return super().get(key, unless_etag=unless_etag)

    with pytest.raises(Unavailable):
        Client(Away(direct.store)).stages.transition(MODEL, 1, "Production")
    assert len(direct.history.events(MODEL)) == 2
