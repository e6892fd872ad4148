"""A run is logged with nothing but a grant: all of it arrives, however often it is sent."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from cloudtrack import clock
from cloudtrack.client import Client, connect
from cloudtrack.errors import InvalidInput, PermissionDenied, StateError, Unavailable
from cloudtrack.grants import sending
from cloudtrack.grants.collecting import Collector
from cloudtrack.grants.slots import Slots
from cloudtrack.tracking.sync import sync_spools
from tests.grants.fakes import Granted, StoreSender, granted
from tests.scripts import run_script


@pytest.fixture
def it(tmp_path: Path) -> Granted:
    return granted(tmp_path / "spool")


def _log(it: Granted, *, status: str = "FINISHED") -> None:
    writer, artifacts = it.start()
    writer.log_params({"lr": 0.1})
    for step in range(3000):
        writer.log_metric("loss", 1.0 / (step + 1), step)
    writer.set_tags({"owner": "ann"})
    artifacts.log_text(it.run_id, "hello", "notes.txt")
    artifacts.upload(it.run_id, io.BytesIO(b""), "deep/empty")
    writer.finish(status)


def test_all_that_was_logged_comes_to_the_run(it: Granted) -> None:
    _log(it)
    assert it.client.runs.get(it.run_id).info.status == "RUNNING", "nothing is seen before it is collected"
    (done,) = Collector(it.client).collect_all()
    assert (done.status, done.files, done.refused) == ("FINISHED", 2, {})
    run = it.client.runs.get(it.run_id)
    assert run.data.params == {"lr": "0.1"}
    assert run.data.summaries["loss"].count == 3000
    assert run.data.tags["owner"] == "ann"
    assert it.client.artifacts.read(it.run_id, "notes.txt") == b"hello"
    assert it.client.artifacts.read(it.run_id, "deep/empty") == b""
    assert it.inbox == []
    assert not list(it.spool.glob("*.spool")), "what was sent does not wait any more"
    assert not list(it.spool.glob("*.files"))


def test_a_lost_answer_costs_a_slot_and_nothing_else(it: Granted) -> None:
    it.sender = StoreSender(it.store, loses=lambda number: number == 1)
    writer, artifacts = it.start()
    writer.log_metric("loss", 1.0, 1)
    artifacts.log_text(it.run_id, "one", "a.txt")
    with pytest.raises(Unavailable, match="lost"):
        writer.flush()
    artifacts.log_text(it.run_id, "two", "a.txt")
    writer.finish("FINISHED")
    assert len(it.inbox) == 2
    done = Collector(it.client).collect(it.grant.grant_id)
    assert done.refused == {}
    assert it.client.metrics.history(it.run_id, "loss")[0].value == 1.0
    assert it.client.runs.get(it.run_id).data.summaries["loss"].count == 1
    assert it.client.artifacts.read(it.run_id, "a.txt") == b"two"


def test_what_a_killed_process_left_is_sent_by_sync_and_counts_once(it: Granted) -> None:
    writer, artifacts = it.start()
    writer.log_metric("loss", 1.0, 1)
    artifacts.log_text(it.run_id, "text", "a.txt")
    writer.flush()
    writer.log_metric("loss", 2.0, 2)
    writer._spool_logged()
    assert writer._spool is not None
    writer._spool.abandon()  # as the kernel does
    sizes = len(it.sender.sent)
    for _ in range(2):
        report = sync_spools(it.spool, it.runs().delivery, f"grant:{it.run_id}")
        assert report.failed == {}
    assert len(it.sender.sent) == sizes + 1
    assert it.sender.sent[-1] < 1000, "what was sent is not sent again"
    Collector(it.client).collect_all()
    assert it.client.runs.get(it.run_id).data.summaries["loss"].count == 2


def test_without_its_notes_a_machine_sends_all_again_and_it_counts_once(it: Granted) -> None:
    _log(it)
    (it.spool / f"{it.grant.grant_id}.slots").write_text("nonsense")
    writer, _ = it.start()
    writer.log_metric("loss", 5.0, 5000)
    writer.detach()
    Collector(it.client).collect_all()
    assert it.client.runs.get(it.run_id).data.summaries["loss"].count == 3001


def test_deliveries_are_spread_over_the_time_of_the_grant(it: Granted, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(clock, "monotonic", lambda: now[0])
    monkeypatch.setattr(clock, "now_ms", lambda: it.grant.created + int(1000 * (now[0] - 1000)))
    runs = it.runs()
    writer = runs.open_writer(it.run_id)
    spool = writer._spool
    assert spool is not None
    for hour in range(6 * 60 * 12):
        now[0] = 1000 + 5 * hour
        writer.log_metric("loss", 1.0, hour)
        writer._spool_logged()
        writer._deliver(heartbeat=True)
    slots = Slots(it.spool, it.grant.grant_id, len(it.grant.slots))
    assert 8 <= slots.left < 40
    assert len(it.sender.sent) > 300
    writer.finish("FINISHED")
    Collector(it.client).collect_all()
    assert it.client.runs.get(it.run_id).data.summaries["loss"].count == 6 * 60 * 12


def test_the_last_slots_are_kept_for_the_end(it: Granted) -> None:
    writer, _ = it.start()

    def log_and_flush() -> None:
        for step in range(len(it.grant.slots)):
            writer.log_metric("loss", 1.0, step)
            writer.flush()

    with pytest.raises(StateError, match="no slots left"):
        log_and_flush()
    writer.finish("FINISHED")
    assert len(it.inbox) == len(it.grant.slots) - 7
    assert Collector(it.client).collect_all()[0].status == "FINISHED"


def test_files_are_sent_together_and_a_large_one_alone(it: Granted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "MOST_FILES_BYTES", 100)
    monkeypatch.setattr(sending, "MOST_FILES", 3)
    writer, artifacts = it.start()
    sizes = [10, 10, 10, 10, 500, 60, 60]
    for number, size in enumerate(sizes):
        artifacts.upload(it.run_id, io.BytesIO(b"x" * size), f"f{number}")
    writer.finish("FINISHED")
    assert len(it.sender.sent) >= 5
    Collector(it.client).collect_all()
    assert [info.file_size for info in it.client.artifacts.list(it.run_id)] == sizes


def test_a_file_that_cannot_be_sent_is_named_and_holds_nothing_up(
    it: Granted, caplog: pytest.LogCaptureFixture
) -> None:
    writer, artifacts = it.start()
    artifacts.log_text(it.run_id, "x", "d/" * 600 + "f")
    artifacts.log_text(it.run_id, "y", "fine.txt")
    writer.finish("FINISHED")
    assert "is not sent by a grant" in caplog.text
    assert Collector(it.client).collect_all()[0].status == "FINISHED"
    assert [info.path for info in it.client.artifacts.list(it.run_id)] == ["fine.txt"]


def test_files_beyond_what_was_granted_are_named_and_hold_nothing_up(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    it = granted(tmp_path / "spool", max_bytes=100)
    for number, size in enumerate((60, 50, 40)):  # each by a process of its own
        writer, artifacts = it.start()
        artifacts.upload(it.run_id, io.BytesIO(b"x" * size), f"f{number}")
        writer.log_metric("loss", 1.0, number)
        writer.detach()
    assert "the artifact f1 (50 bytes) is not sent" in caplog.text
    done = Collector(it.client).collect_all()[0]
    assert (done.deliveries, done.files, done.refused) == (3, 2, {})
    assert it.client.runs.get(it.run_id).data.summaries["loss"].count == 3


def test_two_processes_take_different_slots(it: Granted) -> None:
    first, _ = it.start()
    second, _ = it.start()
    for writer, key in ((first, "a"), (second, "b")):
        writer.log_metric(key, 1.0, 1)
        writer.flush()
    second.detach()
    first.finish("FAILED")
    Collector(it.client).collect_all()
    run = it.client.runs.get(it.run_id)
    assert run.data.metrics == {"a": 1.0, "b": 1.0}
    assert run.info.status == "FAILED"


def test_a_refusal_names_the_end_of_the_grant_and_no_url(it: Granted) -> None:
    delivery = it.runs().delivery()
    error = delivery._refused(403, {}, b"<Error><Code>AccessDenied</Code></Error>")
    assert isinstance(error, PermissionDenied)
    assert clock.format_ms(it.grant.expires) in error.message
    assert "403 AccessDenied" in error.message
    assert "https:" not in error.message


@pytest.fixture
def holder(it: Granted, tmp_path: Path) -> Client:
    path = tmp_path / "run.grant"
    path.write_text(it.grant.model_dump_json())
    client = connect(f"grant:{path}")
    assert isinstance(client, Client)
    return client


def test_what_only_the_store_can_do_does_not_wait_with_a_grant(it: Granted, tmp_path: Path) -> None:
    path = tmp_path / "run.grant"
    path.write_text(it.grant.model_dump_json())
    done = run_script(
        """
        import cloudtrack as ct
        with ct.start_run():
            for do in (
                lambda: ct.register_model("runs:/x/model", "m"),
                lambda: ct.MlflowClient().create_registered_model("m"),
                lambda: ct.initialize_logged_model("m"),
            ):
                try:
                    do()
                except ct.exceptions.MlflowException as error:
                    print(error)
        """,
        store=f"grant:{path}",
        folder=tmp_path,
        CLOUDTRACK_SPOOL_DIR=str(tmp_path / "own"),
    )
    assert done.stdout.count("login at the store") == 3, done.stderr
    assert not list((tmp_path / "own").glob("*.journal"))


def test_a_grant_reads_nothing_and_changes_nothing_else(it: Granted, holder: Client) -> None:
    for do in (
        lambda: holder.runs.search(["0"]),
        lambda: holder.registered_models.create("m"),
        lambda: holder.logged_models.create(it.grant.experiment_id, name="m"),
        lambda: holder.artifacts.read(it.run_id, "a"),
        lambda: holder.runs.delete(it.run_id),
        lambda: holder.experiments.create("Y"),
    ):
        with pytest.raises(Unavailable, match="login at the store"):
            do()
    for other in (lambda: holder.runs.get("0" * 32), lambda: holder.experiments.get_or_create("Y")):
        with pytest.raises(InvalidInput, match="the grant is for"):
            other()
    assert holder.experiments.get("0").name == "X"
    assert holder.runs.get(it.run_id).info.run_name == it.grant.run_name


def test_a_grant_is_for_one_run(it: Granted) -> None:
    runs = it.runs()
    experiment = it.client.experiments.get_or_create("X")
    _, writer = runs.start_writer(experiment, run_name="n", tags={"a": "b"})
    writer.finish("FINISHED")
    with pytest.raises(StateError, match="one run"):
        runs.start_writer(experiment)


@pytest.mark.parametrize("text", ["", "{}", '{"format":"cloudtrack.grant-file/9"}', "\x00", '{"slots": ["file:///x"]}'])
def test_what_is_no_grant_is_refused_in_words(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.grant").write_text(text)
    with pytest.raises(InvalidInput, match="is no grant"):
        connect(f"grant:{tmp_path / 'x.grant'}")
    with pytest.raises(InvalidInput, match="cannot be read"):
        connect("grant:nowhere")


def test_a_grant_shows_no_url(it: Granted) -> None:
    assert "https" not in repr(it.grant)
