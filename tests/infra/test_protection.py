"""What the template lets whom do, and how it guards the bucket."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.infra.iam import Statement, as_list, bucket_statements, is_allowed, role_statements
from tests.infra.stack import Stack, read_template

RUN = "runs/0123456789abcdef0123456789abcdef"
EVENT = "models/churn/events/000000000001.json"
TOKEN = "access/tokens/0123abcd.json"
ARTIFACT = f"{RUN}/artifacts/model/model.pkl"
CREATING = {"s3:ObjectCreationOperation": "true", "s3:if-none-match": "*"}
REPLACING = {"s3:ObjectCreationOperation": "true", "s3:if-match": "etag"}
BLIND = {"s3:ObjectCreationOperation": "true"}
PART = {"s3:ObjectCreationOperation": "false"}
ANYBODY: list[Statement] = [{"Effect": "Allow", "Action": "*", "Resource": "*"}]
POLICY_LIMIT_BYTES = 20_480
"""Of the resource policy of a Lambda function."""
EVERYTHING = {
    "AlarmEmail": "ops@example.com",
    "KmsKeyArn": "arn:aws:kms:eu-central-1:123456789012:key/0123",
    "ModelUri": "models:/churn/Production",
    "NotificationEmail": "team@example.com",
    "ObjectLockDays": 30,
    "OidcAudience": "cloudtrack",
    "OidcIssuer": "https://issuer.example.com",
    "WebPage": "true",
}


@pytest.fixture(
    scope="module", params=["written", pytest.param("translated", marks=pytest.mark.infra)], name="template"
)
def _template(request: pytest.FixtureRequest) -> dict[str, Any]:
    written = request.param == "written"
    template: dict[str, Any] = read_template() if written else request.getfixturevalue("translated_template")
    return template


@pytest.fixture(scope="module", name="stack")
def _stack(template: dict[str, Any]) -> Stack:
    return Stack(template, **EVERYTHING)


def roles(stack: Stack) -> list[str]:
    return list(stack.of_type("AWS::IAM::Role"))


def may(stack: Stack, role: str, action: str, key: str, context: dict[str, str] | None = None) -> bool:
    tls = {"aws:SecureTransport": "true"}
    resource = f"arn:aws:s3:::bucket/store/{key}"
    return is_allowed(
        role_statements(stack, role), bucket_statements(stack), action, resource, {**tls, **(context or {})}
    )


def who_may(stack: Stack, action: str, key: str, context: dict[str, str] | None = None) -> set[str]:
    return {role for role in roles(stack) if may(stack, role, action, key, context)}


def test_only_transitions_writes_the_registry(stack: Stack) -> None:
    assert who_may(stack, "s3:PutObject", EVENT, CREATING) == {"TransitionsRole"}
    assert who_may(stack, "s3:PutObject", "models/churn/model.json", REPLACING) == {"TransitionsRole"}


def test_only_the_authorizer_reads_tokens_and_no_function_makes_them(stack: Stack) -> None:
    assert who_may(stack, "s3:GetObject", TOKEN) == {"AuthorizerRole"}
    assert who_may(stack, "s3:PutObject", TOKEN, CREATING) == set()
    assert who_may(stack, "s3:PutObject", TOKEN, REPLACING) == set()


def test_the_authorizer_reads_nothing_but_tokens_and_the_marker(stack: Stack) -> None:
    for key in (f"{RUN}/run.json", EVENT, ARTIFACT, "access/policy.json", "experiments/1/experiment.json"):
        assert not may(stack, "AuthorizerRole", "s3:GetObject", key)
    assert may(stack, "AuthorizerRole", "s3:GetObject", "cloudtrack.json")


def test_only_the_registrys_functions_read_webhooks_and_their_secrets(stack: Stack) -> None:
    assert who_may(stack, "s3:GetObject", "webhooks/w-1.json") == {"HooksRole", "RegistryRole", "TransitionsRole"}
    assert who_may(stack, "s3:PutObject", "webhooks/w-1.json", CREATING) == {"TransitionsRole"}


def test_only_those_who_make_things_may_change_who_may_do_what(stack: Stack) -> None:
    makers = {"ExperimentsRole", "RunsRole", "TransitionsRole"}
    assert who_may(stack, "s3:PutObject", "access/policy.json", REPLACING) == makers


def test_artifacts_writes_files_and_nothing_else(stack: Stack) -> None:
    assert who_may(stack, "s3:PutObject", ARTIFACT, BLIND) == {"ArtifactsRole"}
    for key in (f"{RUN}/run.json", f"{RUN}/metrics/x.parquet", EVENT, "logged_models/m-1/model.json"):
        assert not may(stack, "ArtifactsRole", "s3:PutObject", key, CREATING)
        assert not may(stack, "ArtifactsRole", "s3:PutObject", key, REPLACING)


def test_console_logs_are_only_added_to_by_runs_and_go_with_a_purge(stack: Stack) -> None:
    segment = f"{RUN}/logs/1790000000000-0123456789ab-host%3A1/000000000000.log"
    assert who_may(stack, "s3:PutObject", segment, CREATING) == {"RunsRole"}
    assert who_may(stack, "s3:PutObject", segment, REPLACING) == set()
    assert who_may(stack, "s3:GetObject", segment) == {"RunsRole"}
    assert who_may(stack, "s3:DeleteObject", segment) == {"PurgesRole"}
    assert not is_allowed(
        ANYBODY, bucket_statements(stack), "s3:PutObject", f"arn:aws:s3:::bucket/store/{segment}", BLIND
    )


def test_functions_delete_only_files_of_users_merged_metrics_webhooks_and_what_is_purged(stack: Stack) -> None:
    assert who_may(stack, "s3:DeleteObject", "webhooks/w-1.json") == {"TransitionsRole"}
    assert who_may(stack, "s3:DeleteObject", ARTIFACT) == {"ArtifactsRole", "PurgesRole"}
    assert who_may(stack, "s3:DeleteObject", f"{RUN}/metrics/x.parquet") == {"RunsRole", "PurgesRole"}
    for key in (f"{RUN}/run.json", EVENT, TOKEN, "access/policy.json", "cloudtrack.json", "models/churn/model.json"):
        assert who_may(stack, "s3:DeleteObject", key) == set()
    assert who_may(stack, "s3:DeleteObjectVersion", ARTIFACT) == set()


def test_scoring_reads_the_registry_and_files_of_models_and_no_runs_people_or_secrets(stack: Stack) -> None:
    for key in (EVENT, "models/churn/model.json", ARTIFACT, "logged_models/m-1/artifacts/MLmodel", "cloudtrack.json"):
        assert may(stack, "ScoringRole", "s3:GetObject", key)
    for key in (f"{RUN}/run.json", "logged_models/m-1/model.json", "access/policy.json", TOKEN, "webhooks/w-1.json"):
        assert not may(stack, "ScoringRole", "s3:GetObject", key)


def test_nobody_scores_without_aws_credentials(template: dict[str, Any], stack: Stack) -> None:
    if "Globals" in template:
        function = stack.of_type("AWS::Serverless::Function")["ScoringFunction"]
        assert function["FunctionUrlConfig"] == {"AuthType": "AWS_IAM"}
    else:
        (url,) = stack.of_type("AWS::Lambda::Url").values()
        assert url["AuthType"] == "AWS_IAM"
        called = [each["FunctionName"] for each in stack.of_type("AWS::Lambda::Permission").values()]
        assert "ScoringFunction" not in {name.removesuffix(".Arn") for name in called}


def test_registry_web_and_scoring_write_nothing_and_metrics_places_in_the_feed_alone(stack: Stack) -> None:
    cursor = f"feed/cursors/{'0' * 64}.json"
    assert who_may(stack, "s3:PutObject", cursor, CREATING) == {"MetricsRole", "HooksRole"}
    assert who_may(stack, "s3:PutObject", cursor, REPLACING) == set()
    for role in ("MetricsRole", "RegistryRole", "WebRole", "AuthorizerRole", "ScoringRole"):
        written = [
            s["Resource"].partition("/store/")[2]
            for s in role_statements(stack, role)
            if any("s3:Put" in action for action in as_list(s["Action"]))
        ]
        assert written == (["feed/cursors/*"] if role == "MetricsRole" else [])


def test_only_the_function_for_webhooks_says_how_far_they_are(stack: Stack) -> None:
    place = f"feed/webhooks/{'0' * 32}.json"
    assert who_may(stack, "s3:PutObject", place, REPLACING) == {"HooksRole"}
    assert who_may(stack, "s3:GetObject", place) == {"HooksRole"}
    assert who_may(stack, "s3:DeleteObject", place) == {"TransitionsRole"}
    for key in (EVENT, "webhooks/w-1.json", "access/policy.json", "index/models/manifest.json"):
        assert not may(stack, "HooksRole", "s3:PutObject", key, CREATING)
        assert not may(stack, "HooksRole", "s3:PutObject", key, REPLACING)
    for key in (f"{RUN}/run.json", ARTIFACT, "access/policy.json", TOKEN):
        assert not may(stack, "HooksRole", "s3:GetObject", key)


def test_no_role_reaches_everything_but_for_traces_which_have_no_resources(stack: Stack) -> None:
    for role in roles(stack):
        for statement in role_statements(stack, role):
            for action in as_list(statement["Action"]):
                assert "*" not in action
            if "*" in as_list(statement["Resource"]):
                assert set(as_list(statement["Action"])) == {"xray:PutTraceSegments", "xray:PutTelemetryRecords"}


def test_every_role_may_write_the_log_of_functions_and_no_other(stack: Stack) -> None:
    group = "arn:aws:logs:eu-central-1:123456789012:log-group"
    for role in roles(stack):
        own = role_statements(stack, role)
        for action in ("logs:CreateLogStream", "logs:PutLogEvents"):
            assert is_allowed(own, [], action, f"{group}:FunctionLogs:log-stream:2026/11/25/runs[$LATEST]0123", {})
            assert not is_allowed(own, [], action, f"{group}:ApiLogs:log-stream:x", {})


def test_every_function_has_a_role_of_its_own(template: dict[str, Any], stack: Stack) -> None:
    kind = "AWS::Serverless::Function" if "Globals" in template else "AWS::Lambda::Function"
    used = [properties["Role"].removesuffix(".Arn") for properties in stack.of_type(kind).values()]
    assert sorted(used) == sorted(roles(stack))


def test_history_is_only_added_to_whoever_writes(stack: Stack) -> None:
    for key in (EVENT, f"{RUN}/metrics/x.parquet", "experiments/1/index/pending/abc.1", "index/models/pending/a.1"):
        assert bucket_lets(stack, key, CREATING)
        assert bucket_lets(stack, key, PART)
        assert not bucket_lets(stack, key, REPLACING)
        assert not bucket_lets(stack, key, BLIND)


def test_documents_are_never_overwritten_blindly_whoever_writes(stack: Stack) -> None:
    for key in (
        f"{RUN}/run.json",
        "models/churn/model.json",
        "logged_models/m-1/model.json",
        "experiments/names/x",
        "experiments/1/index/manifest.json",
        "index/models/manifest.json",
        "access/policy.json",
        TOKEN,
        "cloudtrack.json",
    ):
        assert bucket_lets(stack, key, CREATING)
        assert bucket_lets(stack, key, REPLACING)
        assert not bucket_lets(stack, key, BLIND)


def test_files_of_users_may_be_replaced(stack: Stack) -> None:
    for key in (ARTIFACT, "logged_models/m-1/artifacts/MLmodel"):
        assert bucket_lets(stack, key, BLIND)


def bucket_lets(stack: Stack, key: str, context: dict[str, str]) -> bool:
    resource = f"arn:aws:s3:::bucket/store/{key}"
    tls = {"aws:SecureTransport": "true"}
    return is_allowed(ANYBODY, bucket_statements(stack), "s3:PutObject", resource, {**tls, **context})


def test_nothing_comes_without_tls(stack: Stack) -> None:
    plain = {"aws:SecureTransport": "false"}
    assert not is_allowed(ANYBODY, bucket_statements(stack), "s3:GetObject", "arn:aws:s3:::bucket/store/x", plain)


@pytest.mark.parametrize("parameters", [{}, EVERYTHING], ids=["plain", "everything"])
def test_buckets_are_private_encrypted_versioned_and_outlive_the_stack(
    template: dict[str, Any], parameters: dict[str, Any]
) -> None:
    stack = Stack(template, **parameters)
    buckets = stack.of_type("AWS::S3::Bucket")
    assert "Bucket" in buckets
    for name, properties in buckets.items():
        assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
        assert properties["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
        assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
        assert properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        rules = properties["LifecycleConfiguration"]["Rules"]
        assert any("NoncurrentVersionExpiration" in rule for rule in rules)
        assert any("AbortIncompleteMultipartUpload" in rule for rule in rules)
        assert stack.resources[name]["DeletionPolicy"] == "Retain"
        assert stack.resources[name]["UpdateReplacePolicy"] == "Retain"


def test_the_store_has_the_key_and_the_lock_that_were_asked_for(template: dict[str, Any]) -> None:
    plain = Stack(template).of_type("AWS::S3::Bucket")["Bucket"]
    assert plain["BucketEncryption"]["ServerSideEncryptionConfiguration"] == [
        {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    ]
    assert "ObjectLockEnabled" not in plain
    full = Stack(template, **EVERYTHING).of_type("AWS::S3::Bucket")["Bucket"]
    (rule,) = full["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"]["KMSMasterKeyID"] == EVERYTHING["KmsKeyArn"]
    assert full["ObjectLockConfiguration"]["Rule"]["DefaultRetention"] == {"Mode": "GOVERNANCE", "Days": 30}


def test_nothing_in_the_stack_waits_and_costs(stack: Stack) -> None:
    serverless = (
        "S3",
        "IAM",
        "Serverless",
        "Lambda",
        "ApiGatewayV2",
        "Logs",
        "CloudWatch",
        "SNS",
        "SQS",
        "Events",
        "CloudFront",
    )
    assert {resource["Type"].split("::")[1] for resource in stack.resources.values()} <= set(serverless)
    assert "ProvisionedConcurrencyConfig" not in json.dumps(stack.resources)


@pytest.mark.infra
def test_resource_policies_of_functions_are_small_enough(translated_template: dict[str, Any]) -> None:
    """The names are as long as names can be."""
    policies: dict[str, list[dict[str, Any]]] = {}
    stack = Stack(translated_template)
    for name, permission in stack.of_type("AWS::Lambda::Permission").items():
        function = permission["FunctionName"]
        policies.setdefault(function.removesuffix(".Arn"), []).append(
            {
                "Sid": f"cloudtrack-{name}-0123456789AB",
                "Effect": "Allow",
                "Principal": {"Service": permission["Principal"]},
                "Action": permission["Action"],
                "Resource": f"arn:aws:lambda:eu-central-1:123456789012:function:{function:-<64}",
                "Condition": {"ArnLike": {"AWS:SourceArn": permission["SourceArn"].replace(":Api/", ":a1b2c3d4e5/")}},
            }
        )
    assert len(policies) == len(stack.of_type("AWS::Lambda::Function"))
    for function, statements in policies.items():
        policy = {"Version": "2012-10-17", "Id": "default", "Statement": statements}
        assert len(json.dumps(policy)) < POLICY_LIMIT_BYTES * 0.9, function  # with names as long as they may be


def test_whoever_puts_a_marker_may_find_that_a_cut_off_writer_has_put_it(stack: Stack) -> None:
    markers = (
        "experiments/1/index/pending/abc.1",
        "experiments/1/logged_models/index/pending/m-1.1",
        "index/experiments/pending/1.1",
        "index/models/pending/churn.3",
    )
    writers = [
        (role, key) for role in roles(stack) for key in markers if may(stack, role, "s3:PutObject", key, CREATING)
    ]
    assert {key for _, key in writers} == set(markers)
    assert [pair for pair in writers if not may(stack, pair[0], "s3:GetObject", pair[1])] == []
