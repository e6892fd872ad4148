"""The web page on AWS: from the function or from CloudFront, with one policy, and files straight from the bucket."""

from __future__ import annotations

import pytest

from cloudtrack.api.page_files import policy
from tests.infra.stack import PSEUDO, Stack, read_template


@pytest.fixture(scope="module")
def stack() -> Stack:
    return Stack(read_template(), WebPage="true")


def test_cloudfront_sends_the_policy_that_the_functions_send(stack: Stack) -> None:
    (headers,) = stack.of_type("AWS::CloudFront::ResponseHeadersPolicy").values()
    found = headers["ResponseHeadersPolicyConfig"]["SecurityHeadersConfig"]
    bucket = stack.value({"Ref": "Bucket"})
    written = found["ContentSecurityPolicy"]["ContentSecurityPolicy"]
    origin = f"https://{bucket}.s3.{PSEUDO['AWS::Region']}.{PSEUDO['AWS::URLSuffix']}"
    assert written == policy(origin)
    assert found["FrameOptions"]["FrameOption"] == "SAMEORIGIN"


def test_the_page_may_use_signed_urls_of_the_store_and_of_nothing_else(stack: Stack) -> None:
    buckets = stack.of_type("AWS::S3::Bucket")
    (rule,) = buckets["Bucket"]["CorsConfiguration"]["CorsRules"]
    assert set(rule["AllowedMethods"]) == {"GET", "HEAD", "PUT"}
    assert {"ETag", "Content-Range"} <= set(rule["ExposedHeaders"])
    assert rule["AllowedHeaders"] == ["*"], "Range, and what is signed with an upload"
    assert "CorsConfiguration" not in buckets["WebBucket"]
