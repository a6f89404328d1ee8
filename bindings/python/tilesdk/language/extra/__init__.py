"""Functions beyond the core language; targets say which of them they have."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
from . import libdevice
