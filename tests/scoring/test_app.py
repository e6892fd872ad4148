"""What the application refuses, and what it never tells."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from cloudtrack.api.message import Request, Response
from cloudtrack.errors import InvalidInput, NotFound
from cloudtrack.models.model_file import Model
from cloudtrack.models.pyfunc import load_local
from cloudtrack.models.trust import trusting
from cloudtrack.scoring import app as app_module
from cloudtrack.scoring import sagemaker
from cloudtrack.scoring.app import ScoringApp
from cloudtrack.scoring.following import Follower
from cloudtrack.scoring.served import ModelSource, Place, ServedModel
from cloudtrack.scoring.server import ServeOptions
from tests.scoring.models import MODELS
from tests.thoroughness import examples


class Named:
    """A model that gives its name."""

    def __init__(self, name: str) -> None:
        self.metadata = Model()
        self._name = name

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:
        return self._name


def post(app: ScoringApp, body: bytes, content_type: str = "application/json") -> Response:
    return app(Request("POST", "/invocations", [], {"content-type": content_type}, io.BytesIO(body), len(body)))


@pytest.mark.parametrize(
    "body",
    [
        b'{"inputs": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"inputs": ' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"}",
        b'{"inputs": [' + b"9" * 5000 + b"]}",
        b'{"inputs": ["\xff\xfe"]}',
        b"\x00" * 100,
        b'{"dataframe_split": {"columns": [[1]], "data": [[1]]}}',
        b'{"dataframe_split": {"columns": ["a"], "data": [[1]], "index": {"x": 1}}}',
        b'{"dataframe_records": [[[[1]]]], "params": 5}',
        b'{"instances": [{"a": 1}, null]}',
    ],
)
def test_a_hostile_body_is_the_callers_mistake(body: bytes) -> None:
    answer = post(ScoringApp(Named("m")), body)
    assert answer.status in (200, 400)
    assert answer.status == 200 or answer.json()["error_code"] in ("BAD_REQUEST", "INVALID_PARAMETER_VALUE")


def test_a_body_over_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app_module, "MAX_BODY_BYTES", 20)
    app = ScoringApp(Named("m"))
    assert post(app, b'{"inputs": [1, 2]}').status == 200
    assert post(app, b'{"inputs": [1, 2, 3]}').status == 413


def test_an_answer_holds_no_stack_trace_and_no_words_of_the_model(tmp_path: Path) -> None:
    MODELS["raising"](tmp_path / "m")
    with trusting(True):
        app = ScoringApp(load_local(tmp_path / "m"))
    answer = post(app, b'{"dataframe_records": [{"what": "value"}]}')
    assert answer.status == 400
    assert set(answer.json()) == {"error_code", "message"}
    assert b"secret-of-the-model" not in answer.whole_body()
    assert b"Traceback" not in answer.whole_body()


def test_errors_say_which_column_and_what_to_do(tmp_path: Path) -> None:
    MODELS["light"](tmp_path / "m")
    with trusting(True):
        app = ScoringApp(load_local(tmp_path / "m"))
    answer = post(app, b'{"dataframe_records": [{"n": 9223372036854775808}]}')
    assert answer.json()["message"].startswith("the column 'n' takes long: there is a number beyond")


def test_an_answer_says_which_version_gave_it() -> None:
    app = ScoringApp(Named("one"), Place("models:/m/1", "1"))
    assert post(app, b'{"inputs": 1}').headers["x-cloudtrack-model-version"] == "1"
    app.serve(ServedModel(Named("two"), Place("models:/\u00fc m/2", "2")))
    answer = post(app, b'{"inputs": 1}')
    assert answer.json() == {"predictions": "two"}
    assert answer.headers["x-cloudtrack-model-uri"] == "models:/%C3%BC%20m/2"


class Moving:
    """A source that is somewhere else each time it is told so."""

    def __init__(self) -> None:
        self.place: Place | None = Place("models:/m/1", "1")
        self.loads = 0

    def resolve(self) -> Place:
        if self.place is None:
            raise NotFound("gone")
        return self.place

    def load(self, place: Place) -> ServedModel:
        self.loads += 1
        return ServedModel(Named(place.version), place)


def test_a_follower_loads_only_what_is_new() -> None:
    source, served = Moving(), []
    follower = Follower(source, served.append, source.resolve())
    assert not follower.look()
    source.place = Place("models:/m/2", "2")
    assert follower.look()
    assert not follower.look()
    assert [model.place.version for model in served] == ["2"]
    source.place = None
    with pytest.raises(NotFound):
        follower.look()
    assert source.loads == 1


@pytest.mark.parametrize("uri", ["some/folder", "models:/m/3", "runs:/0123456789abcdef0123456789abcdef/model"])
def test_a_model_that_never_changes_cannot_be_followed(uri: str) -> None:
    assert not ModelSource(uri).is_moving
    with pytest.raises(InvalidInput, match="follow a stage"):
        ServeOptions(uri, follow=True).checked()


@pytest.mark.parametrize("reference", ["/Production", "/latest", "@champion"])
def test_a_stage_an_alias_and_latest_can_be_followed(reference: str) -> None:
    assert ServeOptions(f"models:/m{reference}", follow=True).checked()


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "example.com", "::"])
def test_a_server_for_everyone_must_be_asked_for(host: str) -> None:
    with pytest.raises(InvalidInput, match="--allow-anyone"):
        ServeOptions("m", host=host).checked()
    assert ServeOptions("m", host=host, allow_anyone=True).checked()


def test_a_container_knows_one_command_and_checks_its_port(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sagemaker.main(["train"], ServeOptions("m")) == 1
    assert "knows 'serve' only" in capsys.readouterr().err
    monkeypatch.setenv("SAGEMAKER_BIND_TO_PORT", "99999")
    assert sagemaker.main(["serve"]) == 1
    assert "SAGEMAKER_BIND_TO_PORT" in capsys.readouterr().err


def test_the_command_serves_what_it_was_told(monkeypatch: pytest.MonkeyPatch) -> None:
    import typer

    from cloudtrack.cli import serving
    from cloudtrack.scoring import server

    seen: list[ServeOptions] = []
    monkeypatch.setattr(server, "serve", seen.append)
    command = typer.Typer()
    command.command()(serving.serve)
    done = CliRunner().invoke(command, ["-m", "models:/m@live", "-p", "1234", "-w", "3", "--follow", "--timeout", "5"])
    assert done.exit_code == 0, done.output
    assert seen == [ServeOptions("models:/m@live", port=1234, workers=3, follow=True, timeout_s=5)]


def test_golden_answers_are_strict_about_types() -> None:
    from tests.scoring.test_corpus import exactly

    assert exactly({"a": 1}) != exactly({"a": 1.0})
    assert exactly({"a": float("nan")}) == exactly(json.loads('{"a": NaN}'))


_LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.sampled_from([2**63, "2024-01-01"])
)
_NAMES = st.sampled_from(["n", "when", "raw", "numbers", "person", "x", "y", "columns", "data", "index", "", "other"])
_VALUES = st.recursive(
    _LEAVES, lambda part: st.lists(part, max_size=3) | st.dictionaries(_NAMES, part, max_size=4), max_leaves=12
)
_FORMS = st.sampled_from(["dataframe_split", "dataframe_records", "instances", "inputs", "params", "messages"])


@pytest.fixture(scope="module", params=["light", "nested", "tensor", "tensors", "params"])
def typed_app(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> ScoringApp:
    folder = tmp_path_factory.mktemp("models") / request.param
    MODELS[request.param](folder)
    with trusting(True):
        return ScoringApp(load_local(folder))


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=examples(100), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(body=st.dictionaries(_FORMS, _VALUES, min_size=1, max_size=2))
def test_whatever_json_holds_is_never_the_servers_failure(typed_app: ScoringApp, body: dict[str, Any]) -> None:
    answer = post(typed_app, json.dumps(body).encode())
    assert answer.status in (200, 400), answer.whole_body()
    assert b"Traceback" not in answer.whole_body()
