"""A model on a local port: the scoring application behind uvicorn.

The model is loaded before the port answers, so whoever gets an answer from ``/ping`` gets predictions too.
"""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass

from cloudtrack.api.gate import Gate, local_hosts
from cloudtrack.errors import InvalidInput
from cloudtrack.http.listening import is_local, listen, log_to_stderr, told_options
from cloudtrack.scoring.app import ScoringApp
from cloudtrack.scoring.asgi import ScoringServer
from cloudtrack.scoring.following import INTERVAL_S, Follower
from cloudtrack.scoring.served import ModelSource, check_followable

DEFAULT_PORT = 5000
DEFAULT_TIMEOUT_S = 60.0
_HUNG_S = 120
"""A worker that says nothing for so long is replaced; loading and predicting may hold the interpreter for a while."""
_log = logging.getLogger("cloudtrack.scoring")


@dataclass(frozen=True)
class ServeOptions:
    """What to serve, and how. ``store`` is where a model URI is looked up; by default as the environment says."""

    model_uri: str
    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    workers: int = 1
    follow: bool = False
    follow_interval_s: float = INTERVAL_S
    trust: bool = False
    timeout_s: float = DEFAULT_TIMEOUT_S
    store: str | None = None
    allow_anyone: bool = False
    allowed_hosts: tuple[str, ...] = ()

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach the server."""
        return is_local(self.host)

    @property
    def source(self) -> ModelSource:
        """Where the model comes from."""
        return ModelSource(self.model_uri, self.store, trust=self.trust)

    def checked(self) -> ServeOptions:
        """The options themselves.

        Raises InvalidInput for a server that everyone could use and nobody said so, and for a model that always
        stays the same and is to be followed.
        """
        if not self.is_local and not self.allow_anyone:
            raise InvalidInput(
                f"a model on {self.host} answers everyone who reaches this machine: say so with --allow-anyone, or "
                "leave --host out"
            )
        if self.follow:
            check_followable(self.source)
        return self


def serve(options: ServeOptions) -> None:
    """Serve until SIGINT or SIGTERM; predictions under way are finished.

    Raises what loading the model raises, before anything is served.
    """
    options.checked()
    if options.workers > 1:
        _check_loadable(options.source)
    listen(
        lambda: create(options),
        "cloudtrack.scoring.server:from_environment",
        asdict(options),
        host=options.host,
        port=options.port,
        workers=options.workers,
        hung_s=_HUNG_S,
    )


def from_environment() -> ScoringServer:
    """The server of one worker process."""
    told = told_options()
    told["allowed_hosts"] = tuple(told["allowed_hosts"])
    return create(ServeOptions(**told))


def create(options: ServeOptions) -> ScoringServer:
    """The server as an ASGI application, its model loaded. Raises what loading raises."""
    log_to_stderr(_log)
    source = options.source
    served = source.load(source.resolve())
    app = ScoringApp(served.model, served.place)
    hosts = frozenset(options.allowed_hosts)
    if options.is_local and not options.allow_anyone:
        hosts |= local_hosts(options.port)
    if not options.follow:
        return ScoringServer(app, Gate(hosts), timeout_s=options.timeout_s, stop=source.close)
    follower = Follower(source, app.serve, served.place, interval_s=options.follow_interval_s)

    def stop() -> None:
        follower.stop()
        source.close()

    return ScoringServer(app, Gate(hosts), timeout_s=options.timeout_s, start=follower.start, stop=stop)


def _check_loadable(source: ModelSource) -> None:
    """One process says why a model cannot be loaded, before many try."""
    try:
        source.load(source.resolve())
    finally:
        source.close()
