"""@tilesdk.jit: a Python function as a kernel.

The function never runs. Its source text goes to the compiler together with the
text of the jit functions it can reach and the values of the names it captures;
nothing is analysed here beyond finding those.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import inspect
import re
import textwrap
import threading
import types

from . import language
from .program import Program, _KernelBase

_identifier = re.compile(r"[^\W\d]\w*")


def _literal(value):
    """Signature text of a captured value; None when it has none."""
    if isinstance(value, language.constexpr):
        return _literal(value.value)
    if isinstance(value, JITFunction):
        return value.__name__
    text = getattr(value, "_tilesdk_signature_", None)
    if text is not None:
        return text
    if value is None or isinstance(value, (bool, int)):
        return str(value)
    if isinstance(value, float):
        return repr(float(value))
    if isinstance(value, str):
        quoted = "".join(c if " " <= c and c not in "'\\" else
                         "\\" + c if c in "'\\" else f"\\x{ord(c):02x}"
                         for c in value)
        return f"'{quoted}'"
    if isinstance(value, (tuple, list)):
        parts = [_literal(v) for v in value]
        if all(p is not None for p in parts):
            return "(" + "".join(p + "," for p in parts) + ")"
    return None


class _Region:
    """The part of one Python module that a kernel needs."""

    def __init__(self, name, filename):
        self.name = name
        self.filename = filename
        self.lines = {}
        self.imports = {}
        self.constants = {}
        self.functions = set()

    def text(self):
        """The functions at their own lines, everything else blank; imports and
        constants on a line before them, so that line numbers stay right."""
        first = min(self.lines)
        lines = dict(self.lines)
        head = list(self.imports.values())
        if self.constants:
            head.append("import tilesdk.language as __tl")
        head += [f"{name} = {text}" for name, text in self.constants.items()]
        if head:
            lines[first - 1 if first > 1 else max(lines) + 1] = "; ".join(head)
        return "\n".join(lines.get(i, "")
                         for i in range(1, max(lines) + 1)) + "\n"


class _Capture:
    """Collects the regions and captured values that a function reaches."""

    def __init__(self, function):
        self.regions = {}
        self.captures = {}
        self.root = self.region(function)
        self.add(function)
        # Functions that its module knows may be passed as constexpr arguments.
        for value in list(function.fn.__globals__.values()):
            if isinstance(value, JITFunction):
                self.value(self.root, value.__name__, value, {})

    def region(self, function):
        name = function.__module__
        if name not in self.regions:
            self.regions[name] = _Region(name, function.filename)
        return self.regions[name]

    def add(self, function):
        region = self.region(function)
        taken = {f.__name__ for f in region.functions}
        if function in region.functions or function.__name__ in taken:
            return
        region.functions.add(function)
        for i, line in enumerate(function.source.split("\n")):
            region.lines[function.first_line + i] = line
        scope = inspect.getclosurevars(function.fn).nonlocals
        names = dict.fromkeys(_identifier.findall(function.source))
        for name in names:
            if name in scope:
                self.value(region, name, scope[name], names)
            elif name in function.fn.__globals__:
                self.value(region, name, function.fn.__globals__[name], names)

    def value(self, region, name, value, names):
        if isinstance(value, types.ModuleType):
            region.imports[name] = f"import {value.__name__} as {name}"
            if value.__name__.split(".")[0] in ("tilesdk", "triton"):
                return
            for inner in names:
                found = getattr(value, inner, None)
                if isinstance(found, JITFunction):
                    self.add(found)
                elif isinstance(found, language.constexpr):
                    self.captures[f"{value.__name__}.{inner}"] = _literal(found)
        elif isinstance(value, JITFunction):
            if self.region(value) is not region:
                region.imports[name] = (f"from {value.__module__} import "
                                        f"{value.__name__} as {name}")
            elif value.__name__ != name:
                region.imports[name] = (f"from {value.__module__} import "
                                        f"{value.__name__} as {name}")
                if region is self.root:
                    self.captures[name] = value.__name__
                    del region.imports[name]
            self.add(value)
        elif getattr(value, "_tilesdk_import_", None):
            home, original = value._tilesdk_import_
            region.imports[name] = f"from {home} import {original} as {name}"
        else:
            text = _literal(value)
            if text is None:
                return
            if not isinstance(value, language.constexpr):
                # The compiler judges plain globals, and says what to write.
                region.constants[name] = text
            elif region is self.root:
                self.captures[name] = text
            else:
                region.constants[name] = f"__tl.constexpr({text})"


class JITFunction(_KernelBase):
    """A kernel made of a Python function. Thread-safe; parsed on first use."""

    def __init__(self, fn):
        self.fn = fn
        self.__name__ = fn.__name__
        self.__qualname__ = fn.__qualname__
        self.__module__ = fn.__module__
        self.__doc__ = fn.__doc__
        # As a constexpr argument it is called by its name.
        self._tilesdk_signature_ = fn.__name__
        self.filename = inspect.getsourcefile(fn) or "<source>"
        lines, self.first_line = inspect.getsourcelines(fn)
        self.source = textwrap.dedent("".join(lines)).rstrip("\n")
        self._lock = threading.Lock()
        self.program = None

    def _load(self):
        with self._lock:
            if self.program is not None:
                return
            capture = _Capture(self)
            root = capture.root
            modules = [(r.name, r.filename, r.text())
                       for r in capture.regions.values()
                       if r is not root and r.lines]
            program = Program(root.text(), root.filename, 1, modules,
                              capture.captures)
            self._attach(program, self.__name__)
            self.program = program

    def __call__(self, *args, **kwargs):
        raise TypeError(f"`{self.__name__}` is a kernel: launch it with "
                        f"{self.__name__}[grid](...)")

    def __repr__(self):
        return f"<tilesdk.JITFunction {self.__module__}.{self.__qualname__}>"


def jit(fn=None, **options):
    """Makes a kernel of a function. The options (do_not_specialize, debug,
    noinline, ...) are read from the source by the compiler."""
    if fn is None:
        return lambda function: JITFunction(function)
    return JITFunction(fn)


setattr(jit, "_tilesdk_import_", ("tilesdk", "jit"))
