"""All that a store shows to its readers, as flat facts that two stores can be compared by.

Times, and ids that were made since, are left out: what is done once on two copies of a store has equal facts.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Hashable, Iterator
from dataclasses import asdict, is_dataclass
from typing import Any

from cloudtrack.access.access import Access
from cloudtrack.access.tokens import Tokens
from cloudtrack.client import Client
from cloudtrack.entities.experiment import ViewType
from cloudtrack.errors import CloudtrackError, NotFound
from cloudtrack.index.indexes import ONE
from cloudtrack.maintenance.reindexing import check
from cloudtrack.registry.registry import Registry
from cloudtrack.registry.releases import Releases
from cloudtrack.storage.quoting import unquote_name

Facts = dict[tuple[str, ...], Hashable]
"""From what it is about to what is seen of it."""
_ID = re.compile(r"\b(?:[0-9a-f]{64}|m-[0-9a-f]{32}|[0-9a-f]{32}|[0-9]{18})\b")
_MADE_NAME = re.compile(r"[a-z]+-[a-z]+-\d{1,3}")
_TIMES = re.compile(r".*(time|timestamp|_ms|updated|created)$|artifact_(uri|location)|heartbeat.*|manifest")


class Unreadable(AssertionError):
    """Something that was asked of a store could not be read, or contradicts itself."""


def facts_of(client: Client, known: Collection[str] = ()) -> Facts:
    """What the readers of a store see; ids that are not ``known`` have no name. Raises Unreadable."""
    found: Facts = {}
    plain = _Plain(known)
    for part in (_experiments, _runs, _logged_models, _registry, _releases, _webhooks, _access):
        try:
            for about, value in part(client):
                found[tuple(map(plain.text, about))] = plain.of(value)
        except CloudtrackError as error:
            raise Unreadable(f"{part.__name__[1:]}: {type(error).__name__}: {error}") from error
    _check_indexes(client)
    return found


def ids_in(client: Client) -> set[str]:
    """The ids that are in the keys of a store."""
    return {found for info in client.store.list() for found in _ID.findall(info.key)}


def differences(before: Facts, now: Facts) -> list[str]:
    """In words; empty where both are the same."""
    return [
        f"{'/'.join(about)}: {before.get(about)!r} -> {now.get(about)!r}"
        for about in sorted({*before, *now})
        if before.get(about) != now.get(about)
    ]


def lies_between(before: Facts, now: Facts, after: Facts, passing: Collection[str]) -> bool:
    """Whether every single fact is as it was or as it will be, but for those that have ``passing`` words."""
    about = [each for each in {*before, *now, *after} if not {*each} & {*passing}]
    return all(now.get(each) in (before.get(each), after.get(each)) for each in about)


_Found = Iterator[tuple[tuple[str, ...], Any]]


def _experiments(client: Client) -> _Found:
    for item in client.experiments.search(view_type=ViewType.ALL):
        yield ("experiment", item.experiment_id, "is"), (item.name, item.lifecycle_stage, item.tags)
        by_name = client.experiments.get_by_name(item.name)
        yield (
            ("experiment", item.experiment_id, "has its name"),
            by_name is not None and (by_name.experiment_id == item.experiment_id),
        )


def _all_experiments(client: Client) -> list[str]:
    return [item.experiment_id for item in client.experiments.search(view_type=ViewType.ALL)]


def _runs(client: Client) -> _Found:
    for run in client.runs.list(_all_experiments(client), view_type=ViewType.ALL):
        run_id = run.info.run_id
        about = ("run", run_id)
        if client.runs.get(run_id) != run:
            raise Unreadable(f"run {run_id} is found otherwise than it is")
        info = asdict(run.info)
        made_name = _MADE_NAME.fullmatch(info["run_name"])
        for name in ("status", "lifecycle_stage", "experiment_id", "user_id", "run_name"):
            yield (*about, name), "made" if name == "run_name" and made_name else info[name]
        yield (*about, "has ended"), run.info.end_time is not None
        for key, value in run.data.params.items():
            yield (*about, "param", key), value
        for key, value in run.data.tags.items():
            yield (*about, "tag", key), "made" if made_name and key == "mlflow.runName" else value
        for key, summary in run.data.summaries.items():
            history = client.metrics.history(run_id, key)
            if len(history) != summary.count:
                raise Unreadable(f"run {run_id} has {len(history)} points of {key!r} and says {summary.count}")
            yield (*about, "metric", key), (asdict(summary), sorted((p.step, p.value) for p in history))
        yield (*about, "inputs"), asdict(run.inputs)
        yield (*about, "outputs"), asdict(run.outputs)
        for name in ("code.patch", "packages.txt"):
            yield (*about, "source", name), client.source_files.read(run_id, name)
        page = client.console.read(run_id)
        yield (*about, "console"), [piece.body for piece in page.pieces]
        for file in client.artifacts.walk(run_id):
            yield (*about, "file", file.path), client.artifacts.read(run_id, file.path)


def _logged_models(client: Client) -> _Found:
    for model in client.logged_models.list(_all_experiments(client)):
        about = ("logged model", model.model_id)
        if client.logged_models.get(model.model_id) != model:
            raise Unreadable(f"logged model {model.model_id} is found otherwise than it is")
        yield (*about, "is"), model.to_dictionary()
        for file in client.logged_model_artifacts.walk(model.model_id):
            yield (*about, "file", file.path), client.logged_model_artifacts.read(model.model_id, file.path)


def _registry(client: Client) -> _Found:
    registry = Registry(client.store, "reader")
    listed = {model.name for model in client.registered_models.search(max_results=None, prompts=True)}
    versions = {(version.name, version.version): version for version in client.model_versions.search(max_results=None)}
    for name in _names(client, "models/"):
        anchor = client.history.verify(name)
        for event in client.history.events(name):
            yield ("model", name, "event", str(event.number)), (event.change.type, event.comment, event.actor)
        yield ("model", name, "anchors"), [str(kept).partition(":")[0] for kept in client.history.anchors(name)]
        yield ("model", name, "last event"), anchor.number
        try:
            model = client.registered_models.get(name)
        except NotFound:
            if name in listed:
                raise Unreadable(f"model {name!r} is listed and is not there") from None
            continue
        if name not in listed:
            raise Unreadable(f"model {name!r} is there and is not listed")
        listed.discard(name)
        yield ("model", name, "is"), {key: value for key, value in asdict(model).items() if key != "latest_versions"}
        for version in client.model_versions.list(name):
            if versions.pop((name, version.version), None) != version:
                raise Unreadable(f"version {version.version} of {name!r} is found otherwise than it is")
            yield ("model", name, "version", str(version.version)), asdict(version)
            if version.manifest:
                yield (
                    ("model", name, "files of version", str(version.version)),
                    sorted(client.model_versions.manifest(version).files),
                )
        for request in client.approvals.list(name):
            yield ("model", name, "request", str(request.id)), asdict(request)
        for comment in client.comments.list(name):
            yield ("model", name, "comment", str(comment.id)), asdict(comment)
        if registry.read(name).number != anchor.number:
            raise Unreadable(f"the state of {name!r} is not that of its history")
    if listed or versions:
        raise Unreadable(f"found, and not there: {sorted(listed)}, {sorted(versions)}")


def _releases(client: Client) -> _Found:
    releases: Releases = client.releases
    for name in _names(client, "releases/"):
        yield ("release", name, "last event"), releases.verify(name).number
        for event in releases.history(name):
            yield ("release", name, "event", str(event.number)), (event.change.type, event.comment)
    for name in releases.names():
        now = releases.get(name)
        yield ("release", name, "is"), {member: at.uri for member, at in now.members.items()}


def _names(client: Client, prefix: str) -> list[str]:
    """Names that have a history, also of what was deleted."""
    folders = client.store.list_folder(prefix).folders
    segments = [folder[len(prefix) : -1] for folder in folders]
    return [unquote_name(segment) for segment in segments if not segment.startswith("~")]


def _webhooks(client: Client) -> _Found:
    for webhook in client.webhooks.list():
        yield ("webhook", webhook.webhook_id), (webhook.name, webhook.url, webhook.description, webhook.status)
        yield ("webhook", webhook.webhook_id, "secret"), client.webhooks.secret(webhook.webhook_id)


def _access(client: Client) -> _Found:
    try:
        yield ("registry policy",), client.policy.get()
    except NotFound:
        yield ("registry policy",), None
    policy = Access(client.store).policy()
    yield ("access",), (sorted(map(str, policy.grants)), sorted(policy.admins))
    for token in Tokens(client.store).list():
        yield ("token", token.principal), token.revoked is not None


def _check_indexes(client: Client) -> None:
    every = [folder.split("/")[1] for folder in client.store.list_folder("experiments/").folders]
    for indexes in client.indexes:
        names = [name for name in every if name != "names"] if indexes.is_many else [ONE]
        result = check(indexes, names)
        if not result.ok:
            raise Unreadable(f"the index of {indexes.title}: missing {result.missing}, wrong {result.different}")


class _Plain:
    """Makes values that can be compared and hashed, without times; ids that are new are numbered as they come."""

    def __init__(self, known: Collection[str]) -> None:
        self._known = known
        self._new: dict[str, str] = {}

    def text(self, text: str) -> str:
        return _ID.sub(lambda match: self._name(match[0]), text)

    def of(self, value: Any) -> Any:
        if is_dataclass(value) and not isinstance(value, type):
            value = asdict(value)
        if isinstance(value, dict):
            kept = [(str(key), item) for key, item in value.items() if not _TIMES.fullmatch(str(key))]
            return tuple((self.text(key), self.of(item)) for key, item in sorted(kept))
        if isinstance(value, list | tuple):
            return tuple(map(self.of, value))
        if isinstance(value, str):
            return self.text(value)
        return repr(value) if isinstance(value, float) else value

    def _name(self, an_id: str) -> str:
        if an_id in self._known:
            return an_id
        return self._new.setdefault(an_id, f"new {len(self._new) + 1}")
