#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Authority from end to end, as stories that a lawyer can read (stories/*.story): a sensor's finding, people's SSH signatures, the centre, the enforcer, and the real things that it changes.
One sentence a line; the table below says what each kind of sentence does, and a sentence that is not in it is an error. rule: ORDER-1 ORDER-2 ORDER-7 ENFORCE-1

    .-------------------------------- namespace ---------------------------------.
    |  stack.py: Knot, BIND, Unbound, nftables      gobgpd 127.0.0.5 -- 127.0.0.6 |
    |  sekisho enforcer <- centre/out/warrants          (ours)      (neighbour)   |
    '-----------------------------------------------------------------------------'
"""
import glob, random, shutil, tempfile
from stack import *
from drive import Speaker, gobgp_conf
from orders import Desk

OURS, NEIGHBOUR = "127.0.0.5", "127.0.0.6"
WORDS = {"rpz nxdomain": "the answer changes on our own resolvers", "flowspec discard": "a rule of our own routers", "nftables drop": "packets are dropped at our own gateways"}
PATIENCE = 120


class Story(Stack):
    def __init__(self, folder):
        super().__init__(folder)
        os.mkdir(folder + "/desk")
        self.desk, self.before_words = Desk(folder + "/desk"), {}
        self.finding = self.workspace = None
        self.desk.access("account", "add", "sia", "--org", "isp", "--account-key", self.new_key("sia"), "--role", "analyst")
        dir_ = self.desk.dir
        self.centre = json.loads(open(f"{dir_}/centre/centre.json").read())["origin"]
        quorums = ""
        for level in ("low", "medium", "high", "urgent"):
            path = f"{folder}/keys/{level}.txt"
            with open(path, "w") as out: out.write(json.loads(sekisho("order", "quorum", level, "--dir", dir_, "--json").out)["quorum"])
            quorums += f"  {level}: {path}\n"
        key = re.search(r"key +(\S+)", sekisho_key(dir_)).group(1)
        self.write_conf(more_targets=f"""  - name: border
    backend: gobgp
    api: unix:{folder}/a.sock
    as: 64512
    own_prefixes: [203.0.113.0/24]
    discard: true
    observers: ["unix:{folder}/b.sock"]
""")
        text = open(self.conf).read()
        text = re.sub(r"(?m)^inbox: .*$", f"inbox: {dir_}/centre/out/warrants", text)
        text = re.sub(r"(?m)^centre: .*$", f"centre: {key}", text)
        text = re.sub(r"(?ms)^quorum:\n.*?^poll", "quorum:\n" + quorums + "poll", text)
        with open(self.conf, "w") as out: out.write(text)
        self.enforcer = None
    def new_key(self, name):
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", self.desk.key(name))
        return self.desk.pub(name)

    def build(self):
        super().build()
        for address in (OURS, NEIGHBOUR): self.run("ip", "addr", "add", address + "/8", "dev", "lo", code=None)
        net = Net(self)
        self.a = Speaker(net, self.folder, "a", gobgp_conf(OURS, NEIGHBOUR, 64512, 64513, "203.0.113.1"))
        self.b = Speaker(net, self.folder, "b", gobgp_conf(NEIGHBOUR, OURS, 64513, 64512, "203.0.113.2"))
        self.wait(lambda: self.a.up() and self.b.up(), "the routers do not talk to each other")
        self.enforcer_up()
        self.begun = self.everything()
    def enforcer_up(self): self.enforcer = self.service()
    def everything(self): return self.state() + "\n----\n" + self.b.tables()
    def wait(self, condition, words):
        def said(): return f"{words() if callable(words) else words}\n{self.log('enforcer') if os.path.exists(self.folder + '/enforcer.log') else ''}"
        wait_for(condition, PATIENCE, said)
    def look(self, id):
        sekisho("order", "receipts", "--dir", self.desk.dir, "--receipts", self.folder + "/state/out", "--enforcer", open(self.folder + "/state/out/enforcer.vkey").read().strip())
        return self.desk.look(id)
    def text(self, id, kind, target, seconds):
        measure, action = kind.split()
        return ["--measure", measure, "--action", action, "--target", target, "--against", "regular calls to a command server", "--org", "isp", "--plan", "by telephone", "--narrower", "one resolver alone",
                "--not-enough", "two networks are hit", "--for", "1h", "--life", f"{seconds}s", "--at-home", WORDS[kind]]


class Net:
    """What a Speaker asks of a net, inside one namespace."""
    def __init__(self, stack): self.stack = stack
    def start(self, name, *words, log): return self.stack.start(os.path.basename(log)[:-4], *words)


def sekisho_key(dir_): return run(os.environ["SEKISHO_VERIFY"], f"{dir_}/centre/ledger", "--json", code=None).out and "key " + json.loads(open_leaf(dir_))["key"]
def open_leaf(dir_):
    """Leaf 0 of the centre's ledger: it names the key."""
    entries = sorted(glob.glob(f"{dir_}/centre/ledger/tile/entries/000*"))[0]
    data = open(entries if os.path.isfile(entries) else glob.glob(entries + "/*")[0], "rb").read()
    return data[2:2 + int.from_bytes(data[:2], "big")]


def names(text): return re.findall(r'"([^"]+)"', text)
def key_of(person): return {"the operator": "op", "the chair": "chair"}.get(person.lower(), person.lower())

# ---- what sentences do ----

def finds_a_beacon(s, address):
    w = s.workspace = make_workspace(s.folder, extra=("--detectors", "all"))
    frames, times, at = [], [], 1_790_000_000.0
    dice = random.Random(7)
    for i in range(90):
        for p in tcp_talk("192.0.2.5", 20000 + i, address, 443, client_hello("www.evil.test"), b"y" * 40):
            frames.append(ether(p)); times.append(at); at += 0.002
        at += 60 + dice.uniform(-1, 1)
    sekisho("selectors", "import", "--workspace", w, "--all-flows")
    watch_json(w, write_pcap(s.folder + "/beacon.pcap", frames, times=times))
    found = [f for f in json.loads(sekisho("findings", "--workspace", w, "--json").out) if f["kind"] == "beacon"]
    expect(len(found) == 1, f"beacons: {found}")
    s.finding = found[0]["id"]

def proposes(s, person, id, why, what, seconds, urgent=False):
    if m := re.fullmatch(r"nobody resolves (\S+)", what): kind, target = "rpz nxdomain", m[1]
    elif m := re.fullmatch(r"our routers discard what comes from (\S+)", what): kind, target = "flowspec discard", m[1]
    elif m := re.fullmatch(r"our gateways drop (\S+)", what): kind, target = "nftables drop", m[1]
    else: raise Failed(f"what is '{what}'?")
    text = s.text(id, kind, target, seconds)
    text += ["--important", "waterworks", "--urgent", "the pumps stop tonight"] if urgent else ["--protect", "waterworks"]
    text += ["--finding", s.finding, "--workspace", s.workspace] if why else ["--evidence-file", s.desk.f + "/proof.txt"]
    s.desk.order(key_of(person), "draft", id, *text)

def everybody_agrees(s, id):
    s.desk.order("ben", "evidence", id, "--why", "it stands"); s.desk.order("fumi", "legal", id, "--why", "art 38(4)"); s.desk.order("ayu", "submit", id)
    s.desk.approve("fumi", id); s.desk.approve("dan", id)

def is_state(s, ids, state):
    for id in ids: s.wait(lambda: s.look(id)["state"] == state, lambda: f"{id} is {s.look(id)['state']}, not {state}")

def resolve(s, name, answer):
    s.wait(lambda: all(s.ask(server, name) == answer for server in (BIND, UNBOUND)), lambda: f"{name}: {[s.ask(server, name) for server in (BIND, UNBOUND)]}, expected {answer}")

def killed_again_and_again(s, person, id):
    """Each attempt dies a little later; the one that lives finds what the others left."""
    words = [SEKISHO, "order", "evidence", id, "--why", "it stands", "--dir", s.desk.dir, "--key", s.desk.key(key_of(person))]
    for ms in range(2, 60, 3):
        p = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try: p.wait(ms / 1000)
        except subprocess.TimeoutExpired: p.kill(); p.wait()
        sekisho("centre", "check", "--dir", s.desk.dir)
    run(*words, code=None)

def proves(s):
    look = s.desk.dir + "/centre/ledger"
    sekisho("centre", "check", "--dir", s.desk.dir); verify_both(look)
    sekisho("centre", "openings", "--dir", s.desk.dir, "-o", s.folder + "/openings")
    enforcer = ("--enforcer", s.desk.dir + "/centre/enforcer.vkey") if os.path.exists(s.desk.dir + "/centre/enforcer.vkey") else ()
    for program in (os.environ["SEKISHO_VERIFY"], os.environ.get("SEKISHO_VERIFY_GO")):
        if program and os.path.exists(program): run(program, "--openings", s.folder + "/openings", *enforcer, look)

def conflict_told(s, id):
    s.wait(lambda: any(r["order"] == id and "conflict" in s.steps((id, r["warrant"])) for r in s.rows()) or "conflict" in s.log("enforcer"), f"nothing is told of a conflict about {id}")

def passthru(s, name, there):
    s.knotc("zone-begin", "rpz.sekisho")
    if there:
        s.knotc("zone-unset", "rpz.sekisho", name + ".rpz.sekisho.", "CNAME"); s.knotc("zone-set", "rpz.sekisho", name + ".rpz.sekisho.", "60", "CNAME", "rpz-passthru.")
    else: s.knotc("zone-unset", "rpz.sekisho", name + ".rpz.sekisho.", "CNAME")
    s.knotc("zone-commit", "rpz.sekisho")
    s.meddled = name

def undone_proved(s, id):
    s.look(id)
    rows = [r for f in glob.glob(s.folder + "/state/out/*.receipt") for r in [open(f).read()] if f'"order":"{id}"' in r]
    expect(any('"step":"undone"' in r for r in rows), f"{id}: {len(rows)} receipts, none says undone")

def no_inside_address(s):
    for id in ("name", "route", "gate"):
        shown = sekisho("order", "show", id, "--dir", s.desk.dir).out
        expect("192.0.2." not in shown and "Who would feel it" in shown, shown)

P, Q = r"(\w+|The operator|The chair)", r'("[^.]*")'
SENTENCES = [
    (r"A machine inside is found to call (\S+) at regular times", finds_a_beacon),
    (P + r' proposes "([^"]+)", because of what was found: (.*) for (\d+) seconds', lambda s, p, id, what, n: proposes(s, p, id, True, what, n)),
    (P + r' proposes "([^"]+)", urgently: (.*) for (\d+) seconds', lambda s, p, id, what, n: proposes(s, p, id, False, what, n, True)),
    (P + r' proposes "([^"]+)": (.*) for (\d+) seconds', lambda s, p, id, what, n: proposes(s, p, id, False, what, n)),
    (P + r' may not approve "([^"]+)"', lambda s, p, id: expect(s.desk.approve(key_of(p), id, code=None).returncode != 0, f"{p} approved {id}")),
    (P + r' may not halt "([^"]+)"', lambda s, p, id: expect(s.desk.order(key_of(p), "halt", id, "--why", "x", code=None).returncode != 0, f"{p} halted {id}")),
    (P + r" finds that the evidence of " + Q + " stands", lambda s, p, ids: [s.desk.order(key_of(p), "evidence", id, "--why", "it stands") for id in names(ids)]),
    (P + " finds " + Q + " lawful", lambda s, p, ids: [s.desk.order(key_of(p), "legal", id, "--why", "art 38(4)") for id in names(ids)]),
    (P + " lays " + Q + " before (?:their|its) quorum", lambda s, p, ids: [s.desk.order(key_of(p), "submit", id) for id in names(ids)]),
    (P + " approves " + Q, lambda s, p, ids: [s.desk.approve(key_of(p), id) for id in names(ids)]),
    (r'Everybody agrees on "([^"]+)"', everybody_agrees),
    (P + " hands " + Q + " to the enforcer", lambda s, p, ids: [s.desk.order(key_of(p), "stage", id) for id in names(ids)]),
    (P + r' halts "([^"]+)"', lambda s, p, id: s.desk.order(key_of(p), "halt", id, "--why", "it went too far")),
    (Q + r" (?:is|are) (\w+)", lambda s, ids, state: is_state(s, names(ids), state)),
    (r'Oversight has "([^"]+)" in its list', lambda s, id: expect(os.path.exists(f"{s.desk.dir}/centre/out/oversight/{id}.urgent"), f"{id} is not listed")),
    (r"BIND and Unbound answer that (\S+) does not exist", lambda s, name: resolve(s, name, "NXDOMAIN")),
    (r"BIND and Unbound resolve (\S+) again", lambda s, name: resolve(s, name, "NOERROR 192.0.2.80")),
    (r"The neighbour's router holds a rule that discards (\S+)", lambda s, p: s.wait(lambda: any(f"source: {p}" in r for r in s.b.rib("ipv4-flowspec")), lambda: f"the neighbour holds {s.b.rib('ipv4-flowspec')}")),
    (r"The neighbour's router holds no rule", lambda s: s.wait(lambda: not s.b.rib("ipv4-flowspec"), "a rule is still there")),
    (r"The kernel of the gateway drops (\S+)", lambda s, p: s.wait(lambda: f"{p} timeout" in s.ruleset(), lambda: s.ruleset())),
    (r"Nothing has changed", lambda s: expect(s.everything() == s.begun, "something has changed")),
    (r"Everything is byte for byte as it was before", lambda s: s.wait(lambda: s.everything() == s.begun, lambda: f"before:\n{s.begun}\nnow:\n{s.everything()}")),
    (r"Whoever looks sees bands, and no address of a machine inside", no_inside_address),
    (r"The enforcer has proved that it undid " + Q, lambda s, ids: [undone_proved(s, id) for id in names(ids)]),
    (r"The centre's ledger proves all of it, and so does oversight's own program", proves),
    (r"The enforcer is killed", lambda s: s.stop(s.enforcer, signal.SIGKILL)),
    (r"The enforcer is started", lambda s: s.enforcer_up()),
    (r"(\d+) seconds go by", lambda s, n: time.sleep(int(n))),
    (r"Somebody else lets (\S+) pass in the policy zone", lambda s, name: passthru(s, name, True)),
    (r"What somebody else did about (\S+) still stands", lambda s, name: expect("rpz-passthru." in s.zone() and name in s.zone(), s.zone())),
    (r"Somebody else takes that back", lambda s: passthru(s, s.meddled, False)),
    (r'The enforcer tells of a conflict about "([^"]+)"', conflict_told),
    (r'The centre is killed again and again while (\w+) finds that the evidence of "([^"]+)" stands', killed_again_and_again),
]


def tell(path, without=None):
    lines = [(n, l.strip()) for n, l in enumerate(open(path, encoding="utf-8"), 1) if l.strip() and not l.startswith("#") and not (without and l.startswith(without))]
    # Each sentence is one that we know, before anything is done.
    told = []
    for number, line in lines:
        found = [(do, m.groups()) for pattern, do in SENTENCES if (m := re.fullmatch(pattern + r"\.", line))]
        expect(len(found) >= 1, f"{os.path.basename(path)}:{number}: no sentence that is known: {line}")
        told.append((number, line, *found[0]))
    with Folder() as folder, Story(folder) as story:
        for number, line, do, words in told:
            try: do(story, *words)
            except (Failed, OSError, KeyError, ValueError) as why: raise Failed(f"{os.path.basename(path)}:{number}: {line}\n{why}")
            print(f"  {line}", flush=True)


if __name__ == "__main__":
    need("gobgpd", "gobgp", "ssh-keygen")
    if os.access("/dev/shm", os.W_OK): tempfile.tempdir = "/dev/shm"
    stories = sorted(glob.glob(os.path.join(os.path.dirname(os.path.abspath(__file__)), "stories", "*.story")))
    wanted, without = sys.argv[1:], None
    if wanted[:1] == ["--without"]: without, wanted, PATIENCE = wanted[1], wanted[2:], 20  # the sabotage twin: a sentence less, and the story must not end well
    for path in stories:
        if wanted and not any(w in path for w in wanted): continue
        print(os.path.basename(path)[2:-6].replace("-", " "))
        tell(path, without)
    print("stories: told")
