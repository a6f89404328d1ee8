"""What is in an AMD code object: its metadata and its instructions, by loops."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import re
import shutil
import subprocess

OBJDUMP = shutil.which("llvm-objdump-22") or shutil.which("llvm-objdump")
READOBJ = shutil.which("llvm-readobj-22") or shutil.which("llvm-readobj")

LINE = re.compile(r"^\t(\S+)(?: (.*?))?\s*// ([0-9A-F]{12}):[^<]*"
                  r"(?:<\S+?\+0x([0-9a-f]+)>)?")
SCRATCH = re.compile(r"scratch_(load|store)|buffer_(load|store)\S* .*\boffen\b")


def tool(*arguments):
    done = subprocess.run([str(a) for a in arguments], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


class Code:
    """The one kernel of a code object."""

    def __init__(self, path):
        self.path = path
        self.notes = tool(READOBJ, "--notes", path)
        start = None
        self.instructions = []  # (address from the kernel's start, text)
        self.branches = []      # (from, to)
        for line in tool(OBJDUMP, "-d", path).splitlines():
            found = LINE.match(line)
            if not found:
                continue
            name, operands, address, target = found.groups()
            address = int(address, 16)
            start = address if start is None else start
            self.instructions.append((address - start,
                                      f"{name} {operands or ''}".strip()))
            if target and "branch" in name:
                self.branches.append((address - start, int(target, 16)))

    def number(self, name):
        """Of the metadata: vgpr_count, private_segment_fixed_size."""
        return int(re.search(rf"\.{name}: +(\d+)\b", self.notes).group(1))

    def loops(self):
        """Instructions of each loop, as lists of texts: what lies between a
        branch backwards and its target."""
        return [[text for address, text in self.instructions
                 if first <= address <= last] for first, last in self.ranges()]

    def innermost_loops(self):
        ranges = self.ranges()
        return [loop for (first, last), loop in zip(ranges, self.loops())
                if not any((first, last) != (a, b) and first <= a and b <= last
                           for a, b in ranges)]

    def ranges(self):
        """Where loops begin and end. Loops lie within each other or apart:
        ranges that do neither are two ways back into one loop."""
        result = []
        for first, last in sorted({(to, at) for at, to in self.branches
                                   if to <= at}):
            if result and result[-1][0] < first <= result[-1][1] < last:
                result[-1] = (result[-1][0], last)
            else:
                result.append((first, last))
        return result

    def main_loops(self, pattern):
        """The loops that have such an instruction and no smaller loop with
        one."""
        kept = []
        for first, last in sorted(self.ranges(), key=lambda r: r[1] - r[0]):
            body = [text for address, text in self.instructions
                    if first <= address <= last]
            if any(re.match(pattern, text) for text in body) and not any(
                    first <= a and b <= last for a, b, _ in kept):
                kept.append((first, last, body))
        return [body for _, _, body in kept]

    def has(self, pattern):
        return any(re.match(pattern, text) for _, text in self.instructions)


def uses_scratch(instructions):
    return [text for text in instructions if SCRATCH.match(text)]


def waits(instructions):
    """Counts that are waited for, of loads and of shared memory."""
    counts = []
    for text in instructions:
        counts += [int(n) for n in
                   re.findall(r"\b(?:vmcnt|lgkmcnt)\((\d+)\)", text)]
        split = re.match(r"s_wait_(?:loadcnt|dscnt)(?:_dscnt)? (0x[0-9a-f]+|\d+)",
                         text)
        if split:
            value = int(split.group(1), 0)
            counts += [value >> 8, value & 255] if "_dscnt" in text[10:] \
                and "loadcnt" in text else [value]
    return counts
