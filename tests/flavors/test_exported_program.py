"""Exported programs of PyTorch load without trust, and crafted ones do not: nothing in them runs."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy
import pytest

from cloudtrack.config import TRUST_MODELS
from cloudtrack.errors import PermissionDenied
from tests.flavors.matrix import assert_same

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytestmark = pytest.mark.flavors

Members = dict[str, bytes]
Module: Any = torch.nn.Module
PROGRAM, INPUTS = "models/model.json", "data/sample_inputs/model.pt"
WEIGHTS, CONSTANTS = "data/weights/model_weights_config.json", "data/constants/model_constants_config.json"
ROWS = numpy.arange(12, dtype="float32").reshape(6, 2) / 10


class Network(Module):
    """Weights, a buffer, a constant, a part without gradients, and sizes that are computed."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(7)
        self.layers = torch.nn.Sequential(torch.nn.Linear(2, 4), torch.nn.BatchNorm1d(4), torch.nn.GELU())
        self.out = torch.nn.Linear(4, 1)
        self.register_buffer("scale", torch.arange(4.0))
        self.shift = torch.ones(4)

    def forward(self, x: Any) -> Any:
        with torch.no_grad():
            mean = x.mean(dim=1, keepdim=True)
        hidden = self.layers(x) * self.scale + self.shift + mean
        return self.out(hidden.reshape(-1, 2, 2).flatten(1)) * x.shape[0]


class Recurrent(Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(7)
        self.lstm = torch.nn.LSTM(1, 3, num_layers=2, batch_first=True, bidirectional=True)
        self.out = torch.nn.Linear(6, 2)

    def forward(self, x: Any) -> Any:
        return self.out(self.lstm(x.unsqueeze(2))[0][:, -1]).softmax(dim=1)


class Attending(Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(7)
        layer = torch.nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        self.embedding, self.encoder = torch.nn.Embedding(20, 8), torch.nn.TransformerEncoder(layer, 2)

    def forward(self, x: Any) -> Any:
        return self.encoder(self.embedding(x.long())).mean(dim=1)


class Seeing(Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(7)
        self.layers = torch.nn.Sequential(
            torch.nn.Conv2d(1, 2, 1),
            torch.nn.BatchNorm2d(2),
            torch.nn.ReLU(inplace=True),
            torch.nn.AdaptiveAvgPool2d(1),
        )

    def forward(self, x: Any) -> Any:
        return torch.nn.functional.interpolate(self.layers(x[:, None, :, None]), scale_factor=2).flatten(1)


def answer(model: Any, rows: Any) -> Any:
    with torch.no_grad():
        return model(torch.tensor(rows)).numpy()


@pytest.fixture(autouse=True)
def _distrust(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TRUST_MODELS, "0")


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    """What a hostile file would make, if it ran."""
    return tmp_path / "canary"


@pytest.mark.parametrize("network", [Network, Recurrent, Attending, Seeing])
def test_ordinary_programs_load_without_trust(network: Any, tmp_path: Path) -> None:
    from cloudtrack.flavors import pyfunc, pytorch

    pytorch.save_model(network(), tmp_path / "m", input_example=ROWS)
    expected = answer(network().eval(), ROWS)
    assert_same(answer(pytorch.load_model(str(tmp_path / "m")), ROWS), expected, tolerance=1e-5)
    assert_same(pyfunc.load_model(str(tmp_path / "m")).predict(ROWS), expected, tolerance=1e-5)


def test_guards_of_several_inputs_are_kept(tmp_path: Path) -> None:
    from cloudtrack.flavors import pytorch

    class Two(Module):
        def forward(self, x: Any, y: Any) -> Any:
            return x * y

    pytorch.save_model(Two(), tmp_path / "m", input_example=(ROWS, ROWS))
    loaded = pytorch.load_model(str(tmp_path / "m"))
    assert_same(loaded(torch.tensor(ROWS), torch.tensor(ROWS)).numpy(), ROWS * ROWS)
    with pytest.raises(AssertionError, match="size"):
        loaded(torch.tensor(ROWS), torch.tensor(ROWS[:1]))


class Running:
    """What runs when it is unpickled."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self) -> Any:
        return Path.touch, (self.canary,)


def python(canary: Path) -> str:
    return f"__import__('pathlib').Path({str(canary)!r}).touch()"


def torch_pickle(value: Any) -> bytes:
    stream = io.BytesIO()
    torch.save(value, stream)
    return stream.getvalue()


def edited(members: Members, name: str, edit: Callable[[Any], Any]) -> Members:
    """One JSON of the archive changed."""
    content = json.loads(members[name])
    edit(content)
    return {**members, name: json.dumps(content).encode()}


def renamed_input(content: Any, name: str) -> None:
    """The input ``x`` under another name, everywhere: torch writes it into source."""
    text = json.dumps(content).replace(json.dumps("x"), json.dumps(name))
    content.clear()
    content.update(json.loads(text))


def graph_of(content: Any) -> Any:
    return content["graph_module"]["graph"]


def own_weight(members: Members, canary: Path) -> Members:
    def edit(content: Any) -> None:
        payload = next(iter(content["config"].values()))
        payload["use_pickle"] = True

    config = json.loads(members[WEIGHTS])["config"]
    file = next(iter(config.values()))["path_name"]
    return {**edited(members, WEIGHTS, edit), f"data/weights/{file}": torch_pickle(Running(canary))}


def own_constant(members: Members, canary: Path) -> Members:
    def edit(content: Any) -> None:
        payload = {"path_name": "opaque_obj_0", "is_param": False, "use_pickle": True, "tensor_meta": None}
        content["config"]["extra"] = payload

    return {**edited(members, CONSTANTS, edit), "data/constants/opaque_obj_0": pickle.dumps(Running(canary))}


def in_program(edit: Callable[[Any, Path], Any]) -> Callable[[Members, Path], Members]:
    return lambda members, canary: edited(members, PROGRAM, lambda content: edit(content, canary))


def size_of_input(content: Any, canary: Path) -> None:
    graph_of(content)["tensor_values"]["x"]["sizes"][0]["as_expr"]["expr_str"] = python(canary)


def guarded(content: Any, canary: Path) -> None:
    content["guards_code"] = [f"{python(canary)} is None"]


def named(content: Any, canary: Path) -> None:
    renamed_input(content, f"x={python(canary)}")


RUNNING = {
    "pickled-inputs": lambda members, canary: {**members, INPUTS: torch_pickle(((Running(canary),), {}))},
    "pickled-weight": own_weight,
    "pickled-constant": own_constant,
    "size": in_program(size_of_input),
    "guard": in_program(guarded),
    "name-of-an-input": in_program(named),
}
"""Archives that torch runs code of: each makes the canary where it is trusted, or torch itself loads it."""


def add_node(target: str, **argument: Any) -> Callable[[Any, Path], None]:
    def edit(content: Any, canary: Path) -> None:
        node = graph_of(content)["nodes"][0]
        node["target"] = target
        if argument:
            node["inputs"][0]["arg"] = argument

    return edit


def with_metadata(content: Any, canary: Path) -> None:
    graph_of(content)["nodes"][0]["metadata"]["source_fn_stack"] = "a,torch.hub.load"


def with_argument(content: Any, canary: Path) -> None:
    graph_of(content)["nodes"][0]["inputs"][0]["arg"] = {"as_operator": "torch.hub.load"}


def with_text_input(content: Any, canary: Path) -> None:
    graph_of(content)["inputs"][-1] = {"as_string": "' or " + python(canary) + " or '"}


def structured(spec: Any) -> Callable[[Any, Path], None]:
    def edit(content: Any, canary: Path) -> None:
        content["graph_module"]["module_call_graph"][0]["signature"]["in_spec"] = json.dumps([1, spec])

    return edit


def argument_named(content: Any, canary: Path) -> None:
    names = content["graph_module"]["module_call_graph"][0]["signature"]
    names["forward_arg_names"] = [f"x={python(canary)}"]


def expression(text: str) -> Callable[[Members, Path], Members]:
    def edit(content: Any, canary: Path) -> None:
        graph_of(content)["tensor_values"]["x"]["sizes"][0]["as_expr"]["expr_str"] = text

    return in_program(edit)


def guard(text: str) -> Callable[[Members, Path], Members]:
    return in_program(lambda content, canary: content.update(guards_code=[text]))


def file(name: str, content: bytes = b"") -> Callable[[Members, Path], Members]:
    return lambda members, canary: {**members, name: content}


LEAF: dict[str, Any] = {"type": None, "context": None, "children_spec": []}
FACTORY = {"default_factory_module": "antigravity", "default_factory_name": "x", "dict_context": []}
ENUM = {"__enum__": True, "fqn": "antigravity:x", "name": "x"}
REFUSED = {
    **RUNNING,
    "function-of-torch": in_program(add_node("torch.hub.load")),
    "module-of-torch": in_program(add_node("torch.os.system", as_string="true")),
    "function-of-python": in_program(add_node("_operator.attrgetter")),
    "operator-on-files": in_program(add_node("torch.ops.aten.from_file.default", as_string="/etc/passwd")),
    "attribute-of-an-operator": in_program(add_node("torch.ops.aten.add.__class__")),
    "attribute-behind-an-operator": in_program(add_node("torch.ops.aten.add.Tensor.__init__")),
    "operator-of-an-extension": in_program(add_node("#own:op")),
    "operator-as-an-argument": in_program(with_argument),
    "functions-in-metadata": in_program(with_metadata),
    "text-as-an-input": in_program(with_text_input),
    "name-of-an-argument": in_program(argument_named),
    "structure-that-imports": in_program(
        structured({"type": "collections.defaultdict", "context": json.dumps(FACTORY), "children_spec": [LEAF]})
    ),
    "structure-with-an-enum": in_program(
        structured({"type": "builtins.dict", "context": json.dumps([ENUM]), "children_spec": [LEAF]})
    ),
    "structure-with-a-key": in_program(
        structured({"type": "builtins.dict", "context": json.dumps(["a) or (b"]), "children_spec": [LEAF]})
    ),
    "size-with-an-attribute": expression("Symbol('s0').__class__"),
    "size-with-a-call": expression("sympify('1')"),
    "size-with-a-name": expression("s0 + 1"),
    "size-with-a-symbol-of-code": expression("Symbol('__import__')"),
    "size-with-a-lambda": expression("Integer(lambda: 1)"),
    "guard-with-an-attribute": guard("L['x'].__class__ == 1"),
    "guard-with-a-function": guard("print(L['x']) == 1"),
    "guard-with-an-argument": guard("L['x'].size(1) == 1"),
    "guard-with-a-name": guard("args[0] == 1"),
    "guard-with-a-quote": guard("L['x'].size()[0] == 1, \"\""),
    "guard-of-two-lines": guard("1 == 1\n  , 2"),
    "keys-of-inputs": file(INPUTS, torch_pickle(((), {'a") or 1': torch.ones(1)}))),
    "weights-of-old-archives": file("data/weights/model.pt", b"x"),
    "constants-of-old-archives": file("data/constants/model.pt", b"x"),
    "second-program": file("models/other.json", b"{}"),
    "compiled-program": file("data/aotinductor/model/model.so", b"\x7fELF"),
    "deep-program": file(PROGRAM, b"[" * 10**5),
    "no-program": file(PROGRAM, b"\xff"),
}


@pytest.fixture(scope="module")
def members(tmp_path_factory: pytest.TempPathFactory) -> Members:
    """The files of an ordinary archive, without the folder that they are in."""
    from cloudtrack.flavors import pytorch

    folder = tmp_path_factory.mktemp("exported")
    pytorch.save_model(Network(), folder / "m", input_example=ROWS)
    with zipfile.ZipFile(folder / "m" / "data" / "model.pt2") as archive:
        return {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}


def replaced(folder: Path, members: Members) -> Path:
    """A saved model, its archive replaced by one of these files."""
    from cloudtrack.flavors import pytorch

    pytorch.save_model(Network(), folder / "m", input_example=ROWS)
    path = folder / "m" / "data" / "model.pt2"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(f"model/{name}", content)
    return folder / "m"


def test_an_archive_that_was_taken_apart_and_put_together_loads(members: Members, tmp_path: Path) -> None:
    from cloudtrack.flavors import pytorch

    loaded = pytorch.load_model(str(replaced(tmp_path, members)))
    assert_same(answer(loaded, ROWS), answer(Network().eval(), ROWS), tolerance=1e-5)


@pytest.mark.parametrize("attack", sorted(REFUSED))
def test_a_crafted_program_is_refused_and_nothing_of_it_runs(
    attack: str, members: Members, canary: Path, tmp_path: Path
) -> None:
    from cloudtrack.flavors import pyfunc, pytorch

    crafted = REFUSED[attack](members, canary)
    assert crafted != members
    folder = str(replaced(tmp_path, crafted))
    for load in (pytorch.load_model, pyfunc.load_model):
        with pytest.raises(PermissionDenied, match=r"model\.pt2"):
            load(folder)
    assert not canary.exists()


@pytest.mark.parametrize("attack", sorted(RUNNING))
def test_what_is_refused_would_have_run(attack: str, members: Members, canary: Path, tmp_path: Path) -> None:
    """Else the refusal would prove nothing."""
    import contextlib

    from cloudtrack.flavors import pytorch

    folder = str(replaced(tmp_path, RUNNING[attack](members, canary)))
    with contextlib.suppress(Exception):
        answer(pytorch.load_model(folder, trust=True), ROWS)
    assert canary.exists()
