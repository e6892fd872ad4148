"""What a training process prints is in the console log of its run, however it ends, and on its terminal as before."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import time
from pathlib import Path

import pytest

import cloudtrack as ct
from cloudtrack.client import AnyClient, connect
from cloudtrack.fluent import console_capture, descriptor_tee
from tests.conftest import BOTH_MODES
from tests.scripts import run_script, start_script, wait_for


def logs_of(client: AnyClient, run_id: str) -> str:
    """All that was printed."""
    text, page = b"", client.console.read(run_id)
    while page.pieces:
        text += b"".join(piece.body for piece in page.pieces)
        page = client.console.read(run_id, page.cursor)
    return text.decode()


def only_log(store_url: str) -> str:
    client = connect(store_url)
    (run,) = client.runs.list(["0"])
    return logs_of(client, run.info.run_id)


ALL_KINDS = """
import ctypes, os, subprocess, sys
import cloudtrack as ct

print("before")
with ct.start_run(log_console=True):
    print("from python")
    print("error from python", file=sys.stderr)
    os.write(1, b"from a descriptor\\n")
    subprocess.run(["sh", "-c", "echo from a child; echo error from a child >&2"])
    libc = ctypes.CDLL(None)
    libc.printf(b"from C\\n")
print("after")
"""


@pytest.mark.parametrize("store_url", BOTH_MODES, indirect=True)
def test_all_that_the_process_prints_while_the_run_goes_on_is_in_its_log_and_printed(
    store_url: str, tmp_path: Path
) -> None:
    done = run_script(ALL_KINDS, store=store_url, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    shown = {"from python", "from a descriptor", "from a child", "from C"}
    errors = {"error from python", "error from a child"}
    assert {*only_log(store_url).splitlines()} == shown | errors
    assert {*done.stdout.splitlines()} == {"before", "after"} | shown
    assert errors <= {*done.stderr.splitlines()}
    assert done.stdout.splitlines()[0] == "before"
    assert done.stdout.splitlines()[-1] == "after"


@pytest.mark.parametrize(
    ("body", "code", "said"),
    [
        ("with ct.start_run():\n    print('last words')\n    raise ValueError('boom')", 1, "ValueError: boom"),
        ("ct.start_run()\nprint('last words')\nraise ValueError('boom')", 1, "ValueError: boom"),
        ("ct.start_run()\nprint('last words', end='')", 0, "last words"),
        ("with ct.start_run():\n    print('last words')\n    sys.exit(3)", 3, "last words"),
        ("ct.start_run()\nprint('last words')\nos.kill(os.getpid(), 15)\ntime.sleep(9)", 143, "last words"),
        (
            "with ct.start_run():\n    print('last words')\n    os.kill(os.getpid(), 15)\n    time.sleep(9)",
            143,
            "last words",
        ),
        ("ct.start_run()\nprint('last words')\nraise KeyboardInterrupt", -2, "KeyboardInterrupt"),
    ],
)
def test_the_last_words_are_in_the_log_however_the_process_ends(
    store_url: str, tmp_path: Path, body: str, code: int, said: str
) -> None:
    done = run_script(
        f"import os, sys, time\nimport cloudtrack as ct\n{body}",
        store=store_url,
        folder=tmp_path,
        CLOUDTRACK_CONSOLE="1",
    )
    assert done.returncode == code, done.stderr
    log = only_log(store_url)
    assert "last words" in log
    assert log.rstrip().endswith(said)
    assert log.count("Traceback") == (1 if "raise" in body else 0)


@pytest.mark.parametrize("store_url", BOTH_MODES, indirect=True)
def test_what_was_stored_is_kept_after_kill_9(store_url: str, tmp_path: Path) -> None:
    process = start_script(
        """
        import time
        from pathlib import Path
        import cloudtrack as ct

        run = ct.start_run(log_console=True)
        print("epoch 1", run.info.run_id)
        Path("aside").write_text(run.info.run_id)
        Path("aside").rename("printed")  # there with its text, at once
        time.sleep(100)
        """,
        store=store_url,
        folder=tmp_path,
        PYTHONUNBUFFERED="",  # Python keeps what goes to a pipe, unless the capture tells it not to
    )
    wait_for(tmp_path / "printed", process)
    run_id = (tmp_path / "printed").read_text()
    client, deadline = connect(store_url), time.monotonic() + 60
    while not logs_of(client, run_id):  # the promise of five seconds is kept by steps, in tests/tracking
        assert time.monotonic() < deadline
        time.sleep(0.1)
    process.kill()
    process.wait()
    assert logs_of(client, run_id) == f"epoch 1 {run_id}\n"


def test_without_the_option_nothing_is_captured(store_url: str, tmp_path: Path) -> None:
    body = "import cloudtrack as ct\nwith ct.start_run(): print('hello')"
    assert run_script(body, store=store_url, folder=tmp_path).returncode == 0
    assert only_log(store_url) == ""
    body = body.replace("start_run()", "start_run(log_console=False)")
    assert run_script(body, store=store_url, folder=tmp_path, CLOUDTRACK_CONSOLE="1").returncode == 0


def test_of_nested_runs_the_innermost_that_captures_has_what_is_printed(store_url: str, tmp_path: Path) -> None:
    body = """
    import cloudtrack as ct
    with ct.start_run(run_name="outer"):
        print("one")
        with ct.start_run(run_name="inner", nested=True):
            print("two")
            with ct.start_run(run_name="silent", nested=True, log_console=False):
                print("three")
        print("four")
    """
    done = run_script(body, store=store_url, folder=tmp_path, CLOUDTRACK_CONSOLE="1")
    assert done.stdout == "one\ntwo\nthree\nfour\n", done.stderr
    client = connect(store_url)
    found = {run.info.run_name: logs_of(client, run.info.run_id) for run in client.runs.list(["0"])}
    assert found == {"outer": "one\nfour\n", "inner": "two\nthree\n", "silent": ""}


def test_forked_workers_are_in_the_log_of_their_parent(store_url: str, tmp_path: Path) -> None:
    body = """
    import multiprocessing
    import cloudtrack as ct

    def work(number):
        print(f"worker {number}\\n", end="")  # in one write

    if __name__ == "__main__":
        with ct.start_run():
            for method in ("fork", "spawn"):
                context = multiprocessing.get_context(method)
                workers = [context.Process(target=work, args=(f"{method} {n}",)) for n in range(2)]
                for worker in workers:
                    worker.start()
                for worker in workers:
                    worker.join()
    """
    done = run_script(body, store=store_url, folder=tmp_path, CLOUDTRACK_CONSOLE="1")
    assert done.returncode == 0, done.stderr
    expected = {f"worker {method} {n}" for method in ("fork", "spawn") for n in range(2)}
    assert {*only_log(store_url).splitlines()} == {*done.stdout.splitlines()} == expected


def test_a_secret_of_the_environment_is_printed_and_not_logged(store_url: str, tmp_path: Path) -> None:
    body = "import os\nimport cloudtrack as ct\nwith ct.start_run(): print('it is', os.environ['DB_PASSWORD'])"
    done = run_script(
        body, store=store_url, folder=tmp_path, CLOUDTRACK_CONSOLE="1", DB_PASSWORD="correct horse battery"
    )
    assert done.stdout == "it is correct horse battery\n"
    assert only_log(store_url) == "it is ***\n"


def test_a_process_prints_megabytes_and_goes_on_when_nobody_reads_its_output(store_url: str, tmp_path: Path) -> None:
    body = """
    import os, subprocess, sys
    import cloudtrack as ct
    reader = subprocess.Popen(["head", "-n", "1"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    os.dup2(reader.stdin.fileno(), 1)
    reader.stdin.close()
    with ct.start_run():
        for number in range(100_000):
            print("a line of some length, number", number)
        print("done", file=sys.stderr)
    """
    done = run_script(body, store=store_url, folder=tmp_path, CLOUDTRACK_CONSOLE="1")
    assert (done.returncode, done.stderr) == (0, "done\n")
    log = only_log(store_url)
    assert log.count("\n") == 100_001
    assert "a line of some length, number 99999\n" in log


def test_a_child_that_outlives_the_run_prints_on_and_not_into_the_log(store_url: str, tmp_path: Path) -> None:
    body = """
    import subprocess
    import cloudtrack as ct
    with ct.start_run():
        child = subprocess.Popen(["sh", "-c", "echo early; read line; echo late $line"], stdin=subprocess.PIPE)
        print("run")
    child.communicate(b"word\\n")
    with ct.start_run(log_console=False):
        pass
    """
    done = run_script(body, store=store_url, folder=tmp_path, CLOUDTRACK_CONSOLE="1")
    assert done.returncode == 0, done.stderr
    client = connect(store_url)
    logs = [logs_of(client, run.info.run_id) for run in client.runs.list(["0"])]
    assert "late" not in "".join(logs)
    assert "run" in "".join(logs)  # its end of line may come behind what the child prints


@contextlib.contextmanager
def streams() -> object:
    """``sys.stdout`` and ``sys.stderr`` without descriptors, as a notebook has them."""
    before, made = (sys.stdout, sys.stderr), (io.StringIO(), io.StringIO())
    sys.stdout, sys.stderr = made
    try:
        yield made
    finally:
        assert (sys.stdout, sys.stderr) == made, "what was replaced is put back"
        sys.stdout, sys.stderr = before


def test_where_there_are_no_descriptors_what_python_prints_is_captured(store_url: str) -> None:
    ct.set_tracking_uri(store_url)
    with streams() as (out, err):
        assert not descriptor_tee.has_descriptors()
        with ct.start_run(log_console=True) as run:
            print("ü printed")
            print("wrong", file=sys.stderr)
            kept = sys.stdout
            sys.stdout.writelines(["a\n", "b\n"])
            assert sys.stdout.getvalue() == "ü printed\na\nb\n"
        kept.write("after\n")
        print("after")
    assert (out.getvalue(), err.getvalue()) == ("ü printed\na\nb\nafter\nafter\n", "wrong\n")
    assert logs_of(connect(store_url), run.info.run_id) == "ü printed\nwrong\na\nb\n"


def test_an_exception_that_somebody_catches_is_in_the_log_of_the_run_that_it_ended(store_url: str) -> None:
    ct.set_tracking_uri(store_url)
    with streams():
        with pytest.raises(KeyError), ct.start_run(log_console=True) as run:
            raise KeyError("boom")
        assert console_capture._tee is None
    assert logs_of(connect(store_url), run.info.run_id).endswith("KeyError: 'boom'\n")


def test_descriptors_lead_where_they_led_before(tmp_path: Path) -> None:
    with (tmp_path / "out").open("wb") as file:
        kept = os.dup(1), os.dup(2)
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
        seen: list[bytes] = []
        try:
            for number in range(20):
                tee = descriptor_tee.DescriptorTee(seen.append)
                os.write(1, b"one %d\n" % number)
                tee.settle()
                assert seen[-1] == b"one %d\n" % number
                os.write(2, b"two %d\n" % number)
                tee.remove()
                assert seen[-1] == b"two %d\n" % number
                os.write(1, b"three %d\n" % number)
        finally:
            for descriptor, original in zip((1, 2), kept, strict=True):
                os.dup2(original, descriptor)
                os.close(original)
    assert len(seen) == 40
    expected = b"".join(b"one %d\ntwo %d\nthree %d\n" % (number, number, number) for number in range(20))
    assert (tmp_path / "out").read_bytes() == expected
    deadline = time.monotonic() + 30
    while descriptor_tee._living:
        assert time.monotonic() < deadline, "threads end"
        time.sleep(0.01)
