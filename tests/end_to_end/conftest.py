"""Options of the end-to-end run, and its closing line."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))


def pytest_addoption(parser):
    parser.addoption("--device", default="cpu",
                     help="URI of the device to run on")
    parser.addoption("--tier", type=int, default=1,
                     help="highest tier of cases to run")


@pytest.fixture(scope="session", autouse=True)
def device(request):
    """Every launch of the run goes to this device; nothing is cached on disk
    unless the caller says where."""
    import tilesdk
    tilesdk.set_device(request.config.getoption("--device"))
    return request.config.getoption("--device")


def pytest_terminal_summary(terminalreporter):
    stats = terminalreporter.stats
    passed = len(stats.get("passed", ()))
    failed = len(stats.get("failed", ())) + len(stats.get("error", ()))
    terminalreporter.write_line(f"{passed} passed, {failed} failed")
