#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the seeds of fz_observation and fz_finding from docs/formats/observation.md, independently of the C code."""
import os
import struct

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "seeds")


def text(value):
    return struct.pack(">H", len(value)) + value


def observation(kind, class_, family, sections):
    present = sum(bit for bit, _ in sections)
    size = 4 if family == 4 else 16
    form = struct.pack(">BBBBBBB2sBBBBBBHHHH", 1, kind, class_, present, family, 6, 1, b"\x1b\x12", 2, 5, 0, 0, 2 if present & 4 else 0, 1, 0, 0, 40000, 443)
    form += bytes(range(1, 1 + size)) + bytes(range(101, 101 + size))
    form += struct.pack(">qq6Q", 1795329000 * 10**9, 1795329001 * 10**9, 10, 12, 1000, 12000, 22, 13308)
    return form + b"".join(body for _, body in sections)


HITS = (1, struct.pack(">IIB", 1, 77, 2) + text(b"bad.example"))
DNS = (2, struct.pack(">HHBBBBIII", 1, 0x8180, 0, 2, 11, 48, 1, 1, 0) + text(b"bad.example"))
TLS = (4, struct.pack(">H", 0x304) + text(b"bad.example") + text(b"h2") + text(b"0123456789abcdef" * 2) + text(b"t13d1516h2_8daaf6152771_e5627efa2ab1"))
FINDING = (bytes([1]) + bytes(range(16)) + bytes([3, 90, 2]) + text(b"indicator.domain") + text(b"bad.example") + text(b"list.txt:1") + text(b"a sentence")
           + text(b"why") + text(b"doubt") + bytes([4, 192, 0, 2, 1, 0]) + struct.pack(">qqQ", 1, 2, 3) + bytes(16))

for target, name, form in [
    ("observation", "flow_v4", observation(1, 1, 4, [])),
    ("observation", "hit_v6", observation(2, 2, 6, [HITS])),
    ("observation", "hit_dns", observation(2, 2, 4, [HITS, DNS])),
    ("observation", "all", observation(2, 0, 4, [HITS, DNS, TLS])),
    ("finding", "plain", FINDING),
]:
    folder = os.path.join(HERE, "fz_" + target)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name), "wb") as out:
        out.write(form)
