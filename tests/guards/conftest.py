"""Where the build is."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from tree import ROOT  # noqa: E402


@pytest.fixture(scope="session")
def build():
    return ROOT / "build"
