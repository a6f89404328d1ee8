"""Functions beyond the core language; targets say which of them they have."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
from . import libdevice


def __getattr__(name):
    """A vendor's namespace: `extra.cuda`, `extra.hip`."""
    if name.startswith("__"):
        raise AttributeError(name)
    from .. import _Name
    return _Name(__name__, name)
