"""Console logs: what a process printed is stored once, in order, soon, and at a known price."""

from __future__ import annotations

import os
import random
import re
import time
from collections.abc import Callable, Iterator

import pytest

from cloudtrack.errors import AlreadyExists, InvalidInput, Unavailable
from cloudtrack.storage.memory import MemoryStore
from cloudtrack.storage.object_store import ObjectInfo, ObjectStore
from cloudtrack.storage.opening import open_store
from cloudtrack.tracking import console_writer
from cloudtrack.tracking.console import ConsoleLogs
from cloudtrack.tracking.console_buffer import MEMORY_BYTES, SEGMENT_BYTES, ConsoleBuffer
from cloudtrack.tracking.console_stream import STREAM_BYTES, new_stream, parse_stream
from cloudtrack.tracking.console_text import SecretMask, cut_utf8, folded
from cloudtrack.tracking.console_writer import ConsoleDelivery, ConsoleWriter
from tests.processes import run_together
from tests.storage.lossy import CountingStore, LossyStore
from tests.tracking.racers import print_lines

RUN = "0" * 32
NO_SECRETS = SecretMask({})


def whole(logs: ConsoleLogs, run_id: str = RUN) -> dict[str, bytes]:
    """What each stream has, by its name; read from the beginning in small pages."""
    found: dict[str, bytes] = {}
    page = logs.read(run_id, limit_bytes=1)
    while page.pieces:
        for piece in page.pieces:
            assert piece.offset == len(found.get(piece.name, b"")), "no gap, nothing twice"
            found[piece.name] = found.get(piece.name, b"") + piece.body
        page = logs.read(run_id, page.cursor, 300_000)
    return found


@pytest.fixture
def counted() -> CountingStore:
    return CountingStore(MemoryStore())


# ----------------------------------------------------------------------------------------------- the format


def test_a_segment_has_its_streams_start_and_name_and_its_offset_for_a_key(counted: CountingStore) -> None:
    logs = ConsoleLogs(counted)
    stream = new_stream("host:12 ü")
    logs.append(RUN, stream, 0, b"one\n")
    logs.append(RUN, stream, 4, b"two\n")
    assert re.fullmatch(
        rf"runs/{RUN}/logs/\d{{13}}-[0-9a-f]{{12}}-host%3A12%20%C3%BC/000000000000\.log", counted.written[0]
    )
    assert counted.written[1].endswith("/000000000004.log")
    assert counted.counts == {"create": 2}, "a segment is one request"
    assert [(each.name, each.size_bytes) for each in logs.streams(RUN)] == [("host:12 ü", 8)]
    assert whole(logs) == {"host:12 ü": b"one\ntwo\n"}


def test_a_name_of_any_length_makes_a_stream() -> None:
    for name in ("", "x" * 500, "ü" * 500, "../..", "con", "a/b"):
        assert parse_stream(new_stream(name)) is not None


def test_the_same_segment_again_is_no_error_and_another_in_its_place_is() -> None:
    logs, stream = ConsoleLogs(MemoryStore()), new_stream("p")
    logs.append(RUN, stream, 0, b"one\n")
    logs.append(RUN, stream, 0, b"one\n")
    with pytest.raises(AlreadyExists):
        logs.append(RUN, stream, 0, b"other\n")
    assert whole(logs) == {"p": b"one\n"}


@pytest.mark.parametrize(
    ("stream", "offset", "body"),
    [
        ("../x", 0, b"x"),
        ("1790000000000-0123456789ab-a/b", 0, b"x"),
        ("1790000000000-0123456789ab-a", -1, b"x"),
        ("1790000000000-0123456789ab-a", STREAM_BYTES, b"x"),
        ("1790000000000-0123456789ab-a", 0, b""),
        ("1790000000000-0123456789ab-a", 0, b"x" * ((1 << 20) + 1)),
    ],
)
def test_what_is_no_segment_is_refused(stream: str, offset: int, body: bytes) -> None:
    with pytest.raises(InvalidInput):
        ConsoleLogs(MemoryStore()).append(RUN, stream, offset, body)


def test_files_of_others_among_the_logs_are_no_part_of_them() -> None:
    store = MemoryStore()
    store.create(f"runs/{RUN}/logs/readme.txt", b"x")
    store.create(f"runs/{RUN}/logs/1790000000000-0123456789ab-a/readme.txt", b"x")
    assert ConsoleLogs(store).read(RUN).pieces == []
    assert ConsoleLogs(store).streams(RUN) == []


# ---------------------------------------------------------------------------------------------------- reading


def test_a_tail_that_finds_nothing_asks_once_and_one_that_finds_something_once_more(counted: CountingStore) -> None:
    logs, stream = ConsoleLogs(counted), new_stream("p")
    logs.append(RUN, stream, 0, b"one\n")
    page = logs.read(RUN)
    counted.reset()
    assert logs.read(RUN, page.cursor).pieces == []
    assert counted.counts == {"list": 1}
    logs.append(RUN, stream, 4, b"two\n")
    counted.reset()
    assert [piece.body for piece in logs.read(RUN, page.cursor).pieces] == [b"two\n"]
    assert counted.counts == {"list": 1, "get": 1}


class ListingStore(CountingStore):
    """Counts what its listings say."""

    listed = 0

    def list(self, prefix: str = "", *, start_after: str = "") -> Iterator[ObjectInfo]:
        for info in super().list(prefix, start_after=start_after):
            self.listed += 1
            yield info


def test_a_tail_of_a_long_log_lists_what_is_new_alone() -> None:
    counted = ListingStore(MemoryStore())
    logs, stream = ConsoleLogs(counted), new_stream("p")
    for number in range(2500):
        logs.append(RUN, stream, 2 * number, b"x\n")
    cursor = logs.read(RUN).cursor
    counted.reset()
    counted.listed = 0
    assert logs.read(RUN, cursor).pieces == []
    assert counted.listed == 0
    assert counted.counts == {"list": 2}
    logs.append(RUN, stream, 5000, b"new\n")
    other = new_stream("other")
    logs.append(RUN, other, 0, b"first\n")
    found = logs.read(RUN, cursor)
    assert sorted(piece.body for piece in found.pieces) == [b"first\n", b"new\n"]
    assert logs.read(RUN, found.cursor).pieces == []


def test_the_end_is_read_without_the_rest_and_what_is_before_it_page_by_page(counted: CountingStore) -> None:
    logs, stream = ConsoleLogs(counted), new_stream("p")
    for number in range(100):
        logs.append(RUN, stream, 10 * number, b"line %04d\n" % number)
    counted.reset()
    page = logs.read(RUN, limit_bytes=35, backwards=True)
    assert b"".join(piece.body for piece in page.pieces) == b"line 0097\nline 0098\nline 0099\n"
    assert counted.counts == {"list": 1, "get": 3}
    assert [(each.name, each.size_bytes) for each in page.streams] == [("p", 1000)]
    end, bodies = page.end, [b"".join(piece.body for piece in page.pieces)]
    while page.cursor:
        page = logs.read(RUN, page.cursor, 35, backwards=True)
        bodies.insert(0, b"".join(piece.body for piece in page.pieces))
    assert b"".join(bodies) == b"".join(b"line %04d\n" % number for number in range(100))
    assert logs.read(RUN, end).pieces == []
    logs.append(RUN, stream, 1000, b"more\n")
    assert [piece.body for piece in logs.read(RUN, end).pieces] == [b"more\n"]


def test_a_stream_that_began_while_one_reads_is_read_whole_by_the_tail() -> None:
    logs, stream = ConsoleLogs(MemoryStore()), new_stream("p")
    logs.append(RUN, stream, 0, b"one\n")
    logs.append(RUN, stream, 4, b"two\n")
    page = logs.read(RUN, limit_bytes=4, backwards=True)
    earlier_clock = "1000000000000-0123456789ab-q"
    logs.append(RUN, earlier_clock, 0, b"of another\n")
    assert [piece.body for piece in logs.read(RUN, page.cursor, backwards=True).pieces] == [b"one\n"]
    assert [piece.name for piece in logs.read(RUN, page.end).pieces] == ["q"]


@pytest.mark.parametrize("cursor", ["x", "0123456789ab", "0123456789abzz.0", "-", "ü"])
def test_what_is_no_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidInput):
        ConsoleLogs(MemoryStore()).read(RUN, cursor)


# ---------------------------------------------------------------------------------------- from bytes to segments


def test_a_progress_bar_is_stored_as_it_was_last() -> None:
    buffer = ConsoleBuffer(NO_SECRETS)
    buffer.write(b"begin\n" + b"".join(b"\r%3d%%" % number for number in range(100_000)))
    assert buffer.take() == (0, b"begin\n99999%")
    buffer.write(b"\rdone\r\nnext\r")
    assert buffer.take() == (12, b"\rdone\r\nnext\r")
    buffer.write(b"over\n")
    assert buffer.take() == (24, b"over\n")
    assert buffer.is_empty


def test_folding_keeps_lines_and_is_the_same_done_twice() -> None:
    assert folded(b"a\rb\r\nc\r\rd\n", after_line=True) == b"b\r\nd\n"
    assert folded(b"a\rb\nc", after_line=False) == b"\rb\nc"
    for seed in range(200):
        data = bytes(random.Random(seed).choices(b"ab\r\n", k=12))
        for after_line in (True, False):
            once = folded(data, after_line=after_line)
            assert folded(once, after_line=after_line) == once
            assert once.count(b"\n") == data.count(b"\n")


def test_a_character_is_never_cut() -> None:
    text = "aü€𝄞" * 60_000
    buffer, bodies = ConsoleBuffer(NO_SECRETS), []
    for at in range(0, len(text.encode()), 997):
        buffer.write(text.encode()[at : at + 997])
        taken = buffer.take()
        bodies += [taken[1]] if taken else []
    while taken := buffer.take(is_last=True):
        bodies.append(taken[1])
    assert "".join(body.decode() for body in bodies) == text
    for size in range(1, 12):
        data = "aü€𝄞".encode()[:size]
        data[: size - cut_utf8(data)].decode()


def test_bytes_that_are_no_text_are_stored_as_they_are() -> None:
    data = bytes(value for value in range(256) if value != 13) * 10
    buffer = ConsoleBuffer(NO_SECRETS)
    buffer.write(data)
    found = b""
    while taken := buffer.take(is_last=True):
        found += taken[1]
    assert found == data


def test_segments_end_with_lines_where_there_are_any() -> None:
    buffer = ConsoleBuffer(NO_SECRETS)
    for number in range(60_000):
        buffer.write(b"line %d\n" % number)
    bodies = []
    while taken := buffer.take():
        bodies.append(taken[1])
    assert len(bodies) > 2
    assert all(len(body) <= SEGMENT_BYTES and body.endswith(b"\n") for body in bodies)


def test_secrets_are_hidden_also_where_they_come_in_two_pieces() -> None:
    mask = SecretMask({"MY_TOKEN": "hunter2hunter2", "PASSWORD": "short", "HOME": "/root/somewhere"})
    buffer = ConsoleBuffer(mask)
    buffer.write(b"token hunter2hunter2 short /root/somewhere; hunter2h")
    assert buffer.take() == (0, b"token *** short /root/somewhere; ")
    buffer.write(b"unter2 again, hunter2")
    assert buffer.take() == (33, b"*** again, ")
    assert buffer.take() == (44, b"hunter2"), "its rest did not come"


def test_a_stream_ends_at_its_limit_with_a_line_that_says_so() -> None:
    buffer = ConsoleBuffer(NO_SECRETS)
    block = b"x" * 99 + b"\n"
    size, last = 0, b""
    for _ in range(STREAM_BYTES // len(block) // 1000 + 10):
        buffer.write(block * 1000)
        while taken := buffer.take():
            assert taken[0] == size
            size, last = size + len(taken[1]), taken[1]
    assert STREAM_BYTES - 300 < size <= STREAM_BYTES
    assert last.endswith(b"\n[cloudtrack: this log ends here, at 64 MiB; the rest is left out]\n")
    buffer.write(b"more")
    assert buffer.take(is_last=True) is None


def test_what_waits_is_bounded_and_a_line_says_how_much_was_left_out() -> None:
    buffer, lines = ConsoleBuffer(NO_SECRETS), 3_000_000
    for first in range(0, lines, 1000):
        buffer.write(b"".join(b"%08d\n" % number for number in range(first, first + 1000)))
        assert buffer.size_bytes <= MEMORY_BYTES + 9000
    found = b""
    while taken := buffer.take():
        found += taken[1]
    kept = found.splitlines()
    (note,) = [line for line in kept if line.startswith(b"[cloudtrack")]
    assert kept[0] == b"%08d" % 0
    assert kept[-1] == b"%08d" % (lines - 1)
    left_out = int(re.findall(rb"\d+", note)[0])
    assert left_out == 9 * (lines - (len(kept) - 1))
    at = kept.index(note)
    assert int(kept[at + 1]) - int(kept[at - 1]) - 1 == left_out // 9, "only the middle"


# ------------------------------------------------------------------------------------------------------ in time


class Steps:
    """A delivery whose time a test moves."""

    def __init__(self, store: ObjectStore) -> None:
        self.now = 0.0
        self.logs = ConsoleLogs(store)
        self.delivery = ConsoleDelivery(self.logs, RUN, "p")
        self.stored: list[tuple[float, int]] = []

    def until(self, end: float, *, prints: Callable[[float], bytes] = lambda _: b"") -> None:
        """Let time pass in tenths of a second."""
        while self.now < end:
            if data := prints(self.now):
                self.delivery.write(data, self.now)
            due = self.delivery.due_s()
            if due is not None and due <= self.now:
                self.delivery.store(self.now)
                self.stored.append((self.now, sum(len(body) for body in whole(self.logs).values())))
            self.now = round(self.now + 0.1, 1)


def test_what_is_printed_is_stored_within_three_seconds_so_that_a_tail_has_it_within_five() -> None:
    steps, printed = Steps(MemoryStore()), []

    def prints(now: float) -> bytes:
        printed.append(now)
        return b"x"

    steps.until(30, prints=prints)
    assert steps.stored[0][0] <= 1.0
    waited, seen = [], 0
    for at, size in steps.stored:
        waited += [at - printed[number] for number in range(seen, size)]
        seen = size
    assert max(waited) <= 3.0
    assert len(steps.stored) <= 11, "no more than a request in three seconds"
    from cloudtrack.cli import run_logs

    assert max(waited) + run_logs._LONGEST_PAUSE_S <= 5.0


def test_what_is_printed_after_a_silence_is_stored_within_a_second(counted: CountingStore) -> None:
    steps = Steps(counted)
    steps.until(5, prints=lambda now: b"first\n" if now == 0 else b"")
    counted.reset()
    steps.until(100)
    assert counted.requests == 0, "nothing is asked while nothing is printed"
    steps.delivery.write(b"second\n", steps.now)
    steps.until(102)
    assert steps.stored[-1][0] <= 101.0
    assert counted.writes == 1


def test_enough_for_a_segment_is_stored_at_once() -> None:
    steps = Steps(MemoryStore())
    steps.until(0.1, prints=lambda _: b"x\n" * (SEGMENT_BYTES // 2))
    assert steps.stored == [(0.0, SEGMENT_BYTES)]


def test_lost_answers_store_nothing_twice() -> None:
    inner = MemoryStore()
    lossy = LossyStore(inner, share=0.5, seed=7)
    delivery = ConsoleDelivery(ConsoleLogs(lossy), RUN, "p")
    printed, now = b"", 0.0
    for number in range(300):
        line = b"line %d\n" % number
        printed += line
        delivery.write(line, now)
        now += 5
        try:
            delivery.store(now, is_last=number == 299)
        except Unavailable:
            continue
    while delivery.waiting_bytes:
        try:
            delivery.store(now, is_last=True)
        except Unavailable:
            now += 60
    assert lossy.lost > 20
    assert whole(ConsoleLogs(inner)) == {"p": printed}


def test_a_store_that_is_away_is_asked_less_and_less_often() -> None:
    class Away:
        asked = 0

        def append(self, *_: object) -> None:
            self.asked += 1
            raise Unavailable("away")

    away = Away()
    delivery = ConsoleDelivery(away, RUN, "p")
    now = 0.0
    delivery.write(b"x", now)
    while now < 600:
        due = delivery.due_s()
        if due is not None and due <= now:
            with pytest.raises(Unavailable):
                delivery.store(now)
        now += 0.5
    assert 15 <= away.asked <= 50
    assert delivery.waiting_bytes == 1


# -------------------------------------------------------------------------------------------------- the writer


def test_closing_stores_all_and_a_writer_that_wrote_nothing_asks_nothing(counted: CountingStore) -> None:
    logs = ConsoleLogs(counted)
    ConsoleWriter(logs, RUN, "silent").close()
    assert counted.requests == 0
    writer = ConsoleWriter(logs, RUN, "loud")
    for number in range(1000):
        writer.write(b"line %d\n" % number)
    writer.close()
    writer.write(b"too late\n")
    assert whole(logs) == {"loud": b"".join(b"line %d\n" % number for number in range(1000))}


def test_the_thread_stores_what_is_printed_by_itself() -> None:
    logs = ConsoleLogs(MemoryStore())
    writer = ConsoleWriter(logs, RUN, "p")
    writer.write(b"soon\n")
    deadline = time.monotonic() + 60
    while not logs.read(RUN).pieces:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    writer.close()


def test_a_writer_never_raises_and_says_once_what_was_lost(caplog: pytest.LogCaptureFixture) -> None:
    class Away:
        def append(self, *_: object) -> None:
            raise Unavailable("the store is away")

    writer = ConsoleWriter(Away(), RUN, "p")
    writer.write(b"12345")
    writer.close(timeout_s=0.5)
    said = [record.message for record in caplog.records]
    assert said == [
        f"run {RUN}: its console log waits in memory: the store is away",
        f"run {RUN}: the last 5 bytes of its console log did not reach the store",
    ]


def test_a_forked_child_writes_a_stream_of_its_own(store_url: str) -> None:
    logs = ConsoleLogs(open_store(store_url))
    writer = ConsoleWriter(logs, RUN)
    writer.write(b"parent\n")
    child = os.fork()
    if child == 0:
        writer.write(b"child\n")
        writer.close()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    writer.close()
    assert sorted(whole(logs).values()) == [b"child\n", b"parent\n"]
    assert {name.rpartition(":")[2] for name in whole(logs)} == {str(os.getpid()), str(child)}


@pytest.mark.parametrize("store_url", ["folder", "moto-obstore"], indirect=True)
def test_many_processes_write_streams_of_one_run_and_nothing_is_lost(store_url: str) -> None:
    run_together(print_lines, [(store_url, RUN, f"rank {number}", 2000) for number in range(4)])
    found = whole(ConsoleLogs(open_store(store_url)))
    assert sorted(found) == [f"rank {number}" for number in range(4)]
    for name, body in found.items():
        assert body == b"".join(b"%s line %d\n" % (name.encode(), number) for number in range(2000))


def test_the_constants_keep_the_promise() -> None:
    assert console_writer.FIRST_S <= 1.0
    assert console_writer.PAUSE_S <= 4.0
