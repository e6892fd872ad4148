"""Whether a deployed stack is as the template made it, and well. It only reads.

It asks CloudFormation, Lambda, EventBridge, CloudWatch, SQS and S3; ``infra/policies/stack-doctor.json`` allows that.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

from cloudtrack.errors import CloudtrackError, InvalidInput
from cloudtrack.maintenance.checkup import Check, timed

_ROLLED_BACK = "ROLLBACK_COMPLETE"


class StackCheckup:
    """Asks AWS about the stack of a name in a region (the environment's, where none is named)."""

    def __init__(self, name: str, region: str = "") -> None:
        """Raises InvalidInput where there is no region."""
        import boto3

        self._name = name
        self._session = boto3.Session(region_name=region or None)
        if not self._session.region_name:
            raise InvalidInput(f"in which region is the stack {name!r}? Name it with --region, or set AWS_REGION")
        self._resources: Mapping[str, list[str]] = {}
        self.outputs: Mapping[str, str] = {}
        """What the stack says of itself, once ``run`` has asked; ``ApiUrl`` is its server."""

    def run(self) -> list[Check]:
        """All steps, in order; only the first where there is no such stack."""
        stack = timed("stack", self._asking(self._stack))
        if not self.outputs:
            return [stack]
        steps: list[tuple[str, Callable[[], str]]] = [
            ("functions", self._functions),
            ("schedules", self._schedules),
            ("alarms", self._alarms),
            ("queues", self._queues),
            ("bucket", self._bucket),
            ("logs", self._logs),
        ]
        return [stack, *(timed(name, self._asking(step)) for name, step in steps)]

    def _asking(self, step: Callable[[], str]) -> Callable[[], str]:
        """The step, with AWS's errors as ours."""
        from botocore.exceptions import BotoCoreError, ClientError

        def asked() -> str:
            try:
                return step()
            except (BotoCoreError, ClientError) as error:
                raise CloudtrackError(f"AWS did not say: {error}") from error

        return asked

    def _stack(self) -> str:
        formation = self._session.client("cloudformation")
        stack = formation.describe_stacks(StackName=self._name)["Stacks"][0]
        found: dict[str, list[str]] = defaultdict(list)
        for page in formation.get_paginator("list_stack_resources").paginate(StackName=self._name):
            for each in page["StackResourceSummaries"]:
                found[each["ResourceType"]].append(each.get("PhysicalResourceId", ""))
        self._resources = found
        self.outputs = {each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", [])}
        if not self.outputs.get("ApiUrl"):
            self.outputs = {}
            raise CloudtrackError(f"the stack {self._name!r} has no output ApiUrl: it is not one of cloudtrack's")
        status = stack["StackStatus"]
        if status.endswith(_ROLLED_BACK):
            raise CloudtrackError(f"{status}: it is as it was before the last deployment, which failed; see its events")
        if not status.endswith("_COMPLETE"):
            raise CloudtrackError(f"{status}: wait until the deployment is over, or see the stack's events")
        return f"{status}, {sum(len(each) for each in found.values())} resources in {self._session.region_name}"

    def _functions(self) -> str:
        names = self._resources.get("AWS::Lambda::Function", [])
        client = self._session.client("lambda")
        wrong = []
        for name in names:
            told = client.get_function_configuration(FunctionName=name)
            state, update = told.get("State", "Active"), told.get("LastUpdateStatus", "Successful")
            if state not in {"Active", "Inactive"} or update != "Successful":  # Inactive: not called for weeks
                reason = told.get("StateReason") or told.get("LastUpdateStatusReason") or ""
                wrong.append(f"{name} is {state}, its last update {update} {reason}".strip())
        return _all_well(wrong, f"{len(names)} ready", "deploy again")

    def _schedules(self) -> str:
        events = self._session.client("events")
        # A rule of another bus than the default one has the bus before its name.
        names = [name for name in self._resources.get("AWS::Events::Rule", []) if "|" not in name]
        off = [name for name in names if events.describe_rule(Name=name)["State"] != "ENABLED"]
        return _all_well(off, f"{len(names)} on", "these rules are off: enable them, or indexes are not compacted")

    def _alarms(self) -> str:
        names = self._resources.get("AWS::CloudWatch::Alarm", [])
        if not names:
            return "there are none"
        told = self._session.client("cloudwatch").describe_alarms(AlarmNames=names, MaxRecords=100)["MetricAlarms"]
        rung = [f"{each['AlarmName']}: {each.get('StateReason', '')}" for each in told if each["StateValue"] == "ALARM"]
        return _all_well(rung, f"{len(names)} quiet", "see the dashboard, and the logs of the functions")

    def _queues(self) -> str:
        client = self._session.client("sqs")
        waiting = []
        urls = self._resources.get("AWS::SQS::Queue", [])
        for url in urls:
            told = client.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
            if count := int(told["Attributes"]["ApproximateNumberOfMessages"]):
                waiting.append(f"{url.rsplit('/', 1)[-1]} holds {count}")
        return _all_well(waiting, f"{len(urls)} empty", "what could not be delivered waits there for somebody to look")

    def _bucket(self) -> str:
        bucket = self.outputs.get("BucketName", "")
        client = self._session.client("s3")
        wrong = []
        if client.get_bucket_versioning(Bucket=bucket).get("Status") != "Enabled":
            wrong.append("versioning is off")
        if not _is_closed(client, bucket):
            wrong.append("public access is not blocked")
        return _all_well(wrong, f"{bucket}: versioned, closed to the public", "deploy again")

    def _logs(self) -> str:
        client = self._session.client("logs")
        groups = self._resources.get("AWS::Logs::LogGroup", [])
        endless = []
        for name in groups:
            found = client.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
            if not any(each["logGroupName"] == name and each.get("retentionInDays") for each in found):
                endless.append(name)
        return _all_well(endless, f"{len(groups)} kept for a time", "these are missing or kept for ever: deploy again")


def _all_well(wrong: list[str], well: str, advice: str) -> str:
    """What to say. Raises CloudtrackError where something is wrong."""
    if wrong:
        raise CloudtrackError(f"{'; '.join(wrong)} ({advice})")
    return well


def _is_closed(client: Any, bucket: str) -> bool:
    from botocore.exceptions import ClientError

    try:
        told = client.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchPublicAccessBlockConfiguration":
            return False
        raise
    return all(told.values())
