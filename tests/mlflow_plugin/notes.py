"""What calls of MLflow gave, without what differs from one time to the next: ids, times, places of files."""

import math
import re

from mlflow.exceptions import MlflowException

_TIMES = re.compile(r".*(_time|_timestamp|timestamp)$")
_PLACES = {"artifact_uri", "artifact_location", "source", "source_uri"}
_LONG = re.compile(r"m-[0-9a-f]{32}|[0-9a-f]{32,40}")
NOW_MS = 1_600_000_000_000
"""Times after this are of a clock."""


class Notes:
    """Notes of calls, in order."""

    def __init__(self):
        self.taken = []
        self._names = {}

    def name(self, identifier, name):
        """Write the id of an experiment as this name from now on."""
        self._names[str(identifier)] = name

    def note(self, title, value):
        """Keep a value."""
        self.taken.append([title, self._plain(value)])

    def call(self, title, function, *args, **kwargs):
        """Keep what a call gives or raises, and give it back."""
        try:
            result = function(*args, **kwargs)
        except MlflowException as error:
            self.taken.append([title, f"raises {error.error_code}"])
            return None
        except Exception as error:
            self.taken.append([title, f"raises {type(error).__name__}"])
            return None
        self.note(title, result)
        return result

    def _plain(self, value, key=""):
        if _TIMES.fullmatch(key):
            return "a time" if isinstance(value, int) and value > NOW_MS else value
        if key in _PLACES:
            return "a place" if value else value
        if isinstance(value, dict):
            return {str(self._plain(name)): self._plain(item, str(name)) for name, item in sorted(value.items())}
        if isinstance(value, float) and not math.isfinite(value):
            return str(value)
        if isinstance(value, str):
            return self._names.get(value, value) if key == "experiment_id" else self._text(value)
        if key == "latest_versions":
            value = sorted(value, key=lambda version: int(version.version))
        if isinstance(value, list | tuple | set):
            return [self._plain(item) for item in value]
        if value is None or isinstance(value, bool | int | float):
            return value
        if hasattr(value, "__iter__"):
            return self._plain(dict(value))
        return self._text(str(value))

    def _text(self, text):
        return _LONG.sub(lambda found: self._names.setdefault(found.group(), f"id {len(self._names)}"), text)
