"""The one list of cases that every backend and every binding runs."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import cases_boxes
import cases_descriptor
import cases_elementwise
import cases_language
import cases_matmul
import cases_memory
import cases_models
import cases_pipelines
import cases_reduce
import cases_samples

CASES = (cases_elementwise.CASES + cases_memory.CASES +
         cases_descriptor.CASES + cases_boxes.CASES + cases_reduce.CASES +
         cases_matmul.CASES + cases_models.CASES + cases_pipelines.CASES +
         cases_language.CASES + cases_samples.CASES)

_names = [case.name for case in CASES]
_twice = {name for name in _names if _names.count(name) > 1}
assert not _twice, f"two cases share a name: {sorted(_twice)}"


def sample(cases):
    """One case of each kernel, the first of the list: what a device runs
    where the whole list would take too long."""
    chosen = {}
    for case in cases:
        chosen.setdefault(case.kernel, case)
    return list(chosen.values())


def select(tier=1, patterns=()):
    """Cases up to a tier whose names contain all of the patterns."""
    return [case for case in CASES if case.tier <= tier and
            all(pattern in case.name for pattern in patterns)]
