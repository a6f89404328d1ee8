"""Philox-4x32-10 of Salmon et al., "Parallel Random Numbers: As Easy as 1, 2,
3" (SC 2011), written from the paper; and the published test vectors."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import numpy as np

MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
WEYL = (0x9E3779B9, 0xBB67AE85)
MASK = np.uint64(0xFFFFFFFF)

# Counter, key, result, from the authors' known-answer tests.
KNOWN = (
    ((0, 0, 0, 0), (0, 0),
     (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2,
     (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    ((0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
     (0xA4093822, 0x299F31D0),
     (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1)),
)


def philox(counter, key, rounds=10):
    """Four arrays of uint64 that hold 32-bit results."""
    c = [np.asarray(x, np.uint64) for x in counter]
    k = [np.uint64(x) for x in key]
    for _ in range(rounds):
        p0 = np.uint64(MULTIPLIERS[0]) * c[0]
        p1 = np.uint64(MULTIPLIERS[1]) * c[2]
        c = [(p1 >> np.uint64(32)) ^ c[1] ^ k[0], p1 & MASK,
             (p0 >> np.uint64(32)) ^ c[3] ^ k[1], p0 & MASK]
        k = [(k[0] + np.uint64(WEYL[0])) & MASK,
             (k[1] + np.uint64(WEYL[1])) & MASK]
    return c


def bits(seed, offsets):
    """What the kernel language's randint4x(seed, offset) gives."""
    zero = np.zeros(len(offsets), np.uint64)
    return philox((np.asarray(offsets, np.uint64), zero, zero, zero),
                  (seed & 0xFFFFFFFF, (seed >> 32) & 0xFFFFFFFF))


def uniform(values):
    """The language's map of 32 bits to [0, 1), in float32."""
    signed = values.astype(np.uint32).view(np.int32)
    folded = np.where(signed < 0, ~signed, signed)
    return folded.astype(np.float32) * np.float32(4.6566127342e-10)
