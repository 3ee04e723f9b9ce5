# SPDX-License-Identifier: Apache-2.0
"""One namespace with what an enforcer drives, all of it real: a Knot primary, BIND and Unbound behind it, the kernel's nftables. Nothing leaves the namespace.

    .------------------------- namespace ---------------------------.
    |  knotd 127.0.0.1:5300  zones rpz.sekisho (policy), evil.test   |
    |     | NOTIFY, IXFR                                             |
    |  named 127.0.0.2:53    unbound 127.0.0.3:53                    |
    |  nft   table inet sekisho                                      |
    |  sekisho enforcer: inbox/ -> targets, out/ receipts            |
    '----------------------------------------------------------------'
"""
import json, os, re, signal, subprocess, sys, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "scenario"))
from lib import *
from topology import need, wait_for

MINT, CRASHING = os.environ.get("SEKISHO_MINT"), os.environ.get("SEKISHO_CRASHING")
BIND, UNBOUND = "127.0.0.2", "127.0.0.3"
RPZ_ZONE = """$TTL 60
@ SOA localhost. hostmaster.localhost. 1 60 30 86400 30
@ NS localhost.
ours.example.rpz.sekisho. CNAME rpz-passthru.
"""
EVIL_ZONE = """$TTL 5
@ SOA ns.evil.test. hostmaster.evil.test. 1 60 30 3600 5
@ NS ns.evil.test.
ns A 127.0.0.1
@ A 192.0.2.80
* A 192.0.2.80
* AAAA 2001:db8::80
"""


class Stack:
    def __init__(self, folder, tag=""):
        if os.geteuid() != 0: skip("not root: no network namespace can be made")
        os.environ["PATH"] += ":/usr/sbin:/sbin"
        need("ip", "nft", "knotd", "knotc", "named", "unbound", "dig")
        if run("ip", "netns", "add", "skprobe%d" % os.getpid(), code=None).returncode != 0: skip("no network namespace can be made here")
        run("ip", "netns", "del", "skprobe%d" % os.getpid())
        self.folder, self.ns, self.processes, self.counter = folder, f"sk{os.getpid()}e{tag}", [], 0
        for name in ("keys", "inbox", "knot", "bind", "unbound", "state"): os.mkdir(f"{folder}/{name}")
        os.chmod(f"{folder}/state", 0o700)
        run(MINT, "keys", f"{folder}/keys")
        self.centre = open(f"{folder}/keys/centre.vkey").read()
        self.conf = f"{folder}/enforcer.yaml"
        self.write_conf()
    def write_conf(self, extra="", targets=("rpz", "nft"), resolvers=(f"udp:{BIND}:53", f"udp:{UNBOUND}:53"), more_targets="", user="root"):
        text = f"""folder: {self.folder}/state
inbox: {self.folder}/inbox
user: {user}
group: {user}
centre: {self.centre}
quorum:
  low: {self.folder}/keys/quorum.txt
  medium: {self.folder}/keys/quorum.txt
  high: {self.folder}/keys/quorum.txt
poll: 200ms
watch: 1s
effect: 20s
own:
  - 203.0.113.128/25
allow:
  - good.evil.test
{extra}
targets:
"""
        if "rpz" in targets: text += f"""  - name: names
    backend: rpz
    zone: rpz.sekisho
    socket: {self.folder}/knot/run/knot.sock
    sinkhole:
      - 127.9.9.9
    resolvers:
""" + "".join(f"      - {r}\n" for r in resolvers)
        if "nft" in targets: text += "  - name: gateway\n    backend: nft\n"
        with open(self.conf, "w") as out: out.write(text + more_targets)
    def words(self, *words): return ["ip", "netns", "exec", self.ns, *map(str, words)]
    def run(self, *words, **more): return run(*self.words(*words), **more)
    def start(self, name, *words, env=None):
        log = open(f"{self.folder}/{name}.log", "a")
        p = subprocess.Popen(self.words(*words), stdout=log, stderr=log, env={**os.environ, **(env or {})}, start_new_session=True)
        log.close()
        self.processes.append(p)
        return p
    def stop(self, p, how=signal.SIGTERM):
        if p.poll() is None: p.send_signal(how)
        p.wait(20)
        if p in self.processes: self.processes.remove(p)

    def __enter__(self):
        try: self.build()
        except BaseException: self.__exit__(); raise
        return self
    def __exit__(self, *_):
        for p in self.processes:
            if p.poll() is None: p.kill()
            p.wait()
        for pid in run("ip", "netns", "pids", self.ns, code=None).out.split():
            try: os.kill(int(pid), signal.SIGKILL)
            except OSError: pass
        run("ip", "netns", "del", self.ns, code=None)
    def log(self, name):
        with open(f"{self.folder}/{name}.log") as f: return f.read()[-3000:]
    def build(self):
        run("ip", "netns", "add", self.ns)
        self.run("ip", "link", "set", "lo", "up")
        for address in (BIND, UNBOUND): self.run("ip", "addr", "add", address + "/8", "dev", "lo")
        f = self.folder
        os.mkdir(f"{f}/knot/run"); os.mkdir(f"{f}/knot/db")
        with open(f"{f}/knot/rpz.zone", "w") as out: out.write(RPZ_ZONE)
        with open(f"{f}/knot/evil.zone", "w") as out: out.write(EVIL_ZONE)
        with open(f"{f}/knot/knot.conf", "w") as out: out.write(f"""server:
    rundir: {f}/knot/run
    listen: 127.0.0.1@5300
database:
    storage: {f}/knot/db
log:
  - target: stderr
    any: info
remote:
  - id: bind
    address: {BIND}@53
  - id: unbound
    address: {UNBOUND}@53
acl:
  - id: xfr
    address: 127.0.0.0/8
    action: transfer
template:
  - id: default
    storage: {f}/knot
zone:
  - domain: rpz.sekisho
    file: rpz.zone
    notify: [bind, unbound]
    acl: xfr
    zonefile-sync: -1
    zonefile-load: difference-no-serial
    journal-content: all
  - domain: evil.test
    file: evil.zone
""")
        with open(f"{f}/bind/named.conf", "w") as out: out.write(f"""options {{ directory "{f}/bind"; listen-on port 53 {{ {BIND}; }}; listen-on-v6 {{ none; }}; pid-file none; session-keyfile none; recursion yes;
  allow-query {{ any; }}; dnssec-validation no; notify-source {BIND}; transfer-source {BIND}; query-source address {BIND}; tcp-clients 200;
  response-policy {{ zone "rpz.sekisho"; }} qname-wait-recurse no min-update-interval 0; }};
controls {{ }};
zone "rpz.sekisho" {{ type secondary; primaries {{ 127.0.0.1 port 5300; }}; file "rpz.db"; allow-notify {{ 127.0.0.1; }}; }};
zone "test" {{ type forward; forward only; forwarders {{ 127.0.0.1 port 5300; }}; }};
""")
        with open(f"{f}/unbound/unbound.conf", "w") as out: out.write(f"""server:
  interface: {UNBOUND}
  port: 53
  access-control: 127.0.0.0/8 allow
  username: ""
  chroot: ""
  directory: "{f}/unbound"
  pidfile: ""
  use-syslog: no
  do-not-query-localhost: no
  module-config: "respip iterator"
  local-zone: "test." nodefault
  outgoing-interface: {UNBOUND}
  do-ip6: no
remote-control:
  control-enable: no
rpz:
  name: "rpz.sekisho"
  primary: 127.0.0.1@5300
  allow-notify: 127.0.0.1
  zonefile: "{f}/unbound/rpz.zone"
stub-zone:
  name: "test."
  stub-addr: 127.0.0.1@5300
""")
        self.start_knot()
        self.start("named", "named", "-g", "-4", "-n", "1", "-c", f"{f}/bind/named.conf")
        self.start("unbound", "unbound", "-d", "-c", f"{f}/unbound/unbound.conf")
        for server in (BIND, UNBOUND):
            wait_for(lambda: self.ask(server, "plain.evil.test") == "NOERROR 192.0.2.80", 30, lambda: f"{server} does not resolve: {self.ask(server, 'plain.evil.test')}\n{self.log('named')}\n{self.log('unbound')}")
        wait_for(lambda: all(self.serial(s) == self.serial("knot") for s in ("bind",)), 30, "BIND has no policy zone")
    def start_knot(self):
        self.knot = self.start("knotd", "knotd", "-c", f"{self.folder}/knot/knot.conf")
        wait_for(lambda: self.knotc("zone-read", "rpz.sekisho", "@", "SOA", code=None).returncode == 0, 30, f"knotd does not come up: {self.log('knotd')}")
    def knotc(self, *words, **more): return run("knotc", "-s", f"{self.folder}/knot/run/knot.sock", *words, **more)
    def serial(self, who):
        if who == "knot": return self.knotc("zone-read", "rpz.sekisho", "@", "SOA").out.split()[6]
        out = self.run("dig", "+short", "+time=1", "+tries=1", "@" + BIND, "rpz.sekisho", "SOA", code=None).out.split()
        return out[2] if len(out) > 2 else None
    def ask(self, server, name, kind="A"):
        """As a user would: "NXDOMAIN", "NOERROR", "NOERROR 192.0.2.80"."""
        out = self.run("dig", "+time=2", "+tries=2", "@" + server, name, kind, code=None).out
        status = out.split("status: ")[1].split(",")[0] if "status: " in out else "none"
        answers = out.split("ANSWER SECTION:")[1].split(";;")[0] if "ANSWER SECTION:" in out else ""
        return " ".join([status, *(w[4] for w in map(str.split, answers.splitlines()) if len(w) > 4 and w[3] == kind)])

    # ---- state ----
    def zone(self):
        """The policy zone without its serial."""
        lines = self.knotc("zone-read", "rpz.sekisho").out.splitlines()
        return "\n".join(" ".join(w for i, w in enumerate(l.split()) if not (" SOA " in l and i == 6)) for l in lines)
    def ruleset(self): return re.sub(r" expires \S+", "", self.run("nft", "list", "ruleset").out)
    def state(self): return self.zone() + "\n----\n" + self.ruleset()

    # ---- orders ----
    def mint(self, measure, action, *lines, life=3600, start=-60, end=None, rate=0, name=None, out=None):
        """One warrant a line of targets. Returns [(id, digest)]."""
        self.counter += 1
        now = int(time.time())
        name = name or f"o{self.counter}"
        done = run(MINT, "warrants", f"{self.folder}/keys", out or f"{self.folder}/inbox", name, measure, action, life, now + start, now + (end if end is not None else start + life), rate,
                   stdin=("".join(" ".join(sorted(l.split())) + "\n" for l in lines)).encode())
        return [tuple(l.split()) for l in done.out.splitlines()]
    def end(self, order): run(MINT, "end", f"{self.folder}/keys", f"{self.folder}/inbox", *order)
    def once(self, code=0, program=None, env=None):
        return self.run(program or SEKISHO, "enforcer", "--config", self.conf, "--once", code=code, env=env, timeout=120)
    def service(self, program=None, env=None): return self.start("enforcer", program or SEKISHO, "enforcer", "--config", self.conf, env=env)
    def rows(self): return json.loads(sekisho("measures", "--dir", f"{self.folder}/state", "--json", code=None).out or "[]")
    def receipts(self, order): return json.loads(sekisho("measures", "show", order[1], "--dir", f"{self.folder}/state", "--json", code=None).out or "[]")
    def steps(self, order): return [r["step"] for r in self.receipts(order)]
