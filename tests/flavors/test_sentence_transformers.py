"""Models of sentence-transformers, here and in MLflow: a tiny network with random weights."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pandas
import pytest

from cloudtrack.config import TRUST_MODELS
from cloudtrack.errors import PermissionDenied
from tests.flavors.matrix import Case, Conformance, WrittenByMlflow2, assert_same

library = pytest.importorskip("sentence_transformers", reason="sentence-transformers is not installed")
pytestmark = pytest.mark.flavors

WORDS = "[PAD] [UNK] [CLS] [SEP] [MASK] the cat sat on a mat dog ran".split()
TEXTS = ["the cat sat on a mat", "a dog ran"]


def embedder() -> Any:
    torch, transformers, tokenizers, layers = map(
        pytest.importorskip, ["torch", "transformers", "tokenizers", "sentence_transformers.models"]
    )
    vocabulary = {word: index for index, word in enumerate(WORDS)}
    words = tokenizers.Tokenizer(tokenizers.models.WordLevel(vocabulary, unk_token="[UNK]"))
    words.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    special = {f"{name}_token": f"[{name.upper()}]" for name in ("pad", "unk", "cls", "sep", "mask")}
    torch.manual_seed(7)
    sizes = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8}
    with tempfile.TemporaryDirectory() as folder:
        transformers.BertModel(transformers.BertConfig(vocab_size=len(WORDS), **sizes)).save_pretrained(folder)
        transformers.PreTrainedTokenizerFast(tokenizer_object=words, model_max_length=32, **special).save_pretrained(
            folder
        )
        network = layers.Transformer(folder)
    network.auto_model.name_or_path = "tiny/bert"
    return library.SentenceTransformer(modules=[network, layers.Pooling(8)], device="cpu")


def embedded(model: Any, data: Any) -> Any:
    return model.encode(list(data))


class TestSentenceTransformers(Conformance):
    cases = [
        Case(
            "list",
            "sentence_transformers",
            embedder,
            TEXTS,
            embedded,
            distribution="sentence-transformers",
        ),
    ]


class TestMlflow2(WrittenByMlflow2):
    flavor = "sentence_transformers"
    tolerance = 1e-6


def test_texts_come_in_a_table_and_params_go_to_encode(tmp_path: Path) -> None:
    from cloudtrack.flavors.sentence_transformers import SentencePredictor

    model = embedder()
    found = SentencePredictor(model).predict(pandas.DataFrame({"x": TEXTS}), {"normalize_embeddings": True})
    assert_same(found, model.encode(TEXTS, normalize_embeddings=True))


def test_code_of_a_model_runs_only_where_it_is_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from cloudtrack.flavors import sentence_transformers as flavor

    monkeypatch.setenv(TRUST_MODELS, "0")
    flavor.save_model(embedder(), tmp_path / "m")
    assert flavor.load_model(str(tmp_path / "m"), device="cpu").encode(TEXTS).shape == (2, 8)
    data = tmp_path / "m" / "model.sentence_transformer"
    for file in ("modules.json", "config.json"):
        plain = (data / file).read_text()
        content = json.loads(plain)
        if file == "modules.json":
            content[1]["type"] = "own.Pooling"
        else:
            content["auto_map"] = {"AutoModel": "own.Own"}
        (data / file).write_text(json.dumps(content))
        with pytest.raises(PermissionDenied, match="of its own"):
            flavor.load_model(str(tmp_path / "m"))
        (data / file).write_text(plain)
