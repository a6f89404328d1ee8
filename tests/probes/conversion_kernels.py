"""Random layouts and kernels of stage `simt` that convert between them."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import random
import re

STRATEGIES = ("permute", "shuffle", "shared", "shared-linear")
ELEMENTS = {"i8": 1, "i16": 2, "i32": 4, "i64": 8}
SHARED_LIMIT = 48 << 10
# Of 32 bits, of which a thread has 255: what a loop's body may hold of source
# and result while it is timed, or it is the spills that are.
REGISTERS = 128


class Distribution:
    """Each input's list of bases; an input bit goes to one output bit, or to
    two of them, or holds copies."""

    def __init__(self, extents, register, lane, warp):
        self.extents = extents
        self.register, self.lane, self.warp = register, lane, warp

    def text(self):
        outs = ", ".join(f"dim{i}: {n}" for i, n in enumerate(self.extents))

        def bases(list_):
            return " ".join("(" + ",".join(map(str, b)) + ")" for b in list_)
        return (f"({outs}) {{ register: {bases(self.register)}; lane: "
                f"{bases(self.lane)}; warp: {bases(self.warp)} }}").replace(
                    ": ;", ":;").replace(":  }", ": }")


def _unit(rng, extents, bit):
    """The basis of one bit of the element's number, lowest dimension last."""
    basis = [0] * len(extents)
    for d in reversed(range(len(extents))):
        bits = extents[d].bit_length() - 1
        if bit < bits:
            basis[d] = 1 << bit
            return tuple(basis)
        bit -= bits
    raise ValueError(bit)


def distribution(rng, extents, lanes, warps):
    """A layout that a pass could choose: vectors in registers, then lanes and
    warps in some order; sometimes swizzled, sometimes with copies."""
    total = sum(n.bit_length() - 1 for n in extents)
    vector = rng.choice((0, 0, 1, 2, 3))
    order = list(range(total))
    style = rng.choice(("rows", "columns", "fragment", "any"))
    if style == "columns" and len(extents) > 1:
        first = extents[-1].bit_length() - 1
        order = order[first:] + order[:first]
    elif style == "fragment" and total > 6:
        # As in matrix instructions: pairs, lanes in both dimensions.
        first = extents[-1].bit_length() - 1
        order = ([0] + order[1:3] + order[first:first + 3] + order[3:first] +
                 order[first + 3:])
        vector = 1
    elif style == "any":
        rng.shuffle(order)
    vector = min(vector, total)
    need = lanes + warps
    room = total - vector
    copies = max(0, need - room)
    places = ["lane"] * lanes + ["warp"] * warps
    if style == "any":
        rng.shuffle(places)
    held = {"register": order[:vector], "lane": [], "warp": []}
    rest = order[vector:]
    extra = max(0, len(rest) - need)
    # Some registers repeat between lanes and warps, the others above.
    middle = rng.randrange(extra + 1) if style == "any" else 0
    held["register"] += rest[:middle]
    rest = rest[middle:]
    zeros = set(rng.sample(range(need), copies)) if copies else set()
    for i, name in enumerate(places):
        held[name].append(None if i in zeros else rest.pop(0))
    held["register"] += rest
    swizzle = style == "any" and rng.random() < 0.3 and total > 1
    swap = rng.sample(range(total), 2) if swizzle else None

    def basis(bit):
        if bit is None:
            return (0,) * len(extents)
        unit = _unit(rng, extents, bit)
        if swap and bit == swap[0]:
            other = _unit(rng, extents, swap[1])
            return tuple(a ^ b for a, b in zip(unit, other))
        return unit
    return Distribution(extents, *([basis(b) for b in held[name]]
                                   for name in ("register", "lane", "warp")))


def moved(rng, source, kind):
    """A layout near to another: elements change registers, exchange places
    with neighbouring lanes, or go anywhere in the warp."""
    register, lane = list(source.register), list(source.lane)

    def add(a, b):
        return tuple(x ^ y for x, y in zip(a, b))
    if kind == "registers":
        rng.shuffle(register)
        for _ in range(rng.randrange(3)):
            # Which register it is depends on the lane.
            i = rng.randrange(len(lane))
            if any(lane[i]):
                lane[i] = add(lane[i], rng.choice(register))
    else:
        for _ in range(1 if kind == "lanes" else rng.randrange(1, 4)):
            i, j = rng.randrange(len(register)), rng.randrange(len(lane))
            register[i], lane[j] = lane[j], register[i]
        if kind == "warp":
            rng.shuffle(lane)
    return Distribution(source.extents, register, lane, source.warp)


KINDS = ("registers", "lanes", "warp", "block", "block")


class Conversion:
    def __init__(self, index, extents, element, warps, source, target):
        self.name = f"convert_{index:02}"
        self.extents, self.element, self.warps = extents, element, warps
        self.source, self.target = source, target

    @property
    def elements(self):
        count = 1
        for n in self.extents:
            count *= n
        return count

    def __str__(self):
        shape = "x".join(map(str, self.extents))
        return f"{self.name} {shape}x{self.element} {self.warps} warps"

    def words(self):
        """Registers of a thread that source and result take."""
        size = ELEMENTS[self.element]
        return sum(max(1, (size << len(side.register)) // 4)
                   for side in (self.source, self.target))

    def unroll(self):
        """Conversions in the body of a loop, so that one does not only wait
        for itself."""
        return max(1, min(4, REGISTERS // self.words()))

    def ir(self, warp_size, strategy="chosen", repeat=0):
        """Loads by the source's layout, converts, stores by the target's. With
        `repeat` many conversions in a loop, of values that differ."""
        shape = "x".join(map(str, self.extents))
        size = ELEMENTS[self.element]
        # The most that any strategy needs: rows padded by 32 bytes.
        rows = self.elements // self.extents[-1]
        shared = self.elements * size + rows * 32
        value = {"S": f"tensor<{shape}x{self.element}, #s>",
                 "D": f"tensor<{shape}x{self.element}, #d>"}
        index = {"S": f"tensor<{shape}xi32, #s>",
                 "D": f"tensor<{shape}xi32, #d>"}
        pointer = {s: f"tensor<{shape}x!tile.ptr<{self.element}>, "
                   f"#{s.lower()}>" for s in "SD"}
        lines, unroll = [], self.unroll()

        for side in "SD":
            lines.append(
                f"%i{side} = tile.make_range 0, {self.elements} : "
                f"tensor<{self.elements}xi32, #{side.lower()}1>")
            now = f"%i{side}"
            if len(self.extents) > 1:
                lines.append(
                    f"%n{side} = tile.reshape {now} : tensor<{self.elements}"
                    f"xi32, #{side.lower()}1> -> {index[side]}")
                now = f"%n{side}"
            argument = "x" if side == "S" else "y"
            lines += [
                f"%b{side} = tile.splat %{argument} : !tile.ptr<"
                f"{self.element}> -> {pointer[side]}",
                f"%p{side} = tile.addptr %b{side}, {now} : {pointer[side]}, "
                f"{index[side]}"]
        convert = (f"simt.convert_layout {{0}} {{{{simt.scratch = 0 : i32, "
                   f"simt.strategy = \"{strategy}\"}}}} : {value['S']} -> "
                   f"{value['D']}")
        lines.append(f"%v = tile.load %pS : {pointer['S']}")
        if not repeat:
            lines.append("%w = " + convert.format("%v"))
        else:
            lines += [
                "%zero = arith.constant 0 : i32",
                f"%count = arith.constant {repeat // unroll} : i32",
                "%one = arith.constant 1 : i32",
                f"%none = arith.constant dense<0> : {value['D']}",
                f"%add = arith.constant dense<3> : {value['S']}",
                "%sums:2 = scf.for %k = %zero to %count step %one iter_args("
                f"%a0 = %v, %t0 = %none) -> ({value['S']}, {value['D']}) : "
                "i32 {"]
            for i in range(unroll):
                if strategy.startswith("shared"):
                    lines.append("  simt.barrier")
                lines += [
                    f"  %c{i} = " + convert.format(f"%a{i}"),
                    f"  %t{i + 1} = arith.xori %t{i}, %c{i} : {value['D']}",
                    f"  %a{i + 1} = arith.addi %a{i}, %add : {value['S']}"]
            lines += [f"  scf.yield %a{unroll}, %t{unroll} : {value['S']}, "
                      f"{value['D']}", "}"]
            lines.append(f"%w = arith.xori %sums#1, %none : {value['D']}")
        # Else an assembler moves loads into the branches of masked stores.
        lines += ["simt.barrier", f"tile.store %pD, %w : {pointer['D']}", "return"]
        body = "".join(f"  {line}\n" for line in lines)
        text = (
            f'module {{\nfunc.func @{self.name}('
            f'%x: !tile.ptr<{self.element}> {{tile.divisibility = 16 : i32, '
            f'tile.leaf = 0 : i32, tile.name = "x"}}, '
            f'%y: !tile.ptr<{self.element}> {{tile.divisibility = 16 : i32, '
            f'tile.leaf = 1 : i32, tile.name = "y"}}) attributes '
            f"{{tile.kernel, simt.num_warps = {self.warps} : i32, "
            f"simt.warp_size = {warp_size} : i32, "
            f"simt.threads = {self.warps * warp_size} : i32, "
            f"simt.shared_bytes = {shared} : i32}} {{\n"
            f"{body}}}\n}}\n")
        # The reader of IR takes no names of attributes.
        for name, side in (("#s1", self.flat(self.source)),
                           ("#d1", self.flat(self.target)),
                           ("#s", self.source), ("#d", self.target)):
            text = re.sub(name + r"\b", lambda _: '#simt.layout<"' +
                          side.text() + '">', text)
        return text

    def flat(self, side):
        """The layout over the elements' numbers."""
        def one(basis):
            number = 0
            for extent, b in zip(self.extents, basis):
                number = number * extent + b
            return (number,)
        return Distribution((self.elements,), *(
            [one(b) for b in list_]
            for list_ in (side.register, side.lane, side.warp)))


def random_conversions(count, warp_size, seed=1):
    """Conversions whose registers and scratch a program has room for."""
    rng = random.Random(seed)
    lanes = warp_size.bit_length() - 1
    found = []
    while len(found) < count:
        warps = rng.choice((1, 2, 4, 4, 8))
        element = rng.choice(("i8", "i16", "i16", "i32", "i32", "i64"))
        if rng.random() < 0.25:
            extents = (1 << rng.randrange(6, 13),)
        else:
            extents = (1 << rng.randrange(3, 8), 1 << rng.randrange(3, 8))
        total = 1
        for n in extents:
            total *= n
        held = total * ELEMENTS[element] // (warps * warp_size)
        rows = total // extents[-1]
        if not 4 <= held <= 256 or \
                total * ELEMENTS[element] + 32 * rows > SHARED_LIMIT:
            continue
        bits = warps.bit_length() - 1
        kind = KINDS[len(found) % len(KINDS)]
        source = distribution(rng, extents, lanes, bits)
        if kind == "block":
            target = distribution(rng, extents, lanes, bits)
        elif not source.register:
            continue
        else:
            target = moved(rng, source, kind)
        if source.text() == target.text():
            continue
        if max(len(source.register), len(target.register)) > 7:
            continue
        found.append(Conversion(len(found), extents, element, warps, source,
                                target))
    return found
