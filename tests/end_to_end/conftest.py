"""Options of the end-to-end run."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import os
import pathlib
import sys

import pytest

# What is tested is built by this run, not read from the user's cache.
os.environ.setdefault("TILESDK_CACHE", "0")

sys.path.insert(0, str(pathlib.Path(__file__).parent))


def pytest_addoption(parser):
    parser.addoption("--device", default="cpu",
                     help="URI of the device to run on")
    parser.addoption("--option", action="append", default=[],
                     help="NAME=VALUE: a build option of every launch")
    parser.addoption("--sample", action="store_true",
                     help="one case of each kernel only")
    parser.addoption("--tier", default="1",
                     help="highest tier of cases to run, or all")


def pytest_generate_tests(metafunc):
    """Tests of seeds: SEEDS of their module says how many there are in the first
    tier and in all."""
    if "seed" in metafunc.fixturenames:
        first, every = metafunc.module.SEEDS
        is_first = metafunc.config.getoption("--tier") == "1"
        metafunc.parametrize("seed", range(first if is_first else every))


@pytest.fixture(scope="session", autouse=True)
def device(request):
    """Every launch of the run goes to this device."""
    import tilesdk
    tilesdk.set_device(request.config.getoption("--device"))
    return request.config.getoption("--device")


@pytest.fixture(scope="session")
def build_options(request):
    """What --option adds to every build: num_warps=8, check=race,bounds."""
    return dict(text.split("=", 1)
                for text in request.config.getoption("--option"))
