"""The package comes from the build tree: PYTHONPATH=<build>/python."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import os
import pathlib
import sys

os.environ.setdefault("TILESDK_CACHE", "0")

HERE = pathlib.Path(__file__).resolve()
sys.path.insert(0, str(HERE.parent))
sys.path.insert(0, str(HERE.parents[3] / "build" / "python"))
