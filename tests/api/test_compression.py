"""JSON is compressed for whoever takes it, the same behind both front doors."""

from __future__ import annotations

import gzip
import json

import pytest

from cloudtrack.api.compression import compressed
from cloudtrack.api.message import Request, Response, json_response, text_response

CONTENT = {"words": ["word"] * 1000}


def answered(accepts: str, response: Response | None = None) -> Response:
    request = Request("GET", "/", headers={"accept-encoding": accepts} if accepts else {})
    return compressed(response or json_response(CONTENT), request)


@pytest.mark.parametrize(
    "accepts", ["gzip", "gzip, deflate, br", "br;q=1.0, gzip;q=0.8", "deflate,GZIP", "gzip;q=0.05"]
)
def test_long_json_goes_compressed_to_whoever_takes_gzip(accepts: str) -> None:
    answer = answered(accepts)
    assert (answer.headers["content-encoding"], answer.headers["vary"]) == ("gzip", "accept-encoding")
    assert json.loads(gzip.decompress(answer.whole_body())) == CONTENT
    assert answer.whole_body() == answered(accepts).whole_body()


@pytest.mark.parametrize("accepts", ["", "identity", "br, deflate", "gzip;q=0", "deflate, gzip ; q=0.0", "x-gzip"])
def test_it_goes_as_it_is_to_all_others(accepts: str) -> None:
    answer = answered(accepts)
    assert "content-encoding" not in answer.headers
    assert answer.headers["vary"] == "accept-encoding"
    assert answer.json() == CONTENT


def test_short_answers_files_and_what_comes_in_pieces_stay_as_they_are() -> None:
    for response in (
        json_response({"few": "words"}),
        text_response("text " * 1000),
        Response(304, {"etag": '"x"'}, iter(())),
    ):
        assert answered("gzip", response) is response
