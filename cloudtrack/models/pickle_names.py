"""Which globals a pickle may import, and what for.

    new     a class: instances are made without calling it, and given attributes; nothing else
    call    a function or class that is called with arguments that ``pickle_calls`` knows
    class   both: a class that is called, or whose instances are made without
    type    called so too, and stored (``defaultdict(list)``)
    value   a function or class that is stored and never called (``FunctionTransformer(numpy.log1p)``)
    base    ``object``, as an argument of ``copyreg._reconstructor``

Names are exact, or classes and functions that a module of an allowed package *defines* (what it only imports from
elsewhere, such as ``joblib.Parallel``, is not let in by it). To see that, the installed module is imported: a module
of an allowed package, before a byte of the pickle runs.

Left out on purpose: ``scipy.stats`` (its distributions ``exec`` a text of their state), ``statsmodels`` (evaluates
formulas), ``sklearn.callback`` (opens listeners), ``sklearn.datasets`` (reads files), ``numpy.memmap`` and
``numpy.core._ufunc_reconstruct`` (imports what it is told), joblib's ``NDArrayWrapper`` (reads other files).
"""

from __future__ import annotations

import importlib
import re

from cloudtrack.models.pickle_values import Refused


def _names(table: dict[str, str]) -> frozenset[tuple[str, str]]:
    return frozenset(
        (module, name) for modules, names in table.items() for module in modules.split() for name in names.split()
    )


_TYPE = _names(
    {
        "builtins": "set frozenset list dict tuple bytes bytearray complex slice range int float bool str",
        "collections": "OrderedDict defaultdict Counter deque",
    }
)
_CALL = _names(
    {
        "copyreg": "_reconstructor",
        "_codecs": "encode",
        "datetime": "date datetime time timedelta timezone",
        "decimal": "Decimal",
        "numpy": "dtype",
        "numpy.core.multiarray numpy._core.multiarray": "_reconstruct scalar",
        "numpy.core.numeric numpy._core.numeric": "_frombuffer",
        "numpy.ma.core": "_mareconstruct",
        "numpy.random._pickle": "__bit_generator_ctor __generator_ctor __randomstate_ctor",
        "numpy.random.bit_generator": "__pyx_unpickle_SeedSequence",
        "sklearn.tree._tree": "Tree",
        "sklearn.metrics._dist_metrics sklearn.neighbors._kd_tree sklearn.neighbors._ball_tree": "newObj",
        "sklearn.linear_model._sgd_fast": "Hinge SquaredHinge Log ModifiedHuber Huber EpsilonInsensitive SquaredLoss "
        "SquaredEpsilonInsensitive",
        "sklearn._loss._loss _loss": "CyHalfSquaredError CyAbsoluteError CyPinballLoss CyHuberLoss CyHalfPoissonLoss "
        "CyHalfGammaLoss CyHalfTweedieLoss CyHalfTweedieLossIdentity CyHalfBinomialLoss CyHalfMultinomialLoss "
        "CyExponentialLoss",
        "sklearn.gaussian_process.kernels": "Hyperparameter",
        "pandas._libs.internals": "_unpickle_block",
        "pandas._libs.arrays": "__pyx_unpickle_NDArrayBacked",
        "pandas._libs.interval": "__pyx_unpickle_IntervalMixin",
        "pandas._libs.tslibs.nattype": "_nat_unpickle",
        "pandas._libs.tslibs.timedeltas": "_timedelta_unpickle",
        "pandas._libs.tslibs.timestamps": "_unpickle_timestamp",
        "pandas.core.indexes.base": "_new_Index",
        "pandas.core.indexes.datetimes": "_new_DatetimeIndex",
        "pyarrow.lib": "_restore_array py_buffer type_for_alias",
        "torch": "Size",
        "torch._utils": "_rebuild_tensor_v2 _rebuild_parameter",
    }
)
_PANDAS_INDEXES = "Index RangeIndex MultiIndex DatetimeIndex TimedeltaIndex PeriodIndex IntervalIndex CategoricalIndex"
_PANDAS_DTYPES = (
    "CategoricalDtype DatetimeTZDtype IntervalDtype PeriodDtype StringDtype BooleanDtype Int8Dtype Int16Dtype "
    "Int32Dtype "
    "Int64Dtype UInt8Dtype UInt16Dtype UInt32Dtype UInt64Dtype Float32Dtype Float64Dtype"
)
_NEW = _names(
    {
        "joblib.numpy_pickle": "NumpyArrayWrapper",
        "sklearn.utils._bunch": "Bunch",
        "sklearn.compose._column_transformer": "make_column_selector",
        "sklearn.utils._metadata_requests": "MetadataRequest MethodMetadataRequest MetadataRouter MethodMapping",
        "scipy.sparse._csr": "csr_matrix csr_array",
        "scipy.sparse._csc": "csc_matrix csc_array",
        "scipy.sparse._coo": "coo_matrix coo_array",
        "scipy.sparse._bsr": "bsr_matrix bsr_array",
        "scipy.sparse._dia": "dia_matrix dia_array",
        "scipy.sparse._lil": "lil_matrix lil_array",
        "scipy.interpolate._bsplines": "BSpline _BSpline",
        "scipy.interpolate._interpolate": "interp1d PPoly",
        "xgboost.core": "Booster",
        "xgboost.sklearn": "XGBClassifier XGBRegressor XGBRanker XGBRFClassifier XGBRFRegressor",
        "lightgbm.basic": "Booster",
        "lightgbm.sklearn": "LGBMClassifier LGBMRegressor LGBMRanker",
        "catboost.core": "CatBoost CatBoostClassifier CatBoostRegressor CatBoostRanker",
    }
)
_PANDAS = _names(
    {
        "pandas": f"DataFrame Series Categorical Period {_PANDAS_INDEXES} {_PANDAS_DTYPES}",
        "pandas.core.frame": "DataFrame",
        "pandas.core.series": "Series",
        "pandas.core.internals.managers": "BlockManager SingleBlockManager",
        "pandas.core.indexes.base pandas.core.indexes.range pandas.core.indexes.multi pandas.core.indexes.datetimes "
        "pandas.core.indexes.timedeltas pandas.core.indexes.period pandas.core.indexes.interval "
        "pandas.core.indexes.category": _PANDAS_INDEXES,
        "pandas.core.dtypes.dtypes pandas.core.arrays.integer pandas.core.arrays.floating pandas.core.arrays.boolean "
        "pandas.core.arrays.string_": _PANDAS_DTYPES,
        "pandas.arrays": "DatetimeArray TimedeltaArray PeriodArray IntervalArray IntegerArray FloatingArray "
        "BooleanArray "
        "StringArray ArrowStringArray",
        "pandas.core.arrays.categorical": "Categorical",
        "pandas.core.arrays.datetimes": "DatetimeArray",
        "pandas.core.arrays.timedeltas": "TimedeltaArray",
        "pandas.core.arrays.integer": "IntegerArray",
        "pandas.core.arrays.floating": "FloatingArray",
        "pandas.core.arrays.boolean": "BooleanArray",
        "pandas.core.arrays.string_": "StringArray",
        "pandas.core.arrays.string_arrow": "ArrowStringArray",
        "pandas.core.arrays.interval": "IntervalArray",
        "pandas.core.arrays.period": "PeriodArray",
        "pandas._libs.tslibs.offsets": "Day Hour Minute Second Milli Micro Nano MonthEnd MonthBegin YearEnd YearBegin "
        "QuarterEnd QuarterBegin BusinessDay Week",
    }
)
_VALUE = _names(
    {
        "numpy numpy._core._multiarray_umath": "ndarray matrix recarray bool bool_ "
        "int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 "
        "float32 float64 "
        "longdouble complex64 complex128 object_ str_ bytes_ void datetime64 timedelta64 "
        "absolute add arccos arccosh arcsin arcsinh arctan arctan2 arctanh cbrt ceil clip conjugate copysign cos cosh "
        "deg2rad degrees divide equal exp exp2 expm1 fabs floor floor_divide fmax fmin fmod greater greater_equal "
        "hypot "
        "isfinite isinf isnan less less_equal log log10 log1p log2 logical_and logical_not logical_or maximum minimum "
        "multiply negative not_equal positive power rad2deg radians reciprocal remainder rint sign sin sinh sqrt "
        "square "
        "subtract tan tanh trunc sum mean median std var min max amin amax prod argmin argmax nan_to_num nanmean "
        "nanmedian ravel squeeze transpose asarray array abs round",
        "numpy.ma": "MaskedArray",
        "numpy.random._mt19937": "MT19937",
        "numpy.random._pcg64": "PCG64 PCG64DXSM",
        "numpy.random._philox": "Philox",
        "numpy.random._sfc64": "SFC64",
        "numpy.random.bit_generator": "SeedSequence",
        "scipy.special._ufuncs scipy.special._special_ufuncs": "expit logit log_expit erf erfinv",
        "scipy._lib.array_api_compat.numpy._aliases": "asarray",
        "pandas": "NA NaT",
        "sklearn.cluster._kmeans": "_kmeans_single_lloyd _kmeans_single_elkan",
        "torch": "FloatStorage DoubleStorage HalfStorage BFloat16Storage LongStorage IntStorage ShortStorage "
        "CharStorage "
        "ByteStorage BoolStorage float16 float32 float64 bfloat16 int8 int16 int32 int64 uint8 bool",
        "torch.nn.functional": "relu gelu silu elu selu softplus tanh",
    }
)
_EXACT: dict[tuple[str, str], str] = {
    ("builtins", "object"): "base",
    **dict.fromkeys(_VALUE, "value"),
    **dict.fromkeys(_NEW, "new"),
    **dict.fromkeys(_CALL, "call"),
    **dict.fromkeys(_PANDAS, "class"),
    **dict.fromkeys(_TYPE, "type"),
}
_SKLEARN = (
    r"sklearn\.(_loss|calibration|cluster|compose|covariance|cross_decomposition|decomposition|discriminant_analysis"
    r"|dummy|ensemble|feature_extraction|feature_selection|frozen|gaussian_process|impute|isotonic|kernel_approximation"
    r"|kernel_ridge|linear_model|manifold|metrics|mixture|model_selection|multiclass|multioutput|naive_bayes|neighbors"
    r"|neural_network|pipeline|preprocessing|random_projection|semi_supervised|svm|tree)(\.(?!tests?\b)\w+)*"
)
_CLASSES = re.compile(_SKLEARN + r"|torch\.nn\.modules\.\w+", re.ASCII)
_FUNCTIONS = re.compile(
    r"sklearn\.(metrics(\.(?!_plot\b|tests?\b)\w+)*|feature_selection\._(univariate_selection|mutual_info))", re.ASCII
)


def use_of(module: str, name: str, position: int) -> str:
    """What a pickle may import ``module.name`` for. Raises Refused."""
    if use := _EXACT.get((module, name), ""):
        return use
    if not re.fullmatch(r"[A-Za-z_]\w*(\.\w+)* [A-Za-z_]\w*", f"{module} {name}", re.ASCII):
        raise Refused(f"imports {module[:99]!a} {name[:99]!a} (byte {position})")
    if name.lstrip("_")[:1].isupper() and _CLASSES.fullmatch(module):
        use = "new"
    elif name.islower() and _FUNCTIONS.fullmatch(module):
        use = "value"
    if not use or not _defines(module, name, use):
        brings = "makes functions or classes from code that it brings: it " if module.startswith("cloudpickle") else ""
        raise Refused(f"{brings}imports {module[:99]}.{name[:99]} (byte {position})")
    return use


def _defines(module: str, name: str, use: str) -> bool:
    """Whether the installed module itself defines a class, or a function, of this name."""
    try:
        found = vars(importlib.import_module(module)).get(name)
    except Exception:  # noqa: BLE001 - whatever stops the import stops loading, too
        return False
    if getattr(found, "__module__", None) != module or getattr(found, "__qualname__", None) != name:
        return False
    if module.startswith("torch"):
        return isinstance(found, type) and any(base.__name__ == "Module" for base in found.__mro__)
    return isinstance(found, type) == (use == "new")
