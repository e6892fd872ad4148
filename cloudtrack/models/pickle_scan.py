"""Following the opcodes of a pickle to its end without running one: what it imports, calls and builds.

Every opcode has the effect on a stack and a memo that it has in ``pickle``, on values of which only that is known
which decides (see ``pickle_values``). Where the C and the Python reader could differ (frames, numbers with leading
zeros ...), and where a name is no literal, the pickle is refused.
"""

from __future__ import annotations

import _compat_pickle
import re
from collections.abc import Callable
from functools import partial
from typing import Any

from cloudtrack.models import pickle_calls, pickle_names
from cloudtrack.models.pickle_reader import PickleReader
from cloudtrack.models.pickle_values import (
    OPAQUE,
    SET,
    Data,
    Group,
    Import,
    Made,
    Refused,
    Row,
    Table,
    group,
    store,
)

MAX_MEMO = 20_000_000
_MAX_NAME = 512
_FIXED = {**dict.fromkeys(b"hqK", 1), ord("M"): 2, **dict.fromkeys(b"jrJ", 4), ord("G"): 8}
_SIZED = {**dict.fromkeys(b"\x8cUC\x8a", 1), **dict.fromkeys(b"XTB\x8b", 4), **dict.fromkeys(b"\x8d\x8e\x96", 8)}
_TEXT = b"\x8cX\x8d"
_INT = re.compile(rb"-?(0|[1-9][0-9]{0,17})")
_LONG = re.compile(rb"-?(0|[1-9][0-9]{0,4000})L?")
_FLOAT = re.compile(rb"[-+]?(inf|nan|[0-9.]+(e[-+]?[0-9]+)?)", re.IGNORECASE)


class Scan(PickleReader):
    """One pickle in ``data`` from ``start``. ``imports`` collects what it imports.

    ``judged`` holds it to what is harmless; otherwise it is only followed. ``arrays`` reads joblib's arrays between the
    opcodes, ``storages`` knows torch's persistent ids.
    """

    def __init__(
        self,
        data: Data,
        start: int,
        imports: list[Import],
        *,
        judged: bool,
        arrays: bool = False,
        storages: bool = False,
    ) -> None:
        super().__init__(data, start)
        self._imports, self._judged, self._arrays, self._storages = imports, judged, arrays, storages
        self._stack: list[Any] = []
        self._below: list[list[Any]] = []
        self._memo: dict[int, Any] = {}
        self._proto = 0

    def run(self) -> int:
        """Follow it; the position behind its STOP. Raises Refused."""
        try:
            while (code := self._byte()) != 0x2E:
                self._step(code)
            self._stored(self._pop())
        except IndexError:
            raise self._refused("takes more from its stack than is there") from None
        if self._frame_end > self._at or self._below or self._stack:
            raise self._refused("stops before its end")
        return self._at

    def _step(self, code: int) -> None:
        if code in _FIXED:
            self._number(code, self._take(_FIXED[code]))
        elif code in _SIZED:
            self._sized(code)
        elif (act := _ACTIONS.get(code)) is not None:
            act(self)
        else:
            raise self._refused(f"has the opcode {bytes([code])!r}")

    def _pop(self) -> Any:
        return self._stack.pop()

    def _push(self, value: Any) -> None:
        self._stack.append(value)

    def _marked(self) -> list[Any]:
        items, self._stack = self._stack, self._below.pop()
        return items

    def _number(self, code: int, raw: bytes) -> None:
        if code in b"hj":
            self._get(int.from_bytes(raw, "little"))
        elif code in b"qr":
            self._put(int.from_bytes(raw, "little"))
        elif code == 0x47:
            self._push(OPAQUE)
        else:
            self._push(int.from_bytes(raw, "little", signed=code == 0x4A))

    def _sized(self, code: int) -> None:
        size = int.from_bytes(self._take(_SIZED[code]), "little", signed=code in b"T\x8b")
        if size < 0:
            raise self._refused("has an argument of negative size")
        begin = self._skip(size)
        if code in _TEXT and size <= _MAX_NAME:
            try:
                self._push(self._data[begin : self._at].decode("utf-8", "surrogatepass"))
            except UnicodeDecodeError:
                raise self._refused("has text that is not UTF-8") from None
        elif code in b"\x8a\x8b" and size <= 8:
            self._push(int.from_bytes(self._data[begin : self._at], "little", signed=True))
        else:
            self._push(OPAQUE)

    def _get(self, index: int) -> None:
        if index not in self._memo:
            raise self._refused("recalls what it never remembered")
        self._push(self._memo[index])

    def _put(self, index: int) -> None:
        # No pickler counts faster than its opcodes; a reader makes room up to the highest index.
        if index > min(self._at - self._start, MAX_MEMO):
            raise self._refused("remembers at an absurd index")
        self._memo[index] = self._stack[-1]

    def _protocol(self) -> None:
        self._proto = self._take(1)[0]
        if self._op_at != self._start or self._proto > 5:
            raise self._refused("changes its protocol")

    def _int_line(self) -> None:
        line = self._line()
        if line in (b"00", b"01"):
            self._push(line == b"01")
        elif _INT.fullmatch(line):
            self._push(int(line))
        else:
            raise self._refused("has a number that is none")

    def _long_line(self) -> None:
        line = self._line()
        if not _LONG.fullmatch(line):
            raise self._refused("has a number that is none")
        self._push(int(line.rstrip(b"L")) if len(line) < 18 else OPAQUE)

    def _float_line(self) -> None:
        if not _FLOAT.fullmatch(self._line()):
            raise self._refused("has a number that is none")
        self._push(OPAQUE)

    def _string_line(self) -> None:
        self._line()
        self._push(OPAQUE)

    def _unicode_line(self) -> None:
        try:
            text = self._line().decode("raw-unicode-escape")
        except UnicodeDecodeError:
            raise self._refused("has text that cannot be read") from None
        self._push(text if len(text) <= _MAX_NAME else OPAQUE)

    def _global(self) -> None:
        module, name = self._ascii_line(), self._ascii_line()
        self._push(self._import(module, name))

    def _stack_global(self) -> None:
        name, module = self._pop(), self._pop()
        self._push(self._import(module, name))

    def _import(self, module: Any, name: Any) -> Import:
        if module.__class__ is not str or name.__class__ is not str:
            raise self._refused("imports by a name that is not written in it")
        if self._proto < 3:  # as find_class of pickle does for Python 2's names
            if (module, name) in _compat_pickle.NAME_MAPPING:
                module, name = _compat_pickle.NAME_MAPPING[module, name]
            else:
                module = _compat_pickle.IMPORT_MAPPING.get(module, module)
        use = pickle_names.use_of(module, name, self._op_at) if self._judged else ""
        found = Import(module, name, self._op_at, use)
        self._imports.append(found)
        return found

    def _instance(self) -> None:
        made = self._import(self._ascii_line(), self._ascii_line())
        arguments = self._marked()
        self._old_style(made, arguments)

    def _object(self) -> None:
        arguments = self._marked()
        self._old_style(arguments.pop(0), arguments)

    def _old_style(self, made: Any, arguments: list[Any]) -> None:
        if self._judged:
            raise self._refused("makes an instance as only Python 2 did")
        self._call(made, group(arguments), pickle_calls.check_call)

    def _reduce(self) -> None:
        arguments = self._pop()
        self._call(self._pop(), arguments, pickle_calls.check_call)

    def _new_object(self) -> None:
        arguments = self._pop()
        self._call(self._pop(), arguments, pickle_calls.check_new)

    def _new_object_with_names(self) -> None:
        if self._judged:
            raise self._refused("makes an instance with named arguments")
        del self._stack[-3:]
        self._push(OPAQUE)

    def _call(self, function: Any, arguments: Any, check: Callable[[Import, Group], None]) -> None:
        if not self._judged:
            self._push(Made(function) if function.__class__ is Import else OPAQUE)
            return
        if function.__class__ is not Import or arguments.__class__ is not Group:
            raise self._refused("calls what it made itself")
        try:
            check(function, arguments)
        except Refused as refused:
            raise self._refused(str(refused)) from None
        self._push(Made(pickle_calls.class_made(function, arguments), arguments))

    def _build(self) -> None:
        state, made = self._pop(), self._stack[-1]
        if made.__class__ is Made and made.of.path == pickle_calls.JOBLIB_ARRAY and (self._arrays or self._judged):
            self._stack[-1] = self._array(made, state)
        elif self._judged:
            if made.__class__ is not Made:
                raise self._refused("sets attributes of what it did not make")
            self._stored(state)
            try:
                pickle_calls.check_state(made, state)
            except Refused as refused:
                raise self._refused(str(refused)) from None
            made.state = state

    def _array(self, wrapper: Made, state: Any) -> Made:
        """The array that joblib reads from between the opcodes, in place of its wrapper."""
        if not self._arrays or wrapper.sealed or self._at < self._frame_end:
            raise self._refused("has an array of joblib's in an unknown place")
        try:
            size = pickle_calls.joblib_size(state)
        except Refused as refused:
            raise self._refused(str(refused)) from None
        if size is None:
            self._at = Scan(self._data, self._at, self._imports, judged=self._judged).run()
        else:
            if state.items.get("numpy_array_alignment_bytes") is not None:
                self._skip(self._take(1)[0])
            self._skip(size)
        wrapper.sealed = True  # the memo still has it: a second array behind it would mix both states
        return Made(Import("numpy", "ndarray", self._op_at, "value"), sealed=True)

    def _stored(self, *values: Any) -> None:
        if self._judged:
            for value in values:
                store(value)

    def _append_all(self, items: list[Any]) -> None:
        self._stored(*items)
        target = self._stack[-1]
        if target.__class__ is Row:
            target.size += len(items)
        else:
            self._into(None, pickle_calls.LISTS)

    def _add_all(self) -> None:
        items = self._marked()
        self._into(SET, ())
        self._stored(*items)

    def _into(self, own: object, made: tuple[str, ...]) -> None:
        target = self._stack[-1]
        if self._judged and target is not own and not (target.__class__ is Made and target.of.path in made):
            raise self._refused("puts items into what is no plain container")

    def _set_items(self, items: list[Any]) -> None:
        target = self._stack[-1]
        if len(items) % 2:
            raise self._refused("has a key without a value")
        self._stored(*items)
        if target.__class__ is Table:
            if target.frozen:
                raise self._refused("changes the fields of a dtype")
            for key, value in zip(items[::2], items[1::2], strict=True):
                if key.__class__ is str:
                    target.items[key] = value
                else:
                    target.exact = False
        else:
            self._into(None, pickle_calls.TABLES)

    def _table(self) -> None:
        items = self._marked()
        self._push(Table())
        self._set_items(items)

    def _list(self, items: list[Any]) -> None:
        self._stored(*items)
        self._push(Row(len(items)))

    def _frozenset(self) -> None:
        self._stored(*self._marked())
        self._push(OPAQUE)

    def _group(self, count: int) -> None:
        if len(self._stack) < count:
            raise IndexError
        items = self._stack[len(self._stack) - count :]
        del self._stack[len(self._stack) - count :]
        self._push(group(items))

    def _mark(self) -> None:
        self._below.append(self._stack)
        self._stack = []

    def _drop(self) -> None:
        if self._stack:
            self._stack.pop()
        else:
            self._marked()

    def _duplicate(self) -> None:
        self._stored(self._stack[-1])
        self._push(self._stack[-1])

    def _persistent(self) -> None:
        if self._judged or self._storages:
            if not self._storages:
                raise self._refused("has a persistent id")
            pickle_calls.check_storage(self._stack[-1])
        self._stack[-1] = OPAQUE

    def _pop_two(self) -> list[Any]:
        value, key = self._pop(), self._pop()
        return [key, value]


_BY_LETTER: dict[str, Callable[[Scan], Any]] = {
    "\x80": Scan._protocol,
    "\x95": Scan._frame,
    "(": Scan._mark,
    "0": Scan._drop,
    "1": Scan._marked,
    "2": Scan._duplicate,
    "N": partial(Scan._push, value=None),
    "\x88": partial(Scan._push, value=True),
    "\x89": partial(Scan._push, value=False),
    "I": Scan._int_line,
    "L": Scan._long_line,
    "F": Scan._float_line,
    "S": Scan._string_line,
    "V": Scan._unicode_line,
    "c": Scan._global,
    "\x93": Scan._stack_global,
    "i": Scan._instance,
    "o": Scan._object,
    "R": Scan._reduce,
    "\x81": Scan._new_object,
    "\x92": Scan._new_object_with_names,
    "b": Scan._build,
    "g": lambda scan: scan._get(scan._index_line()),
    "p": lambda scan: scan._put(scan._index_line()),
    "\x94": lambda scan: scan._put(len(scan._memo)),
    ")": lambda scan: scan._push(group([])),
    "t": lambda scan: scan._push(group(scan._marked())),
    "\x85": lambda scan: scan._group(1),
    "\x86": lambda scan: scan._group(2),
    "\x87": lambda scan: scan._group(3),
    "]": lambda scan: scan._push(Row()),
    "l": lambda scan: scan._list(scan._marked()),
    "a": lambda scan: scan._append_all([scan._pop()]),
    "e": lambda scan: scan._append_all(scan._marked()),
    "}": lambda scan: scan._push(Table()),
    "d": Scan._table,
    "s": lambda scan: scan._set_items(scan._pop_two()),
    "u": lambda scan: scan._set_items(scan._marked()),
    "\x8f": lambda scan: scan._push(SET),
    "\x90": Scan._add_all,
    "\x91": Scan._frozenset,
    "Q": Scan._persistent,
}
_ACTIONS = {ord(letter): action for letter, action in _BY_LETTER.items()}
