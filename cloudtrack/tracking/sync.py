"""Delivering the spools that processes of this machine left behind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from cloudtrack.errors import CloudtrackError, CorruptData, Purged, StateError
from cloudtrack.tracking.run_delivery import Delivery
from cloudtrack.tracking.spool import SUFFIX, Spool


@dataclass
class SyncReport:
    """What a synchronisation did; runs by id, files by name."""

    delivered: list[str] = field(default_factory=list)
    """Runs whose spool the store now has whole."""
    in_use: list[str] = field(default_factory=list)
    """Spool files of processes that are still running; they deliver by themselves."""
    purged: list[str] = field(default_factory=list)
    """Runs that were purged: what waited for them is dropped."""
    other_store: list[str] = field(default_factory=list)
    """Spool files that belong to another store, which the report names."""
    failed: dict[str, str] = field(default_factory=dict)
    """Spool files that could not be delivered, with the reason. They are kept."""
    calls: list[str] = field(default_factory=list)
    """Calls to the registry and to logged models that were done, in words."""
    refused: dict[str, str] = field(default_factory=dict)
    """Calls that could not be done, by journal and number, with the reason. They are kept."""
    dropped: dict[str, str] = field(default_factory=dict)
    """Calls that were given up, as asked."""


def sync_spools(folder: Path, new_delivery: Callable[[], Delivery], store_url: str) -> SyncReport:
    """Deliver each spool in ``folder`` that belongs to this store, and delete it then. Safe to repeat."""
    report = SyncReport()
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        try:
            spool = Spool.open(path)
        except StateError:
            report.in_use.append(path.name)
            continue
        except (CorruptData, OSError) as error:
            report.failed[path.name] = str(error)
            continue
        if spool.header.store_url != store_url:
            report.other_store.append(f"{path.name} ({spool.header.store_url})")
            spool.abandon()
            continue
        try:
            new_delivery().deliver(spool, heartbeat=False)
        except Purged:
            report.purged.append(spool.header.run.run_id)
            spool.drop()
            continue
        except CloudtrackError as error:
            report.failed[path.name] = str(error)
            spool.abandon()
            continue
        report.delivered.append(spool.header.run.run_id)
        spool.close()
    return report
