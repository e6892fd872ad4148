"""What was saved is what is loaded: a changed, missing or added file is found before anything runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from sklearn.linear_model import LinearRegression

import cloudtrack as ct
from cloudtrack.client import Client
from cloudtrack.errors import CorruptData, InvalidInput
from cloudtrack.fluent import session
from cloudtrack.models.digests import digest_of, verify_model
from cloudtrack.models.model_file import Model
from tests.conftest import BOTH_MODES

CANARY = "was_run"


@pytest.fixture(autouse=True)
def _in_force(store_url: str) -> None:
    ct.set_tracking_uri(store_url)


class Hostile:
    """A pickle that makes a file when it is read."""

    def __reduce__(self) -> tuple[Callable[[str], object], tuple[str]]:
        return _make, (CANARY,)


def _make(name: str) -> Path:
    Path(name).touch()
    return Path(name)


def line() -> LinearRegression:
    return LinearRegression().fit([[0.0], [1.0]], [0.0, 2.0])


def logged(name: str = "line") -> tuple[str, Path]:
    """A model of a store in a folder, registered once: its id, and where its files are."""
    with ct.start_run():
        info = ct.sklearn.log_model(line(), name=name, registered_model_name="lines")
    marker = Client(ct.get_tracking_uri()).store.local_path("cloudtrack.json")
    assert marker is not None
    assert info.model_id is not None
    return info.model_id, marker.parent / "logged_models" / info.model_id / "artifacts"


def swap_a_byte(files: Path) -> None:
    body = bytearray((files / "model.pkl").read_bytes())
    body[-3] ^= 1
    (files / "model.pkl").write_bytes(bytes(body))


def put_a_hostile_pickle(files: Path) -> None:
    import cloudpickle

    (files / "model.pkl").write_bytes(cloudpickle.dumps(Hostile()))


def name_another_file(files: Path) -> None:
    content = yaml.safe_load((files / "MLmodel").read_text())
    content["flavors"]["sklearn"]["pickled_model"] = "requirements.txt"
    (files / "MLmodel").write_text(yaml.safe_dump(content))


def forget_the_digests(files: Path) -> None:
    put_a_hostile_pickle(files)
    content = yaml.safe_load((files / "MLmodel").read_text())
    del content["file_digests"]
    (files / "MLmodel").write_text(yaml.safe_dump(content))


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (swap_a_byte, "model.pkl"),
        (put_a_hostile_pickle, "model.pkl"),
        (lambda files: (files / "model.pkl").unlink(), "model.pkl"),
        (lambda files: (files / "code.py").write_text("x = 1"), "code.py"),
        (name_another_file, "MLmodel"),
        (forget_the_digests, "MLmodel"),
    ],
    ids=["swapped byte", "other pickle", "missing file", "added file", "other flavor entry", "digests taken out"],
)
def test_a_registered_model_that_was_changed_is_not_loaded(harm: Callable[[Path], object], said: str) -> None:
    _, files = logged()
    assert ct.sklearn.load_model("models:/lines/1").coef_[0] == pytest.approx(2)
    harm(files)
    for load in (ct.sklearn.load_model, ct.pyfunc.load_model):
        with pytest.raises(CorruptData, match=said):
            load("models:/lines/1")
    assert not Path(CANARY).exists()


def test_a_model_that_is_not_registered_is_held_against_its_own_list() -> None:
    model_id, files = logged()
    swap_a_byte(files)
    with pytest.raises(CorruptData, match=r"model\.pkl"):
        ct.sklearn.load_model(f"models:/{model_id}")


@pytest.mark.parametrize("store_url", BOTH_MODES, indirect=True)
def test_a_version_keeps_the_digest_of_its_model() -> None:
    with ct.start_run():
        info = ct.sklearn.log_model(line(), name="line", registered_model_name="lines")
    client = session.client()
    expected = digest_of(client.read_model_file(info.model_uri))
    assert expected is not None
    for version in (client.model_versions.get("lines", 1), *client.model_versions.search("name = 'lines'")):
        assert version.digest == expected
    with pytest.raises(InvalidInput, match="digest"):
        client.model_versions.create("lines", info.model_uri, digest="nonsense")


def test_a_model_saved_twice_has_one_digest(tmp_path: Path) -> None:
    digests = [digest_of(ct.sklearn.save_model(line(), tmp_path / name)) for name in "ab"]
    assert digests[0] == digests[1]
    other = ct.sklearn.save_model(LinearRegression(fit_intercept=False), tmp_path / "c")
    assert digest_of(other) != digests[0]


def test_a_model_of_other_tools_lists_nothing_and_is_loaded(tmp_path: Path) -> None:
    ct.sklearn.save_model(line(), tmp_path / "m")
    content = yaml.safe_load((tmp_path / "m" / "MLmodel").read_text())
    del content["file_digests"]
    (tmp_path / "m" / "MLmodel").write_text(yaml.safe_dump(content))
    assert digest_of(Model.load(tmp_path / "m")) is None
    verify_model(tmp_path / "m")
    assert ct.sklearn.load_model(str(tmp_path / "m")).coef_[0] == pytest.approx(2)


def test_a_model_is_downloaded_beside_other_files(tmp_path: Path) -> None:
    model_id, _ = logged()
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "mine.txt").write_text("x")
    assert session.client().download_model(f"models:/{model_id}", tmp_path / "here") == tmp_path / "here"
