"""Writes a model with MLflow 2, and what it predicts: ``python written_by_mlflow2.py FLAVOR FOLDER``.

It runs where MLflow 2 is and cloudtrack is not. The tests import it for the data, so that frameworks are imported by
the models alone.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy
import pandas

TABLE = pandas.DataFrame({"a": numpy.arange(20) / 7, "b": numpy.arange(20)[::-1] % 5 * 0.5})
TARGET = TABLE["a"] * 2 + TABLE["b"] ** 2
ROWS = TABLE.to_numpy(dtype="float32")
TEXTS = pandas.DataFrame({"text": ["a fine day", "an awful day", "fine"]})
WORDS = "[PAD] [UNK] [CLS] [SEP] [MASK] the cat sat on a mat dog ran".split()
LINES = ["the cat sat on a mat", "a dog ran"]
DAYS = pandas.DataFrame({"ds": pandas.date_range("2020-01-01", periods=60, freq="D"), "y": numpy.arange(60) % 7 / 3})
BERT = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8}


@dataclass(frozen=True)
class Example:
    """A small model, the same each time, and what it predicts for."""

    train: Callable[[], Any]
    data: Any


def _module(name: str) -> Any:
    return importlib.import_module(name)


def _sklearn() -> Any:
    return _module("sklearn.linear_model").LinearRegression().fit(TABLE, TARGET)


def _xgboost() -> Any:
    return _module("xgboost").XGBRegressor(n_estimators=3, random_state=1).fit(TABLE, TARGET)


def _lightgbm() -> Any:
    quick = {"n_estimators": 3, "min_child_samples": 2, "verbose": -1, "random_state": 1, "n_jobs": 1}
    return _module("lightgbm").LGBMRegressor(**quick).fit(TABLE, TARGET)


def _catboost() -> Any:
    quick = {"iterations": 3, "verbose": False, "allow_writing_files": False, "random_seed": 1, "thread_count": 1}
    return _module("catboost").CatBoostRegressor(**quick).fit(TABLE, TARGET)


def _statsmodels() -> Any:
    return _module("statsmodels.api").OLS(TARGET, TABLE).fit()


def _prophet() -> Any:
    return _module("prophet").Prophet(uncertainty_samples=0, n_changepoints=3).fit(DAYS, seed=1)


def _onnx() -> Any:
    helper, kind = _module("onnx").helper, _module("onnx").TensorProto.FLOAT
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "graph",
        [helper.make_tensor_value_info("x", kind, [None, 2])],
        [helper.make_tensor_value_info("y", kind, [None, 2])],
        [_module("onnx").numpy_helper.from_array(ROWS[1:3], "w")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


def _pytorch() -> Any:
    torch = _module("torch")
    torch.manual_seed(7)
    return torch.nn.Sequential(torch.nn.Linear(2, 4), torch.nn.ReLU(), torch.nn.Linear(4, 1)).eval()


def _spacy() -> Any:
    spacy, example = _module("spacy"), _module("spacy.training").Example
    spacy.util.fix_random_seed(1)
    pipeline = spacy.blank("en")
    pipeline.add_pipe("textcat")
    cats = [{"good": float("awful" not in text), "bad": float("awful" in text)} for text in TEXTS["text"]]
    examples = [
        example.from_dict(pipeline.make_doc(text), {"cats": each})
        for text, each in zip(TEXTS["text"], cats, strict=True)
    ]
    pipeline.initialize(lambda: examples)
    pipeline.update(examples)
    return pipeline


def _keras() -> Any:
    keras = _module("keras")
    keras.utils.set_random_seed(7)
    return keras.Sequential([keras.Input((2,)), keras.layers.Dense(4, activation="relu"), keras.layers.Dense(1)])


def _tokenizer() -> Any:
    tokenizers = _module("tokenizers")
    vocabulary = {word: index for index, word in enumerate(WORDS)}
    words = tokenizers.Tokenizer(tokenizers.models.WordLevel(vocabulary, unk_token="[UNK]"))
    words.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    special = {f"{name}_token": f"[{name.upper()}]" for name in ("pad", "unk", "cls", "sep", "mask")}
    return _module("transformers").PreTrainedTokenizerFast(tokenizer_object=words, model_max_length=32, **special)


def _transformers() -> Any:
    transformers = _module("transformers")
    _module("torch").manual_seed(7)
    model = transformers.BertForSequenceClassification(transformers.BertConfig(vocab_size=len(WORDS), **BERT))
    return transformers.pipeline("text-classification", model=model.eval(), tokenizer=_tokenizer())


def _sentence_transformers() -> Any:
    transformers, layers = _module("transformers"), _module("sentence_transformers.models")
    _module("torch").manual_seed(7)
    with tempfile.TemporaryDirectory() as folder:
        transformers.BertModel(transformers.BertConfig(vocab_size=len(WORDS), **BERT)).save_pretrained(folder)
        _tokenizer().save_pretrained(folder)
        network = layers.Transformer(folder)
    return _module("sentence_transformers").SentenceTransformer(modules=[network, layers.Pooling(8)], device="cpu")


def _spark() -> Any:
    builder = _module("pyspark.sql").SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
    frame = builder.getOrCreate().createDataFrame(TABLE.assign(label=TARGET))
    features = _module("pyspark.ml.feature").VectorAssembler(inputCols=["a", "b"], outputCol="features")
    regression = _module("pyspark.ml.regression").LinearRegression()
    return _module("pyspark.ml").Pipeline(stages=[features, regression]).fit(frame)


def _doubled(model_input: Any) -> Any:
    return model_input["a"] * 2


EXAMPLES = {
    "sklearn": Example(_sklearn, TABLE),
    "xgboost": Example(_xgboost, TABLE),
    "lightgbm": Example(_lightgbm, TABLE),
    "catboost": Example(_catboost, TABLE),
    "statsmodels": Example(_statsmodels, TABLE),
    "prophet": Example(_prophet, DAYS[["ds"]]),
    "onnx": Example(_onnx, ROWS),
    "pytorch": Example(_pytorch, TABLE),
    "spacy": Example(_spacy, TEXTS),
    "keras": Example(_keras, ROWS),
    "tensorflow": Example(_keras, ROWS),
    "transformers": Example(_transformers, LINES),
    "sentence_transformers": Example(_sentence_transformers, LINES),
    "spark": Example(_spark, TABLE),
    "pyfunc": Example(lambda: _doubled, TABLE),
}
"""By the name of MLflow's flavor."""


def plain(predictions: Any) -> Any:
    """Predictions as JSON holds them; moments as text."""
    if isinstance(predictions, pandas.DataFrame):
        return {str(name): plain(predictions[name]) for name in predictions.columns}
    if isinstance(predictions, dict):
        return {str(name): plain(values) for name, values in predictions.items()}
    if isinstance(predictions, pandas.Series) and predictions.dtype.kind == "M":
        return predictions.astype(str).tolist()
    if hasattr(predictions, "tolist"):
        return plain(predictions.tolist())
    if isinstance(predictions, list):
        return [plain(value) for value in predictions]
    return predictions


def write(flavor: str, folder: Path) -> None:
    """The model in ``folder/model``, and beside it what it is and predicts."""
    example = EXAMPLES[flavor]
    model = example.train()
    path = str(folder / "model")
    requirements = {"pip_requirements": ["named-by-the-test==1.0"]}  # to find them takes MLflow a process of its own
    module = _module(f"mlflow.{flavor}")
    if flavor == "pyfunc":
        module.save_model(path, python_model=model, input_example=TABLE, **requirements)
    else:
        module.save_model(model, path, **requirements)
    predictions = _module("mlflow.pyfunc").load_model(path).predict(example.data)
    said = {"class": type(model).__qualname__, "predictions": plain(predictions)}
    (folder / "said.json").write_text(json.dumps(said))


if __name__ == "__main__":
    os.environ["USE_TF"] = "0"  # transformers 4 knows no Keras 3
    write(sys.argv[1], Path(sys.argv[2]))
