"""Programs from source text, their kernels, and built variants."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import ast
import collections.abc
import json

from . import _tilesdk
from .runtime import context as default_context

STAGES = ("tile", "tile-opt", "simt", "llvm", "asm", "object")


class _Artifacts(collections.abc.Mapping):
    """Stage name to what the build produced there: text, bytes for object."""

    def __init__(self, compiled):
        self._compiled = compiled

    def __getitem__(self, stage):
        if stage not in STAGES:
            raise KeyError(f"no stage `{stage}`; there are "
                           f"{', '.join(STAGES)}")
        data = self._compiled._stage(stage)
        return data if stage == "object" else data.decode()

    def __iter__(self):
        # Only devices of threads have that stage.
        is_simt = "warps" in self._compiled.metadata
        return (s for s in STAGES if s != "simt" or is_simt)

    def __len__(self):
        return len(list(iter(self)))


class CompiledKernel:
    """A kernel specialised for argument types and one target."""

    def __init__(self, kernel, variant):
        self._kernel = kernel
        self._variant = variant
        self._all_stages = None
        self.asm = _Artifacts(self)

    @property
    def metadata(self):
        """The artifact's metadata: symbol, parameters, resources, options."""
        return json.loads(self._variant._metadata())

    @property
    def n_regs(self):
        """Registers of a thread; None where nothing says it."""
        return self.metadata.get("resources", {}).get("registers")

    @property
    def n_spills(self):
        """Spills of a thread, in 32-bit words; None where nothing says it."""
        spilled = self.metadata.get("resources", {}).get("spill_bytes")
        return None if spilled is None else spilled // 4

    @property
    def info(self):
        """How this variant came to be: from build or cache, times, sizes."""
        return json.loads(self._variant._info())

    @property
    def diagnostics(self):
        """Warnings and remarks of the build."""
        return self._variant.diagnostics()

    def _stage(self, stage):
        try:
            return self._variant._artifact(stage)
        except _tilesdk.NotFoundError:
            pass
        # A launch keeps the object only: build the same variant again.
        if self._all_stages is None:
            info = self.info
            self._all_stages = self._kernel._build(
                info["signature"],
                {"target": info["target"], "options": info["options"],
                 "keep_stages": ",".join(s for s in self.asm if s != "object")})
        return self._all_stages._artifact(stage)


class _KernelBase(_tilesdk._Kernel):
    """What kernels of every origin can do beside kernel[grid](...)."""

    def _attach(self, program, name):
        kernels = json.loads(program.describe())["kernels"]
        found = [k for k in kernels if k["name"] == name]
        params = found[0]["params"] if found else []
        defaults = {}
        for param in params:
            text = param.get("default")
            if text is not None:
                try:
                    defaults[param["name"]] = ast.literal_eval(text)
                except (ValueError, SyntaxError):
                    defaults[param["name"]] = text
        self._bind(program, name, tuple(p["name"] for p in params),
                   tuple(bool(p.get("constexpr")) for p in params), defaults)

    def warmup(self, *args, grid=None, **kwargs):
        """Builds what kernel[grid](*args, **kwargs) would launch."""
        return CompiledKernel(self, self._variant(*args, **kwargs))

    def build(self, signature, target="", options=None, keep_stages="",
              stop_stage="", resume_stage="", resume_ir=None, timeout=None):
        """Builds for a signature such as "*f32:16,*f32,i32,1024"; `timeout` is
        in seconds. With `resume_stage` the build goes on from `resume_ir`, an
        edited `asm[resume_stage]`. Returns a CompiledKernel."""
        if isinstance(resume_ir, str):
            resume_ir = resume_ir.encode()
        desc = {"target": target or None, "options": options,
                "keep_stages": keep_stages, "stop_stage": stop_stage,
                "resume_stage": resume_stage, "resume_ir": resume_ir,
                "timeout_ns": int(timeout * 1e9) if timeout else None}
        if not target:
            desc["device"] = _tilesdk.get_target()[0]
        return CompiledKernel(self, self._build(signature, desc))


class Kernel(_KernelBase):
    """One kernel of a Program."""

    def __init__(self, program, name):
        self.program = program
        self.name = name
        self._attach(program, name)

    def __repr__(self):
        return f"<tilesdk.Kernel {self.name}>"


class Program(_tilesdk.Program):
    """Program(source, filename="", first_line=1, modules=(), captures=None):
    parsed kernel source. `modules` are (name, filename, source) of what it
    imports; `captures` maps names to literals in signature syntax."""

    def __new__(cls, source, filename="", first_line=1, modules=(),
                captures=None, context=None):
        return super().__new__(cls, context or default_context(), source,
                               filename, first_line, tuple(modules), captures)

    def kernel(self, name):
        return Kernel(self, name)

    @property
    def kernels(self):
        """Names of the kernels, in order of definition."""
        return [k["name"] for k in json.loads(self.describe())["kernels"]]


def program_from_ir(stage, ir, context=None):
    """A program from IR of a stage: Kernel(program, name).build("", ...)."""
    return _tilesdk.program_from_ir(context or default_context(), stage, ir)
