"""A client that does at random what can be done with a store, and notes what it was told."""

from __future__ import annotations

import io
import random
import uuid
from collections.abc import Callable, Hashable, Sequence
from functools import partial
from typing import Any

from cloudtrack.client import AnyClient, Client
from cloudtrack.entities.run import LoggedModelOutput, Metric
from cloudtrack.errors import Conflict, StateError, Unavailable
from cloudtrack.index.indexes import ONE
from cloudtrack.registry.webhooks import WebhookEvent
from tests.faults.ledger import Ledger, digest_of

PLACE = "shared"
RUN = "shared by all"
_EVENTS = [WebhookEvent.of("MODEL_VERSION", "CREATED")]
_LARGE_BYTES = 9 << 20
"""Goes up in parts."""
_MOST_REPEATS = 5


def begin(client: Client, place: str = PLACE) -> None:
    """What all workers at one place share: an experiment, a run, two models, a release."""
    experiment = client.experiments.create(place)
    client.runs.create(experiment, run_name=RUN)
    for name in (place, f"{place} too"):
        client.registered_models.create(name)
        for _ in range(2):
            client.model_versions.create(name, "s3://elsewhere/model")
    client.releases.switch(place, {"one": f"{place}/1"})


class Worker:
    """One of several; ``client`` reaches the store however it wants, a server included."""

    def __init__(self, client: AnyClient, ledger: Ledger, seed: int, place: str = PLACE) -> None:
        self._client = client
        self._ledger = ledger
        self._random = random.Random(seed)
        self._seed = seed
        self._made = 0
        self._own_run = ""
        self.operations = 0
        self.move_to(place)

    def move_to(self, place: str) -> None:
        """Go on with what is shared at another place."""
        self._place = place
        self._experiment = self._until_told(lambda: self._client.experiments.get_by_name(place)).experiment_id
        runs = self._until_told(lambda: self._client.runs.search([self._experiment], order_by=["start_time ASC"]))
        self._run = next(run.info.run_id for run in runs if run.info.run_name == RUN)

    def act(self, times: int, only: Sequence[str] = ()) -> None:
        """So many operations, one after the other: any, or ``only`` those of these names."""
        doing: dict[Callable[[], None], int] = {
            self._create_run: 4,
            self._log_batch: 6,
            self._log_unnamed: 2,
            self._set_tag: 3,
            self._write: 2,
            self._upload: 4,
            self._register: 4,
            self._transition: 3,
            self._point: 2,
            self._create_experiment: 1,
            self._create_logged_model: 2,
            self._search: 3,
            self._say: 2,
            self._release: 2,
            self._print: 2,
            self._purge: 1,
        }
        if self._is_near:
            doing |= {self._webhook: 1, self._compact: 2}
        if only:
            doing = {do: weight for do, weight in doing.items() if do.__name__.strip("_") in only}
        for _ in range(times):
            self._random.choices(list(doing), list(doing.values()))[0]()
            self.operations += 1

    def _name(self) -> str:
        self._made += 1
        return f"{self._seed}-{self._made}"

    def _until_told(self, ask: Callable[[], Any]) -> Any:
        """The answer to a question, asked again while there is none."""
        for _ in range(_MOST_REPEATS):
            try:
                return ask()
            except Unavailable:
                continue
        return ask()

    def _do(self, kind: str, key: Hashable, do: Callable[[], object], *, repeats: bool = True) -> Any:
        """Make a thing, again where that was not answered and can be repeated; the answer or True, else None."""
        for _ in range(_MOST_REPEATS if repeats else 1):
            try:
                answer = do()
            except Unavailable:
                self._ledger.note(kind, key, told=False)
                continue
            except (Conflict, StateError):
                return None  # a rival was faster, and nothing was done
            self._ledger.note(kind, key, told=True)
            return True if answer is None else answer
        return None

    def _acting(self) -> Client:
        """The registry under a name for one operation; a server's client has such names by itself."""
        if isinstance(self._client, Client):
            return self._client.acting_as(f"worker {self._seed}", operation=uuid.uuid4().hex)
        return self._client  # type: ignore[return-value]

    @property
    def _is_near(self) -> bool:
        return isinstance(self._client, Client)

    def _create_run(self) -> None:
        name, operation = self._name(), uuid.uuid4().hex
        named = {"operation": operation} if self._is_near else {}
        run = self._do(
            "run",
            name,
            lambda: self._client.runs.create(self._experiment, run_name=name, **named),
            repeats=self._is_near,
        )
        if run is not None:
            self._own_run = run.info.run_id

    def _log_batch(self) -> None:
        run_id = self._random.choice([self._run, self._own_run or self._run])
        self._made += 1
        step, key, named = self._made, f"m{self._seed}", {"operation": uuid.uuid4().hex} if self._is_near else {}
        self._do(
            "point",
            (run_id, key, step),
            lambda: self._client.runs.log_batch(run_id, metrics=[Metric(key, float(step), step, step)], **named),
            repeats=self._is_near,
        )

    def _log_unnamed(self) -> None:
        """A batch without a name, which is not repeated."""
        self._made += 1
        step, key = self._made, f"m{self._seed}"
        self._do(
            "point",
            (self._run, key, step),
            lambda: self._client.runs.log_batch(self._run, metrics=[Metric(key, float(step), step, step)]),
            repeats=False,
        )

    def _set_tag(self) -> None:
        name = self._name()
        self._do("tag", (self._run, name), lambda: self._client.runs.log_batch(self._run, tags={name: "v"}))
        self._do("tag", (self._experiment, name), lambda: self._client.experiments.set_tag(self._experiment, name, "v"))

    def _write(self) -> None:
        """A training loop. What it logged is on the disk when it has ended, whatever the store says."""
        name = self._name()
        try:
            experiment = self._client.experiments.get(self._experiment)
        except Unavailable:
            return
        run, writer = self._client.runs.start_writer(experiment, run_name=name)
        for step in range(points := self._random.choice([10, 100, 3_000])):
            writer.log_metric("loss", 1.0 / (step + 1), step)
        writer.log_params({"lr": "1"})
        writer.finish("FINISHED")
        self._ledger.note("run", name, told=True)
        self._ledger.note("param", (run.info.run_id, "lr"), told=True)
        self._ledger.note("end", (run.info.run_id, "FINISHED"), told=True)
        for step in range(points):
            self._ledger.note("point", (run.info.run_id, "loss", step), told=True)

    def _upload(self) -> None:
        body = self._random.randbytes(_LARGE_BYTES if self._random.random() < 0.05 else self._random.randrange(5_000))
        path = f"files/{self._name()}"
        self._do(
            "file",
            (self._run, path, digest_of(body)),
            lambda: self._client.artifacts.upload(self._run, io.BytesIO(body), path),
        )

    def _register(self) -> None:
        name, acting = self._name(), self._acting()
        version = self._do(
            "version",
            (self._place, name),
            lambda: acting.model_versions.create(self._place, "s3://elsewhere/model", tags={name: "v"}, comment=name),
            repeats=self._is_near,
        )
        if version is not None:
            self._ledger.note("version number", (self._place, name, version.version), told=True)

    def _transition(self) -> None:
        name, acting, stage = self._name(), self._acting(), self._random.choice(["Staging", "Production", "Archived"])
        number = self._random.choice([1, 2])
        self._do(
            "event",
            name,
            lambda: acting.stages.transition(
                self._place, number, stage, archive_existing_versions=stage == "Production", comment=name
            ),
            repeats=self._is_near,
        )

    def _point(self) -> None:
        name, acting = self._name(), self._acting()
        number = self._random.choice([1, 2])
        alias = f"a{name}"
        self._do(
            "event", name, lambda: acting.aliases.set(self._place, alias, number, comment=name), repeats=self._is_near
        )

    def _say(self) -> None:
        name, acting = self._name(), self._acting()
        self._do("comment", name, lambda: acting.comments.create(f"{self._place} too", 1, name), repeats=self._is_near)

    def _release(self) -> None:
        name, acting = self._name(), self._acting()
        model, number = self._place + self._random.choice(["", " too"]), self._random.choice([1, 2])
        self._do(
            "release",
            name,
            lambda: acting.releases.switch(self._place, {name: f"{model}/{number}"}, replace=True, comment=name),
            repeats=self._is_near,
        )

    def _webhook(self) -> None:
        name = f"h{self._name()}"
        self._do(
            "webhook", name, lambda: self._client.webhooks.create(name, "http://127.0.0.1:1/", _EVENTS), repeats=False
        )

    def _create_experiment(self) -> None:
        name = self._name()
        self._do("experiment", name, lambda: self._client.experiments.get_or_create(name))

    def _create_logged_model(self) -> None:
        name, named = self._name(), {"operation": uuid.uuid4().hex} if self._is_near else {}
        model = self._do(
            "logged model",
            name,
            lambda: self._client.logged_models.create(self._experiment, name=name, source_run_id=self._run, **named),
            repeats=self._is_near,
        )
        if model is not None:
            model_id = model.model_id
            self._do("tag", (model_id, "done"), lambda: self._client.logged_models.set_tags(model_id, {"done": "1"}))
            self._until_told(lambda: self._client.logged_models.finalize(model_id, "READY"))
            self._until_told(lambda: self._client.runs.log_outputs(self._run, [LoggedModelOutput(model_id)]))

    def _print(self) -> None:
        """Segments of one stream, each as often as it takes."""
        if not self._own_run:
            return
        stream, offset = f"1790000000000-{uuid.uuid4().hex[:12]}-w", 0
        append = partial(self._client.console.append, self._own_run, stream)
        for _ in range(3):
            line = f"line {self._name()}\n".encode()
            if self._do("line", line.decode().strip(), lambda at=offset, said=line: append(at, said)) is None:
                return
            offset += len(line)

    def _purge(self) -> None:
        """A run with a file, removed for ever."""
        run = self._until_told(lambda: self._client.runs.create(self._experiment, run_name="to be purged"))
        run_id = run.info.run_id
        self._until_told(lambda: self._client.artifacts.log_text(run_id, "words", "f.txt"))
        self._until_told(lambda: self._client.runs.delete(run_id))
        self._do("purged", run_id, lambda: self._client.purging.run(run_id))

    def _compact(self) -> None:
        client = self._client
        assert isinstance(client, Client)
        name = self._random.choice([self._experiment, ONE])
        try:
            for indexes in client.indexes:
                if indexes.is_many == (name != ONE):
                    indexes.compact(name)
        except (Unavailable, Conflict):
            pass  # a help, not a promise

    def _search(self) -> None:
        """What was just acknowledged is found at once."""
        name, run_id = self._name(), self._run
        if not self._do("tag", (run_id, name), lambda: self._client.runs.log_batch(run_id, tags={name: "v"})):
            return
        try:
            found = self._client.runs.search([self._experiment], f"tags.`{name}` = 'v'")
        except Unavailable:
            return
        if not found:
            self._ledger.note("found by a search", name, told=True)
