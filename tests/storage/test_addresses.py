"""Another process opens the same store from its address."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

import pytest

from cloudtrack.client import Client, connect
from cloudtrack.storage.s3_options import parse_s3_url
from tests.conftest import SHARED_KINDS


@pytest.mark.parametrize("kind", [*SHARED_KINDS, "server"])
def test_an_address_opens_the_store(kind: str, make_url: Callable[[str], str]) -> None:
    with closing(connect(make_url(kind))) as first, closing(connect(first.address)) as second:
        experiment_id = first.experiments.get_or_create("one").experiment_id
        assert second.experiments.get(experiment_id).name == "one"


def test_an_address_has_all_options_and_reads_as_it_was() -> None:
    url = "s3://bucket/a%20b/c?region=eu-west-1&role_arn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fx&kms_key=k&profile=p"
    options = parse_s3_url(url, {"form": "s3fs", "endpoint_url": "http://127.0.0.1:1"})
    assert parse_s3_url(options.address, {}) == options


def test_a_folder_has_the_same_address_as_url(store_url: str) -> None:
    with closing(Client(store_url)) as client:
        assert client.address == client.uri
