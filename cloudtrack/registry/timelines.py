"""When each version was in which stage, and what each alias pointed to, folded from a model's history."""

from __future__ import annotations

from dataclasses import dataclass, field

from cloudtrack.entities.model_version import Stage
from cloudtrack.registry.events import (
    AliasDeleted,
    AliasSet,
    Event,
    ModelDeleted,
    MovedIn,
    Renamed,
    StageTransitioned,
    VersionCreated,
    VersionDeleted,
)
from cloudtrack.registry.past import Past
from cloudtrack.registry.registry import Registry
from cloudtrack.registry.state import MOST_COMMENT, ModelState

MOST_EVENTS = 5000
"""So many events are folded, the last ones; what was before them comes from the state of that moment."""


@dataclass(slots=True)
class Period:
    """From one moment to another, in milliseconds since the epoch; up to now where ``to`` is None."""

    what: str
    """A stage, or an alias."""
    version: int
    begin: int
    end: int | None = None


@dataclass(frozen=True, slots=True)
class Tick:
    """A version that moved to another stage."""

    time: int
    version: int
    from_stage: str
    to_stage: str
    user: str
    comment: str
    """Its beginning; the event has all of it."""
    number: int
    """Of the event."""
    request: int | None = None
    archived: list[int] = field(default_factory=list)


@dataclass
class Timeline:
    """The periods of a model's versions and aliases, and the transitions between; by time."""

    stages: list[str] = field(default_factory=list)
    periods: list[Period] = field(default_factory=list)
    aliases: list[Period] = field(default_factory=list)
    ticks: list[Tick] = field(default_factory=list)
    truncated: bool = False
    """Whether transitions are left out that were before ``MOST_EVENTS`` events."""


class Timelines:
    """The timelines of one store's registered models."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._past = Past(registry)

    def get(self, name: str) -> Timeline:
        """Raises NotFound. A listing, and a request for each event; of a long history for the last 5,000 of them."""
        state = self._registry.read(name)
        skipped = max(0, state.number - MOST_EVENTS)
        fold = _Fold()
        if skipped:
            fold.begin_with(self._past.after(name, skipped))
        for event in self._registry.read_events(name, after=skipped):
            fold.add(event)
        line = fold.line
        line.stages, line.truncated = list(state.stages), bool(skipped)
        return line


class _Fold:
    """A timeline as it grows; what is open has no end yet."""

    def __init__(self) -> None:
        self.line = Timeline()
        self._in: dict[int, Period] = {}
        self._pointing: dict[str, Period] = {}

    def begin_with(self, state: ModelState) -> None:
        """The versions and aliases of a state, since they came to where they are."""
        for version in state.versions.since(0):
            if not version.deleted:
                since_ms = version.staged.time_ms if version.staged else version.created
                self._enter(version.version, version.stage, since_ms)
        for alias, number in state.aliases.items():
            self._point(alias, number, state.aliased[alias].time_ms if alias in state.aliased else state.created)

    def add(self, event: Event) -> None:
        """One more event."""
        now = event.time_ms
        match event.change:
            case VersionCreated(version=version):
                self._enter(version, Stage.NONE, now)
            case StageTransitioned() as moved:
                for version in moved.archived:
                    self._enter(version, Stage.ARCHIVED, now)
                self._enter(moved.version, moved.to_stage, now)
                self.line.ticks.append(_tick(event, moved))
            case VersionDeleted(version=version):
                self._leave(version, now)
                for alias in [alias for alias, period in self._pointing.items() if period.version == version]:
                    self._release(alias, now)
            case AliasSet(alias=alias, version=version):
                self._point(alias, version, now)
            case AliasDeleted(alias=alias):
                self._release(alias, now)
            case ModelDeleted() | Renamed():
                for version in list(self._in):
                    self._leave(version, now)
                for alias in list(self._pointing):
                    self._release(alias, now)
            case MovedIn(state=state):
                self.begin_with(ModelState.model_validate(state))

    def _enter(self, version: int, stage: str, now: int) -> None:
        self._leave(version, now)
        self._in[version] = Period(stage, version, now)
        self.line.periods.append(self._in[version])

    def _leave(self, version: int, now: int) -> None:
        if (period := self._in.pop(version, None)) is not None:
            period.end = now

    def _point(self, alias: str, version: int, now: int) -> None:
        self._release(alias, now)
        self._pointing[alias] = Period(alias, version, now)
        self.line.aliases.append(self._pointing[alias])

    def _release(self, alias: str, now: int) -> None:
        if (period := self._pointing.pop(alias, None)) is not None:
            period.end = now


def _tick(event: Event, moved: StageTransitioned) -> Tick:
    return Tick(
        time=event.time_ms,
        version=moved.version,
        from_stage=moved.from_stage,
        to_stage=moved.to_stage,
        user=event.actor,
        comment=(event.comment or "")[:MOST_COMMENT],
        number=event.number,
        request=moved.request,
        archived=moved.archived,
    )
