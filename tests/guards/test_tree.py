"""What may be in the repository: sizes, licence lines, no machine's paths."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import re

from tree import ROOT, tracked, untracked

CODE = (".c", ".h", ".cpp", ".py", ".pyi", ".td")
# Files that are long because they are one table or generated.
LONG = {"core/diagnostics/diagnostics.def"}


def names():
    return [(p.relative_to(ROOT).as_posix(), p) for p in tracked()]


def test_no_large_files():
    large = [f"{name}: {path.stat().st_size} bytes" for name, path in names()
             if path.stat().st_size > 200_000]
    assert not large, "\n".join(large)


def test_no_binary_files():
    binary = [name for name, path in names()
              if b"\0" in path.read_bytes()[:8192] and
              not name.endswith((".bc", ".npy", ".mlirbc"))
              and "/golden/" not in name and "/test/" not in name]
    assert not binary, "\n".join(binary)


def test_nothing_is_left_beside_the_sources():
    """What is built, downloaded or written by a test belongs under build/. What
    others keep in a folder of their own is theirs."""
    ours = {path.relative_to(ROOT).parts[0] for path in tracked()}
    left = [path.relative_to(ROOT).as_posix() for path in untracked()
            if path.relative_to(ROOT).parts[0] in ours and
            b"\0" in path.read_bytes()[:8192] and
            not path.name.endswith((".bc", ".npy", ".mlirbc"))]
    assert not left, "\n".join(left)


def test_files_have_one_subject():
    long = []
    for name, path in names():
        if name.endswith(CODE) and name not in LONG:
            lines = len(path.read_text(errors="replace").splitlines())
            if lines > 1000:
                long.append(f"{name}: {lines} lines")
    assert not long, "\n".join(long)


def test_licence_lines():
    missing = [name for name, path in names()
               if name.endswith((".c", ".h", ".cpp"))
               and path.stat().st_size
               and "SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception"
               not in path.read_text(errors="replace")[:2000]]
    assert not missing, "\n".join(missing)


def test_no_paths_of_a_machine():
    pattern = re.compile(r"/(home|root|Users|work)/\w{2,}")
    wrong = []
    for name, path in names():
        for number, line in enumerate(
                path.read_text(errors="replace").split("\n"), 1):
            if pattern.search(line) and name != \
                    "tests/guards/test_tree.py":
                wrong.append(f"{name}:{number}: {line.strip()[:100]}")
    assert not wrong, "\n".join(wrong)


def test_no_leftovers():
    markers = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|^(<<<<<<<|>>>>>>>) ")
    wrong = [f"{name}:{number}: {line.strip()[:100]}" for name, path in names()
             if name.endswith(CODE + (".md", ".txt", ".sh"))
             and name != "tests/guards/test_tree.py"
             for number, line in enumerate(
                 path.read_text(errors="replace").split("\n"), 1)
             if markers.search(line)]
    assert not wrong, "\n".join(wrong)
