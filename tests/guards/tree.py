"""The source tree.

    python3 tests/guards/tree.py [--new] PATTERN...

prints the names of its files that match, each with a NUL behind it; with --new
also of those that git does not know yet.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import fnmatch
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def _listed(*options):
    """What git lists, or None where there is no git or no repository. Whose
    the repository is does not matter: nothing of it is executed."""
    try:
        done = subprocess.run(
            ["git", "-c", f"safe.directory={ROOT}", "-C", ROOT, "ls-files",
             "-z", *options], capture_output=True)
    except FileNotFoundError:
        return None
    if done.returncode:
        return None
    names = done.stdout.decode().split("\0")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


def _all():
    """Of an unpacked archive: everything but what is built."""
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if name != "__pycache__" and not
                      (folder == str(ROOT) and
                       (name.startswith("build") or name == ".git"))]
        yield from (pathlib.Path(folder, name) for name in names)


def untracked():
    """Files that git neither tracks nor ignores."""
    return _listed("--others", "--exclude-standard") or []


def tracked():
    """Files that git tracks, as they are in the working tree."""
    files = _listed()
    return sorted(_all()) if files is None else files


def main():
    patterns = [word for word in sys.argv[1:] if word != "--new"]
    files = tracked() + (untracked() if "--new" in sys.argv else [])
    for name in (path.relative_to(ROOT).as_posix() for path in files):
        if any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns):
            print(name, end="\0")


if __name__ == "__main__":
    main()
