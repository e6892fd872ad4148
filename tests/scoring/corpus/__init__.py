"""Scoring requests, good and bad, by the model that they are sent to."""

from __future__ import annotations

from tests.scoring.corpus.ask import Ask
from tests.scoring.corpus.columns import LIGHT, MIXED, NESTED, SKLEARN, SKLEARN_PLAIN, TEXTS, UNNAMED
from tests.scoring.corpus.protocol import PARAMS, PLAIN
from tests.scoring.corpus.results import ANSWERS, RAISING
from tests.scoring.corpus.tensors import TENSOR, TENSORS

CORPUS: dict[str, list[Ask]] = {
    "sklearn": SKLEARN,
    "sklearn-plain": SKLEARN_PLAIN,
    "mixed": MIXED,
    "light": LIGHT,
    "nested": NESTED,
    "unnamed": UNNAMED,
    "texts": TEXTS,
    "tensor": TENSOR,
    "tensors": TENSORS,
    "plain": PLAIN,
    "params": PARAMS,
    "answers": ANSWERS,
    "raising": RAISING,
}

__all__ = ["CORPUS", "Ask"]
