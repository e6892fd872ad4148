"""What a logged model says of itself can be changed until it is registered."""

from __future__ import annotations

import pytest
from sklearn.linear_model import LinearRegression

import cloudtrack as ct
from cloudtrack.errors import InvalidInput, StateError
from tests.conftest import BOTH_MODES

pytestmark = pytest.mark.parametrize("store_url", BOTH_MODES, indirect=True)


def test_a_signature_is_set_until_the_model_is_registered(store_url: str) -> None:
    ct.set_tracking_uri(store_url)
    signature = ct.models.infer_signature([[1.0]], [1.0])
    with ct.start_run() as run:
        info = ct.sklearn.log_model(LinearRegression().fit([[1.0], [2.0]], [1.0, 2.0]), name="line")
    with pytest.raises(InvalidInput, match="not dict"):
        ct.models.set_signature(info.model_uri, {"inputs": []})
    ct.models.set_signature(f"runs:/{run.info.run_id}/line", signature)
    assert ct.models.get_model_info(info.model_uri).signature == signature
    assert ct.sklearn.load_model(info.model_uri).coef_[0] == pytest.approx(1)

    version = ct.register_model(info.model_uri, "line")
    for uri in (version.source, "models:/line/1"):
        with pytest.raises(StateError, match="log the model again"):
            ct.models.set_signature(uri, signature)
    assert ct.pyfunc.load_model("models:/line/1").metadata.signature == signature


def test_a_version_is_copied_to_another_name(store_url: str) -> None:
    ct.set_tracking_uri(store_url)
    with ct.start_run():
        ct.sklearn.log_model(LinearRegression().fit([[1.0]], [1.0]), name="line", registered_model_name="staging")
    client = ct.MlflowClient()
    client.set_model_version_tag("staging", 1, "checked", "yes")
    client.set_registered_model_alias("staging", "candidate", 1)
    copied = client.copy_model_version("models:/staging@candidate", "live")
    assert (copied.name, copied.version, copied.tags) == ("live", 1, {"checked": "yes"})
    assert ct.sklearn.load_model("models:/live/1").predict([[1.0]]) == pytest.approx(1)
