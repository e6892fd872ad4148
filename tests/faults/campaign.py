"""Many clients at work on one store while everything goes wrong, and then a look at what is there."""

from __future__ import annotations

import tempfile
import threading
import time
import traceback
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import boto3

from cloudtrack.api.app import App
from cloudtrack.client import AnyClient, Client
from cloudtrack.remote.client import RemoteClient
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.storage.opening import open_store
from cloudtrack.storage.retrying import RetryPolicy
from tests.faults.ledger import Judgement, Ledger
from tests.faults.proxy import FaultProxy, Plan, fault_proxy
from tests.faults.worker import Worker, begin
from tests.servers.api_server import api_server
from tests.servers.seaweed_server import seaweed_server

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_REGION": "us-east-1"}
"""For a server on this machine, which takes any."""
MakeStore = Callable[[int], ObjectStore]
"""The store of a worker, by its number."""
_REMOTE = 3
"""Each third worker goes through a server."""
_MOST_SYNCS = 20
_QUICK = RetryPolicy(first_pause_s=0.005, longest_pause_s=0.1)


@dataclass
class Report:
    """What was done, what went wrong on purpose, and what was found at the end."""

    seed: int
    operations: int = 0
    requests: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    judgement: Judgement = field(default_factory=Judgement)
    failures: list[str] = field(default_factory=list)
    """Of workers, that no fault explains."""
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether all is well."""
        return self.judgement.ok and not self.failures

    def __str__(self) -> str:
        found = self.judgement
        lines = [
            f"seed {self.seed}: {self.operations} operations, {self.requests} requests, {self.seconds:.0f} s",
            f"faults injected: {self.faults.total()}",
            *(f"    {kind:16}{count:6}" for kind, count in sorted(self.faults.items())),
            f"things made: {found.things}, of which acknowledged: {found.acknowledged}",
            f"losses: {len(found.lost)}{_some(found.lost)}",
            f"doublings: {len(found.doubled)}{_some(found.doubled)}",
            f"broken: {len(found.broken)}{_some(found.broken)}",
            *(f"failed: {failure}" for failure in self.failures),
        ]
        return "\n".join(lines)


def _some(items: list[object] | list[str] | list[tuple[str, object]]) -> str:
    return "".join(f"\n    {item}" for item in items[:10])


def run_workers(
    make_store: MakeStore, plain: Client, report: Report, *, workers: int, times: int, only: Sequence[str] = ()
) -> None:
    """Threads that work on stores of their own; what they noted is compared with what ``plain`` reads."""
    ledger, began = Ledger(), time.monotonic()
    begin(plain)
    with ExitStack() as stack:
        spools = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        clients = list(_clients(make_store, spools, workers, stack))

        def act(number: int, client: AnyClient) -> None:
            try:
                worker = Worker(client, ledger, report.seed * 1000 + number)
                worker.act(times, only)
                report.operations += worker.operations
            except Exception:
                report.failures.append(f"worker {number}: {traceback.format_exc(limit=-8)}")

        threads = [threading.Thread(target=act, args=each) for each in enumerate(clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for number, client in enumerate(clients):
            _deliver_rest(client, plain, spools / str(number), report)
    report.judgement = ledger.judge(plain)
    report.seconds += time.monotonic() - began


def _clients(make_store: MakeStore, spools: Path, workers: int, stack: ExitStack) -> Iterator[AnyClient]:
    server = None
    for number in range(workers):
        if number % _REMOTE == _REMOTE - 1:
            server = server or stack.enter_context(api_server(App(Client(make_store(number)))))
            yield RemoteClient(server.url, spool_dir=spools / str(number), retries=_QUICK)
        else:
            yield Client(make_store(number), spool_dir=spools / str(number))


def _deliver_rest(client: AnyClient, plain: Client, spool: Path, report: Report) -> None:
    """What waits on the disk, as the next process would deliver it: past all faults where no server is between."""
    is_remote = isinstance(client, RemoteClient)
    target: AnyClient = RemoteClient(client.uri, spool_dir=spool) if is_remote else Client(plain.store, spool_dir=spool)
    for _ in range(_MOST_SYNCS):  # a server between may be unlucky
        if not (done := target.sync()).failed:
            break
    report.failures += [f"spool {name}: {reason}" for name, reason in done.failed.items()]
    report.failures += [f"spool of another store: {name}" for name in done.other_store]


@contextmanager
def seaweed_under_faults(plan: Plan) -> Iterator[tuple[MakeStore, Client, FaultProxy]]:
    """SeaweedFS behind a proxy: stores that go through it, a client that does not, and the proxy."""
    with tempfile.TemporaryDirectory() as folder, seaweed_server(Path(folder)) as url, fault_proxy(url, plan) as proxy:
        bucket = f"bucket-{uuid.uuid4().hex[:8]}"
        boto3.client("s3", endpoint_url=url).create_bucket(Bucket=bucket)
        plain = Client(f"s3://{bucket}/team?endpoint_url={url}")
        yield lambda number: open_store(proxied(plain, proxy, number)), plain, proxy


def proxied(plain: Client, proxy: FaultProxy, number: int) -> str:
    """The address of the same store through the proxy, in one form or the other."""
    return f"{plain.uri}?endpoint_url={proxy.url}&form={('obstore', 's3fs')[number % 2]}"


def run_campaign(seed: int, operations: int, *, workers: int = 4, percent: float = 12.0) -> Report:
    """The campaign of a seed, on SeaweedFS."""
    report = Report(seed)
    with seaweed_under_faults(Plan(seed, percent)) as (make, plain, proxy):
        proxy.is_on = False
        begun = [make(number) for number in range(workers)]
        proxy.is_on = True
        run_workers(lambda number: begun[number], plain, report, workers=workers, times=max(1, operations // workers))
        report.requests, report.faults = proxy.requests, proxy.counts
    return report
