"""Math functions by their libdevice names; the compiler knows which exist."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    from .. import _Name
    return _Name(__name__, name)
