"""System metrics of runs, mostly with probes that are made for the test."""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import cloudtrack as ct
from cloudtrack import config
from cloudtrack.errors import InvalidInput
from cloudtrack.fluent import system_metrics, system_probes
from cloudtrack.fluent.system_metrics import Sampler
from cloudtrack.fluent.system_probes import Host, NvidiaGpus, open_probes

NAMES = {
    *("cpu_utilization_percentage", "system_memory_usage_megabytes", "system_memory_usage_percentage"),
    *("disk_usage_megabytes", "disk_usage_percentage", "disk_available_megabytes"),
    *("network_receive_megabytes", "network_transmit_megabytes"),
}


class FakeWriter:
    """Takes points, and knows in how many goes they came."""

    run_id = "a" * 32

    def __init__(self) -> None:
        self.points: list[tuple[str, float, int, int]] = []

    def log_metric(self, key: str, value: float, step: int, timestamp: int) -> None:
        self.points.append((key, value, step, timestamp))


class FakeNvml:
    """Two GPUs, as nvidia-ml-py tells of them."""

    def nvmlInit(self) -> None: ...  # noqa: N802

    def __getattr__(self, name: str) -> Any:
        memory = type("Memory", (), {"used": 2_000_000, "total": 8_000_000})
        rates = type("Rates", (), {"gpu": 40})
        answers = {
            "nvmlDeviceGetCount": 2,
            "nvmlDeviceGetMemoryInfo": memory,
            "nvmlDeviceGetUtilizationRates": rates,
            "nvmlDeviceGetPowerUsage": 50_000,
            "nvmlDeviceGetEnforcedPowerLimit": 200_000,
            "nvmlDeviceGetHandleByIndex": 0,
        }
        return lambda *_: answers[name]


@pytest.fixture(autouse=True)
def _clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("RANK", "WORLD_SIZE", "OMPI_COMM_WORLD_RANK", "SLURM_PROCID", "SLURM_NTASKS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(system_metrics, "_chosen", system_metrics._Chosen())
    system_probes._told.clear()
    ct.set_tracking_uri(tmp_path / "store")
    yield
    while ct.active_run():
        ct.end_run()


def _use(monkeypatch: pytest.MonkeyPatch, *probes: Any) -> None:
    monkeypatch.setattr(system_metrics, "open_probes", lambda: list(probes))


def _cpu() -> dict[str, float]:
    return {"cpu_utilization_percentage": 50.0}


def test_a_run_has_the_metrics_of_its_time_and_none_later(monkeypatch: pytest.MonkeyPatch) -> None:
    _use(monkeypatch, _cpu)
    with ct.start_run(log_system_metrics=True) as run:
        ct.log_metric("loss", 1)
    with ct.start_run() as other:
        pass
    metrics = ct.get_run(run.info.run_id).data.metrics
    assert metrics == {"loss": 1, "system/cpu_utilization_percentage": 50.0}  # shorter than the interval: one point
    assert ct.get_run(other.info.run_id).data.metrics == {}
    assert not [thread for thread in _threads() if "system-metrics" in thread]


def _threads() -> list[str]:
    import threading

    return [thread.name for thread in threading.enumerate()]


def test_the_thread_looks_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[int] = []

    def probe() -> dict[str, float]:
        looks.append(1)
        return {"cpu_utilization_percentage": float(len(looks))}

    _use(monkeypatch, probe)
    ct.set_system_metrics_sampling_interval(0.01)
    with ct.start_run(log_system_metrics=True) as run:
        while len(looks) < 3:
            time.sleep(0.01)
    history = ct.MlflowClient().get_metric_history(run.info.run_id, "system/cpu_utilization_percentage")
    assert [point.value for point in history] == [float(at + 1) for at in range(len(looks))]
    assert [point.step for point in history] == list(range(len(looks)))


def test_samples_become_means(monkeypatch: pytest.MonkeyPatch) -> None:
    figures = iter([1.0, 3.0, 10.0])
    writer = FakeWriter()
    sampler = Sampler(writer, [lambda: {"x": next(figures)}], interval_s=1, samples=2)  # type: ignore[arg-type]
    for _ in range(3):
        sampler.sample()
    sampler.stop()
    assert [point[:3] for point in writer.points] == [("system/x", 2.0, 0), ("system/x", 10.0, 1)]


def test_points_are_handed_over_once_a_minute() -> None:
    now, writer = [0.0], FakeWriter()
    handed_over: list[int] = []
    sampler = Sampler(writer, [_cpu], interval_s=10, samples=1, monotonic=lambda: now[0])  # type: ignore[arg-type]
    for _ in range(30):  # five minutes
        now[0] += 10
        before = len(writer.points)
        sampler.sample()
        handed_over += [len(writer.points) - before] if len(writer.points) > before else []
    assert handed_over == [6] * 5


def test_a_probe_that_fails_is_told_of_once_and_the_others_go_on(caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> dict[str, float]:
        raise OSError("no such device")

    writer = FakeWriter()
    sampler = Sampler(writer, [broken, _cpu], interval_s=1, samples=1)  # type: ignore[arg-type]
    for _ in range(3):
        sampler.sample()
    sampler.stop()
    assert len(writer.points) == 3
    assert len(caplog.records) == 1
    assert "no such device" in caplog.text


def test_without_psutil_one_line_says_so_and_runs_go_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "psutil", None)
    for _ in range(2):
        with ct.start_run(log_system_metrics=True) as run:
            ct.log_metric("loss", 1)
        assert ct.get_run(run.info.run_id).data.metrics == {"loss": 1}
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "cloudtrack[system-metrics]" in caplog.text


def test_without_a_gpu_one_notice_says_so(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setitem(sys.modules, "psutil", _FakePsutil())
    monkeypatch.setitem(sys.modules, "pynvml", None)
    assert [type(probe) for probe in [*open_probes(), *open_probes()]] == [Host, Host]
    assert len(caplog.records) == 1
    assert "GPU" in caplog.text


class _FakePsutil:
    """A machine in a container that shows no network."""

    def cpu_percent(self) -> float:
        return 12.5

    def net_io_counters(self) -> None:
        return None

    def virtual_memory(self) -> Any:
        return type("Memory", (), {"used": 3_000_000, "percent": 30.0})

    def disk_usage(self, path: str) -> Any:
        return type("Disk", (), {"used": 1_000_000, "percent": 10.0, "free": 9_000_000})


def test_figures_have_mlflows_names_and_units() -> None:
    found = Host(_FakePsutil())()
    assert set(found) == {name for name in NAMES if not name.startswith("network")}
    assert found["system_memory_usage_megabytes"] == 3
    assert found["disk_available_megabytes"] == 9


def test_the_real_machine_can_be_looked_at() -> None:
    psutil = pytest.importorskip("psutil", reason="the package psutil is not installed")
    found = Host(psutil)()
    assert {*found, "network_receive_megabytes", "network_transmit_megabytes"} == NAMES
    assert 0 < found["system_memory_usage_percentage"] < 100
    assert found["system_memory_usage_megabytes"] > 1


def test_every_gpu_has_its_figures() -> None:
    found = NvidiaGpus(FakeNvml())()
    assert {key for key in found if key.startswith("gpu_1_")} == {
        f"gpu_1_{name}"
        for name in (
            "memory_usage_megabytes",
            "memory_usage_percentage",
            "utilization_percentage",
            "power_usage_watts",
            "power_usage_percentage",
        )
    }
    assert found["gpu_0_memory_usage_percentage"] == 25
    assert found["gpu_0_power_usage_percentage"] == 25


@pytest.mark.parametrize(
    ("environment", "group"),
    [
        ({"RANK": "1", "WORLD_SIZE": "2"}, "rank_1"),
        ({"OMPI_COMM_WORLD_RANK": "3", "OMPI_COMM_WORLD_SIZE": "4"}, "rank_3"),
        ({"SLURM_PROCID": "0", "SLURM_NTASKS": "1"}, ""),
        ({"MLFLOW_SYSTEM_METRICS_NODE_ID": "left", "RANK": "1"}, "left"),
        ({"CLOUDTRACK_NODE_ID": "right", "MLFLOW_SYSTEM_METRICS_NODE_ID": "left"}, "right"),
        ({}, ""),
    ],
)
def test_ranks_have_names(environment: dict[str, str], group: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert config.node_id() == group


def _rank(store: str, run_id: str, rank: int) -> None:
    os.environ.update(RANK=str(rank), WORLD_SIZE="2")
    vars(system_metrics)["open_probes"] = lambda: [_cpu]
    ct.set_tracking_uri(store)
    ct.start_run(run_id=run_id, log_system_metrics=True)
    ct.end_run()


def test_two_ranks_of_a_run_make_two_groups_of_series(tmp_path: Path) -> None:
    with ct.start_run() as run:
        run_id = run.info.run_id
    context = multiprocessing.get_context("fork")
    for rank in range(2):
        process = context.Process(target=_rank, args=(str(tmp_path / "store"), run_id, rank))
        process.start()
        process.join()
        assert process.exitcode == 0
    assert set(ct.get_run(run_id).data.metrics) == {
        f"system/rank_{rank}/cpu_utilization_percentage" for rank in range(2)
    }


def test_a_forked_child_samples_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    _use(monkeypatch, _cpu)
    with ct.start_run(log_system_metrics=True) as run:
        child = os.fork()
        if child == 0:
            run.finish("FINISHED")  # as a child does that leaves the run's block
            os._exit(0)
        _, status = os.waitpid(child, 0)
        assert status == 0
    history = ct.MlflowClient().get_metric_history(run.info.run_id, "system/cpu_utilization_percentage")
    assert len(history) == 1


@pytest.mark.parametrize("name", ["CLOUDTRACK_SYSTEM_METRICS", "MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING"])
def test_the_environment_decides_where_the_program_does_not(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "true")
    assert system_metrics.is_wanted(None)
    assert not system_metrics.is_wanted(False)
    ct.disable_system_metrics_logging()
    assert not system_metrics.is_wanted(None)
    assert system_metrics.is_wanted(True)
    monkeypatch.delenv(name)
    ct.enable_system_metrics_logging()
    assert system_metrics.is_wanted(None)


def test_settings_that_cannot_be_are_refused_and_the_environments_are_told_of(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(InvalidInput, match="interval"):
        ct.set_system_metrics_sampling_interval(0)
    with pytest.raises(InvalidInput, match="samples"):
        ct.set_system_metrics_samples_before_logging(0)
    _use(monkeypatch, _cpu)
    monkeypatch.setenv("MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL", "often")
    with ct.start_run(log_system_metrics=True):
        pass
    assert "'often'" in caplog.text
