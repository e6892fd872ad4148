"""Delivering the journals that processes of this machine left behind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cloudtrack.errors import CloudtrackError, CorruptData, StateError
from cloudtrack.registry.journals import Outcome
from cloudtrack.tracking.sync import SyncReport
from cloudtrack.waiting.journal import SUFFIX, Journal
from cloudtrack.waiting.replay import Replay, Replayed


def sync_journals(
    folder: Path, client: Any, store_url: str, report: SyncReport, *, drop: bool = False, retry: bool = False
) -> None:
    """Do what waits in each journal of ``folder`` that belongs to this store, and delete it then. Safe to repeat.

    Comes after the spools, whose runs and files it may need. What could not be done is kept; ``drop`` gives it up,
    ``retry`` also tries what was refused before.
    """
    journals = [journal for path in sorted(folder.glob(f"*{SUFFIX}")) if (journal := _open(path, store_url, report))]
    for _ in range(1 + sum(len(journal.calls) for journal in journals)):  # each round does a call at least
        rounds = [(journal, _deliver(journal, client, report, retry=retry)) for journal in journals]
        moved = any(found is not None and found.done for _, found in rounds)
        journals = []
        for journal, found in rounds:
            if found is not None and found.is_waiting and moved:
                journals.append(journal)  # what it lacks may have come with another
            else:
                _finish(journal, found, client, report, drop=drop)


def _open(path: Path, store_url: str, report: SyncReport) -> Journal | None:
    try:
        journal = Journal.open(path)
    except StateError:
        report.in_use.append(path.name)
        return None
    except (CorruptData, OSError) as error:
        report.failed[path.name] = str(error)
        return None
    if journal.header.store_url != store_url:
        report.other_store.append(f"{path.name} ({journal.header.store_url})")
        journal.abandon()
        return None
    return journal


def _deliver(journal: Journal, client: Any, report: SyncReport, *, retry: bool) -> Replayed | None:
    try:
        found = Replay(client, journal, retry=retry).run()
    except CloudtrackError as error:
        report.failed[journal.path.name] = str(error)
        return None
    report.calls += found.done
    return found


def _finish(journal: Journal, found: Replayed | None, client: Any, report: SyncReport, *, drop: bool) -> None:
    if found is None:
        journal.abandon()
        return
    words = {call.number: call.summary() for call in journal.calls}
    left = {f"{journal.path.name} call {number}": f"{words[number]}: {why}" for number, why in found.left.items()}
    if left and not drop:
        report.refused |= left
        journal.abandon()
        return
    if left:
        try:
            dropped = {number: Outcome(refused=why, dropped=True) for number, why in found.left.items()}
            client.journals.note(journal.header.writer, dropped)
        except CloudtrackError as error:
            report.failed[journal.path.name] = str(error)
            journal.abandon()
            return
        report.dropped |= left
    journal.close()
