"""The package is the one on PYTHONPATH, else the one in the build tree."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import os
import pathlib
import sys

os.environ.setdefault("TILESDK_CACHE", "0")

HERE = pathlib.Path(__file__).resolve()
sys.path.insert(0, str(HERE.parent))
sys.path.append(str(HERE.parents[3] / "build" / "python"))
