"""Pipelines of transformers, here and in MLflow: tiny models with random weights, and a vocabulary of ten words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy
import pandas
import pytest

from cloudtrack.config import TRUST_MODELS
from cloudtrack.errors import InvalidInput, PermissionDenied
from tests.flavors.matrix import Case, Conformance, WrittenByMlflow2, assert_same

transformers = pytest.importorskip("transformers", reason="transformers is not installed")
torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytestmark = pytest.mark.flavors

WORDS = "[PAD] [UNK] [CLS] [SEP] [MASK] the cat sat on a mat dog ran".split()
TEXTS = ["the cat sat on a mat", "a dog ran"]
SHORT = {"max_new_tokens": 3, "do_sample": False}


def tokenizer() -> Any:
    library = pytest.importorskip("tokenizers")
    vocabulary = {word: index for index, word in enumerate(WORDS)}
    words = library.Tokenizer(library.models.WordLevel(vocabulary, unk_token="[UNK]"))
    words.pre_tokenizer = library.pre_tokenizers.Whitespace()
    special = {f"{name}_token": f"[{name.upper()}]" for name in ("pad", "unk", "cls", "sep", "mask")}
    return transformers.PreTrainedTokenizerFast(tokenizer_object=words, model_max_length=32, **special)


def bert(task: str, kind: str) -> Any:
    torch.manual_seed(7)
    sizes = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8}
    model = getattr(transformers, kind)(transformers.BertConfig(vocab_size=len(WORDS), **sizes))
    return transformers.pipeline(task, model=model.eval(), tokenizer=tokenizer())


def gpt() -> Any:
    torch.manual_seed(7)
    sizes = {"n_embd": 8, "n_layer": 1, "n_head": 2, "n_positions": 64, "bos_token_id": 2, "eos_token_id": 3}
    model = transformers.GPT2LMHeadModel(transformers.GPT2Config(vocab_size=len(WORDS), **sizes))
    return transformers.pipeline("text-generation", model=model.eval(), tokenizer=tokenizer())


def classified(model: Any, data: Any) -> Any:
    return pandas.DataFrame(model(data))


def labelled(model: Any, data: Any) -> Any:
    return [",".join(token["entity"] for token in answer) for answer in model(data)]


def filled(model: Any, data: Any) -> Any:
    return [answer[0]["token_str"] for answer in model(data)]


def generated(model: Any, data: Any) -> Any:
    return [answer[0]["generated_text"] for answer in model(data, **SHORT)]


def features(model: Any, data: Any) -> Any:
    return numpy.array(model(data)[0])


class TestTransformers(Conformance):
    cases = [
        Case(
            "classification",
            "transformers",
            lambda: bert("text-classification", "BertForSequenceClassification"),
            TEXTS,
            classified,
        ),
        Case(
            "tokens",
            "transformers",
            lambda: bert("token-classification", "BertForTokenClassification"),
            TEXTS,
            labelled,
        ),
        Case(
            "mask",
            "transformers",
            lambda: bert("fill-mask", "BertForMaskedLM"),
            ["the [MASK] sat", "a dog [MASK]"],
            filled,
        ),
        Case("generation", "transformers", gpt, TEXTS, generated, params=SHORT),
        Case(
            "features",
            "transformers",
            lambda: bert("feature-extraction", "BertModel"),
            TEXTS[0],
            features,
        ),
    ]


class TestMlflow2(WrittenByMlflow2):
    flavor = "transformers"
    tolerance = 1e-6


def test_components_go_in_and_come_out(tmp_path: Path) -> None:
    from cloudtrack.flavors import transformers as flavor

    pipeline = bert("fill-mask", "BertForMaskedLM")
    parts = {"model": pipeline.model, "tokenizer": pipeline.tokenizer}
    flavor.save_model(parts, tmp_path / "m", task="fill-mask")
    found = flavor.load_model(str(tmp_path / "m"), return_type="components", device="cpu")
    assert list(found) == ["task", "dtype", "model", "tokenizer"]
    assert found["task"] == "fill-mask"
    assert type(found["model"]) is type(pipeline.model)
    with pytest.raises(InvalidInput, match="task="):
        flavor.save_model(parts, tmp_path / "without")


@pytest.mark.parametrize(
    "data",
    [
        "a dog ran",
        ["a dog ran"],
        numpy.array(["a dog ran"]),
        pandas.DataFrame({"x": ["a dog ran"]}),
        {"x": "a dog ran"},
    ],
    ids=["text", "list", "array", "table", "dictionary"],
)
def test_texts_come_in_many_forms(data: Any) -> None:
    from cloudtrack.flavors.transformers import TransformersPredictor, texts

    assert texts(data) == ["a dog ran"]
    pipeline = bert("feature-extraction", "BertModel")
    assert_same(TransformersPredictor(pipeline).predict(data), features(pipeline, "a dog ran"), tolerance=1e-6)


@pytest.mark.parametrize("data", [pandas.DataFrame({"a": ["x"], "b": ["y"]}), [1, 2]], ids=["columns", "numbers"])
def test_what_is_not_one_column_of_texts_is_refused(data: Any) -> None:
    from cloudtrack.flavors.transformers import texts

    with pytest.raises(InvalidInput, match=r"a, b|int"):
        texts(data)


def test_two_masks_in_a_text_are_refused() -> None:
    from cloudtrack.flavors.transformers import TransformersPredictor

    with pytest.raises(InvalidInput, match="more than one mask"):
        TransformersPredictor(bert("fill-mask", "BertForMaskedLM")).predict("the [MASK] [MASK]")


def test_features_of_many_texts_are_all_there() -> None:
    from cloudtrack.flavors.transformers import TransformersPredictor

    pipeline = bert("feature-extraction", "BertModel")
    found = TransformersPredictor(pipeline).predict(TEXTS)
    assert [array.shape for array in found] == [(6, 8), (3, 8)]


def test_code_of_a_model_runs_only_where_it_is_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from cloudtrack.flavors import transformers as flavor

    monkeypatch.setenv(TRUST_MODELS, "0")
    monkeypatch.setenv("HF_MODULES_CACHE", str(tmp_path / "modules"))
    flavor.save_model(bert("fill-mask", "BertForMaskedLM"), tmp_path / "m")
    assert flavor.load_model(str(tmp_path / "m")).task == "fill-mask"
    model = tmp_path / "m" / "model"
    config = json.loads((model / "config.json").read_text())
    config["auto_map"] = {"AutoModelForMaskedLM": "own.Own"}
    (model / "config.json").write_text(json.dumps(config))
    (model / "own.py").write_text(
        "from transformers import BertForMaskedLM\n\n\nclass Own(BertForMaskedLM):\n    is_own = True\n"
    )
    with pytest.raises(PermissionDenied, match="code of its own"):
        flavor.load_model(str(tmp_path / "m"))
    assert flavor.load_model(str(tmp_path / "m"), trust=True).model.is_own


def test_a_model_without_weights_or_of_an_unknown_class_is_refused(tmp_path: Path) -> None:
    from cloudtrack.flavors import transformers as flavor

    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_text("{}")
    with pytest.raises(InvalidInput, match="TFBertModel"):
        flavor.load_saved(tmp_path, {"model_binary": "model", "pipeline_model_type": "TFBertModel"})
    with pytest.raises(InvalidInput, match="org/name"):
        flavor.load_saved(tmp_path, {"source_model_name": "org/name"})
