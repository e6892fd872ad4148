"""What a page takes for granted: filling.py MODEL VERSIONS [COLUMN,... [PARAM]] makes a model that adds its columns up;
``encoder`` gives them back."""

from __future__ import annotations

import sys

import numpy
import pandas
from sklearn.linear_model import BayesianRidge, LinearRegression

import cloudtrack as ct


def fill(name: str, versions: int, columns: list[str], params: dict[str, bool] | None) -> None:
    """Versions 1, 2, ... of a registered model, each from a run of its own that read the dataset people."""
    rows = numpy.eye(len(columns) + 1, len(columns))
    table = pandas.DataFrame(rows, columns=columns)
    answers = rows if name == "encoder" else rows.sum(axis=1)
    model = (BayesianRidge() if params else LinearRegression()).fit(table, answers)
    signature = ct.models.infer_signature(table, model.predict(table), params=params)
    info = None
    for number in range(versions):
        with ct.start_run():
            ct.log_params({"depth": number})
            ct.log_metric("accuracy", 0.9 + number / 100)
            ct.log_metric("loss", 0.2)
            if number in (0, versions - 1):
                ct.log_input(ct.entities.Dataset("people", digest="1a2b3c"), context="training")
                info = ct.sklearn.log_model(model, name="model", signature=signature, input_example=table)
        assert info is not None
        ct.register_model(info.model_uri, name)


if __name__ == "__main__":
    fill(
        sys.argv[1],
        int(sys.argv[2]),
        (sys.argv[3:] or ["a,b"])[0].split(","),
        dict.fromkeys(sys.argv[4:], False) or None,
    )
