# SPDX-License-Identifier: Apache-2.0
"""Two countries and a transit, out of network namespaces and veth pairs that this test makes and removes. Addresses are of documentation prefixes.

      home country                      transit                       abroad
   .-------------.                 .---------------.              .-----------.
   | h1          |--- 198.51.100.0/26 ---|         |              |           |
   | .2  ::1:2   |   2001:db8:1:1::/64   |         |-- 203.0.113.0/25 ---| f1 |
   '-------------'                 |       t       | 2001:db8:2::/64     '----'
   .-------------.                 |   (routes)    |              .-----------.
   | h2  nginx   |--- 198.51.100.64/26 --|         |-- 192.0.2.0/25 -----| f2 |
   | .66 ::2:2   |   2001:db8:1:2::/64   |         | 2001:db8:3::/64     '----'
   '-------------'                 '-------+-------'
                                           | tc mirrors what comes in from all four
                                         mt0
                                           :  veth: nobody's traffic but the mirror's
                                         mt1
                                   .-------+-------.
                                   |  s: sekisho   |-- out0 : out1 -- a tool
                                   '---------------'
"""
import os, shutil, subprocess, sys, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "scenario"))
from lib import *

HOSTS = {"h1": ("198.51.100.2/26", "198.51.100.1", "2001:db8:1:1::2/64", "2001:db8:1:1::1"), "h2": ("198.51.100.66/26", "198.51.100.65", "2001:db8:1:2::2/64", "2001:db8:1:2::1"),
         "f1": ("203.0.113.2/25", "203.0.113.1", "2001:db8:2::2/64", "2001:db8:2::1"), "f2": ("192.0.2.2/25", "192.0.2.1", "2001:db8:3::2/64", "2001:db8:3::1")}
DOMESTIC, FOREIGN = ("198.51.100.0/24", "2001:db8:1::/48"), ("203.0.113.0/24", "192.0.2.0/24", "2001:db8:2::/48", "2001:db8:3::/48")


def need(*programs):
    for program in programs:
        if shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin:/sbin") is None: skip(f"{program} is not installed (scripts/install-packages test)")


def ip_(words): run(*("ip " + words).split())


class Net:
    """The topology; `with Net() as net`. Everything goes with it: processes, interfaces, namespaces."""
    def __init__(self):
        if os.geteuid() != 0: skip("not root: no network namespace can be made")
        os.environ["PATH"] += ":/usr/sbin:/sbin"
        need("ip", "tc", "sysctl", "ethtool")
        if run("ip", "netns", "add", self.ns("probe"), code=None).returncode != 0: skip("no network namespace can be made here")
        ip_("netns del " + self.ns("probe"))
        self.processes = []
    def ns(self, name): return f"sk{os.getpid()}{name}"
    def words(self, name, *words): return ["ip", "netns", "exec", self.ns(name), *map(str, words)]
    def run(self, name, *words, **more): return run(*self.words(name, *words), **more)
    def sh(self, name, text, **more): return self.run(name, "sh", "-ec", text, **more)
    def start(self, name, *words, **more):
        p = subprocess.Popen(self.words(name, *words), stdout=more.pop("stdout", subprocess.PIPE), stderr=more.pop("stderr", subprocess.PIPE), **more)
        self.processes.append(p)
        return p
    def __enter__(self):
        try: self.build()
        except BaseException: self.__exit__(); raise
        return self
    def build(self):
        for name in [*HOSTS, "t", "s"]:
            ip_("netns add " + self.ns(name))
            self.sh(name, "ip link set lo up; sysctl -qw net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.router_solicitations=0 net.ipv6.conf.default.accept_ra=0")
        self.sh("t", "sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1")
        for i, (name, (four, via4, six, via6)) in enumerate(HOSTS.items()):
            ip_(f"-n {self.ns(name)} link add eth0 address 02:00:00:00:0{i}:02 type veth peer name {name} address 02:00:00:00:0{i}:01 netns {self.ns('t')}")
            self.sh(name, f"ip link set eth0 up; ip addr add {four} dev eth0; ip addr add {six} dev eth0")
            self.sh("t", f"ip link set {name} up; ip addr add {via4}/{four.split('/')[1]} dev {name}; ip addr add {via6}/64 dev {name}; "
                         f"ip neigh add {four.split('/')[0]} lladdr 02:00:00:00:0{i}:02 dev {name} nud permanent; ip neigh add {six.split('/')[0]} lladdr 02:00:00:00:0{i}:02 dev {name} nud permanent")
            self.sh(name, f"ip route add default via {via4}; ip -6 route add default via {via6}; ip neigh replace {via4} lladdr 02:00:00:00:0{i}:01 dev eth0 nud permanent; "
                          f"ip neigh replace {via6} lladdr 02:00:00:00:0{i}:01 dev eth0 nud permanent")
            for where, interface in ((name, "eth0"), ("t", name)): self.run(where, "ethtool", "-K", interface, "tso", "off", "gso", "off", "gro", "off", code=None)
        ip_(f"-n {self.ns('t')} link add mt0 type veth peer name mt1 netns {self.ns('s')}")
        ip_(f"-n {self.ns('s')} link add out0 type veth peer name out1")
        self.sh("t", "sysctl -qw net.ipv6.conf.mt0.disable_ipv6=1; ip link set mt0 up")
        self.sh("s", "for i in mt1 out0 out1; do sysctl -qw net.ipv6.conf.$i.disable_ipv6=1; ip link set $i up; done")
        for name in HOSTS:
            self.sh("t", f"tc qdisc add dev {name} clsact; tc filter add dev {name} ingress protocol all prio 1 u32 match u32 0 0 action mirred egress mirror dev mt0")
        time.sleep(1.5)  # what interfaces say of themselves when they come up is over
    def __exit__(self, *_):
        for p in self.processes:
            if p.poll() is None: p.kill()
            p.wait()
            for stream in (p.stdout, p.stderr):
                if stream: stream.close()
        for name in [*HOSTS, "t", "s"]: run("ip", "netns", "del", self.ns(name), code=None)


def wait_for(condition, seconds, words):
    end = time.time() + seconds
    while not condition():
        if time.time() > end: raise Failed(words() if callable(words) else words)
        time.sleep(0.05)


def memory_of(pid):
    """All readable memory of a process, piece by piece: (name of the mapping, bytes). What cannot be read is told by its name alone."""
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as mem:
        for line in maps:
            words = line.split(maxsplit=5)
            low, high = (int(x, 16) for x in words[0].split("-"))
            name = words[5].strip() if len(words) > 5 else "anonymous"
            if not words[1].startswith("r"): continue
            try:
                mem.seek(low)
                yield name, mem.read(high - low)
            except (OSError, ValueError, OverflowError): yield name + " (cannot be read)", b""


def find_in_memory(pid, needles):
    """How often each needle stands in the memory of a process, and how many bytes were read."""
    found, read, unread = {n: 0 for n in needles}, 0, []
    for name, piece in memory_of(pid):
        read += len(piece)
        if not piece and "cannot" in name: unread.append(name)
        for n in needles: found[n] += piece.count(n)
    return found, read, unread
