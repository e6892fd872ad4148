"""``cloudtrack doctor --stack``: what it sees of a stack, on moto."""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from cloudtrack.errors import InvalidInput
from cloudtrack.maintenance.checkup import Check
from cloudtrack.maintenance.stack_checkup import StackCheckup

REGION = "eu-west-1"


def template(**outputs: str) -> str:
    """As cloudtrack's template becomes when SAM has transformed it, with a resource of each kind."""
    return json.dumps(
        {
            "Resources": {
                "Bucket": {
                    "Type": "AWS::S3::Bucket",
                    "Properties": {"BucketName": "store"},
                },
                "FailedQueue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "failed"}},
                "FunctionLogs": {
                    "Type": "AWS::Logs::LogGroup",
                    "Properties": {"LogGroupName": "functions", "RetentionInDays": 30},
                },
                "Schedule": {
                    "Type": "AWS::Events::Rule",
                    "Properties": {"Name": "compaction", "ScheduleExpression": "rate(1 hour)", "State": "ENABLED"},
                },
                "Role": {
                    "Type": "AWS::IAM::Role",
                    "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []}},
                },
                "RunsFunction": {
                    "Type": "AWS::Lambda::Function",
                    "Properties": {
                        "FunctionName": "runs",
                        "Runtime": "python3.13",
                        "Handler": "index.handler",
                        "Role": {"Fn::GetAtt": ["Role", "Arn"]},
                        "Code": {"ZipFile": "def handler(event, context): pass"},
                    },
                },
            },
            "Outputs": {name: {"Value": value} for name, value in outputs.items()},
        }
    )


@pytest.fixture(name="aws", autouse=True)
def _aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield


@pytest.fixture(name="stack")
def _stack(aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    formation = client("cloudformation")
    outputs = {"ApiUrl": "https://x.execute-api.eu-west-1.amazonaws.com", "BucketName": "store"}
    formation.create_stack(StackName="ct", TemplateBody=template(**outputs))
    _with_alarm(monkeypatch)
    client("s3").put_bucket_versioning(Bucket="store", VersioningConfiguration={"Status": "Enabled"})
    client("s3").put_public_access_block(
        Bucket="store",
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True,
            "IgnorePublicAcls": True,
            "BlockPublicPolicy": True,
            "RestrictPublicBuckets": True,
        },
    )


def _with_alarm(monkeypatch: pytest.MonkeyPatch) -> None:
    """moto's CloudFormation makes no alarms: one beside it, that it lists."""
    client("cloudwatch").put_metric_alarm(
        AlarmName="server-errors",
        Namespace="AWS/ApiGateway",
        MetricName="5xx",
        Statistic="Sum",
        Period=300,
        EvaluationPeriods=1,
        Threshold=0,
        ComparisonOperator="GreaterThanThreshold",
    )
    stack = _stack_of_moto()
    alarm = SimpleNamespace(physical_resource_id="server-errors", cf_resource_type="AWS::CloudWatch::Alarm")
    resources = [*stack.stack_resources, alarm]
    monkeypatch.setattr(type(stack), "stack_resources", property(lambda _: resources))


def client(service: str) -> Any:
    return boto3.client(service, region_name=REGION)


def wrong(checks: list[Check]) -> dict[str, str]:
    """What failed, and why."""
    return {check.name: check.detail for check in checks if not check.ok}


@pytest.mark.usefixtures("stack")
def test_a_stack_that_is_well_is_found_well_and_names_its_server() -> None:
    checkup = StackCheckup("ct", REGION)
    checks = checkup.run()
    assert wrong(checks) == {}
    assert [check.name for check in checks] == [
        "stack",
        "functions",
        "schedules",
        "alarms",
        "queues",
        "bucket",
        "logs",
    ]
    assert [check.detail.split()[0] for check in checks[1:5]] == ["1"] * 4
    assert checkup.outputs["ApiUrl"].startswith("https://x.")


@pytest.mark.usefixtures("stack")
def test_each_thing_that_is_wrong_is_named() -> None:
    sqs = client("sqs")
    sqs.send_message(QueueUrl=sqs.get_queue_url(QueueName="failed")["QueueUrl"], MessageBody="{}")
    client("events").disable_rule(Name="compaction")
    client("cloudwatch").set_alarm_state(AlarmName="server-errors", StateValue="ALARM", StateReason="5 answers of 500")
    client("s3").put_bucket_versioning(Bucket="store", VersioningConfiguration={"Status": "Suspended"})
    client("s3").delete_public_access_block(Bucket="store")
    client("logs").delete_retention_policy(logGroupName="functions")
    found = wrong(StackCheckup("ct", REGION).run())
    assert "failed holds 1" in found.pop("queues")
    assert "compaction" in found.pop("schedules")
    assert "server-errors: 5 answers of 500" in found.pop("alarms")
    assert "versioning is off; public access is not blocked" in found.pop("bucket")
    assert "functions" in found.pop("logs")
    assert found == {}


@pytest.mark.usefixtures("stack")
def test_a_function_whose_update_failed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "moto.awslambda.models.LambdaFunction.get_configuration",
        lambda *_, **__: {"State": "Active", "LastUpdateStatus": "Failed", "LastUpdateStatusReason": "no such role"},
    )
    assert "its last update Failed no such role" in wrong(StackCheckup("ct", REGION).run())["functions"]


def test_a_stack_that_is_not_there_or_not_ours_is_all_that_is_said() -> None:
    assert "does not exist" in wrong(StackCheckup("ct", REGION).run())["stack"]
    client("cloudformation").create_stack(StackName="other", TemplateBody=template(Url="x"))
    checks = StackCheckup("other", REGION).run()
    assert len(checks) == 1
    assert "not one of cloudtrack's" in checks[0].detail


@pytest.mark.usefixtures("stack")
def test_a_stack_that_was_rolled_back_is_no_stack_that_is_well(monkeypatch: pytest.MonkeyPatch) -> None:
    for status, said in (("UPDATE_ROLLBACK_COMPLETE", "as it was before"), ("UPDATE_IN_PROGRESS", "wait until")):
        monkeypatch.setattr(_stack_of_moto(), "status", status)
        assert said in wrong(StackCheckup("ct", REGION).run())["stack"]


def _stack_of_moto() -> Any:
    from moto.cloudformation.models import cloudformation_backends
    from moto.core import DEFAULT_ACCOUNT_ID

    return next(iter(cloudformation_backends[DEFAULT_ACCOUNT_ID][REGION].stacks.values()))


def test_without_a_region_the_answer_is_how_to_say_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    with pytest.raises(InvalidInput, match="--region"):
        StackCheckup("ct")
