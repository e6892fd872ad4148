"""API Gateway's events become requests, and answers become its results."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterator

import pytest

from cloudtrack.access.principal import Principal
from cloudtrack.api.message import Request, Response, json_response, text_response
from handlers.gateway import authorization_of, authorizer_result_of, request_of, result_of
from tests.handlers.recorded import event

LAMBDA_LIMIT_BYTES = 6 * 1024 * 1024
PLAIN = Request("GET", "/")
ZIPPING = Request("GET", "/", headers={"accept-encoding": "gzip, deflate"})


def test_a_query_is_decoded_here_and_once() -> None:
    request = request_of(event("get_with_query"))
    assert (request.method, request.path) == ("GET", "/api/2.0/mlflow/experiments/get-by-name")
    assert request.query == [("experiment_name", "price & demand 2026")]
    assert request.body.read() == b""


def test_repeated_keys_stay_apart_commas_stay_in_values_and_empty_values_stay() -> None:
    request = request_of(event("get_with_repeated_keys"))
    assert request.query == [("run_id", "a1"), ("run_id", "b2"), ("metric_key", "loss, val"), ("empty", "")]


@pytest.mark.parametrize("name", ["post_json", "delete_with_json"])
def test_a_json_body_is_text(name: str) -> None:
    recorded = event(name)
    request = request_of(recorded)
    body = request.body.read()
    assert json.loads(body) == json.loads(recorded["body"])
    assert request.body_bytes == len(body)
    assert request.headers["content-type"] == "application/json"


def test_a_binary_body_is_decoded() -> None:
    request = request_of(event("put_binary"))
    assert request.body.read() == bytes(range(256))
    assert request.body_bytes == 256


def test_a_path_that_api_gateway_has_decoded_is_not_decoded_again() -> None:
    request = request_of(event("put_with_encoded_path"))
    assert request.path.rpartition("/")[2] == "50% größer + 100%25.txt"


def test_half_of_a_surrogate_pair_in_a_body_is_the_applications_to_refuse() -> None:
    recorded = event("post_json")
    recorded["body"] = '"\ud83d"'
    assert request_of(recorded).body.read() == b'"\xed\xa0\xbd"'


def test_the_principal_is_the_one_that_the_authorizer_found() -> None:
    principal = Principal("ada@example.com", admin=True, groups=("trainers", "a, b", "ü"))
    recorded = event("get_with_query")
    said = json.loads(json.dumps(authorizer_result_of(principal)))
    assert said["isAuthorized"] is True
    assert {type(value) for value in said["context"].values()} == {str}
    recorded["requestContext"]["authorizer"] = {"lambda": said["context"]}
    assert request_of(recorded).principal == principal


def test_groups_may_have_commas_and_administrators_must_be_said_to_be_some() -> None:
    principal = request_of(event("get_with_query")).principal
    assert principal == Principal("ada@example.com", admin=False, groups=("trainers", "a, b"))


@pytest.mark.parametrize("authorizer", [None, {}, {"lambda": None}, {"lambda": {}}, {"jwt": {"claims": {"sub": "x"}}}])
def test_without_an_authorizers_word_nobody_is_logged_in(authorizer: object) -> None:
    recorded = event("open_route")
    recorded["requestContext"]["authorizer"] = authorizer
    assert request_of(recorded).principal is None


def test_headers_that_look_like_a_principal_are_headers() -> None:
    recorded = event("open_route")
    recorded["headers"]["x-principal"] = recorded["headers"]["authorization"] = "admin"
    assert request_of(recorded).principal is None


def test_a_session_of_a_role_is_known_by_its_arn_and_the_role_is_its_group(monkeypatch: pytest.MonkeyPatch) -> None:
    arn = "arn:aws:sts::123456789012:assumed-role/Trainers/ada"
    assert request_of(event("iam_role")).principal == Principal(arn, admin=False, groups=("Trainers",))
    monkeypatch.setenv("CLOUDTRACK_IAM_ADMIN_ROLES", "Platform,Trainers")
    assert request_of(event("iam_role")).principal == Principal(arn, admin=True, groups=("Trainers",))


def test_an_iam_user_has_no_group_and_is_no_administrator(monkeypatch: pytest.MonkeyPatch) -> None:
    recorded = event("iam_role")
    monkeypatch.setenv("CLOUDTRACK_IAM_ADMIN_ROLES", "")
    recorded["requestContext"]["authorizer"]["iam"]["userArn"] = "arn:aws:iam::123456789012:user/ada"
    assert request_of(recorded).principal == Principal("arn:aws:iam::123456789012:user/ada")


def test_cookies_are_a_header_again() -> None:
    assert request_of(event("iam_role")).headers["cookie"] == "theme=dark; tour=done"


def test_a_named_stage_is_no_part_of_the_path_and_part_of_the_address() -> None:
    request = request_of(event("named_stage"))
    assert request.path == "/health"
    assert request.base_url == "https://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com/prod"
    assert request_of(event("open_route")).base_url == "https://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com"


def test_the_credential_is_the_header() -> None:
    assert authorization_of(event("authorizer_request")) == "Bearer ctk_hidden"
    assert authorization_of({}) is None


def test_nobody_is_refused_in_one_word() -> None:
    assert authorizer_result_of(None) == {"isAuthorized": False}


def test_short_json_and_text_stay_text() -> None:
    result = result_of(json_response({"name": "größer"}), ZIPPING)
    assert result == {
        "statusCode": 200,
        "headers": {"content-type": "application/json"},
        "body": '{"name":"größer"}',
        "isBase64Encoded": False,
    }
    assert result_of(text_response("OK"), ZIPPING)["body"] == "OK"


def test_other_bodies_go_in_base64_and_keep_their_headers() -> None:
    body = bytes(range(256))
    result = result_of(
        Response(206, {"content-type": "image/png", "etag": '"x"'}, iter([body[:100], body[100:]])), ZIPPING
    )
    assert (result["statusCode"], result["isBase64Encoded"]) == (206, True)
    assert base64.b64decode(result["body"]) == body
    assert result["headers"] == {"content-type": "image/png", "etag": '"x"'}


def test_a_redirect_passes() -> None:
    result = result_of(Response(307, {"location": "https://bucket.s3.amazonaws.com/x"}), PLAIN)
    assert (result["statusCode"], result["headers"]["location"]) == (307, "https://bucket.s3.amazonaws.com/x")


def test_long_json_is_compressed_for_those_who_take_it() -> None:
    content = {"runs": [{"run_id": f"{number:032}"} for number in range(100_000)]}
    assert len(json.dumps(content)) * 4 / 3 > 5_000_000
    zipped = result_of(json_response(content), ZIPPING)
    assert zipped["headers"]["content-encoding"] == "gzip"
    assert json.loads(gzip.decompress(base64.b64decode(zipped["body"]))) == content


def test_long_json_stays_plain_for_others_in_base64() -> None:
    content = {"text": '"' * 1_000_000}
    plain = result_of(json_response(content), PLAIN)
    assert "content-encoding" not in plain["headers"]
    assert json.loads(base64.b64decode(plain["body"])) == content


def test_an_answer_that_lambda_cannot_send_is_413_and_says_what_to_do() -> None:
    result = result_of(Response(200, {"content-type": "application/octet-stream"}, bytes(5 << 20)), PLAIN)
    assert result["statusCode"] == 413
    error = json.loads(result["body"])
    assert error["error_code"] == "INVALID_PARAMETER_VALUE"
    assert "signed URL" in error["message"]


def test_the_largest_answer_that_is_sent_fits_into_what_lambda_takes() -> None:
    sizes = range(4_000_000, 5_000_000, 100_000)
    results = [result_of(Response(200, {"content-type": "image/png"}, bytes(size)), PLAIN) for size in sizes]
    sent = [result for result in results if result["statusCode"] == 200]
    assert 0 < len(sent) < len(results)
    assert max(len(json.dumps(result)) for result in sent) < LAMBDA_LIMIT_BYTES


def test_of_a_file_that_is_too_large_only_so_much_is_read() -> None:
    read = []

    def chunks() -> Iterator[bytes]:
        for number in range(1000):
            read.append(number)
            yield bytes(1 << 20)

    assert result_of(Response(200, {}, chunks()), PLAIN)["statusCode"] == 413
    assert len(read) < 10
