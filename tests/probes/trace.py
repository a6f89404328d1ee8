"""Records the address of each access to shared memory that a kernel makes: the
text of stage `llvm` gets a store to a buffer before each of them, runs on any
device, and the banks' cycles are counted from what was recorded."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import collections
import json
import re

import numpy as np

from device import IrKernel

PLAIN, MATRIX = 1, 2
LOAD = 1
PAIRED_LOADS = 1024
CAPACITY = 4096  # Records of a thread.
ACCESS = re.compile(
    r"(?:= load (?:volatile )?(?P<load>[^,]+), |"
    r"store (?:volatile )?(?P<store>.+?) \S+, |"
    r"@tsdk\.shared\.(?P<how>load|store)\.(?P<row>[\w.]+)\()"
    r"ptr addrspace\(3\) (?P<pointer>[%@][\w.]+)")
RECORD = """
define internal void @trace.record(i32 %site, ptr addrspace(3) %p, \
ptr addrspace(1) %buffer, ptr %count) noinline {
  %n = load i32, ptr %count
  %next = add i32 %n, 1
  store i32 %next, ptr %count
  store i32 %next, ptr addrspace(1) %buffer
  %two = shl i32 %next, 1
  %fits = icmp slt i32 %next, CAPACITY
  br i1 %fits, label %write, label %done
write:
  %at = getelementptr i32, ptr addrspace(1) %buffer, i32 %two
  store i32 %site, ptr addrspace(1) %at
  %second = getelementptr i32, ptr addrspace(1) %at, i32 1
  %base = call ptr addrspace(3) @tsdk.shared.base()
  %first = ptrtoint ptr addrspace(3) %base to i64
  %address = ptrtoint ptr addrspace(3) %p to i64
  %wide = sub i64 %address, %first
  %offset = trunc i64 %wide to i32
  store i32 %offset, ptr addrspace(1) %second
  br label %done
done:
  ret void
}
""".replace("CAPACITY", str(CAPACITY))
SIZES = {"half": 2, "bfloat": 2, "float": 4, "double": 8, "ptr": 8}


def type_bytes(text):
    vector = re.fullmatch(r"<(\d+) x (.+)>", text)
    if vector:
        return int(vector[1]) * type_bytes(vector[2])
    if text in SIZES:
        return SIZES[text]
    return (int(re.fullmatch(r"i(\d+)", text)[1]) + 7) // 8


def lanes_of(row, lanes):
    """The lanes of each phase."""
    for phase in row["phases"].split(";"):
        members = []
        for part in filter(None, phase.split(",")):
            first, _, last = part.partition("-")
            members += range(int(first), int(last or first) + 1)
        yield members or list(range(lanes))


def busiest(words, banks):
    """The most words that a bank has to give."""
    used = collections.Counter(word % banks for word in words)
    return max(used.values(), default=0)


class Traced:
    """A kernel of IR that records, and what each of its sites accesses."""

    def __init__(self, device, text):
        self.device = device
        self.rows = {}
        for row in device.simt["shared"]:
            key = row["name"] if row["kind"] == MATRIX else \
                (row["bytes"], row["direction"] == LOAD)
            self.rows[key] = row
        self.sites = []
        in_array = device.facts["codegen"]["parameters"] == "array"
        node = re.search(r"^!tilesdk\.metadata = !\{(!\d+)\}", text, re.M)[1]
        quoted = re.search(rf'^{node} = !{{!"(.*)"}}$', text, re.M)
        metadata = json.loads(re.sub(
            r"\\([0-9A-F]{2})", lambda m: chr(int(m[1], 16)), quoted[1]))
        self.threads = metadata["threads"]
        self.name = metadata["symbol"]
        count = len(metadata["params"])
        self.names = [f"p{i}" for i in range(count)] + ["trace"]
        metadata["params"].append(
            {"name": "trace", "type": "*u8", "bytes": 8, "divisibility": 16,
             "leaf": count})
        metadata["signature"] = ""
        dumped = json.dumps(metadata).replace("\\", "\\5C")
        text = text.replace(quoted[0],
                            f'{node} = !{{!"' + dumped.replace('"', "\\22") +
                            '"}')
        lines, inside = [], False
        for line in text.split("\n"):
            if line.startswith("define") and f"@{self.name}(" in line:
                inside = True
                if not in_array:
                    head, tail = line.rsplit(") ", 1) if ") #" in line else \
                        line.rsplit(")", 1)
                    line = f"{head}, ptr addrspace(1) align 16 %trace) {tail}"
                lines += [line, *self.prologue(in_array, count)]
                continue
            inside = inside and line != "}"
            found = inside and not line.lstrip().startswith(";") and \
                ACCESS.search(line)
            if found:
                lines.append(f"  call void @trace.record(i32 "
                             f"{self.site(found)}, ptr addrspace(3) "
                             f"{found['pointer']}, ptr addrspace(1) "
                             "%trace.mine, ptr %trace.count)")
            lines.append(line)
        text = "\n".join(lines) + RECORD
        for name in ("ptr addrspace(3) @tsdk.shared.base()",
                     "i32 @tsdk.lane_id()", "i32 @tsdk.warp_id()",
                     *(f"i32 @tsdk.program_id.{i}()" for i in range(3)),
                     *(f"i32 @tsdk.num_programs.{i}()" for i in range(2))):
            symbol = name[name.index("@"):]
            if not re.search(rf"^declare .*{re.escape(symbol)}", text, re.M):
                text += f"declare {name}\n"
        self.text = text
        self.kernel = IrKernel("llvm", text, self.name, self.names)

    def prologue(self, in_array, count):
        if in_array:
            yield f"  %trace.slot = getelementptr ptr, ptr %0, i64 {count}"
            yield "  %trace.at = load ptr, ptr %trace.slot"
            yield "  %trace = load ptr addrspace(1), ptr %trace.at"
        yield "  %trace.count = alloca i32"
        yield "  store i32 0, ptr %trace.count"
        for i in range(3):
            yield f"  %trace.p{i} = call i32 @tsdk.program_id.{i}()"
        for i in range(2):
            yield f"  %trace.n{i} = call i32 @tsdk.num_programs.{i}()"
        yield "  %trace.z = mul i32 %trace.p2, %trace.n1"
        yield "  %trace.zy = add i32 %trace.z, %trace.p1"
        yield "  %trace.y = mul i32 %trace.zy, %trace.n0"
        yield "  %trace.program = add i32 %trace.y, %trace.p0"
        yield "  %trace.w = call i32 @tsdk.warp_id()"
        yield "  %trace.l = call i32 @tsdk.lane_id()"
        yield (f"  %trace.f = mul i32 %trace.w, "
               f"{self.device.simt['warp_size']}")
        yield "  %trace.t = add i32 %trace.f, %trace.l"
        yield f"  %trace.b = mul i32 %trace.program, {self.threads}"
        yield "  %trace.thread = add i32 %trace.b, %trace.t"
        yield f"  %trace.words = mul i32 %trace.thread, {2 * CAPACITY}"
        yield ("  %trace.mine = getelementptr i32, ptr addrspace(1) %trace, "
               "i32 %trace.words")

    def site(self, found):
        """The number of a new site."""
        if found["row"]:
            row = self.rows[found["row"]]
        else:
            is_load = found["load"] is not None
            row = self.rows.get((type_bytes(found["load"] or found["store"]),
                                 is_load))
        self.sites.append(row)
        return len(self.sites) - 1

    def buffer(self, programs):
        return np.zeros(programs * self.threads * CAPACITY * 2, np.int32)

    def figures(self, buffer):
        """Load wavefronts, load conflicts, store wavefronts and conflicts."""
        simt = self.device.simt
        lanes = simt["warp_size"]
        records = buffer.reshape(-1, lanes, CAPACITY, 2)
        if records[:, :, 0, 0].max() >= CAPACITY:
            raise RuntimeError("a thread makes too many accesses to record")
        figures = [0] * 4
        for warp in records:
            accesses = collections.defaultdict(dict)
            for lane in range(lanes):
                made = collections.Counter()
                for site, address in warp[lane, 1:warp[lane, 0, 0] + 1]:
                    accesses[site, made[site]][lane] = int(address)
                    made[site] += 1
            for (site, _), by_lane in accesses.items():
                row = self.sites[site]
                at = 0 if row["direction"] == LOAD else 2
                for cycles, conflicts in self.phases(row, by_lane, lanes):
                    figures[at] += cycles
                    figures[at + 1] += conflicts
        return figures

    def phases(self, row, by_lane, lanes):
        banks = self.device.simt["banks"]
        if row["kind"] == MATRIX:
            by_lane = {lane: at for lane, at in by_lane.items()
                       if lane < row["rows"]}
        phases = list(lanes_of(row, lanes))
        if self.device.simt["features"] & PAIRED_LOADS and \
                row["kind"] == PLAIN and row["direction"] == LOAD:
            phases = list(self.merged(phases, by_lane))
        for phase in phases:
            words = self.words(row, by_lane, phase)
            cycles = busiest(words, banks)
            yield cycles, cycles - -(-len(words) // banks)

    def merged(self, phases, by_lane):
        """Neighbouring phases as one where lanes have addresses in pairs."""
        for first, second in zip(phases[::2], phases[1::2]):
            lanes = [lane for lane in first + second if lane in by_lane]
            if any(all(by_lane.get(lane ^ other, by_lane[lane]) ==
                       by_lane[lane] for lane in lanes) for other in (1, 2)):
                yield first + second
            else:
                yield first
                yield second
        if len(phases) % 2:
            yield phases[-1]

    def words(self, row, by_lane, members):
        width = self.device.simt["bank_bytes"]
        return {word for lane in members if lane in by_lane
                for word in range(by_lane[lane] // width,
                                  (by_lane[lane] + row["bytes"] - 1) // width +
                                  1)}
