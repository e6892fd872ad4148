"""Alarms, logs and limits of the template."""

from __future__ import annotations

import json

import pytest

from tests.infra.stack import Stack, read_template

MOST_METRICS = 10
"""CloudWatch takes no more in the expression of an alarm."""


@pytest.fixture(scope="module", name="stack")
def _stack() -> Stack:
    email = {"AlarmEmail": "ops@example.com", "NotificationEmail": "team@example.com"}
    return Stack(read_template(), ModelUri="models:/churn/Production", **email)


@pytest.mark.parametrize(("alarm", "metric"), [("FunctionErrors", "Errors"), ("FunctionThrottles", "Throttles")])
def test_alarms_watch_every_function(alarm: str, metric: str, stack: Stack) -> None:
    watched = [each["MetricStat"]["Metric"] for each in stack.of_type("AWS::CloudWatch::Alarm")[alarm]["Metrics"][1:]]
    assert {each["MetricName"] for each in watched} == {metric}
    with_their_own = ("HooksFunction", "PurgesFunction", "ScoringFunction")
    functions = [name for name in stack.of_type("AWS::Serverless::Function") if name not in with_their_own]
    assert [each["Dimensions"][0]["Value"] for each in watched] == functions
    assert len(watched) + 1 <= MOST_METRICS


def test_an_alarm_of_its_own_watches_scoring_where_there_is_any(stack: Stack) -> None:
    watched = [
        each["MetricStat"]["Metric"]
        for each in stack.of_type("AWS::CloudWatch::Alarm")["ScoringErrors"]["Metrics"]
        if "MetricStat" in each
    ]
    assert [each["MetricName"] for each in watched] == ["Url5xxCount", "Throttles"]
    assert [each["Dimensions"][0]["Value"] for each in watched] == ["ScoringFunction"] * 2
    without = Stack(read_template()).resources
    assert [name for name in stack.resources if "Scoring" in name and name in without] == []


@pytest.mark.parametrize("name", ["Hooks", "Purges"])
def test_alarms_of_their_own_watch_who_tells_webhooks_and_who_purges(name: str, stack: Stack) -> None:
    metrics = stack.of_type("AWS::CloudWatch::Alarm")[f"{name}Errors"]["Metrics"]
    watched = [each["MetricStat"]["Metric"] for each in metrics if "MetricStat" in each]
    assert [each["MetricName"] for each in watched] == ["Errors", "Throttles"]
    assert [each["Dimensions"][0]["Value"] for each in watched] == [f"{name}Function"] * 2


def test_the_dashboard_shows_the_api_and_every_function_of_the_stack(stack: Stack) -> None:
    (dashboard,) = stack.of_type("AWS::CloudWatch::Dashboard").values()
    widgets = json.loads(dashboard["DashboardBody"])["widgets"]
    shown = [metric for each in widgets if each["type"] == "metric" for metric in each["properties"]["metrics"]]
    assert {metric[1] for metric in shown if len(metric) > 1} == {"Count", "4xx", "5xx", "Latency"}
    searches = [metric[0]["expression"] for metric in shown if len(metric) == 1]
    assert searches == [
        f"SEARCH('{{AWS/Lambda,FunctionName}} MetricName=\"{name}\" \"cloudtrack\"', '{statistic}', 300)"
        for name, statistic in (("Duration", "p99"), ("Errors", "Sum"))
    ], "Lambda's functions are named after their stack"
    functions = stack.of_type("AWS::Serverless::Function").values()
    assert not any("FunctionName" in properties for properties in functions)
    queries = [each["properties"]["query"] for each in widgets if each["type"] == "log"]
    assert all(query.startswith("SOURCE 'FunctionLogs' |") for query in queries)
    places = [(each["x"], each["y"]) for each in widgets]
    assert len(set(places)) == len(places)


def test_every_alarm_tells_somebody_where_somebody_is_named(stack: Stack) -> None:
    assert all(alarm["AlarmActions"] == ["AlarmTopic"] for alarm in stack.of_type("AWS::CloudWatch::Alarm").values())
    silent = Stack(read_template()).of_type("AWS::CloudWatch::Alarm")
    assert all(alarm["AlarmActions"] == [] for alarm in silent.values())


def test_what_cannot_be_delivered_is_kept_and_raises_an_alarm(stack: Stack) -> None:
    (rule,) = stack.of_type("AWS::Events::Rule").values()
    assert [target["DeadLetterConfig"]["Arn"] for target in rule["Targets"]] == ["UndeliveredQueue.Arn"]
    alarm = stack.of_type("AWS::CloudWatch::Alarm")["Undelivered"]
    assert alarm["Dimensions"] == [{"Name": "QueueName", "Value": "UndeliveredQueue.QueueName"}]


def test_logs_end_and_every_function_writes_to_one_of_them(stack: Stack) -> None:
    logs = stack.of_type("AWS::Logs::LogGroup")
    assert all(group["RetentionInDays"] == 30 for group in logs.values())
    shared = stack.value(read_template()["Globals"]["Function"])
    assert shared["LoggingConfig"]["LogGroup"] in logs
    assert shared["Tracing"] == "Active"
    assert all("LoggingConfig" not in function for function in stack.of_type("AWS::Serverless::Function").values())


def test_the_api_is_throttled_and_functions_end_before_it_gives_up(stack: Stack) -> None:
    (api,) = stack.of_type("AWS::Serverless::HttpApi").values()
    assert api["DefaultRouteSettings"] == {"ThrottlingRateLimit": 100, "ThrottlingBurstLimit": 200}
    shared = read_template()["Globals"]["Function"]
    functions = stack.of_type("AWS::Serverless::Function")
    slow = {name for name, function in functions.items() if function.get("Timeout", shared["Timeout"]) >= 30}
    assert slow == {"CompactionFunction", "HooksFunction", "ScoringFunction"}  # the API waits for none of them
    assert functions["AuthorizerFunction"]["Timeout"] < 10


def test_logins_are_remembered_by_their_header_alone(stack: Stack) -> None:
    (api,) = stack.of_type("AWS::Serverless::HttpApi").values()
    login = api["Auth"]["Authorizers"][api["Auth"]["DefaultAuthorizer"]]
    assert login["Identity"] == {"Headers": ["Authorization"], "ReauthorizeEvery": 300}
    assert login["EnableSimpleResponses"] is True
