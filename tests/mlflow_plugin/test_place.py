"""What URIs of the plugin mean."""

from __future__ import annotations

from pathlib import Path

import pytest

import cloudtrack as ct
from cloudtrack.client import Client
from cloudtrack.errors import InvalidInput
from cloudtrack.mlflow_plugin.locations import PluginLocations
from cloudtrack.mlflow_plugin.place import Place, parse_place

RUN = "runs/0123456789abcdef0123456789abcdef/artifacts"


@pytest.mark.parametrize(
    ("uri", "address", "path"),
    [
        ("cloudtrack+s3://b/p", "s3://b/p", ""),
        ("cloudtrack+s3://b/p/?region=r", "s3://b/p?region=r", ""),
        (f"cloudtrack+s3://b/p/{RUN}?region=r&form=s3fs", "s3://b/p?region=r&form=s3fs", RUN),
        (f"cloudtrack+s3://b/p/{RUN}/a b%?#.txt?region=r", "s3://b/p?region=r", f"{RUN}/a b%?#.txt"),
        (f"cloudtrack+s3://b/{RUN}/{RUN}", "s3://b", f"{RUN}/{RUN}"),
        ("cloudtrack+file:///a%20b", "file:///a%20b", ""),
        (f"cloudtrack+file:/a/{RUN}/x?y", "file:///a", f"{RUN}/x?y"),
        ("cloudtrack+file:///a/logged_models/m-1/artifacts", "file:///a", "logged_models/m-1/artifacts"),
    ],
)
def test_a_uri_leads_to_a_store_and_perhaps_to_a_folder(uri: str, address: str, path: str) -> None:
    assert parse_place(uri) == Place(address, path)


def test_a_relative_folder_is_one_of_the_working_directory(tmp_path: Path) -> None:
    for uri in ("cloudtrack+file:a b", "cloudtrack+file:./a b"):
        assert parse_place(uri) == Place((tmp_path / "a b").as_uri())


@pytest.mark.parametrize(
    "uri", ["s3://b/p", "cloudtrack+http://host", "cloudtrack+s3://b?endpoint_url=http://user:secret@host"]
)
def test_what_is_no_store_and_what_would_keep_a_secret_is_refused(uri: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_place(uri)
    assert "secret" not in str(refused.value)


def test_an_artifact_uri_leads_back_with_the_options_of_the_store() -> None:
    locations = PluginLocations("s3://b/p", direct=True, address="s3://b/p?region=r")
    uri = locations.run("0123456789abcdef0123456789abcdef", "model")
    assert uri == f"cloudtrack+s3://b/p/{RUN}/model?region=r"
    assert parse_place(uri) == Place("s3://b/p?region=r", f"{RUN}/model")
    assert locations.kept_source(uri) == "runs:/0123456789abcdef0123456789abcdef/model"
    with pytest.raises(InvalidInput):
        locations.kept_source(f"cloudtrack+s3://other/{RUN}/model")


def test_cloudtrack_itself_opens_the_store_that_mlflow_is_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for uri in (f"cloudtrack+{(tmp_path / 'a b').as_uri()}", "cloudtrack+file:a b"):
        monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
        client = ct.connect()
        assert isinstance(client, Client)
        assert client.uri == (tmp_path / "a b").as_uri()
