"""Who may include whom (design, section 2), and names that core must not know.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import re

import pytest

from tree import ROOT, tracked

# Folder -> what its files may include of ours. Every folder may include itself
# and core/diagnostics.
PUBLIC = ["tilesdk/tilesdk.h", "tilesdk/tilesdk_types.h"]
PLUGIN = PUBLIC + ["tilesdk/tilesdk_plugin.h"]
ALLOWED = {
    "api/include": PLUGIN + ["tilesdk_types.h", "tilesdk.h"],
    "api/src": PLUGIN + ["core/runtime/"],
    "core/diagnostics": [],
    "core/frontend": ["core/ir/"],
    "core/ir": ["core/layout/"],
    "core/layout": [],
    "core/target": PLUGIN + ["core/layout/"],
    "core/optimizer": ["core/ir/", "core/layout/", "core/target/"],
    "core/lowering": ["core/ir/", "core/layout/", "core/optimizer/",
                      "core/target/"],
    "core/codegen": [],
    "core/compiler": PLUGIN + ["core/"],
    "core/runtime": PLUGIN + ["core/compiler/compiler_entry.h"],
    "backends/libdevice": PLUGIN,
    "backends/amd": PLUGIN + ["backends/libdevice/"],
    "backends/cpu": PLUGIN + ["backends/libdevice/"],
    "backends/nvidia": PLUGIN + ["backends/libdevice/"],
    # It runs on the CPU's driver, and executes rows as core reads them.
    "backends/simulator": PLUGIN + ["backends/cpu/", "backends/libdevice/",
                                    "core/target/", "core/layout/"],
    "bindings/python": PUBLIC,
    "tools": PUBLIC,
    "samples": PUBLIC,
}
# The pure parts of the front end know no MLIR.
PLAIN_FRONTEND = re.compile(
    r"core/frontend/(lexer\w*|parse\w*|ast\w*|module_summary)\.(cpp|h)$")
INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]', re.M)
# Standard and system headers without a folder need no permission.
SYSTEM = ("llvm/", "mlir/", "lld/", "CLI/")
EXTERNAL = {
    "core/runtime": ("llvm/ADT", "llvm/Support"),
    "api/src": ("llvm/ADT", "llvm/Support"),
    "core/diagnostics": ("llvm/ADT", "llvm/Support"),
    "core/layout": (),
    "core/target": (),
    "tools": ("llvm/ADT", "llvm/Support", "CLI/"),
    "backends/cpu": (),
    "bindings/python": (),
    "samples": (),
    "api/include": (),
    "core/codegen": ("llvm/", "lld/", "llvm-c/"),
}


def sources(folder):
    for path in tracked():
        name = path.relative_to(ROOT).as_posix()
        if name.startswith(folder + "/") and "/test/" not in name and \
                "/tests/" not in name and name.endswith(
                    (".c", ".h", ".cpp", ".td")):
            yield name, path.read_text(errors="replace")


def folders_with_code():
    names = [p.relative_to(ROOT).as_posix() for p in tracked()]
    return {folder for folder in ALLOWED
            if any(name.startswith(folder + "/") for name in names)}


@pytest.mark.parametrize("folder", sorted(folders_with_code()))
def test_includes_follow_the_arrows(folder):
    allowed = ALLOWED[folder] + [folder + "/", "core/diagnostics/"]
    wrong, seen = [], 0
    for name, text in sources(folder):
        seen += 1
        for kind, header in INCLUDE.findall(text):
            ours = header.startswith(("core/", "api/", "backends/", "tools/",
                                      "bindings/", "samples/", "tilesdk/"))
            if ours and not header.startswith(tuple(allowed)):
                wrong.append(f"{name} includes {header}")
            external = EXTERNAL.get(folder)
            if header.startswith(SYSTEM) and external is not None and \
                    not header.startswith(external):
                wrong.append(f"{name} includes {header}")
            if PLAIN_FRONTEND.search(name) and header.startswith("mlir/"):
                wrong.append(f"{name} includes {header}")
    assert seen, f"no source in {folder}"
    assert not wrong, "\n".join(wrong)


def test_every_folder_has_rules():
    names = {p.relative_to(ROOT).as_posix() for p in tracked()}
    folders = {"/".join(name.split("/")[:2]) for name in names
               if name.startswith(("core/", "backends/")) and
               name.count("/") > 1}
    assert folders <= set(ALLOWED), folders - set(ALLOWED)


# A vendor's name in core would be a fact that belongs to a target table. The
# language itself has vendor spellings in its namespace names; they are data.
# docs/testing.md shows the search by hand.
VENDORS = re.compile(r"\b(nvidia|cuda|ptx|nvptx|amd|amdgcn|amdgpu|rocm|hip|intel|"
                     r"nvvm|rocdl|gfx\d\w*|sm_\d\w*)\b", re.I)
# A comment may say where a fact was read.
CITES = re.compile(r"\b(section|manual|guide)\b", re.I)


def strip_comments(text):
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    return re.sub(r"//[^\n]*", "", text)


def test_core_knows_no_vendor():
    wrong = []
    for folder in ("core", "api/src"):
        for name, text in sources(folder):
            code = strip_comments(text).split("\n")
            for number, line in enumerate(text.split("\n"), 1):
                match = VENDORS.search(line)
                if match and (any(match[0] in l for l in code)
                              or not CITES.search(line)):
                    wrong.append(f"{name}:{number}: {match[0]}: {line.strip()}")
    assert not wrong, "\n".join(wrong)


def test_core_does_not_ask_which_backend_it_is():
    pattern = re.compile(r'(==|!=|starts_with|\.Case)\s*\(?\s*"(cpu|nvidia|amd|'
                         r'simulator)"')
    wrong = [f"{name}: {match[0]}" for folder in ("core", "api/src")
             for name, text in sources(folder)
             for match in [pattern.search(strip_comments(text))] if match]
    assert not wrong, "\n".join(wrong)
