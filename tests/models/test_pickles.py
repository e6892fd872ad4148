"""Hostile pickles are refused before they run; models of the libraries load without trust."""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import pickle
import warnings
from collections import Counter, OrderedDict, defaultdict, deque
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import cloudpickle
import numpy
import pandas
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.datasets import make_classification
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.feature_selection import SelectKBest, f_classif
from sklearn.gaussian_process import GaussianProcessClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, make_scorer
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.svm import SVC
from sklearn.utils import all_estimators

from cloudtrack.errors import CorruptData, MissingDependency, PermissionDenied
from cloudtrack.models.pickle_forms import IN_MEMORY_BYTES
from cloudtrack.models.pickle_scan import Scan
from cloudtrack.models.pickle_values import Import, Refused
from cloudtrack.models.pickles import describe, load_pickle
from cloudtrack.models.trust import trusting
from tests.models import malice
from tests.thoroughness import examples

joblib: Any = importlib.import_module("joblib")


def never(stream: Any) -> Any:
    """Stands for what reads a file; hostile files must not come to it."""
    raise AssertionError("a hostile file was read")


def numpy_load(stream: Any) -> Any:
    return numpy.load(stream, allow_pickle=True)


@pytest.fixture(autouse=True)
def _untrusting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CLOUDTRACK_TRUST_MODELS", raising=False)
    monkeypatch.delenv("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", raising=False)


@pytest.mark.parametrize("name", malice.HOSTILE)
def test_hostile_files_are_refused(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make, reader = malice.HOSTILE[name]
    canary, file = tmp_path / "canary", tmp_path / "model.pkl"
    file.write_bytes(make(canary))
    before = Counter(os.listdir(tmp_path))
    monkeypatch.setattr("cloudtrack.models.pickles.reader_of", lambda load: reader)
    with pytest.raises(PermissionDenied, match=r"^model\.pkl .*trust=True") as refused:
        load_pickle(file, never)
    assert "\n" not in refused.value.message
    assert Counter(os.listdir(tmp_path)) == before


def test_a_refusal_names_what_is_imported_and_where(tmp_path: Path) -> None:
    file = tmp_path / "m"
    file.write_bytes(malice.system(tmp_path / "canary"))
    with pytest.raises(PermissionDenied, match=r"^m imports os\.system \(byte 20\): "):
        load_pickle(file)


def test_code_in_a_pickle_needs_trust(tmp_path: Path) -> None:
    class Mine:
        value = 3

    Mine.__module__ = "__main__"
    file = tmp_path / "m"
    file.write_bytes(cloudpickle.dumps(Mine()))
    with pytest.raises(PermissionDenied, match="makes functions or classes from code that it brings"):
        load_pickle(file)
    with trusting(True):
        assert load_pickle(file).value == 3


def test_trust_does_not_outlive_its_block(tmp_path: Path) -> None:
    file = tmp_path / "m"
    file.write_bytes(pickle.dumps(os.path.join))
    with trusting(True):
        assert load_pickle(file) is os.path.join
    with pytest.raises(PermissionDenied):
        load_pickle(file)


def test_what_is_read_is_what_was_looked_at(tmp_path: Path) -> None:
    file = tmp_path / "m"
    file.write_bytes(pickle.dumps([1, 2]))

    def load(stream: Any) -> Any:
        file.write_bytes(malice.system(tmp_path / "canary"))
        return pickle.load(stream)

    assert load_pickle(file, load) == [1, 2]
    assert not (tmp_path / "canary").exists()


def test_large_files_are_looked_at_and_read_too(tmp_path: Path) -> None:
    file = tmp_path / "m"
    array = numpy.arange(IN_MEMORY_BYTES // 8 + 10, dtype="i8")
    file.write_bytes(pickle.dumps([array, 1], 5))
    assert load_pickle(file)[0][-1] == array[-1]
    with file.open("ab") as stream:
        stream.write(malice.system(tmp_path / "canary"))
    with pytest.raises(PermissionDenied, match=r"os\.system"):
        load_pickle(file)


def test_a_damaged_file_is_corrupt_and_a_missing_module_a_dependency(tmp_path: Path) -> None:
    file = tmp_path / "m"
    file.write_bytes(b"\x80\x04" + malice.called("numpy", "dtype", malice.text("f8"), b"\x89\x88")[2:-1] + b"}b.")
    with pytest.raises(PermissionDenied):
        load_pickle(file)
    file.write_bytes(malice.called("datetime", "date", malice.text("x"), malice.text("y")))
    with pytest.raises(CorruptData, match="m cannot be read: TypeError"):
        load_pickle(file)
    file.write_bytes(malice.called("not_there_at_all", "f"))
    with trusting(True), pytest.raises(MissingDependency, match="not_there_at_all"):
        load_pickle(file)


def test_describing_runs_nothing_and_names_every_import(tmp_path: Path) -> None:
    file = tmp_path / "m"
    file.write_bytes(malice.system(tmp_path / "canary") + pickle.dumps(OrderedDict()))
    assert [found.path for found in describe(file)] == ["os.system", "collections.OrderedDict"]
    assert not (tmp_path / "canary").exists()
    file.write_bytes(cloudpickle.dumps(lambda: 1))
    assert "cloudpickle.cloudpickle._make_function" in {found.path for found in describe(file)}
    file.write_bytes(b"\x80\x04h\x05.")
    with pytest.raises(CorruptData, match="recalls what it never remembered"):
        describe(file)


X, Y = (numpy.abs(part) for part in make_classification(30, 6, random_state=0))
FRAME = pandas.DataFrame(X, columns=list("abcdef"))
FITS: tuple[tuple[Any, ...], ...] = (
    (X, Y),
    (X, numpy.c_[Y, Y]),
    (X,),
    (Y,),
    (["a b", "b c"],),
    ([{"a": 1}],),
    ([(1, 2), (3,)],),
    (X[:, 0], Y),
    (X @ X.T, Y),
)


def _fitted(kind: type[BaseEstimator]) -> Any:
    """The estimator, fitted on whichever data it takes; as it was made where it takes none of them."""
    inner = LogisticRegression()
    estimator = None
    for given_arguments in (
        {},
        {"estimator": inner},
        {"estimators": [("a", inner)]},
        {"transformers": []},
        {"transformer_list": [("a", "passthrough")]},
        {"steps": [("a", inner)]},
        {"estimator": inner, "param_grid": {"C": [1.0]}},
        {"estimator": inner, "param_distributions": {"C": [1.0, 2.0]}, "n_iter": 1},
        {"dictionary": numpy.eye(6)},
    ):
        try:
            estimator = kind(**given_arguments)
        except TypeError:
            continue
        estimator.set_params(**{name: 3 for name in ("max_iter", "n_estimators") if name in estimator.get_params()})
        for data in FITS:
            try:
                return estimator.fit(*data)
            except Exception:
                continue
    return estimator


def _saved(thing: Any, form: str) -> tuple[bytes, Any]:
    if form == "cloudpickle":
        return cloudpickle.dumps(thing), pickle.load
    if form.startswith("joblib"):
        stream = io.BytesIO()
        joblib.dump(thing, stream, compress=3 if form == "joblib, packed" else 0)
        return stream.getvalue(), joblib.load
    return pickle.dumps(thing, int(form)), pickle.load


FORMS = ["0", "1", "2", "3", "4", "5", "cloudpickle", "joblib", "joblib, packed"]


@pytest.mark.parametrize(("name", "kind"), all_estimators(), ids=lambda value: value if isinstance(value, str) else "")
def test_every_estimator_of_scikit_learn_loads_without_trust(name: str, kind: Any, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        estimator = _fitted(kind)
    assert estimator is not None, name
    for form in ("2", "5", "cloudpickle", "joblib"):
        pickled, load = _saved(estimator, form)
        (tmp_path / "m").write_bytes(pickled)
        assert type(load_pickle(tmp_path / "m", load)) is kind


COLUMNS = ColumnTransformer(
    [
        ("a", StandardScaler(), ["a"]),
        ("b", OneHotEncoder(handle_unknown="ignore"), ["b"]),
        ("c", FunctionTransformer(numpy.log1p), make_column_selector("[cd]")),
    ]
)
MODELS = {
    "pipeline": lambda: make_pipeline(COLUMNS, LogisticRegression()).fit(FRAME, Y),
    "search": lambda: GridSearchCV(SVC(), {"C": [1, 2]}, cv=StratifiedKFold(2), scoring=make_scorer(f1_score)).fit(
        X, Y
    ),
    "boosting": lambda: HistGradientBoostingClassifier(max_iter=3).fit(FRAME, Y),
    "forest": lambda: RandomForestClassifier(3, random_state=numpy.random.RandomState(0)).fit(FRAME, Y),
    "processes": lambda: GaussianProcessClassifier().fit(X, Y),
    "features": lambda: SelectKBest(f_classif, k=2).fit(X, Y),
    "words": lambda: CountVectorizer().fit(["a bb ccc", "bb dd"]),
    "weights": lambda: TfidfVectorizer(stop_words="english").fit(["aa bb ccc", "bb dd"]),
    "table": lambda: pandas.DataFrame(
        {
            "a": [1, 2],
            "b": ["x", "y"],
            "c": pandas.Categorical(["u", "v"]),
            "d": pandas.date_range("2020", periods=2, tz="UTC"),
            "e": pandas.array([1, None], dtype="Int64"),
        }
    ),
    "series": lambda: FRAME["a"],
    "index": lambda: pandas.MultiIndex.from_tuples([(1, "a")]),
    "plain": lambda: [OrderedDict(a=1), defaultdict(list, a=[1]), deque([1]), Counter("ab"), {1}, frozenset([2]), 1j],
    "times": lambda: [
        datetime(2026, 1, 1, tzinfo=UTC),
        timedelta(1),
        numpy.datetime64("2026-01-01"),
        pandas.Timestamp(0),
    ],
    "arrays": lambda: [numpy.zeros(2, [("a", "f8"), ("b", "i4")]), numpy.array(["a", None], object), numpy.matrix([1])],
    "random": lambda: [numpy.random.default_rng(0), numpy.random.RandomState(0)],
}


@pytest.mark.parametrize("name", MODELS)
def test_common_models_and_data_load_without_trust(name: str, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        thing = MODELS[name]()
    for form in FORMS:
        pickled, load = _saved(thing, form)
        (tmp_path / "m").write_bytes(pickled)
        assert type(load_pickle(tmp_path / "m", load)) is type(thing), form


@pytest.mark.parametrize("how", ["zlib", "gzip", "bz2", "lzma", "xz"])
def test_compressed_files_of_joblib_load_without_trust(how: str, tmp_path: Path) -> None:
    joblib.dump([X, "text"], tmp_path / "m", compress=(how, 3))
    assert numpy.array_equal(load_pickle(tmp_path / "m", joblib.load)[0], X)


def test_arrays_of_numpy_load_without_trust(tmp_path: Path) -> None:
    numpy.save(tmp_path / "a.npy", X)
    assert numpy.array_equal(load_pickle(tmp_path / "a.npy", partial(numpy.load)), X)
    numpy.save(tmp_path / "b.npy", numpy.array([1, "a"], object), allow_pickle=True)
    assert load_pickle(tmp_path / "b.npy", numpy_load)[1] == "a"
    numpy.savez(tmp_path / "c.npz", X=X)
    assert numpy.array_equal(load_pickle(tmp_path / "c.npz", lambda stream: numpy.load(stream)["X"]), X)


PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
    | st.complex_numbers(allow_nan=False),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text() | st.integers(), inner),
    max_leaves=20,
)
FEW = settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@FEW
@given(thing=PLAIN, protocol=st.integers(0, 5))
def test_plain_data_always_loads_and_is_equal(thing: Any, protocol: int, tmp_path: Path) -> None:
    (tmp_path / "m").write_bytes(pickle.dumps(thing, protocol))
    assert load_pickle(tmp_path / "m") == thing


@FEW
@given(
    shape=st.lists(st.integers(0, 4), max_size=3),
    dtype=st.sampled_from(["f8", ">f4", "i2", "u1", "?", "c16", "U3", "S5", "M8[s]", "m8[D]", "O", "f8,i4", "V3"]),
    order=st.sampled_from("CF"),
    form=st.sampled_from(FORMS),
)
def test_arrays_always_load_and_are_equal(shape: list[int], dtype: str, order: Any, form: str, tmp_path: Path) -> None:
    array = numpy.zeros(shape, dtype, order=order)
    pickled, load = _saved(array, form)
    (tmp_path / "m").write_bytes(pickled)
    loaded = load_pickle(tmp_path / "m", load)
    assert numpy.array_equal(loaded, array)
    assert loaded.dtype.kind == array.dtype.kind


with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    GOOD = [
        pickle.dumps({"a": [1, (2.5, "x")], "b": OrderedDict(c=deque([1])), "d": {1, 2}}, protocol)
        for protocol in range(6)
    ] + [
        pickle.dumps([numpy.arange(3), LogisticRegression(), datetime(2026, 1, 1, tzinfo=UTC)], protocol)
        for protocol in (0, 2, 4)
    ]


@settings(FEW, max_examples=examples(400))
@given(data=st.data())
def test_damaged_pickles_are_refused_or_corrupt_and_run_nothing(data: st.DataObject, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    good = [*GOOD, malice.system(canary), malice.called("builtins", "exec", malice.code(canary), protocol=0)]
    pickled = bytearray(data.draw(st.sampled_from(good)))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(pickled) - 1))
        pickled[at : at + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=2))
        pickled = pickled or bytearray(b".")
    (tmp_path / "m").write_bytes(pickled)
    with contextlib.suppress(PermissionDenied, CorruptData):
        load_pickle(tmp_path / "m")
    assert not canary.exists()


class Inert(dict[Any, Any]):
    """Stands for everything that a pickle imports: takes all, does nothing."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__()

    def __call__(self, *arguments: Any, **named: Any) -> Inert:
        return Inert()

    def __setstate__(self, state: Any) -> None:
        """Takes no attributes."""

    def __hash__(self) -> int:  # type: ignore[override]
        return 1

    def append(self, item: Any) -> None:
        """Takes no items, as ``extend`` and ``add``."""

    extend = add = append


def _imported(reader: Any, pickled: bytes) -> tuple[list[tuple[str, str]], int | None]:
    """What a reader of Python's asks for, and where it stops; None where it fails."""
    asked: list[tuple[str, str]] = []

    class Reader(reader):
        def find_class(self, module: str, name: str) -> Any:
            asked.append((module, name))
            return Inert

    stream = io.BytesIO(pickled)
    try:
        Reader(stream).load()
    except Exception:
        return asked, None
    return asked, stream.tell()


PIECES = [
    *(malice.text("os"), malice.text("system"), malice.stack_glob("os", "system"), malice.glob("os", "system")),
    *(
        b"K\x00",
        b"q\x00",
        b"h\x00",
        b"q\x01",
        b"h\x01",
        b"g0\n",
        b"p0\n",
        b"\x95\x03\0\0\0\0\0\0\0",
        b"I01\n",
        b"ios\nx\n",
    ),
    *(bytes([code]) for code in b"()]}02Nt\x85\x86R\x81bsaudleo1\x8f\x90\x91\x93\x94"),
]


@settings(FEW, max_examples=examples(1000))
@given(st.lists(st.sampled_from(PIECES), min_size=2, max_size=20), st.sampled_from([b"", b"\x80\x04"]))
def test_what_is_followed_is_what_both_readers_of_python_do(pieces: list[bytes], start: bytes) -> None:
    pickled = start + b"".join(pieces) + b"."
    found: list[Import] = []
    try:
        stop = Scan(pickled, 0, found, judged=False).run()
    except Refused:
        return
    names = [(each.module, each.name) for each in found]
    for reader in (pickle._Unpickler, pickle.Unpickler):  # type: ignore[attr-defined]
        asked, stopped = _imported(reader, pickled)
        assert asked == names[: len(asked)]
        assert stopped is None or (stopped, asked) == (stop, names)
