"""``python -m tests.soak --minutes 30 --processes 16``: mixed load with faults, and then a look at what is there.

Each third process goes through a server. Prints the memory of each process, what was done, and what was lost.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import tempfile
import time
from contextlib import ExitStack, suppress
from pathlib import Path

from cloudtrack.client import Client, connect
from tests.faults.campaign import CREDENTIALS, proxied, seaweed_under_faults
from tests.faults.killing import NotedLedger, noted_in
from tests.faults.proxy import FaultProxy, Plan
from tests.faults.worker import Worker, begin
from tests.forking import forked
from tests.servers.cloudtrack_server import cloudtrack_server

_PLACE_S = 60.0
"""So long all work at one experiment and one model: what is shared does not grow for ever."""
_ALLOWED_MIB = 64
"""A process may have so much more at the end than in the middle."""
_SAMPLES = {"start": 0.1, "middle": 0.5, "end": 1.0}


def work(address: str, seed: int, folder: Path, minutes: float) -> None:
    """One process, until its time is over."""
    logging.disable(logging.WARNING)
    client = connect(address, spool_dir=folder / "spool" / str(seed))
    place, began, counted = 0, time.monotonic(), folder / f"{seed}.operations"
    worker = Worker(client, NotedLedger(folder / f"{seed}.ledger"), seed, _place(0))
    while (passed_s := time.monotonic() - began) < minutes * 60:
        if passed_s // _PLACE_S > place:
            place = int(passed_s // _PLACE_S)
            worker.move_to(_place(place))
        worker.act(1)
    counted.write_text(str(worker.operations))


def _place(number: int) -> str:
    return f"place {number}"


def soak(plain: Client, proxy: FaultProxy, folder: Path, *, minutes: float, processes: int) -> bool:
    """Whether all was well; the figures are printed."""
    for number in range(int(minutes * 60 // _PLACE_S) + 1):
        begin(plain, _place(number))
    with ExitStack() as stack:
        server = stack.enter_context(cloudtrack_server(proxied(plain, proxy, 0), folder))
        proxy.is_on = True
        addresses = [server.url if number % 3 == 2 else proxied(plain, proxy, number) for number in range(processes)]
        started = [forked(work, each, number, folder, minutes) for number, each in enumerate(addresses)]
        for process in started:
            process.start()
        pids = {"soak": os.getpid(), "server": server.process.pid}
        pids |= {f"{number} {'remote' if number % 3 == 2 else 'store'}": p.pid for number, p in enumerate(started)}
        memory = _watch(pids, minutes)
        for process in started:
            process.join(600)
        proxy.is_on = False
        done = [connect(each, spool_dir=folder / "spool" / str(number)).sync() for number, each in enumerate(addresses)]
    failed = [
        f"process {number} ended with {process.exitcode}" for number, process in enumerate(started) if process.exitcode
    ]
    failed += [f"spool {name}: {reason}" for report in done for name, reason in report.failed.items()]
    judgement = noted_in(folder).judge(plain)
    grown = [name for name, sizes in memory.items() if sizes["end"] - sizes["middle"] > _ALLOWED_MIB]
    operations = sum(int(path.read_text()) for path in folder.glob("*.operations"))
    print(f"{minutes:g} minutes, {processes} processes: {operations} operations, {proxy.requests} requests")
    print(f"faults injected: {proxy.counts.total()} ({', '.join(f'{k} {n}' for k, n in sorted(proxy.counts.items()))})")
    print(f"{'memory (MiB)':14}" + "".join(f"{when:>8}" for when in _SAMPLES))
    for name, sizes in memory.items():
        print(f"{name:14}" + "".join(f"{sizes[when]:8.0f}" for when in _SAMPLES))
    print(f"acknowledged: {judgement.acknowledged}, lost: {len(judgement.lost)}, doubled: {len(judgement.doubled)}")
    print(f"broken: {judgement.broken or 'nothing'}, failed: {failed or 'nothing'}, grown: {grown or 'nothing'}")
    for thing in [*judgement.lost[:10], *judgement.doubled[:10]]:
        print(f"    {thing}")
    report = plain.fsck.check(deep=True)
    said = "damage" if report.damaged else "no damage"
    print(f"fsck: {report.objects} objects, {len(report.findings)} findings, {said}")
    for finding in report.findings[:10]:
        print(f"    {finding}")
    return judgement.ok and not failed and not grown and not report.damaged


def _watch(pids: dict[str, int | None], minutes: float) -> dict[str, dict[str, float]]:
    """The resident memory of processes at some moments, in MiB; 0 for one that has ended."""
    began, found = time.monotonic(), {name: dict.fromkeys(_SAMPLES, 0.0) for name in pids}
    for when, share in _SAMPLES.items():
        time.sleep(max(0.0, began + minutes * 60 * share - 1 - time.monotonic()))
        for name, pid in pids.items():
            with suppress(OSError):
                pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
                found[name][when] = pages * os.sysconf("SC_PAGE_SIZE") / 2**20
    return found


def main() -> int:
    """0 where nothing was lost, done twice, broken or grown."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--processes", type=int, default=16)
    parser.add_argument("--seed", type=int, default=1, help="Of the faults.")
    parser.add_argument("--percent", type=float, default=5.0, help="Requests that are spoiled.")
    asked = parser.parse_args()
    os.environ.update(CREDENTIALS)
    with (
        tempfile.TemporaryDirectory() as name,
        seaweed_under_faults(Plan(asked.seed, asked.percent)) as (_, plain, proxy),
    ):
        os.environ["CLOUDTRACK_CACHE_DIR"] = f"{name}/cache"
        proxy.is_on = False
        return 0 if soak(plain, proxy, Path(name), minutes=asked.minutes, processes=asked.processes) else 1


if __name__ == "__main__":
    sys.exit(main())
