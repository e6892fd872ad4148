"""Sharing a run: a page of it, and links to its files, for whoever has no login, until an instant."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

from cloudtrack import clock, ids
from cloudtrack.entities.logged_model import LoggedModel
from cloudtrack.entities.run import Run
from cloudtrack.errors import NotFound
from cloudtrack.grants.share_page import SharedFile, SharedRun, share_page
from cloudtrack.grants.signed_until import check_expiry, signer_of
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.storage.quoting import unquote_path
from cloudtrack.storage.signing import Signer
from cloudtrack.tracking import keys
from cloudtrack.tracking.artifacts import Artifacts
from cloudtrack.tracking.experiments import Experiments
from cloudtrack.tracking.logged_models import LoggedModels
from cloudtrack.tracking.metrics import Metrics
from cloudtrack.tracking.runs import Runs

MOST_FILES = 500
MOST_CHARTS = 100
_POINTS = 200
_MOST_MODELS = 100


@dataclass(frozen=True)
class Share:
    """A page that was put into the store."""

    run_id: str
    url: str
    """A secret: whoever has it may read the page, and the files that it links to."""
    key: str
    expires: int
    """ms"""
    html: str
    warning: str = ""


class Services(Protocol):
    """What is needed of a client."""

    store: ObjectStore
    runs: Runs
    experiments: Experiments
    metrics: Metrics
    artifacts: Artifacts
    logged_models: LoggedModels


class Shares:
    """Pages of the runs of one store."""

    def __init__(self, services: Services, signer: Signer | None = None) -> None:
        """``signer`` is the store's where none is given."""
        self._services = services
        self._signer = signer

    def page(self, run_id: str) -> str:
        """The page without links, for handing on by other means. Raises NotFound."""
        return share_page(self._shared(self._services.runs.get(run_id), None, 0))

    def publish(self, run_id: str, expires_s: int) -> Share:
        """Put the page into the store, and sign a link to it. Raises NotFound, InvalidInput where nothing is signed.

        The links are of this run's files as they are then, and of nothing else. `cloudtrack gc` removes the page later.
        """
        signer = self._signer or signer_of(self._services.store, "a link to a run")
        warning = check_expiry(signer, expires_s)
        run = self._services.runs.get(run_id)
        expires = clock.now_ms() + 1000 * expires_s
        html = share_page(self._shared(run, signer, expires_s, expires))
        key = keys.share(expires, ids.new_run_id())
        self._services.store.create(key, html.encode())
        url = signer.get(key, expires_s=expires_s, content_type="text/html; charset=utf-8", inline=True).url
        return Share(run_id, url, key, expires, html, warning)

    def _shared(self, run: Run, signer: Signer | None, expires_s: int, expires: int | None = None) -> SharedRun:
        services = self._services
        run_id = run.info.run_id
        charted = sorted(run.data.summaries)[:MOST_CHARTS]
        series = services.metrics.series([run_id], charted, buckets=_POINTS) if charted else []
        files: list[SharedFile] = []
        folder = services.artifacts.key(run_id)
        found = iter(services.store.list(folder))  # keys as they are, which other tools may have written
        for info in islice(found, MOST_FILES):
            path = unquote_path(info.key[len(folder) :])
            name = path.rpartition("/")[2]
            url = signer.get(info.key, expires_s=expires_s, filename=name).url if signer else ""
            files.append(SharedFile(path, info.size_bytes, url))
        return SharedRun(
            run,
            services.experiments.get(run.info.experiment_id).name,
            charts=[(each.key, each.sample.x.tolist(), each.sample.last.tolist()) for each in series],
            models=self._models(run),
            files=files,
            files_left_out=sum(1 for _ in found),
            expires_ms=expires,
            made_ms=clock.now_ms(),
        )

    def _models(self, run: Run) -> list[LoggedModel]:
        """Those that the run made, and which say so too: what a run says of others' models is shown to nobody."""
        models = []
        for output in run.outputs.model_outputs[:_MOST_MODELS]:
            with contextlib.suppress(NotFound):
                model = self._services.logged_models.get(output.model_id)
                if model.source_run_id == run.info.run_id:
                    models.append(model)
        return models
