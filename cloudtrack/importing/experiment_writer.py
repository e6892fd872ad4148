"""Writes experiments of another tracker into a store, each once, with its id and its times."""

from __future__ import annotations

from cloudtrack.entities.names import check_experiment_id, check_experiment_name
from cloudtrack.errors import AlreadyExists, NotFound, ObjectExists, Purged
from cloudtrack.importing.foreign import IMPORTED_FROM, ForeignExperiment
from cloudtrack.importing.outcome import Outcome
from cloudtrack.importing.values import digits_of
from cloudtrack.index.keys import IndexKeys
from cloudtrack.index.pending import announce
from cloudtrack.tracking import keys
from cloudtrack.tracking.documents import ExperimentDocument, NameClaim
from cloudtrack.tracking.experiments import DEFAULT_EXPERIMENT_ID, DEFAULT_EXPERIMENT_NAME, Experiments

_DEFAULT = (DEFAULT_EXPERIMENT_ID, DEFAULT_EXPERIMENT_NAME)


class ExperimentWriter(Experiments):
    """The experiments of a store, to which others are added as they were."""

    def clash(self, wanted: ForeignExperiment) -> str:
        """Why an experiment cannot be imported under its name and its id; "" where it can. Writes nothing of it."""
        check_experiment_name(wanted.name)
        try:
            there = self._read(check_experiment_id(wanted.experiment_id)).document
        except Purged as error:
            return error.message
        except NotFound:
            there = None
        if there is not None:
            if _is_same(there, wanted) or _is_untouched_default(there):
                return ""
            return f"the id {wanted.experiment_id} of {wanted.name!r} is that of {there.name!r} here"
        named = self.get_by_name(wanted.name)
        if named is not None and named.experiment_id != wanted.experiment_id:
            return f"the name {wanted.name!r} is that of experiment {named.experiment_id} here"
        return ""

    def outlook(self, wanted: ForeignExperiment) -> Outcome:
        """What ``put`` would make of it; writes nothing."""
        check_experiment_name(wanted.name)
        try:
            there = self._read(check_experiment_id(wanted.experiment_id)).document
        except NotFound:
            return Outcome.IMPORTED
        return Outcome.IMPORTED if _is_unfinished(there, wanted) else Outcome.THERE

    def put(self, wanted: ForeignExperiment) -> Outcome:
        """Add an experiment that ``clash`` has nothing against. Raises AlreadyExists where somebody was faster."""
        document = ExperimentDocument(
            experiment_id=wanted.experiment_id,
            name=wanted.name,
            lifecycle_stage=wanted.lifecycle_stage,
            creation_time=wanted.creation_time,
            last_update_time=wanted.last_update_time,
            tags=dict(wanted.tags),
        )
        try:
            return self._adopt(self._read(wanted.experiment_id).document, wanted)
        except NotFound:
            pass
        claim = NameClaim(
            name=wanted.name,
            experiment_id=wanted.experiment_id,
            creation_time=wanted.creation_time,
            tags=dict(wanted.tags),
        )
        won = self._claim(claim)
        if won.experiment_id != wanted.experiment_id:
            raise AlreadyExists(f"an experiment named {wanted.name!r} exists already (id {won.experiment_id})")
        announce(self._store, IndexKeys(keys.EXPERIMENT_INDEX), wanted.experiment_id, 1)
        try:
            self._documents.create(keys.experiment(wanted.experiment_id), document)
        except ObjectExists:
            self._adopt(self._read(wanted.experiment_id).document, wanted)
        return Outcome.IMPORTED

    def _adopt(self, there: ExperimentDocument, wanted: ForeignExperiment) -> Outcome:
        """Complete one that another made from our claim, and the Default that every store has; leave all others."""
        if not _is_unfinished(there, wanted):
            return Outcome.THERE
        if wanted.name != there.name:
            self.rename(wanted.experiment_id, wanted.name)

        def complete(document: ExperimentDocument) -> None:
            document.tags = {**wanted.tags, **document.tags}
            document.lifecycle_stage = wanted.lifecycle_stage
            document.creation_time = wanted.creation_time
            document.last_update_time = wanted.last_update_time

        self._update(wanted.experiment_id, complete)
        return Outcome.IMPORTED


def prefixed(wanted: ForeignExperiment, prefix: str) -> ForeignExperiment:
    """The same under another name, with an id that is always made of both alike, and of no other's."""
    return ForeignExperiment(
        experiment_id=digits_of(prefix, wanted.experiment_id, str(wanted.creation_time)),
        name=f"{prefix}{wanted.name}",
        lifecycle_stage=wanted.lifecycle_stage,
        creation_time=wanted.creation_time,
        last_update_time=wanted.last_update_time,
        tags=wanted.tags,
    )


def _is_same(there: ExperimentDocument, wanted: ForeignExperiment) -> bool:
    """Whether it is the one that was imported before; the Default of every tracker is one."""
    is_default = (wanted.experiment_id, wanted.name) == (DEFAULT_EXPERIMENT_ID, there.name) == _DEFAULT
    is_as_old = there.creation_time == wanted.creation_time and (there.creation_time > 0 or there.name == wanted.name)
    kind = wanted.tags.get(IMPORTED_FROM)
    return is_default or is_as_old or (kind is not None and there.tags.get(IMPORTED_FROM) == kind)


def _is_untouched_default(there: ExperimentDocument) -> bool:
    is_default = there.experiment_id == DEFAULT_EXPERIMENT_ID and there.name == DEFAULT_EXPERIMENT_NAME
    return is_default and there.version == 1


def _is_unfinished(there: ExperimentDocument, wanted: ForeignExperiment) -> bool:
    """Whether nobody has touched it since it was made of a claim, which does not say all."""
    same = (there.lifecycle_stage, there.last_update_time) == (wanted.lifecycle_stage, wanted.last_update_time)
    return _is_untouched_default(there) or (there.version == 1 and not same)
