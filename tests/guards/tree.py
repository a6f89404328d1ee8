"""The source tree."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]


def untracked():
    """Files that git neither tracks nor ignores."""
    names = subprocess.run(["git", "-C", ROOT, "ls-files", "-z", "--others",
                            "--exclude-standard"], check=True,
                           capture_output=True).stdout.decode().split("\0")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


def tracked():
    """Files that git tracks, as they are in the working tree."""
    names = subprocess.run(["git", "-C", ROOT, "ls-files", "-z"], check=True,
                           capture_output=True).stdout.decode().split("\0")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]
