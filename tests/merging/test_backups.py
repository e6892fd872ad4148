"""docs/backup.md: a plain copy, made by its commands while others write, is a whole store."""

from __future__ import annotations

import re
import subprocess
import threading
from pathlib import Path

from cloudtrack.client import Client
from cloudtrack.index.indexes import ONE
from cloudtrack.maintenance.reindexing import rebuild
from cloudtrack.tracking import keys
from cloudtrack.tracking.points import INLINE_POINTS
from tests.maintenance.stores import fill, log_model, log_points

PAGE = Path(__file__).parents[2] / "docs" / "backup.md"


def commands() -> str:
    """The page's commands, with a program that is everywhere."""
    (block,) = re.findall(r"```sh\n(copy\(\).*?)```", PAGE.read_text(), re.DOTALL)
    first, _, rest = block.partition("\n")
    assert "rsync" in first
    return f'copy() {{ cp -R --parents -p "$@" "$TO" 2>/dev/null; }}\n{rest}'


def test_a_plain_copy_in_the_order_of_the_page_is_whole_while_others_write(tmp_path: Path) -> None:
    source, target = tmp_path / "store", tmp_path / "copy"
    client = Client(source)
    names = fill(client)
    target.mkdir()
    stop = threading.Event()
    failed: list[BaseException] = []
    made: list[str] = []

    def write() -> None:
        try:
            mine = Client(source)
            for number in range(1000):
                run_id = mine.runs.create(names["experiment"]).info.run_id
                log_points(mine, run_id, INLINE_POINTS + 1)
                log_model(mine, run_id, "model", f"weights {number}")
                mine.runs.update(run_id, status="FINISHED")
                mine.register_model(f"runs:/{run_id}/model", "churn", copy=bool(number % 2))
                mine.releases.switch("prod", {"ranker": f"churn/{number + 1}"})
                made.append(run_id)
                if stop.is_set():
                    return
        except BaseException as error:
            failed.append(error)

    writing = threading.Thread(target=write)
    writing.start()
    for line in commands().splitlines()[1:]:
        script = f"{commands().splitlines()[0]}\n{line}"
        before = len(made)
        subprocess.run(["sh", "-c", script], cwd=source, env={"TO": str(target), "PATH": "/usr/bin:/bin"}, check=False)
        while writing.is_alive() and len(made) == before:
            stop.wait(0.01)  # so that something is written between any two commands
    stop.set()
    writing.join()
    assert failed == []
    copy = Client(target, create=False)
    for indexes in copy.indexes:
        rebuild(copy.store, indexes, [*keys.ids_in(copy.store, keys.EXPERIMENTS)] if indexes.is_many else [ONE])
    wrong = [f"{each.kind} {each.key}" for each in copy.fsck.check(deep=True).findings]
    assert [each for each in wrong if not each.startswith(("segment-unlisted", "ownerless"))] == []
    assert copy.runs.get(names["run"]).data.summaries["loss"].count == INLINE_POINTS + 500


def test_what_was_lost_comes_back_from_a_copy(tmp_path: Path) -> None:
    client = Client(tmp_path / "store")
    names = fill(client)
    client.merging.push(tmp_path / "backup")
    for info in list(client.store.list(f"runs/{names['run']}/")):
        client.store.delete(info.key)
    assert client.fsck.check().damaged
    assert client.merging.pull(tmp_path / "backup").conflicts == []
    assert [each.kind for each in client.fsck.check(deep=True).findings if each.severity == "damage"] == []
