#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the seeds of this folder: make_seeds.py FOLDER. Everything in them is made here."""
import gzip
import pathlib
import struct
import sys

FOLDER = pathlib.Path(sys.argv[1])


def save(target, name, data):
    place = FOLDER / target
    place.mkdir(parents=True, exist_ok=True)
    (place / name).write_bytes(data)


def pcap(order, magic, link=1, minor=4, frames=((1, 2, 20, 20), (3, 4, 30, 1500))):
    out = struct.pack(order + "IHHIIII", magic, 2, minor, 0, 0, 65535, link)
    for seconds, fraction, captured, wire in frames:
        out += struct.pack(order + "IIII", seconds, fraction, captured, wire) + b"\x45" * captured
    return out


def block(order, kind, body):
    body += b"\0" * (-len(body) % 4)
    total = struct.pack(order + "I", len(body) + 12)
    return struct.pack(order + "I", kind) + total + body + total


def option(order, code, value):
    return struct.pack(order + "HH", code, len(value)) + value + b"\0" * (-len(value) % 4)


def section(order):
    return block(order, 0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))


def interface(order, link=1, snap=0, options=b""):
    return block(order, 1, struct.pack(order + "HHI", link, 0, snap) + options)


def enhanced(order, which=0, size=20, options=b""):
    body = struct.pack(order + "IIIII", which, 1, 2, size, size) + b"\x45" * size
    return block(order, 6, body + b"\0" * (-len(body) % 4) + options)


for order, name in (("<", "little"), (">", "big")):
    for magic in (0xA1B2C3D4, 0xA1B23C4D, 0xA1B2CD34):
        save("fz_pcap", f"{name}-{magic:08x}", b"\0" + pcap(order, magic))
    save("fz_pcap", f"{name}-lengths", b"\7" + pcap(order, 0xA1B2C3D4, 101, 4, ((0, 0, 0, 0), (2**32 - 1, 0, 40, 20), (1, 0, 5, 2**32 - 1))))
    save("fz_pcap", f"{name}-old", b"\0" + pcap(order, 0xA1B2C3D4, 0, 2))
    save("fz_pcap", f"{name}-fcs", b"\0" + pcap(order, 0xA1B2C3D4, 0x24000071))
    save("fz_pcap", f"{name}-section", b"\0" + section(order) + interface(order) + enhanced(order))

    mode = b"\x80" if order == ">" else b"\0"
    end = option(order, 0, b"")
    full = (interface(order, 276, 96, option(order, 2, b"eth0") + option(order, 9, b"\x89") + option(order, 14, struct.pack(order + "q", -5)) + end)
            + enhanced(order, 0, 21, option(order, 1, b"a comment") + end) + enhanced(order, 1, 33)
            + block(order, 3, struct.pack(order + "I", 40) + b"\x45" * 40)
            + block(order, 2, struct.pack(order + "HHIIII", 1, 7, 0, 9, 12, 900) + b"\x45" * 12)
            + block(order, 5, struct.pack(order + "III", 0, 0, 0) + option(order, 5, struct.pack(order + "Q", 9)) + option(order, 7, struct.pack(order + "Q", 3)) + end)
            + block(order, 4, struct.pack(order + "HH", 1, 6) + b"\x7f\0\0\1a\0\0\0\0\0\0\0") + block(order, 10, b"secret") + block(order, 0xBAD, b"custom"))
    save("fz_pcapng", f"{name}-all-blocks", mode + full)
    save("fz_pcapng", f"{name}-bytewise", (b"\x81" if order == ">" else b"\1") + full)
    other = ">" if order == "<" else "<"
    save("fz_pcapng", f"{name}-then-other", mode + enhanced(order) + section(other) + interface(other, 0) + enhanced(other))
    for resolution in (0, 3, 12, 28, 29, 127, 0x80, 0xBF, 0xFF):
        save("fz_pcapng", f"{name}-resolution-{resolution}", mode + interface(order, 1, 0, option(order, 9, bytes([resolution]))) + enhanced(order, 1))

plain = pcap("<", 0xA1B2C3D4)
packed = gzip.compress(plain, mtime=0)
save("fz_capture_gz", "gz", b"\0" + packed)
save("fz_capture_gz", "gz-members", b"\4" + gzip.compress(plain[:50], mtime=0) + b"\0\0" + gzip.compress(plain[50:], mtime=0))
save("fz_capture_gz", "gz-packed-here", b"\2\0\0" + plain)
save("fz_capture_gz", "gz-packed-and-damaged", b"\2\x80\1" + plain)
save("fz_capture_gz", "zst-packed-here", b"\3\0\0" + plain)
save("fz_capture_gz", "zst-packed-and-damaged", b"\7\x80\1" + plain)
save("fz_capture_gz", "zst-raw-block", b"\1" + struct.pack("<IBB", 0xFD2FB528, 0, (20 - 10) << 3) + (1 | len(plain) << 3).to_bytes(3, "little") + plain)
save("fz_capture_gz", "zst-large-window", b"\1" + struct.pack("<IBB", 0xFD2FB528, 0, (28 - 10) << 3) + (1 | len(plain) << 3).to_bytes(3, "little") + plain)
save("fz_capture_gz", "zst-skippable", b"\5" + struct.pack("<II", 0x184D2A50, 3) + b"xyz" + struct.pack("<IBB", 0xFD2FB528, 0, 80) + (1 | len(plain) << 3).to_bytes(3, "little") + plain)
