"""Mixed traffic of many clients on one server, and whether it kept everything it said it had.

``python -m tests.api.load PORT EXPERIMENT_ID SHARED_RUN_ID CLIENTS RATE SECONDS`` prints one JSON line: what a
group of clients, a thread each, was answered. The test starts a few such processes.
"""

from __future__ import annotations

import http.client
import json
import random
import sys
import threading
import time
from typing import Any

API = "/api/2.0/mlflow/"


class LoadClient:
    """One client that sends up to ``rate`` requests a second and remembers what was acknowledged."""

    def __init__(self, port: int, name: str, experiment_id: str, shared_run: str) -> None:
        self._port = port
        self._name = name
        self._experiment_id = experiment_id
        self._shared_run = shared_run
        self._random = random.Random(name)
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self.run_id = ""
        self.statuses: dict[int, int] = {}
        self.seconds: list[float] = []
        self.own_metrics = 0
        self.own_params: list[str] = []
        self.shared_tags: list[str] = []
        self.versions: list[int] = []

    def work(self, rate: float, seconds: float) -> None:
        """Send mixed traffic."""
        answer = self._ask("POST", "runs/create", {"experiment_id": self._experiment_id, "start_time": 1})
        self.run_id = answer["run"]["info"]["run_id"]
        began = time.monotonic()
        number = 0
        while time.monotonic() - began < seconds:
            number += 1
            self._one(number)
            pause = began + number / rate - time.monotonic()
            if pause > 0:
                time.sleep(pause)
        self._connection.close()

    def _one(self, number: int) -> None:
        dice = self._random.random()
        if dice < 0.55:
            param = f"p{number}"
            metrics = [{"key": "loss", "value": 1 / number, "timestamp": number, "step": number}]
            params = [{"key": param, "value": "v"}]
            self._ask("POST", "runs/log-batch", {"run_id": self.run_id, "metrics": metrics, "params": params})
            self.own_metrics += 1
            self.own_params.append(param)
        elif dice < 0.80:
            found = self._ask("GET", f"runs/get?run_id={self.run_id}")
            shown = {param["key"] for param in found["run"]["data"].get("params", [])}
            assert shown == set(self.own_params), "a read did not see an earlier write"
        elif dice < 0.87:
            tag = f"{self._name}-{number}"
            self._ask("POST", "runs/set-tag", {"run_id": self._shared_run, "key": tag, "value": "1"})
            self.shared_tags.append(tag)
        elif dice < 0.92:
            self._ask("POST", "runs/search", {"experiment_ids": [self._experiment_id], "max_results": 5})
        elif dice < 0.97:
            self._ask("GET", f"experiments/get?experiment_id={self._experiment_id}")
        else:
            body = {"name": "m", "source": f"runs:/{self.run_id}/model", "run_id": self.run_id}
            version = self._ask("POST", "model-versions/create", body)["model_version"]["version"]
            self.versions.append(int(version))

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        sent = None if body is None else json.dumps(body).encode()
        headers = {} if body is None else {"Content-Type": "application/json"}
        began = time.perf_counter()
        self._connection.request(method, API + path, sent, headers)
        answer = self._connection.getresponse()
        content = answer.read()
        self.seconds.append(time.perf_counter() - began)
        self.statuses[answer.status] = self.statuses.get(answer.status, 0) + 1
        if answer.status != 200:
            raise AssertionError(f"{method} {path}: {answer.status} {content[:300]!r}")
        return json.loads(content)


def main() -> None:
    port, experiment_id, shared_run, first, clients, rate, seconds = sys.argv[1:]
    group = [
        LoadClient(int(port), f"c{int(first) + number}", experiment_id, shared_run) for number in range(int(clients))
    ]
    failures: list[str] = []

    def run(client: LoadClient) -> None:
        try:
            client.work(float(rate), float(seconds))
        except Exception as error:
            failures.append(f"{type(error).__name__}: {error}")

    threads = [threading.Thread(target=run, args=(client,)) for client in group]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(
        json.dumps(
            {
                "failures": failures,
                "seconds": sorted(value for client in group for value in client.seconds),
                "runs": {client.run_id: [client.own_metrics, len(client.own_params)] for client in group},
                "shared_tags": [tag for client in group for tag in client.shared_tags],
                "versions": [version for client in group for version in client.versions],
            }
        )
    )


if __name__ == "__main__":
    main()
