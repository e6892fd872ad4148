"""Small things that programs written for MLflow do with what it gives them."""

from __future__ import annotations

import copy
import pickle
from dataclasses import FrozenInstanceError
from typing import Any

import pytest

import cloudtrack as ct
from cloudtrack import errors
from cloudtrack.api.errors import STATUS
from cloudtrack.entities import Experiment, Run
from cloudtrack.entities.run import RunData, RunInfo


def _kinds() -> list[type[errors.CloudtrackError]]:
    found = (getattr(errors, name) for name in vars(errors))
    return [each for each in found if isinstance(each, type) and issubclass(each, errors.CloudtrackError)]


def test_every_error_has_the_status_that_a_server_answers_it_with() -> None:
    for kind in _kinds():
        assert kind("it failed").get_http_status_code() == STATUS[kind.error_code]


def test_the_status_of_an_error_is_mlflows(store_url: str) -> None:
    ct.set_tracking_uri(store_url)
    with pytest.raises(ct.MlflowException) as missing:
        ct.get_run("0" * 32)
    ct.create_experiment("twice")
    with pytest.raises(ct.MlflowException) as taken:
        ct.create_experiment("twice")
    assert [each.value.get_http_status_code() for each in (missing, taken)] == [404, 400]


@pytest.mark.parametrize("entity", [Experiment("1", "shop", tags={"team": "ml"}), Run(RunInfo("r", "1"), RunData())])
def test_vars_of_an_entity_are_its_fields(entity: Any) -> None:
    assert vars(entity) == dict(entity)
    vars(entity)["name"] = "another"
    assert vars(entity) == dict(entity), "they are no way to change it"
    with pytest.raises((FrozenInstanceError, AttributeError, TypeError)):
        entity.note = "nothing can be added"
    assert copy.copy(entity) == pickle.loads(pickle.dumps(entity)) == entity
