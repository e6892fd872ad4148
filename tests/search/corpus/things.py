"""What the corpus is asked of: runs with values of many kinds, and some of everything else."""

from __future__ import annotations

from dataclasses import dataclass, field

NAN, INF = float("nan"), float("inf")


@dataclass(frozen=True)
class RunData:
    """A run. A metric is a list of values, one a step; a dataset is a name, a digest and a context."""

    name: str
    start: int
    metrics: dict[str, list[float]] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    datasets: tuple[tuple[str, str, str], ...] = ()
    status: str = "RUNNING"
    end: int | None = None
    user: str = "ann"

    def last(self, metric: str) -> float | None:
        return self.metrics[metric][-1] if metric in self.metrics else None


def _numbered(number: int) -> RunData:
    """An ordinary run of a sweep."""
    loss = round(1 / (number + 1), 3)
    return RunData(
        f"sweep-{number:02}",
        start=10_000 + 100 * number,
        metrics={"loss": [1.0, 0.9, loss], "acc": [0.1 * number, 1 - loss], "val.loss": [loss * 2]},
        params={
            "model": ["tree", "forest", "linear"][number % 3],
            "depth": str(number),
            "lr": f"{0.1 / (number + 1):g}",
        },
        tags={"team": ["red", "blue"][number % 2], "index": str(number)},
        datasets=(("iris", f"{number % 4}", "training"),)
        if number % 2
        else (("wine", "9", "training"), ("iris", "0", "test")),
        status=["FINISHED", "FAILED", "KILLED", "FINISHED"][number % 4],
        end=20_000 + 10 * (number % 5),
        user=["ann", "bob"][number % 2],
    )


RUNS = [
    *(_numbered(number) for number in range(16)),
    RunData("empty", 1),
    RunData("nan", 2, {"loss": [NAN], "acc": [0.5, NAN]}, {"model": "Tree"}),
    RunData("nan-then-number", 3, {"loss": [NAN, 0.5]}, {"model": "TREE"}),
    RunData("infinite", 4, {"loss": [INF], "acc": [-INF]}, {"model": "it's"}),
    RunData("minus-infinite", 5, {"loss": [-INF]}, {"model": 'say "hi"'}),
    RunData("zero", 6, {"loss": [0.0], "acc": [0.0]}, {"model": ""}),
    RunData("minus-zero", 7, {"loss": [-0.0]}, {"model": " tree"}),
    RunData("negative", 8, {"loss": [-3.5], "big": [-1e300]}, {"model": "tree "}),
    RunData("huge", 9, {"loss": [1e300], "big": [2.0**53 + 2]}, {"model": "C:\\data\\tree"}),
    RunData("tiny", 10, {"loss": [1e-300], "big": [1e-300]}, {"model": "größe"}),
    RunData("half", 11, {"loss": [0.5], "loss.min": [7.0]}, {"model": "日本"}, {"team": "日本"}),
    RunData("summaries", 12, {"score": [3.0, -1.0, 2.0], "score.max": [100.0]}, {"model": "100%"}),
    RunData("percent", 13, params={"model": "a%b", "depth": "1"}, tags={"team": "r_d"}),
    RunData("underscore", 14, params={"model": "a_b", "depth": "01"}, tags={"team": "r%d"}),
    RunData("letters", 15, params={"model": "axb", "depth": "1.0"}, tags={"team": "rxd"}),
    RunData("lines", 16, params={"model": "two\nlines"}, tags={"team": "red\nblue"}),
    RunData("long", 17, params={"model": "x" * 500}, tags={"team": "y" * 1000}),
    RunData(
        "odd-keys",
        18,
        {"val/loss": [1.0], "val loss": [2.0], "val-loss": [3.0], "val:loss": [4.0], "val.loss": [5.0], "1st": [6.0]},
        {
            "a/b": "slash",
            "a b": "space",
            "a-b": "dash",
            "a:b": "colon",
            "a.b": "dot",
            "A.B": "DOT",
            "in": "in",
            "und": "x",
        },
        {"a/b": "slash", "a b": "space", "a.b.c": "dots", "order": "by", "and": "or", "mlflow.note": "a note"},
    ),
    RunData("cased", 19, {"Loss": [9.0], "LOSS": [8.0]}, {"Model": "tree", "MODEL": "forest"}, {"Team": "red"}),
    RunData("words", 20, params={"model": "NULL", "depth": "None"}, tags={"team": "true"}),
    RunData("numbers", 21, params={"model": "0.5", "depth": "-1"}, tags={"team": "1e3"}),
    RunData("spaces", 22, params={"model": "a  b", "depth": "\t"}, tags={"team": "  "}),
    RunData("three-datasets", 23, datasets=(("iris", "1", "training"), ("wine", "1", "test"), ("Iris", "x%", "a b"))),
    RunData("no-context", 24, datasets=(("bare", "1", ""),), tags={"team": ""}),
    RunData("scheduled", 25, status="SCHEDULED"),
    RunData("early-end", 26, {"acc": [0.25]}, status="FINISHED", end=27),
    RunData("RUNNING", 27, params={"model": "RUNNING"}),
]

EXPERIMENTS: dict[str, dict[str, str]] = {
    "alpha": {"team": "red", "stage": "1"},
    "Alpha": {"team": "blue"},
    "beta": {"team": "red", "odd key": "x"},
    "beta/two": {"note": "it's"},
    "gamma 3": {"team": ""},
    "delta_4": {"team": "Red"},
    "delta-4": {},
}
"""Names and tags."""

MODELS: dict[str, tuple[dict[str, str], list[tuple[str, dict[str, str]]]]] = {
    "tree": ({"team": "red"}, [("s3://there/a", {"q": "good"}), ("s3://there/b", {}), ("s3://there/a", {"q": "bad"})]),
    "Tree": ({"team": "blue"}, [("s3://there/c", {"q": "good"})]),
    "forest one": ({}, []),
    "forest_two": ({"odd key": "x", "team": "Red"}, [("s3://else/where", {"odd key": "y"})]),
    "linear": ({"team": ""}, [("s3://there/d", {"q": "Good"}), ("s3://there/e", {"q": ""})]),
}
"""Names, tags, and versions: a source and tags."""


@dataclass(frozen=True)
class LoggedModelData:
    """A logged model. A metric is a list of values, each on a dataset or on none."""

    name: str
    kind: str = ""
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, list[tuple[float, str]]] = field(default_factory=dict)


LOGGED_MODELS = [
    LoggedModelData("m-1", "tree", {"depth": "1"}, {"team": "red"}, {"acc": [(0.5, ""), (0.75, "test")]}),
    LoggedModelData("m-2", "tree", {"depth": "2"}, {"team": "blue"}, {"acc": [(0.25, "test")]}),
    LoggedModelData("m_3", "forest", {"depth": "10", "a b": "x"}, {}, {"acc": [(0.9, "")], "val/acc": [(0.5, "")]}),
    LoggedModelData("M-1", "", {}, {"odd key": "it's", "team": ""}, {"loss": [(-2.0, "train")]}),
    LoggedModelData("plain"),
]
