"""Train each night, register, and ask for promotion, as an Airflow DAG (Airflow 3, TaskFlow)."""

from __future__ import annotations

import os
from datetime import datetime, timedelta

from airflow.sdk import dag, task

STORE = "s3://my-bucket/team"
PROJECT = "https://github.com/you/code#training"


@dag(schedule="@daily", start_date=datetime(2026, 1, 1), catchup=False, tags=["cloudtrack"])
def churn() -> None:
    """The id of the run goes from task to task, as `trained`: Airflow has a `run_id` of its own."""

    @task(retries=2, retry_delay=timedelta(minutes=5))
    def train() -> str:
        import cloudtrack as ct

        os.environ["CLOUDTRACK_URI"] = STORE
        return ct.projects.run(PROJECT, version="main", parameters={"rows": 100_000}).run_id

    @task
    def register(trained: str) -> int:
        import cloudtrack as ct

        return int(ct.Client(STORE).register_model(f"runs:/{trained}/model", "churn").version)

    @task
    def ask(version: int) -> None:
        import cloudtrack as ct

        ct.Client(STORE).approvals.request("churn", version, "Production", comment="the nightly run")

    ask(register(train()))


churn()
