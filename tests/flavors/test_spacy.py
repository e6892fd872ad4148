"""spaCy pipelines, both ways between cloudtrack and MLflow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas
import pytest

import cloudtrack as ct
from cloudtrack.errors import InvalidInput
from cloudtrack.flavors import spacy as flavor
from tests.flavors.matrix import Case, Conformance, WrittenByMlflow2

spacy = pytest.importorskip("spacy", reason="the package spacy is not installed")
training = pytest.importorskip("spacy.training")

TEXTS = pandas.DataFrame({"text": ["a fine day", "an awful day", "fine"]}, index=[4, 5, 6])
CATEGORIES = [{"good": 1.0, "bad": 0.0}, {"good": 0.0, "bad": 1.0}, {"good": 1.0, "bad": 0.0}]


def _categorizer(factory: str = "textcat") -> Any:
    spacy.util.fix_random_seed(1)
    pipeline = spacy.blank("en")
    pipeline.add_pipe(factory)
    examples = [
        training.Example.from_dict(pipeline.make_doc(text), {"cats": cats})
        for text, cats in zip(TEXTS["text"], CATEGORIES, strict=True)
    ]
    pipeline.initialize(lambda: examples)
    for _ in range(2):
        pipeline.update(examples)
    return pipeline


def _predict(model: Any, data: Any) -> Any:
    return pandas.DataFrame({"predictions": data.iloc[:, 0].apply(lambda text: model(text).cats)})


class TestSpacy(Conformance):
    cases = [
        Case("one-category", "spacy", _categorizer, TEXTS, _predict),
        Case("many-categories", "spacy", lambda: _categorizer("textcat_multilabel"), TEXTS, _predict),
    ]


class TestMlflow2(WrittenByMlflow2):
    flavor = "spacy"
    tolerance = 1e-6


@pytest.mark.flavors
def test_a_pipeline_without_categories_is_no_function(tmp_path: Path) -> None:
    saved = flavor.save_model(spacy.blank("en"), tmp_path / "m")
    assert set(saved.flavors) == {"spacy"}
    assert flavor.load_model(str(tmp_path / "m")).lang == "en"
    with pytest.raises(InvalidInput, match="'python_function'; it has spacy"):
        ct.pyfunc.load_model(str(tmp_path / "m"))


@pytest.mark.flavors
def test_texts_are_the_one_column_of_a_table(tmp_path: Path) -> None:
    flavor.save_model(_categorizer(), tmp_path / "m")
    function = ct.pyfunc.load_model(str(tmp_path / "m"))
    for data in (["a text"], TEXTS.assign(more=1)):
        with pytest.raises(InvalidInput, match="one column"):
            function.predict(data)
