# SPDX-License-Identifier: Apache-2.0
"""Two namespaces with a cable between, and one backend of the enforcer moved by hand (drive.c). The first is ours, with the daemon; the second is the neighbour.

   .----------------. 192.0.2.1/30          192.0.2.2/30 .----------------.
   | a: daemon      |------------------------------------| b: neighbour   |
   '----------------' 2001:db8:9::1/64  2001:db8:9::2/64 '----------------'
"""
import datetime, os, shutil, subprocess, sys, time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "scenario"))
from lib import *

DRIVE = os.environ.get("SEKISHO_DRIVE", os.path.join(ROOT, "build", "tests", "netns", "drive"))
A, B = "192.0.2.1", "192.0.2.2"
PATIENCE = 60


def need(*programs):
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    for program in programs:
        if shutil.which(program) is None: skip(f"{program} is not installed (scripts/install-packages test)")


def until(what, condition):
    """Wait for a condition, never for a time."""
    end = time.monotonic() + PATIENCE
    while True:
        seen = condition()
        if seen: return seen
        expect(time.monotonic() < end, f"{what}: not within {PATIENCE} s")
        time.sleep(0.05)


class Pair:
    """`with Pair() as net`: the two namespaces, and what was started in them; all of it goes at the end."""
    def ns(self, name): return f"sk{os.getpid()}{name}"
    def words(self, name, *words): return ["ip", "netns", "exec", self.ns(name), *map(str, words)]
    def run(self, name, *words, **more): return run(*self.words(name, *words), **more)
    def start(self, name, *words, log, **more):
        with open(log, "ab") as out:
            p = subprocess.Popen(self.words(name, *words), stdin=subprocess.DEVNULL, stdout=out, stderr=out, **more)
        self.processes.append(p)
        return p
    def stop(self, p, kill=False):
        (p.kill if kill else p.terminate)()
        p.wait()
    def __enter__(self):
        if os.geteuid() != 0: skip("not root: no network namespace can be made")
        need("ip")
        self.processes, self.made, self.backends = [], [], []
        if run("ip", "netns", "add", self.ns("a"), code=None).returncode != 0: skip("no network namespace can be made here")
        try:
            self.made.append(self.ns("a"))
            run("ip", "netns", "add", self.ns("b")); self.made.append(self.ns("b"))
            run("ip", "link", "add", "va", "netns", self.ns("a"), "type", "veth", "peer", "name", "vb", "netns", self.ns("b"))
            for name, four, six in (("a", A + "/30", "2001:db8:9::1/64"), ("b", B + "/30", "2001:db8:9::2/64")):
                self.run(name, "ip", "addr", "add", four, "dev", "v" + name)
                self.run(name, "ip", "addr", "add", six, "dev", "v" + name, "nodad")
                self.run(name, "ip", "link", "set", "v" + name, "up")
                self.run(name, "ip", "link", "set", "lo", "up")
        except BaseException: self.__exit__(); raise
        return self
    def __exit__(self, kind=None, *_):
        ends = [(b.p, b.end()) for b in self.backends] if kind is None else []
        for p in self.processes:
            if p.poll() is None: p.kill(); p.wait()
        for name in self.made: run("ip", "netns", "del", name, code=None)
        expect(all(code == 0 for _, code in ends), f"a driver ended with {[code for _, code in ends]}")  # under a sanitizer: a leak


class Refused(Exception):
    """A backend said no: .code, .why."""
    def __init__(self, code, why): super().__init__(f"{code} {why}"); self.code, self.why = code, why


class Backend:
    """A backend of the enforcer in namespace a. Each method is one of its functions; what it printed comes back as lines."""
    def __init__(self, net, folder, config, name="backend"):
        self.folder = os.path.join(folder, name)
        os.makedirs(self.folder, 0o700, exist_ok=True)
        path = self.folder + ".yaml"
        with open(path, "w") as f: f.write(config)
        self.p = subprocess.Popen(net.words("a", DRIVE, path, self.folder, os.path.join(folder, "key")), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
                                  umask=0o077)
        net.processes.append(self.p)
        self.answer()
        net.backends.append(self)
    def answer(self):
        lines = []
        for line in self.p.stdout:
            line = line.rstrip("\n")
            if line.startswith("= "):
                if line == "= ok": return lines
                code, _, why = line[2:].partition(" ")
                raise Refused(int(code), why)
            lines.append(line)
        raise Failed(f"the driver ended: {lines}")
    def say(self, words):
        self.p.stdin.write(words + "\n"); self.p.stdin.flush()
        return self.answer()
    def item(self, action, target, **more): return self.say(" ".join(["item", action, target, *(f"{k}={v}" for k, v in more.items())]))
    def refuses(self, words, code, why):
        try: self.say(words)
        except Refused as refused:
            expect(refused.code == code and why in refused.why, f"{words}: {refused}; expected {code} and '{why}'")
            return refused.why
        raise Failed(f"{words}: was not refused; expected {code} '{why}'")
    def good(self, reach="effect"):
        """Lines of the effect, and whether all of them are good."""
        lines = self.say(reach)
        return lines, bool(lines) and all(line.endswith("| good") for line in lines)
    def end(self):
        self.p.stdin.close()
        return self.p.wait()


# ---- a web server ----

def at(seconds): return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def certificate(folder):
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", folder + "/tls.key", "-out", folder + "/tls.crt", "-days", "2",
        "-subj", "/CN=lists.example", "-addext", "subjectAltName=DNS:lists.example")


def nginx_start(net, folder, web):
    conf = folder + "/nginx.conf"
    with open(conf, "w") as f:
        f.write(f"""pid {folder}/nginx.pid; daemon off; error_log {folder}/error.log; user root;
events {{ }}
http {{ types {{ text/plain txt note minisig sig; }} access_log off; client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder}; uwsgi_temp_path {folder}; scgi_temp_path {folder};
  server {{ listen 192.0.2.1:443 ssl; server_name lists.example; ssl_certificate {folder}/tls.crt; ssl_certificate_key {folder}/tls.key; location /blocks/ {{ alias {web}/; }} }} }}
""")
    p = net.start("a", "nginx", "-c", conf, log=folder + "/nginx.log")
    until("nginx", lambda: os.path.exists(folder + "/nginx.pid") and curl(net, folder, "prefixes.txt", code=None).returncode in (0, 22))
    return p


def curl(net, folder, name, *words, code=0):
    """As a firewall abroad would: from the other namespace."""
    return net.run("b", "curl", "-sS", "--fail", "--cacert", folder + "/tls.crt", "--resolve", "lists.example:443:" + A, *words, "https://lists.example/blocks/" + name, code=code)


# ---- a mail server that keeps what it gets ----

SINK = '''
import asyncio, os, signal, sys
from aiosmtpd.controller import Controller
folder, host, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
class Sink:
    n = 0
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("full@"): return "452 4.2.2 the mailbox is full"
        if address.startswith("gone@"): return "550 5.1.1 nobody here"
        envelope.rcpt_tos.append(address); return "250 2.1.5 Ok"
    async def handle_DATA(self, server, session, envelope):
        Sink.n += 1
        path = os.path.join(folder, f"{Sink.n:03}.eml")
        with open(path + ".new", "wb") as f: f.write(f"X-Envelope: {envelope.mail_from} {' '.join(envelope.rcpt_tos)}\\r\\n".encode() + envelope.original_content)
        os.rename(path + ".new", path)
        return f"250 2.0.0 Ok: queued as Q{Sink.n:03}"
c = Controller(Sink(), hostname=host, port=port)
c.start(); print("ready", flush=True); signal.pause()
'''


def need_mail_server():
    if run("/usr/bin/python3", "-c", "import aiosmtpd", code=None).returncode != 0: skip("python3-aiosmtpd is not installed (scripts/install-packages test)")


def mail_server(net, folder, box):
    with open(folder + "/sink.py", "w") as f: f.write(SINK)
    p = net.start("a", "/usr/bin/python3", folder + "/sink.py", box, A, "25", log=folder + "/sink.log")
    until("mail server", lambda: b"ready" in open(folder + "/sink.log", "rb").read())
    return p


# ---- speakers ----

def gobgp_conf(own, other, own_as, other_as, router, restart=False):
    families = "".join(f'  [[neighbors.afi-safis]]\n    [neighbors.afi-safis.config]\n      afi-safi-name = "{f}"\n' for f in ("ipv4-unicast", "ipv6-unicast", "ipv4-flowspec", "ipv6-flowspec"))
    return f"""[global.config]
  as = {own_as}
  router-id = "{router}"
  local-address-list = ["{own}"]
[[neighbors]]
  [neighbors.config]
    neighbor-address = "{other}"
    peer-as = {other_as}
  [neighbors.transport.config]
    local-address = "{own}"
  [neighbors.timers.config]
    connect-retry = 1
    hold-time = 30
    keepalive-interval = 10
    idle-hold-time-after-reset = 1
""" + ("  [neighbors.graceful-restart.config]\n    enabled = true\n    restart-time = 60\n" if restart else "") + families


class Speaker:
    """A gobgpd in a namespace, its API a socket that both namespaces see."""
    def __init__(self, net, folder, name, conf):
        self.net, self.name, self.api, self.log = net, name, os.path.join(folder, name + ".sock"), os.path.join(folder, name + ".log")
        self.conf = os.path.join(folder, name + ".conf")
        with open(self.conf, "w") as f: f.write(conf)
        self.start()
    def start(self):
        if os.path.exists(self.api): os.unlink(self.api)
        self.p = self.net.start(self.name, "gobgpd", "-f", self.conf, "--api-hosts", "unix://" + self.api, "--pprof-disable", log=self.log)
        until(f"gobgpd {self.name}", lambda: os.path.exists(self.api) and self.ask("global", code=None).returncode == 0)
    def ask(self, *words, code=0):
        for last in (False, False, True):  # its program gives its daemon one second
            done = run("gobgp", "--target", "unix://" + self.api, "-j", *words, code=code if last else None)
            if last or done.returncode == 0 or code is None: return done
    def rib(self, family): return json.loads(self.ask("global", "rib", "-a", family).out)
    def up(self): return any(n["state"].get("session_state") == 6 for n in json.loads(self.ask("neighbor").out))
    def tables(self):
        """Everything in every table, without its age: what must be as before."""
        tables = {f: self.rib(f) for f in ("ipv4-flowspec", "ipv6-flowspec", "ipv4", "ipv6")}
        for table in tables.values():
            for paths in table.values():
                for path in paths: path.pop("age", None)
        return json.dumps(tables, sort_keys=True)


def exabgp_speaker(folder):
    """ExaBGP's pipes and configuration. Returns where its pipes are and the words that start it."""
    os.makedirs(os.path.join(folder, "run"))
    pipe, conf = os.path.join(folder, "run", "exabgp"), os.path.join(folder, "exabgp.conf")
    for end in (".in", ".out"): os.mkfifo(pipe + end, 0o600)
    with open(conf, "w") as f:
        f.write(f"neighbor {B} {{\n\trouter-id 192.0.2.1;\n\tlocal-address {A};\n\tlocal-as 64512;\n\tpeer-as 64513;\n\thold-time 30;\n"
                "\tfamily { ipv4 unicast; ipv6 unicast; ipv4 flow; ipv6 flow; }\n}\n")
    return pipe, ("env", "exabgp.daemon.user=root", "exabgp.log.destination=stderr", "exabgp", "--root", folder, "-e", os.path.join(folder, "none.env"), conf)
