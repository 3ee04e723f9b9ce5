#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A sensor that nothing is spared: mixed traffic in a loop, reloads every second, kill -9, clocks that jump, a disk that fills up, an interface that goes away.

What must hold: it ends only by what was done to it, with the exit status that belongs to that; its memory stays flat within 5 % while it runs; every account closes and the ledger verifies with both
verifiers, whatever happened. usage: soak.py [--seconds N] [--seed N]   (half an hour: --seconds 1800)"""
import argparse, collections, gzip, random, signal, sys
import os

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "netns"))
from service import *

SENDER = """
import socket, struct, sys, time, zlib
frames, at = [], 0
data = open(sys.argv[2], "rb").read()
while at < len(data):
    length = struct.unpack("<I", data[at:at + 4])[0]; frames.append(data[at + 4:at + 4 + length]); at += 4 + length
rate, sent, begun = int(sys.argv[3]), 0, time.time()
while True:
    try:
        s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW); s.bind((sys.argv[1], 0))
        while True:
            s.send(frames[sent % len(frames)]); sent += 1
            late = begun + sent / rate - time.time()
            if late > 0.01: time.sleep(late)
            elif late < -1: begun = time.time() - sent / rate
    except OSError: time.sleep(0.2)  # the interface is away
"""


def mixed(path):
    """Frames of many kinds: the project's sample, tunnels, talks with a named address, what stays at home, noise."""
    frames = []
    data = gzip.open(os.path.join(ROOT, "samples", "border.pcap.gz")).read()
    order, at = ("<" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"), 24
    while at < len(data):
        length = struct.unpack(order + "I", data[at + 8:at + 12])[0]
        if length <= 1514: frames.append(data[at + 16:at + 16 + length])
        at += 16 + length
    rng = random.Random(1)
    for i in range(60):
        frames += [ether(p) for p in tcp_talk(INSIDE, 2000 + i, NAMED if i % 3 == 0 else OUTSIDE, 443, client_hello(f"h{i}.example"), b"back")]
        frames += [ether(udp(INSIDE, 53, "192.0.2.9", 53, dns_query("home.example"))), ether(rng.randbytes(60)), rng.randbytes(200)]
        frames.append(ether(ip(INSIDE, OUTSIDE, 17, rng.randbytes(400), ident=i, fragment=0x2000)))
    rng.shuffle(frames)
    with open(path, "wb") as out:
        for frame in frames: out.write(struct.pack("<I", len(frame)) + frame)
    return len(frames)


class Soak:
    def __init__(self, pair, f, seconds, rng):
        self.pair, self.f, self.rng, self.seconds = pair, f, rng, seconds
        self.did, self.rss, self.offset, self.reloads = collections.Counter(), [], 0, 0
        self.clock = f + "/clock"
        open(self.clock, "wb").write(bytes(8))
        self.s = Service(pair, f, program=LEAKY, env={"SEKISHO_CLOCK": self.clock}, basis=("--for", "30d"))
        self.alive_since = time.time()
    def note_memory(self):
        """Resident memory, once the sensor has settled."""
        try: value = self.s.figure("memory_resident_bytes")
        except Failed: return
        if time.time() - self.alive_since > min(10, self.seconds / 8): self.rss[-1].append(value) if self.rss and self.rss[-1] is not None else self.rss.append([value])
    def new_life(self): self.alive_since = time.time(); self.rss.append([])
    def ended(self, codes, what):
        found = self.s.process.wait(timeout=60)
        expect(found in codes, f"{what}: exit {found}, expected one of {codes}:\n{self.s.said()[-4000:]}")
    def restart(self):
        self.s.write(self.s.text); self.s.begin(); self.new_life()
    def verify(self): self.s.verify()
    # ---- what is done to it ----
    def reload(self):
        self.reloads += 1
        self.s.select(*([NAMED] if self.reloads % 2 else [NAMED, f"198.51.100.{2 + self.reloads % 200}"]))
        self.s.write(self.s.text + ("wrong: 1\n" if self.reloads % 7 == 0 else ""))
        self.s.tell(signal.SIGHUP)
    def kill(self):
        self.s.tell(signal.SIGKILL); self.ended([-signal.SIGKILL], "kill -9"); self.restart()
    def stop(self):
        self.s.write(self.s.text)
        self.s.tell(signal.SIGTERM); self.ended([0], "SIGTERM"); self.verify(); self.restart()
    def clock_jump(self):
        self.offset = self.rng.choice([3600, 7200, 0, 86400, 60])
        with open(self.clock, "r+b") as out: out.write(struct.pack("<q", self.offset))
    def disk_full(self):
        filler, size = self.f + "/filler", 0
        try:
            with open(filler, "wb", buffering=0) as out:
                while True: out.write(bytes(65536))
        except OSError: pass
        try: self.ended([7, 27], "disk full")
        finally: os.unlink(filler)
        expect("not enough" in self.s.said() or "No space" in self.s.said() or "full" in self.s.said() or "ledger" in self.s.said(), self.s.said()[-2000:])
        self.restart()
    def link_down(self):
        self.pair.sh("ip link set a0 down"); time.sleep(1.5); self.pair.sh("ip link set a0 up")
    def link_gone(self):
        self.pair.sh("ip link del a0")
        self.ended([7], "the interface is gone")
        self.pair.sh("ip link add a0 type veth peer name a1; for i in a0 a1; do sysctl -qw net.ipv6.conf.$i.disable_ipv6=1; ip link set $i up; done")
        self.restart()
    # ---- the whole ----
    def run(self):
        begun, acts = time.time(), [self.kill, self.stop, self.clock_jump, self.disk_full, self.link_down, self.link_gone]
        # Each at least once, then by chance; further apart the longer it lasts, so that memory has time to grow if it does.
        gap = max(self.seconds / 60, 5)
        waiting, next_act = self.rng.sample(acts, len(acts)), begun + 4
        self.new_life()
        while time.time() - begun < self.seconds or waiting:
            tick = time.time()
            self.reload(); self.note_memory()
            if time.time() >= next_act:
                act = waiting.pop() if waiting else self.rng.choice(acts)
                act(); self.did[act.__name__] += 1
                next_act = time.time() + self.rng.uniform(0.5, 1.5) * (gap if not waiting else min(gap, 5))
            expect(self.s.process.poll() is None, f"it ended by itself ({self.s.process.returncode}):\n{self.s.said()[-4000:]}")
            time.sleep(max(0, 1 - (time.time() - tick)))
        self.s.write(self.s.text)
        self.s.end(); self.verify()
        return time.time() - begun


def flat(rss):
    """The largest growth within a life, in percent, over lives that were long enough to say something."""
    lives = [life for life in rss if life and len(life) >= 5]
    return max(((max(life) - life[0]) / life[0] * 100 for life in lives), default=None), len(lives)


def main():
    parser = argparse.ArgumentParser(); parser.add_argument("--seconds", type=int, default=1800); parser.add_argument("--seed", type=int, default=int(time.time()))
    args = parser.parse_args()
    if not LEAKY: skip("SEKISHO_LEAKY names no program with a clock that can jump (tests/netns/leaky.c)")
    need("curl", "ip", "mount")
    print(f"seed {args.seed}", flush=True)
    with Pair() as pair, Folder() as f:
        if run("mount", "-t", "tmpfs", "-o", f"size={64 + args.seconds // 10}m", "sekisho-soak", f, code=None).returncode != 0: skip("no tmpfs can be mounted here")
        try:
            count = mixed(f + "/frames")
            sender = pair.start(sys.executable, "-c", SENDER, "a0", f + "/frames", "2000")
            soak = Soak(pair, f, args.seconds, random.Random(args.seed))
            took = soak.run()
            sender.kill()
            intervals = [r for r in soak.s.leaves() if r["kind"] == "interval"]
            received, lost = sum(int(r["received"]["frames"]) for r in intervals), sum(int(c["frames"]) for r in intervals for c in (r["capture_lost"].values() if isinstance(r["capture_lost"], dict) else r["capture_lost"]))
            growth, lives = flat(soak.rss)
            print(f"{took:.0f} s, {count} different frames in a loop: {received} received, {lost} lost, {len(intervals)} intervals, all signed and verified by both; {soak.reloads} reloads; " + ", ".join(f"{n} {w}" for w, n in sorted(soak.did.items())))
            print(f"memory: grew by at most {growth:.1f} % in {lives} lives" if growth is not None else "memory: no life was long enough to say")
            expect(received > args.seconds * 200, f"only {received} frames were received")
            if growth is not None: expect(growth <= 5, f"memory grew by {growth:.1f} %: {soak.rss}")
        finally: run("umount", "-l", f, code=None)


if __name__ == "__main__":
    try: main()
    except Failed as e: print("FAILED:", e); sys.exit(1)
