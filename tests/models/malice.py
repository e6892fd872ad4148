"""Makers of hostile files. Each would create ``canary``, or read what it must not, if anything ran it: nothing does."""

from __future__ import annotations

import bz2
import gzip
import importlib
import io
import lzma
import pickle
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy

joblib: Any = importlib.import_module("joblib")

Maker = Callable[[Path], bytes]


def text(value: str) -> bytes:
    """BINUNICODE."""
    encoded = value.encode("utf-8", "surrogatepass")
    return b"X" + struct.pack("<I", len(encoded)) + encoded


def glob(module: str, name: str) -> bytes:
    """GLOBAL, as protocols 0 to 3 import."""
    return f"c{module}\n{name}\n".encode()


def stack_glob(module: str, name: str) -> bytes:
    """STACK_GLOBAL, as protocols 4 and 5 import."""
    return text(module) + text(name) + b"\x93"


def shell(canary: Path) -> bytes:
    return text(f"touch {canary}")


def code(canary: Path) -> bytes:
    return text(f"__import__('pathlib').Path({str(canary)!r}).touch()")


def called(module: str, name: str, *arguments: bytes, protocol: int = 4) -> bytes:
    """A pickle that calls ``module.name`` with these."""
    load = stack_glob(module, name) if protocol >= 4 else glob(module, name)
    start = b"\x80" + bytes([protocol]) if protocol >= 2 else b""
    return start + load + b"(" + b"".join(arguments) + b"tR."


def system(canary: Path) -> bytes:
    return called("os", "system", shell(canary))


GADGETS = """
os.system posix.system nt.system os.popen os.execl os.putenv subprocess.Popen subprocess.check_output subprocess.run
builtins.eval builtins.exec builtins.compile builtins.open builtins.__import__ builtins.getattr builtins.setattr
builtins.map builtins.filter builtins.apply builtins.breakpoint builtins.input builtins.type builtins.vars
builtins.print builtins.object builtins.int builtins.str builtins.super builtins.memoryview __main__.__builtins__
sys.modules importlib.import_module importlib.reload runpy.run_path runpy._run_code pty.spawn code.interact
timeit.timeit cProfile.run profile.run pdb.run bdb.Bdb trace.Trace doctest.debug_script pydoc.locate pydoc.pipepager
pkgutil.resolve_name operator.attrgetter operator.methodcaller operator.itemgetter _operator.attrgetter
functools.partial functools.reduce types.FunctionType types.CodeType types.MethodType marshal.loads pickle.loads
_pickle.loads _pickle.Unpickler dill.loads cloudpickle.cloudpickle._make_function
cloudpickle.cloudpickle._make_skeleton_class cloudpickle.cloudpickle.subimport cloudpickle.cloudpickle._builtin_type
cloudpickle.loads shutil.rmtree shutil.copy pathlib.Path tempfile.mkdtemp tempfile.TemporaryDirectory webbrowser.open
ctypes.CDLL multiprocessing.util.spawnv_passfds logging.config.fileConfig logging.FileHandler socket.socket
urllib.request.urlopen http.client.HTTPConnection ssl.get_server_certificate
asyncio.subprocess.create_subprocess_shell lib2to3.pgen2.pgen.ParserGenerator
idlelib.pyshell.ModifiedInterpreter.runcode ensurepip._run_pip venv.create site.addsitedir antigravity.geohash
copyreg.add_extension copyreg.__newobj__ copyreg.__newobj_ex__ codecs.decode _codecs.decode enum.Enum
collections.namedtuple dataclasses.make_dataclass numpy.load numpy.save numpy.fromfile numpy.memmap numpy.vectorize
numpy.frompyfunc numpy.apply_along_axis numpy.ctypeslib numpy.__builtins__ numpy.lib.npyio.load
numpy.lib._npyio_impl.load numpy.DataSource numpy.core._ufunc_reconstruct numpy._core._ufunc_reconstruct
numpy.core._internal.sys numpy.testing._private.utils.runstring numpy.testing._private.utils.rundocs
numpy.f2py.crackfortran.myeval numpy.f2py.crackfortran.param_eval numpy.f2py.capi_maps.getinit
numpy.distutils.exec_command.exec_command numpy.log1p numpy.ndarray pandas.eval pandas.read_pickle pandas.read_csv
pandas.HDFStore pandas.ExcelFile pandas.DataFrame.query pandas.io.common.get_handle pandas.io.pickle.read_pickle
pandas.core.computation.eval.eval pandas.core.frame.DataFrame.eval pandas.compat._optional.import_optional_dependency
pandas.util._tester.test numexpr.evaluate joblib.load joblib.numpy_pickle.load joblib.numpy_pickle.NDArrayWrapper
joblib.Parallel joblib.delayed joblib.parallel.BatchedCalls joblib.numpy_pickle_compat.ZNDArrayWrapper joblib.Memory
joblib.numpy_pickle.NumpyArrayWrapper sklearn.datasets.load_files sklearn.datasets._base.load_files
sklearn.datasets.fetch_openml sklearn.utils._testing.run sklearn.utils.estimator_checks.check_estimator
sklearn.linear_model._base.Parallel sklearn.ensemble._forest.Parallel sklearn.model_selection._validation.Parallel
sklearn.pipeline.check_memory sklearn.feature_extraction.text.partial sklearn.externals._packaging.version.Version
sklearn.callback._scoring_monitor.ScoringMonitor sklearn.conftest.Path sklearn.metrics.accuracy_score
sklearn.svm._classes.SVC sklearn.utils.parallel._FuncWrapper sklearn.__builtins__
sklearn.metrics.tests.test_common.Path sklearn.neighbors._kd_tree.newObj sklearn.show_versions scipy.io.loadmat
scipy.io.netcdf_file scipy.io.wavfile.write scipy.stats.rv_continuous scipy.LowLevelCallable
scipy._lib._ccallback.LowLevelCallable scipy.special._ufuncs.expit scipy.sparse.load_npz scipy.sparse._csr.csr_matrix
xgboost.DMatrix xgboost.core.DMatrix xgboost.core.Booster xgboost.core._LIB xgboost.tracker.RabitTracker
lightgbm.basic.Booster lightgbm.basic.Dataset lightgbm.Booster catboost.core.Pool catboost.core.CatBoost
statsmodels.iolib.smpickle.load_pickle statsmodels.base.model.Model torch.load torch.hub.load torch.jit.load
torch.storage._load_from_bytes torch.utils.collect_env.run torch.utils.cpp_extension.load
torch.nn.modules.module.partial torch.ops.load_library torch.classes.load_library
torch._inductor.codecache.compile_file torch._dynamo.guards.GuardBuilder
mlflow.projects.backend.local._run_entry_point cloudtrack.models.pickles.load_pickle cloudtrack.models.trust.trusting
""".split()
"""Every global that must not be called with a text: most must not even be imported."""


def _split(path: str) -> tuple[str, str]:
    module, _, name = path.rpartition(".")
    return module, name


def gadget(path: str, protocol: int) -> Maker:
    """Calls a global with a shell command."""
    return lambda canary: called(*_split(path), shell(canary), protocol=protocol)


def _memo_juggling(canary: Path) -> bytes:
    """The names that MEMOIZE would hold are replaced by PUT at the same index."""
    decoys = text("collections") + b"\x94" + text("OrderedDict") + b"\x94" + b"00"
    return (
        b"\x80\x04"
        + decoys
        + text("os")
        + b"q\x000"
        + text("system")
        + b"q\x010h\x00h\x01\x93"
        + shell(canary)
        + b"\x85R."
    )


def _two_memos(canary: Path) -> bytes:
    """MEMOIZE counts what is in the memo, not the highest index."""
    decoys = text("os") + b"q\x050" + text("collections") + b"q\x000" + text("OrderedDict") + b"q\x010"
    return b"\x80\x04" + decoys + text("system") + b"\x940h\x05h\x03\x93" + shell(canary) + b"\x85R."


def _by_duplicate(canary: Path) -> bytes:
    return b"\x80\x04" + text("os") + b"2" + text("system") + b"\x93" + shell(canary) + b"\x85R0."


def _discarded(canary: Path) -> bytes:
    """What was called is dropped again, and a harmless value is left."""
    return b"\x80\x04" + stack_glob("os", "system") + shell(canary) + b"\x85R0K\x01."


def _discarded_mark(canary: Path) -> bytes:
    return b"\x80\x04(" + stack_glob("os", "system") + shell(canary) + b"\x85R1K\x01."


def _names_in_tuple(canary: Path) -> bytes:
    """Names that a call gives out of a tuple."""
    pair = text("os") + text("system") + b"\x86"
    return (
        b"\x80\x04" + glob("builtins", "list") + pair + b"\x85R" + text("system") + b"\x93" + shell(canary) + b"\x85R."
    )


def _names_by_call(canary: Path) -> bytes:
    encoded = glob("_codecs", "encode") + text("os") + text("latin1") + b"\x86R"
    return b"\x80\x04" + encoded + text("system") + b"\x93" + shell(canary) + b"\x85R."


def _attribute_of_function(canary: Path) -> bytes:
    """BUILD puts attributes on a function that numpy has, to reach them by a dotted name."""
    build = glob("numpy", "log1p") + b"N}" + text("a") + text("os") + b"s\x86b0"
    return b"\x80\x04" + build + stack_glob("numpy", "log1p.a") + b"."


def _builtins_by_build(canary: Path) -> bytes:
    return b"\x80\x04" + glob("numpy", "mean") + b"N}" + text("f") + glob("numpy", "log1p") + b"s\x86b" + b"."


def _class_by_slots(canary: Path) -> bytes:
    """The class of an instance is exchanged once it is made."""
    made = stack_glob("sklearn.linear_model._base", "LinearRegression") + b")\x81"
    return b"\x80\x04" + made + b"N}" + text("__class__") + stack_glob("sklearn.utils._bunch", "Bunch") + b"s\x86b."


def _slots_by_call(canary: Path) -> bytes:
    made = stack_glob("sklearn.linear_model._base", "LinearRegression") + b")\x81"
    state = glob("builtins", "tuple") + b"N}" + text("__class__") + b"Ns\x86\x85R"
    return b"\x80\x04" + made + state + b"b."


def _slots_of_a_spline(canary: Path) -> bytes:
    """What scipy 1.18 takes as an array, and an older scipy as attributes to set."""
    module = "scipy.interpolate._bsplines"
    numbers = stack_glob(module, "_BSpline") + b")\x81"
    table = (
        glob("collections", "OrderedDict")
        + b")R"
        + text("__class__")
        + stack_glob("sklearn.utils._bunch", "Bunch")
        + b"s"
    )
    return b"\x80\x04" + stack_glob(module, "BSpline") + b")\x81" + numbers + table + b"\x86b."


def _calls_result(canary: Path) -> bytes:
    return b"\x80\x04" + glob("collections", "OrderedDict") + b")R" + shell(canary) + b"\x85R."


def _calls_class_of_subtree(canary: Path) -> bytes:
    arguments = b"}" + text("model_file") + text(str(canary)) + b"s\x85"
    return b"\x80\x04" + stack_glob("sklearn.pipeline", "Pipeline") + arguments + b"R."


def _distribution(canary: Path) -> bytes:
    """scipy.stats runs a text of its state when it is unpickled."""
    made = stack_glob("scipy.stats._continuous_distns", "norm_gen") + b")\x81}"
    return b"\x80\x04" + made + text("_parse_arg_template") + code(canary) + b"sb."


def _formula(canary: Path) -> bytes:
    """statsmodels evaluates a formula of its state when it is unpickled."""
    made = stack_glob("statsmodels.base.data", "PandasData") + b")\x81}("
    return b"\x80\x04" + made + text("restore_model_spec") + b"\x88" + text("formula") + code(canary) + b"ub."


def _transformer(canary: Path) -> bytes:
    made = stack_glob("sklearn.preprocessing._function_transformer", "FunctionTransformer") + b")\x81}"
    return b"\x80\x04" + made + text("func") + stack_glob("os", "system") + b"sb."


def _vectorizer(canary: Path) -> bytes:
    """An estimator that would call a class of an allowed package with what it is given to predict."""
    made = stack_glob("sklearn.feature_extraction.text", "CountVectorizer") + b")\x81}"
    return b"\x80\x04" + made + text("tokenizer") + stack_glob("lightgbm.basic", "Booster") + b"sb."


def _factory(canary: Path) -> bytes:
    return b"\x80\x04" + glob("collections", "defaultdict") + stack_glob("os", "getcwd") + b"\x85R."


def _reconstructor(module: str, name: str) -> Maker:
    return lambda canary: called(
        "copy_reg", "_reconstructor", glob(module, name), glob("__builtin__", "dict"), shell(canary), protocol=0
    )


def _ext(opcode: bytes) -> Maker:
    return lambda canary: b"\x80\x02" + opcode + shell(canary) + b"\x85R."


def _array_of_objects(canary: Path) -> Any:
    class Hostile:
        def __reduce__(self) -> Any:
            return exec, (f"__import__('pathlib').Path({str(canary)!r}).touch()",)

    array = numpy.empty(2, object)
    array[0], array[1] = 1, Hostile()
    return array


def _npy(canary: Path) -> bytes:
    stream = io.BytesIO()
    numpy.save(stream, _array_of_objects(canary), allow_pickle=True)
    return stream.getvalue()


def _npz(canary: Path) -> bytes:
    stream = io.BytesIO()
    numpy.savez_compressed(stream, a=numpy.ones(2), b=_array_of_objects(canary))
    return stream.getvalue()


def _joblib(canary: Path, compress: Any = 0) -> bytes:
    stream = io.BytesIO()
    joblib.dump({"a": numpy.ones(10), "b": _array_of_objects(canary)}, stream, compress=compress)
    return stream.getvalue()


def torch_zip(pickled: bytes, name: str = "archive/data.pkl", **more: bytes) -> bytes:
    """A zip archive as torch writes them."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(name, pickled)
        archive.writestr("archive/version", b"3\n")
        for other, content in more.items():
            archive.writestr(f"archive/{other}", content)
    return stream.getvalue()


def _encrypted_zip(canary: Path) -> bytes:
    made = bytearray(torch_zip(b"\x80\x02N."))
    made[6] |= 1
    made[made.index(b"PK\x01\x02") + 8] |= 1
    return bytes(made)


def _renamed_zip(canary: Path) -> bytes:
    """The member's own header has another name than the directory."""
    made = torch_zip(b"\x80\x02N.", "archive/data.pkl") + b""
    return made.replace(b"archive/data.pkl", b"archive/evil.pkl", 1)


def _hidden_in_zip(canary: Path) -> bytes:
    """A pickle between the members, which no directory names."""
    return system(canary) + torch_zip(b"\x80\x02N.")


def _wrapper(state: bytes, behind: bytes) -> bytes:
    """joblib's wrapper of an array with a made-up state, and what lies behind."""
    return (
        b"\x80\x04"
        + stack_glob("joblib.numpy_pickle", "NumpyArrayWrapper")
        + b")\x81}("
        + state
        + b"ub"
        + behind
        + b"."
    )


def _wrapper_state(shape: bytes, dtype: bytes = b"f8") -> bytes:
    made = glob("numpy", "dtype") + text(dtype.decode()) + b"\x89\x88\x87R"
    kind = text("subclass") + glob("numpy", "ndarray") + text("order") + text("C") + text("allow_mmap") + b"\x89"
    return kind + text("shape") + shape + text("dtype") + made


def _wrapper_twice(canary: Path) -> bytes:
    """The wrapper is still in the memo: giving it another state would read another array behind it."""
    first = (
        b"\x80\x04"
        + stack_glob("joblib.numpy_pickle", "NumpyArrayWrapper")
        + b")\x81q\x07}("
        + _wrapper_state(b"K\x00\x85")
    )
    return first + b"ub0h\x07}(" + _wrapper_state(b"K\x00\x85") + b"ub."


def _dtype(name: str, *state: bytes) -> bytes:
    made = glob("numpy", "dtype") + text(name) + b"\x89\x88\x87R"
    return made + b"(" + b"".join(state) + b"tb" if state else made


NO = b"J\xff\xff\xff\xff"


def _lying_dtype(canary: Path) -> bytes:
    """An array of objects that claims to be one of plain bytes: they would be taken for pointers."""
    return b"\x80\x04" + _dtype("O8", b"K\x03", text("|"), b"NNN", NO, NO, b"K\x00") + b"."


def _unitless_time(canary: Path) -> bytes:
    """numpy follows the pointer to the unit of a time that has none."""
    return b"\x80\x04" + _dtype("M8", b"K\x03", text("<"), b"NNN", NO, NO, b"K\x00") + b"."


def _field_beyond_the_end(canary: Path) -> bytes:
    fields = b"}" + text("a") + _dtype("f8") + b"K\x04\x86s"
    state = (b"K\x03", text("|"), b"N", text("a") + b"\x85", fields, b"K\x08", b"K\x01", b"K\x00")
    return b"\x80\x04" + _dtype("V8", *state) + b"."


def _fewer_objects(canary: Path) -> bytes:
    """numpy takes as many objects from the list as the shape says, whether they are there or not."""
    made = glob("numpy.core.multiarray", "_reconstruct") + glob("numpy", "ndarray") + b"K\x00\x85C\x01b\x87R"
    return b"\x80\x04" + made + b"(K\x01K\x02\x85" + _dtype("O8") + b"\x89](Netb."


def _own_dtype(canary: Path) -> bytes:
    """numpy's own dtype, not a copy, given another state."""
    return b"\x80\x04" + glob("numpy", "dtype") + text("f8") + b"\x89\x89\x87R."


def _tar(canary: Path) -> bytes:
    """A tar archive, as torch once wrote them, that is also one pickle: the name of its member takes in all behind."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        member = tarfile.TarInfo("C" + chr(98) + "a" * 98)
        archive.addfile(member)
        other = tarfile.TarInfo("pickle")
        content = system(canary)
        other.size = len(content)
        archive.addfile(other, io.BytesIO(content))
    header = bytearray(stream.getvalue()) + b"."
    header[:5] = b"B" + struct.pack("<I", len(header) - 6)
    header[148:156] = b"%06o\0 " % (sum(header[:148]) + 8 * 32 + sum(header[156:512]))
    return bytes(header)


def _random(canary: Path) -> bytes:
    function = glob("sklearn.metrics._classification", "accuracy_score")
    return called("numpy.random._pickle", "__randomstate_ctor", text("x"), function)


def _deep(canary: Path) -> bytes:
    return b"\x80\x04)" + b"\x85" * 100_000 + b"."


HOSTILE: dict[str, tuple[Maker, str]] = {
    **{
        f"{path} by {how}": (gadget(path, protocol), "pickle")
        for path in GADGETS
        for how, protocol in (("GLOBAL", 2), ("STACK_GLOBAL", 4))
    },
    **{
        f"os.system in protocol {n}": (lambda canary, n=n: called("os", "system", shell(canary), protocol=n), "pickle")
        for n in range(6)
    },
    "INST": (lambda canary: b"(" + shell(canary) + b"ios\nsystem\n.", "pickle"),
    "OBJ": (lambda canary: b"(" + glob("os", "system") + shell(canary) + b"o.", "pickle"),
    "INST of an allowed class": (lambda canary: b"(isklearn.pipeline\nPipeline\n.", "pickle"),
    "OBJ of an allowed class": (lambda canary: b"(" + glob("collections", "OrderedDict") + b"o.", "pickle"),
    "NEWOBJ": (lambda canary: b"\x80\x02" + glob("subprocess", "Popen") + shell(canary) + b"\x85\x81.", "pickle"),
    "NEWOBJ_EX": (lambda canary: b"\x80\x04" + glob("subprocess", "Popen") + b")}\x92.", "pickle"),
    "NEWOBJ of an allowed class with arguments": (
        lambda canary: b"\x80\x04" + stack_glob("lightgbm.basic", "Booster") + shell(canary) + b"\x85\x81.",
        "pickle",
    ),
    "EXT1": (_ext(b"\x82\x01"), "pickle"),
    "EXT2": (_ext(b"\x83\x01\x00"), "pickle"),
    "EXT4": (_ext(b"\x84\x01\x00\x00\x00"), "pickle"),
    "memo juggling": (_memo_juggling, "pickle"),
    "two memos": (_two_memos, "pickle"),
    "names by DUP": (_by_duplicate, "pickle"),
    "names in a tuple": (_names_in_tuple, "pickle"),
    "names by a call": (_names_by_call, "pickle"),
    "names in STRING": (lambda canary: b"\x80\x04S'os'\nS'system'\n\x93" + shell(canary) + b"\x85R.", "pickle"),
    "a result that POP drops": (_discarded, "pickle"),
    "a result that POP_MARK drops": (_discarded_mark, "pickle"),
    "attributes of a function": (_attribute_of_function, "pickle"),
    "attributes of a global": (_builtins_by_build, "pickle"),
    "__class__ by slots": (_class_by_slots, "pickle"),
    "slots from a call": (_slots_by_call, "pickle"),
    "slots of a spline": (_slots_of_a_spline, "pickle"),
    "calling a result": (_calls_result, "pickle"),
    "calling an allowed class": (_calls_class_of_subtree, "pickle"),
    "__setstate__ of scipy.stats": (_distribution, "pickle"),
    "__setstate__ of statsmodels": (_formula, "pickle"),
    "FunctionTransformer of os.system": (_transformer, "pickle"),
    "CountVectorizer of a class": (_vectorizer, "pickle"),
    "defaultdict of a function": (_factory, "pickle"),
    "_reconstructor of os": (_reconstructor("os", "_wrap_close"), "pickle"),
    "_reconstructor of dict": (_reconstructor("sklearn.pipeline", "Pipeline"), "pickle"),
    "_reconstructor of a wrapper": (_reconstructor("joblib.numpy_pickle", "NumpyArrayWrapper"), "joblib"),
    "dotted name": (lambda canary: called("sklearn", "os.system", shell(canary)), "pickle"),
    "dotted name in an allowed module": (
        lambda canary: called("sklearn.pipeline", "Pipeline.__init__.__globals__", shell(canary)),
        "pickle",
    ),
    "dunder name": (lambda canary: called("collections", "__builtins__", shell(canary)), "pickle"),
    "getattr chain": (
        lambda canary: (
            b"\x80\x04"
            + glob("builtins", "getattr")
            + glob("sklearn", "os")
            + text("system")
            + b"\x86R"
            + shell(canary)
            + b"\x85R."
        ),
        "pickle",
    ),
    "homoglyph module": (lambda canary: called("\u0455klearn.pipeline", "Pipeline", shell(canary)), "pickle"),
    "homoglyph in GLOBAL": (lambda canary: "\u0441os\nsystem\n".encode() + shell(canary) + b"\x85R.", "pickle"),
    "compatibility letters": (lambda canary: called("os", "\uff53ystem", shell(canary)), "pickle"),
    "carriage return in GLOBAL": (lambda canary: b"ccollections\r\nOrderedDict\r\n)R.", "pickle"),
    "blank in GLOBAL": (lambda canary: b"ccollections\n OrderedDict\n)R.", "pickle"),
    "newline in STACK_GLOBAL": (lambda canary: called("collections\n", "OrderedDict"), "pickle"),
    "null in STACK_GLOBAL": (lambda canary: called("collections\0", "OrderedDict"), "pickle"),
    "GLOBAL without an end": (lambda canary: b"cos\nsystem", "pickle"),
    "surrogate in a name": (lambda canary: called("os\ud800", "system", shell(canary)), "pickle"),
    "Python 2's __builtin__": (lambda canary: called("__builtin__", "eval", code(canary), protocol=0), "pickle"),
    "Python 2's commands": (lambda canary: called("commands", "getoutput", shell(canary), protocol=0), "pickle"),
    "a second pickle": (lambda canary: pickle.dumps([1]) + system(canary), "pickle"),
    "a third pickle of joblib's": (lambda canary: pickle.dumps([1]) * 2 + system(canary), "joblib"),
    "trailing bytes": (lambda canary: pickle.dumps([1]) + b"garbage", "pickle"),
    "truncated": (lambda canary: pickle.dumps(list(range(100)))[:-5], "pickle"),
    "truncated behind the payload": (lambda canary: system(canary)[:-1], "pickle"),
    "empty": (lambda canary: b"", "pickle"),
    "unknown opcode behind the payload": (lambda canary: system(canary)[:-1] + b"\xff.", "pickle"),
    "size beyond the end": (lambda canary: b"\x80\x04\x8e" + b"\xff" * 7 + b"\x7f.", "pickle"),
    "absurd memo": (lambda canary: b"\x80\x04Nr\xff\xff\xff\x7f.", "pickle"),
    "absurd memo in text": (lambda canary: b"Np99999999999999999999\n.", "pickle"),
    "memo that was never put": (lambda canary: b"\x80\x04h\x05.", "pickle"),
    "deep tuples": (_deep, "pickle"),
    "protocol 6": (lambda canary: b"\x80\x06N.", "pickle"),
    "protocol that changes": (
        lambda canary: b"\x80\x04N0\x80\x02" + glob("copy_reg", "_reconstructor") + b".",
        "pickle",
    ),
    "frame beyond the end": (lambda canary: b"\x80\x04\x95" + struct.pack("<Q", 1 << 40) + b"N.", "pickle"),
    "frame in a frame": (
        lambda canary: b"\x80\x04\x95" + struct.pack("<Q", 12) + b"\x95" + struct.pack("<Q", 2) + b"N..",
        "pickle",
    ),
    "argument across frames": (lambda canary: b"\x80\x04\x95" + struct.pack("<Q", 3) + text("abc") + b".", "pickle"),
    "stack underflow": (lambda canary: b"\x80\x04\x86.", "pickle"),
    "persistent id": (lambda canary: b"Pos.system\n.", "pickle"),
    "binary persistent id": (lambda canary: b"\x80\x02" + text("x") + b"Q.", "pickle"),
    "out-of-band buffer": (lambda canary: b"\x80\x05\x97.", "pickle"),
    "codec": (lambda canary: called("_codecs", "encode", text("x"), text("rot13")), "pickle"),
    "huge bytes": (lambda canary: called("builtins", "bytearray", b"J\xff\xff\xff\x7f"), "pickle"),
    "items into an estimator": (
        lambda canary: (
            b"\x80\x04" + stack_glob("sklearn.pipeline", "Pipeline") + b")\x81" + text("a") + text("b") + b"s."
        ),
        "pickle",
    ),
    "appending to an estimator": (
        lambda canary: b"\x80\x04" + stack_glob("sklearn.pipeline", "Pipeline") + b")\x81Na.",
        "pickle",
    ),
    "adding to an estimator": (
        lambda canary: b"\x80\x04" + stack_glob("sklearn.pipeline", "Pipeline") + b")\x81(N\x90.",
        "pickle",
    ),
    "lying dtype": (_lying_dtype, "pickle"),
    "time without a unit": (_unitless_time, "pickle"),
    "field beyond the end": (_field_beyond_the_end, "pickle"),
    "fewer objects than the shape": (_fewer_objects, "pickle"),
    "numpy's own dtype": (_own_dtype, "pickle"),
    "objects in .npy": (_npy, "numpy"),
    "objects in .npy for another reader": (_npy, "any"),
    "objects in .npz": (_npz, "numpy"),
    "objects in joblib": (_joblib, "joblib"),
    **{
        f"objects in joblib, {how}": (lambda canary, how=how: _joblib(canary, (how, 3)), "joblib")
        for how in ("zlib", "gzip", "bz2", "lzma", "xz")
    },
    "pickle in zlib": (lambda canary: zlib.compress(system(canary)), "joblib"),
    "pickle in gzip": (lambda canary: gzip.compress(system(canary)), "joblib"),
    "second stream of gzip": (lambda canary: gzip.compress(b"\x80\x04N.") + gzip.compress(system(canary)), "joblib"),
    "second stream of bz2": (lambda canary: bz2.compress(b"\x80\x04N.") + bz2.compress(system(canary)), "joblib"),
    "truncated xz": (lambda canary: lzma.compress(system(canary))[:-10], "joblib"),
    "compressed pickle for pickle": (lambda canary: bz2.compress(system(canary)), "pickle"),
    "bytes that begin like bz2 for another reader": (
        lambda canary: b"B" + struct.pack("<I", 0x5A) + b"h" * 0x5A + b".",
        "any",
    ),
    "compressed pickle for another reader": (lambda canary: gzip.compress(system(canary)), "any"),
    "joblib's array behind a false shape": (
        lambda canary: _wrapper(_wrapper_state(b"K\x01\x85"), b"12345678"[:4] + system(canary)),
        "joblib",
    ),
    "joblib's array of a negative shape": (
        lambda canary: _wrapper(_wrapper_state(b"J\xf8\xff\xff\xff\x85"), b""),
        "joblib",
    ),
    "joblib's array of an unknown shape": (lambda canary: _wrapper(_wrapper_state(b"G" + b"\0" * 8), b""), "joblib"),
    "joblib's array read twice": (_wrapper_twice, "joblib"),
    "joblib's array for pickle": (lambda canary: _wrapper(_wrapper_state(b"K\x01\x85"), b"12345678"), "pickle"),
    "joblib's array for another reader": (lambda canary: _wrapper(_wrapper_state(b"K\x01\x85"), b"12345678"), "any"),
    "torch": (lambda canary: torch_zip(system(canary)), "torch"),
    "torch for another reader": (lambda canary: torch_zip(system(canary)), "any"),
    "tar that is a pickle": (_tar, "torch"),
    "tar that is a pickle for another reader": (_tar, "any"),
    "objects of numpy's in torch's archive": (
        lambda canary: torch_zip(b"\x80\x02N.", **{"data/0": _npy(canary)}),
        "any",
    ),
    "random generator of a function": (_random, "pickle"),
    "torch with two pickles": (lambda canary: torch_zip(b"\x80\x02N." + system(canary)), "torch"),
    "torch with an unknown persistent id": (lambda canary: torch_zip(b"\x80\x02" + text("x") + b"Q."), "torch"),
    "TorchScript": (lambda canary: torch_zip(b"\x80\x02N.", **{"constants.pkl": b"\x80\x02N."}), "torch"),
    "old torch": (
        lambda canary: pickle.dumps(0x1950A86A20F9469CFC6C, 2) + pickle.dumps(1001, 2) + system(canary),
        "torch",
    ),
    "zip in zip": (lambda canary: torch_zip(b"\x80\x02N.", **{"more.zip": torch_zip(system(canary))}), "torch"),
    "zip without a pickle": (lambda canary: torch_zip(system(canary), "archive/model.bin"), "any"),
    "encrypted zip": (_encrypted_zip, "torch"),
    "zip of two names": (_renamed_zip, "torch"),
    "zip behind a pickle": (_hidden_in_zip, "any"),
    "zip with a comment behind": (lambda canary: torch_zip(b"\x80\x02N.") + b"garbage", "torch"),
    "zip cut off": (lambda canary: torch_zip(b"\x80\x02N.")[:-30], "torch"),
    "zip for pickle": (lambda canary: torch_zip(system(canary)), "pickle"),
}
