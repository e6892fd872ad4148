"""What the machine is doing: processor, memory, disk, network and GPUs, under MLflow's names of metrics.

Source of the names: https://mlflow.org/docs/latest/ml/tracking/system-metrics/. psutil and nvidia-ml-py are optional.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

_MEGABYTE = 1e6
_log = logging.getLogger(__name__)
_told: set[str] = set()
_lock = threading.Lock()

Probe = Callable[[], dict[str, float]]


def open_probes() -> list[Probe]:
    """The probes that work here. Those that cannot are told of once in a process."""
    probes: list[Probe] = []
    try:
        import psutil

        probes += [Host(psutil)]
    except ImportError:
        tell_once('system metrics need psutil: pip install "cloudtrack[system-metrics]"')
        return probes
    try:
        import pynvml

        probes.append(NvidiaGpus(pynvml))
    except Exception as error:  # noqa: BLE001 - no library, no driver, no device, no permission: there is no GPU to see
        tell_once(f"system metrics are without GPUs, for none can be seen ({type(error).__name__}: {error})")
    return probes


def tell_once(text: str) -> None:
    """Warn, the first time in this process."""
    with _lock:
        if text in _told:
            return
        _told.add(text)
    _log.warning("%s", text)


class Host:
    """Processor, memory, disk and network of the machine. Network counts from when this was made."""

    def __init__(self, psutil: Any) -> None:
        self._psutil = psutil
        self._network = psutil.net_io_counters()
        psutil.cpu_percent()  # the first answer means nothing: it counts from here

    def __call__(self) -> dict[str, float]:
        """The figures of now."""
        psutil = self._psutil
        memory, disk, network = psutil.virtual_memory(), psutil.disk_usage("/"), psutil.net_io_counters()
        found = {
            "cpu_utilization_percentage": psutil.cpu_percent(),
            "system_memory_usage_megabytes": memory.used / _MEGABYTE,
            "system_memory_usage_percentage": memory.percent,
            "disk_usage_megabytes": disk.used / _MEGABYTE,
            "disk_usage_percentage": disk.percent,
            "disk_available_megabytes": disk.free / _MEGABYTE,
        }
        if network is not None and self._network is not None:  # there is none in some containers
            found["network_receive_megabytes"] = (network.bytes_recv - self._network.bytes_recv) / _MEGABYTE
            found["network_transmit_megabytes"] = (network.bytes_sent - self._network.bytes_sent) / _MEGABYTE
        return found


class NvidiaGpus:
    """Every NVIDIA GPU that the driver shows. Raises what pynvml raises where there is none."""

    def __init__(self, pynvml: Any) -> None:
        self._nvml = pynvml
        pynvml.nvmlInit()
        count = pynvml.nvmlDeviceGetCount()
        if not count:
            raise LookupError("the driver shows no device")
        self._devices = [pynvml.nvmlDeviceGetHandleByIndex(at) for at in range(count)]

    def __call__(self) -> dict[str, float]:
        """The figures of now."""
        found: dict[str, float] = {}
        for at, device in enumerate(self._devices):
            memory = self._nvml.nvmlDeviceGetMemoryInfo(device)
            found[f"gpu_{at}_memory_usage_megabytes"] = memory.used / _MEGABYTE
            found[f"gpu_{at}_memory_usage_percentage"] = 100 * memory.used / memory.total
            found[f"gpu_{at}_utilization_percentage"] = self._nvml.nvmlDeviceGetUtilizationRates(device).gpu
            watts = self._nvml.nvmlDeviceGetPowerUsage(device) / 1000
            limit = self._nvml.nvmlDeviceGetEnforcedPowerLimit(device) / 1000
            found[f"gpu_{at}_power_usage_watts"] = watts
            found[f"gpu_{at}_power_usage_percentage"] = 100 * watts / limit
        return found
