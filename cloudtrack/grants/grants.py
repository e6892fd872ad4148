"""Making, listing and revoking grants: one run that may be sent without a login."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from cloudtrack import clock, ids
from cloudtrack.entities.experiment import Experiment, LifecycleStage
from cloudtrack.errors import InvalidInput, NotFound, ObjectNotFound, StateError
from cloudtrack.grants.grant_file import GrantFile
from cloudtrack.grants.signed_until import check_expiry, signer_of
from cloudtrack.storage.document import DocumentStore
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.storage.parallel import map_in_order
from cloudtrack.storage.signing import Signer
from cloudtrack.tracking import keys
from cloudtrack.tracking.experiments import Experiments
from cloudtrack.tracking.grants import EXPIRES_TAG, GRANT_TAG, GrantDocument
from cloudtrack.tracking.run_delivery import HEARTBEAT_MS
from cloudtrack.tracking.runs import Runs, new_run

DEFAULT_MAX_BYTES = 10 << 30
_FEWEST_SLOTS, _MOST_SLOTS = 60, 1000
_SECONDS_A_SLOT = 60
_MOST_MAX_BYTES = 1 << 50


class Services(Protocol):
    """What is needed of a client."""

    store: ObjectStore
    user: str
    experiments: Experiments
    runs: Runs


class Grants:
    """The grants of one store."""

    def __init__(self, services: Services, signer: Signer | None = None) -> None:
        """``signer`` is the store's where none is given."""
        self._services = services
        self._store = services.store
        self._signer = signer
        self._documents = DocumentStore(services.store, GrantDocument)

    def make(
        self,
        experiment: Experiment,
        expires_s: int,
        *,
        run_name: str | None = None,
        tags: Mapping[str, str] | None = None,
        max_bytes: int = DEFAULT_MAX_BYTES,
    ) -> tuple[GrantFile, str]:
        """A new run, running, and the grant for it; with a warning, or nothing. Three requests.

        Raises InvalidInput where the store signs nothing or the grant would not last so long, StateError for a deleted
        experiment. A run whose grant has ended and that did not end is LOST.
        """
        signer = self._signer or signer_of(self._store, "a grant")
        warning = check_expiry(signer, expires_s)
        if experiment.lifecycle_stage != LifecycleStage.ACTIVE:
            raise StateError(f"experiment {experiment.name!r} is deleted: restore it first")
        if not 0 <= max_bytes <= _MOST_MAX_BYTES:
            raise InvalidInput(f"the artifacts of a run cannot be limited to {max_bytes} bytes")
        now = clock.now_ms()
        expires = now + 1000 * expires_s
        grant = GrantDocument(
            grant_id=ids.new_run_id(),
            run_id=ids.new_run_id(),
            experiment_id=experiment.experiment_id,
            created=now,
            created_by=self._services.user,
            expires=expires,
            slots=max(_FEWEST_SLOTS, min(_MOST_SLOTS, expires_s // _SECONDS_A_SLOT)),
            max_bytes=max_bytes,
        )
        its_tags = {**(tags or {}), GRANT_TAG: grant.grant_id, EXPIRES_TAG: clock.format_ms(expires)}
        run = new_run(experiment.experiment_id, run_name=run_name, tags=its_tags, user_id=self._services.user)
        run.run_id = grant.run_id
        run.heartbeat_time, run.heartbeat_interval_ms = expires, HEARTBEAT_MS  # not missed before
        self._documents.create(keys.grant(grant.grant_id), grant)
        self._services.runs.commits.create(run)
        signed = [
            signer.put_new(keys.grant_slot(grant.grant_id, slot), expires_s=expires_s) for slot in range(grant.slots)
        ]
        made = GrantFile(
            grant_id=grant.grant_id,
            run_id=grant.run_id,
            run_name=run.run_name,
            experiment_id=experiment.experiment_id,
            experiment_name=experiment.name,
            user_id=run.user_id,
            created=now,
            expires=expires,
            max_bytes=max_bytes,
            headers=signed[0].headers,
            slots=[each.url for each in signed],
        )
        return made, warning

    def list(self) -> list[GrantDocument]:
        """All that are there, oldest first."""
        found = map_in_order(self._find, list(keys.ids_in(self._store, keys.GRANTS)))
        return sorted((each for each in found if each is not None), key=lambda each: (each.created, each.grant_id))

    def get(self, grant_id: str) -> GrantDocument:
        """Raises NotFound."""
        found = self._find(_checked(grant_id))
        if found is None:
            raise NotFound(f"there is no grant {grant_id!r} in {self._store.url}: `cloudtrack grant list` shows them")
        return found

    def revoke(self, grant_id: str) -> GrantDocument:
        """What its slots hold comes to the run no more. Storage takes what is sent until it expires all the same.

        Raises NotFound.
        """

        def change(document: GrantDocument) -> bool | None:
            if document.revoked is not None:
                return False
            document.revoked = clock.now_ms()
            return None

        self.get(grant_id)
        return self._documents.update(keys.grant(grant_id), change).document

    def _find(self, grant_id: str) -> GrantDocument | None:
        try:
            return self._documents.get(keys.grant(grant_id)).document
        except ObjectNotFound:
            return None


def _checked(grant_id: str) -> str:
    if not grant_id.isalnum() or not grant_id.isascii():
        raise InvalidInput(f"{grant_id[:80]!r} is no grant's id: 32 hexadecimal digits")
    return grant_id
