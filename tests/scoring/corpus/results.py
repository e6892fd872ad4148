"""What models return and raise, to models that do as they are told."""

from __future__ import annotations

from tests.scoring.corpus.ask import Ask
from tests.scoring.models import ANSWERS as NAMES

ANSWERS = [
    *(Ask(name, {"dataframe_records": [{"what": name}]}) for name in NAMES),
    *(Ask(f"unwrapped {name}", {"messages": [], "what": name}) for name in ("dict", "list", "frame", "array", "none")),
]

RAISING = [
    *(Ask(name, {"dataframe_records": [{"what": name}]}) for name in ("value", "key", "type", "zero", "deep")),
    Ask("from csv", "what\nvalue\n", "text/csv"),
    Ask("unwrapped", {"messages": [], "what": "value"}),
    Ask("missing", {"dataframe_records": [{"other": 1}]}),
]
