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
        self.processes, self.made = [], []
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
    def __exit__(self, *_):
        for p in self.processes:
            if p.poll() is None: p.kill(); p.wait()
        for name in self.made: run("ip", "netns", "del", name, code=None)


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
        self.p = subprocess.Popen(net.words("a", DRIVE, path, self.folder, os.path.join(folder, "key")), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        net.processes.append(self.p)
        self.answer()
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
        self.p.stdin.close(); self.p.wait()


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
