"""The tests of run.py, in the order of their subjects; see harness.py."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
from harness import TESTS, Skipped

import suite_devices
import suite_streams
import suite_code
import suite_faults
import suite_processes
import suite_frameworks
import suite_graphs
