#!/usr/bin/env python3
"""Who may look and who may decide, from outside: founding, accounts, oversight's own domain, leases, a purpose on each look, the log for the inspector, service
credentials, signatures made elsewhere, and what an administrator with the database in his hands can do (nothing that is not seen)."""
import base64, hashlib, hmac, re, shutil, sqlite3, stat, struct, tempfile, time
from lib import *

for word in ("SEKISHO_KEY", "SEKISHO_DIR"): os.environ.pop(word, None)
# Each command waits for its disk; memory is quicker.
if os.access("/dev/shm", os.W_OK): tempfile.tempdir = "/dev/shm"

ROLES = {"anna": ["analyst"], "paul": ["approver", "legal"], "rita": ["reader"]}
PANEL = ["chair", "m1", "m2"]

class Centre:
    """A workspace of the lab with something found in it, and a centre beside; keys of everybody."""
    def __init__(self, folder, kind="nco", watched=True, panel=None):
        self.folder = folder
        if watched:
            self.dir = make_workspace(folder); open(folder + "/list.txt", "w").write("evil.example\n198.51.100.9\n")
            sekisho("selectors", "import", "--workspace", self.dir, folder + "/list.txt")
            cap = write_pcap(folder + "/c.pcap", [ether(p) for p in tcp_talk("192.0.2.5", 5000, "198.51.100.9", 443, client_hello("www.evil.example"), b"y")])
            watch_json(self.dir, cap)
        else:
            self.dir = folder + "/d"; os.mkdir(self.dir)
        sekisho("centre", "init", "--dir", self.dir, "--profile", "lab")
        for name in ("admin", "spare", "insp", "stranger", *ROLES, *PANEL): self.key_new(name)
        sekisho("access", "init", "--dir", self.dir, "--kind", kind, "--admin-key", self.pub("admin"), *sum((["--oversight-key", p] for p in panel or map(self.pub, PANEL)), []))
        for name, roles in ROLES.items():
            self.act("admin", "account", "add", name, "--org", "host", "--account-key", self.pub(name), *sum((["--role", r] for r in roles), []))

    def key(self, name): return f"{self.folder}/{name}.key"
    def pub(self, name): return self.key(name) + ".pub"
    def key_new(self, name): sekisho("access", "key", "new", self.key(name), "--name", name)
    def act(self, who, *words, code=0, also=()):
        return sekisho("access", *words, "--dir", self.dir, "--key", self.key(who), *sum((["--cosign", self.key(a)] for a in also), []), code=code)
    def show(self, *words, code=0): return json.loads(sekisho("access", *words, "--dir", self.dir, "--json", code=code).out)
    def acts(self): return json.loads(sekisho("centre", "check", "--dir", self.dir, "--json").out)["acts"]
    def log(self, who="insp", *words, code=0):
        done = self.act(who, "log", "--json", *words, code=code); return json.loads(done.out) if code == 0 else done

    def inspector(self):
        self.act("chair", "account", "add", "insp", "--org", "oversight", "--role", "oversight_inspector", "--account-key", self.pub("insp"), also=("m1", "m2"))

def a_team():
    with Folder() as f:
        c = Centre(f, "own_network", watched=False)
        got = {a["id"]: a["roles"] for a in c.show("account", "list")}
        expect(got == {"admin": ["administrator"], "oversight.chair": ["oversight_chair"], "oversight.member-1": ["oversight_member"], "oversight.member-2": ["oversight_member"], **ROLES}, str(got))
        expect({o["id"]: o["kind"] for o in c.show("org", "list")} == {"host": "own_network", "oversight": "oversight"}, "organisations")
        c.act("admin", "role", "grant", "anna", "approver", code=29); c.act("admin", "role", "grant", "admin", "operator", code=29); c.act("anna", "role", "grant", "rita", "operator", code=29)
        c.act("admin", "role", "grant", "rita", "oversight_member", code=29); c.act("admin", "role", "grant", "rita", "king", code=3)
        c.act("admin", "role", "grant", "rita", "operator"); c.act("admin", "role", "revoke", "rita", "reader")
        expect(c.show("may", "anna", "order.propose") == {"may": True, "why": "own network"}, "may"); expect(not c.show("may", "anna", "order.approve", code=29)["may"], "may not")
        c.act("admin", "account", "add", "anna2", "--org", "host", "--account-key", c.pub("anna"), code=2); c.act("stranger", "account", "close", "rita", "--why", "x", code=4)
        # a second key: the administrator alone could sign as paul
        c.act("admin", "key", "add", "paul", c.pub("spare"), code=29); c.act("paul", "key", "add", "paul", c.pub("spare"), code=29); c.act("admin", "key", "add", "paul", c.pub("spare"), also=("paul",))
        c.act("spare", "key", "revoke", "paul", c.pub("paul")); c.act("paul", "lease", "expire", "x", code=4)
        c.act("admin", "account", "close", "rita", "--why", "left"); c.act("rita", "lease", "request", "--activity", "g1.read", "--scope", "*", "--purpose", "damage_prevention", "--for", "1h", "--why", "x", code=4)
        sekisho("access", "init", "--dir", c.dir, "--admin-key", c.pub("stranger"), code=2)
        table = c.show("activities"); expect(next(r for r in table if r["activity"] == "order.approve")["cells"]["mod"] == "A (joint)", "the table of LAW.md 3")
        verify_both(c.dir + "/centre/ledger")

def oversight_apart():
    with Folder() as f:
        c = Centre(f, watched=False); add = ("account", "add", "insp", "--org", "oversight", "--role", "oversight_inspector", "--account-key", c.pub("insp"))
        for words in (add, ("account", "close", "oversight.chair", "--why", "x"), ("role", "revoke", "oversight.member-1", "oversight_member"), ("key", "revoke", "oversight.chair", c.pub("chair"))):
            c.act("admin", *words, code=36); c.act("chair", *words, code=36) if words[1] != "revoke" or words[0] != "key" else None
        sekisho("access", "panel", "--dir", c.dir, "--oversight-key", c.pub("spare"), "--key", c.key("admin"), code=2)
        c.act("chair", *add, also=("m1",), code=36); c.act("m1", *add, also=("m2", "admin"), code=36); c.act("m1", *add, also=("m2", "chair"))
        expect(any(a["id"] == "insp" and a["roles"] == ["oversight_inspector"] for a in c.show("account", "list")), "the panel's own account")
        verify_both(c.dir + "/centre/ledger")

def every_look_is_an_act():
    with Folder() as f:
        c = Centre(f); c.inspector()
        looks = [("findings",), ("observations",), ("flows",), ("lookup", "198.51.100.9"), ("detect",), ("campaign", "list"), ("mute", "list"),
                 ("hunt", "--stored", "--selectors", f + "/list.txt")]
        purpose = ("--purpose", "damage_prevention", "--key", c.key("anna"))
        for look in looks:
            head, rest = look[:1], look[1:]
            words = (*look, "--workspace", c.dir); before = c.acts()
            sekisho(*words, code=38); sekisho(*words, "--purpose", "crime_investigation", "--key", c.key("anna"), code=38); sekisho(*words, "--purpose", "damage_prevention", code=2)
            sekisho(*words, "--purpose", "damage_prevention", "--key", c.key("stranger"), code=4)
            done = sekisho(*words, *purpose, code=29); expect("198.51.100.9" not in done.out and "lease" in done.err, f"{look}: {done.out}{done.err}")
            expect(c.acts() == before, f"{look}: a refused look is an act")
        c.act("anna", "lease", "request", "--id", "l1", "--activity", "g1.read", "--scope", "another-basis", "--purpose", "damage_prevention", "--for", "1h", "--why", "case 7"); c.act("paul", "lease", "grant", "l1")
        sekisho("findings", "--workspace", c.dir, *purpose, code=29)  # for another place
        c.act("anna", "lease", "request", "--id", "l2", "--activity", "g1.read", "--scope", "*", "--purpose", "damage_prevention", "--for", "1h", "--why", "case 7")
        c.act("anna", "lease", "grant", "l2", code=29); c.act("admin", "lease", "grant", "l2", code=29); c.act("paul", "lease", "grant", "l2")
        before = c.acts()
        for look in looks: sekisho(*look, "--workspace", c.dir, *purpose)
        found = json.loads(sekisho("findings", "--workspace", c.dir, "--json", *purpose).out); expect(found, "nothing was found")
        sekisho("explain", found[0]["id"], "--workspace", c.dir, *purpose)
        expect(c.acts() == before + len(looks) + 2, f"{c.acts() - before} acts for {len(looks) + 2} looks")
        # the log: for oversight alone, and a search is an act itself
        c.log("anna", code=29); c.log("admin", code=29); c.log("paul", code=29)
        seen = c.log(); expect(len([s for s in seen if s["event"] == "read"]) == len(looks) + 2 and all(s["account"] == "anna" and s["lease"] in ("l1", "l2") for s in seen if s["event"] == "read"), str(seen))
        expect(any("lookup 198.51.100.9" in s["what"] for s in seen), "what was looked for"); expect(not c.log("insp", "--account", "paul"), "another's looks")
        expect(len(c.log("insp", "--org", "host", "--purpose", "purpose_damage_prevention", "--since", "1h", "--what", "lookup")) == 1, "the filters")
        expect(any(s["event"] == "search" and s["account"] == "insp" for s in c.log()), "a search is no act")
        c.act("chair", "lease", "revoke", "l2", "--why", "enough"); sekisho("findings", "--workspace", c.dir, *purpose, code=29)
        leaves = b"".join(open(os.path.join(d, n), "rb").read() for d, _, names in os.walk(c.dir + "/centre/ledger") for n in names)
        expect(b"198.51.100.9" not in leaves and b"anna" not in leaves and b"look.findings" in leaves and b"purpose.damage_prevention" in leaves, "what the ledger says of looks")
        # a run shows nothing of what it found in passing
        cap = write_pcap(f + "/d.pcap", [ether(p) for p in tcp_talk("192.0.2.6", 5001, "198.51.100.9", 443, client_hello("www.evil.example"), b"z")])
        text = sekisho("watch", "--workspace", c.dir, cap).out; expect("belongs to a centre" in text and "198.51.100.9" not in text and "192.0.2.6" not in text, text)
        result, _ = watch_json(c.dir, cap, extra=("--again",)); expect(result["findings"] == [] and result["findings_not_listed"] > 0, str(result["findings"]))
        found = json.loads(sekisho("findings", "--workspace", c.dir, "--json", "--purpose", "damage_prevention", "--key", c.key("insp")).out); expect(any(x["subject"] == "192.0.2.6" for x in found), "what was found is not kept")
        # a workspace of one's own, without a centre, is looked into as ever
        os.rename(c.dir + "/centre", f + "/centre"); expect(len(json.loads(sekisho("findings", "--workspace", c.dir, "--json").out)) == len(found), "a workspace without a centre")
        os.symlink(f + "/centre", c.dir + "/centre"); sekisho("findings", "--workspace", c.dir, code=38)
        verify_both(f + "/centre/ledger")

def together():
    """Acts that several sign: what the first has signed waits for the others, counts for nothing meanwhile, and is judged whole with each signature. rule: ACCESS-8 ACCESS-9"""
    with Folder() as f:
        c = Centre(f, watched=False); [c.key_new(n) for n in ("anna2", "insp3", "stranger2")]; folder = c.dir + "/centre/joint"
        def waits(): return json.loads(sekisho("access", "waiting", "--dir", c.dir, "--json").out)
        def keys(who): return [k for a in c.show("account", "list") if a["id"] == who for k in a["keys"] if not k["revoked"]]
        # a further key: its holder, then an administrator
        c.act("anna", "key", "add", "anna", c.pub("anna2"), code=29); said = c.act("anna", "key", "add", "anna", c.pub("anna2"), "--hold").out; expect("waits" in said and len(keys("anna")) == 1, said)
        one = waits()[0]; expect(one["signed"] == ["anna"] and one["event"] == "key.add" and one["of"] == "anna" and not one["stale"] and "administrator" in one["missing"], str(one))
        done = json.loads(c.act("anna", "sign", one["id"], "--json").out); expect("waits" in done and waits()[0]["signed"] == ["anna"], "one hand twice")
        c.act("stranger", "sign", one["id"], code=4); expect(waits()[0]["signed"] == ["anna"], "a stranger's hand")
        sekisho("access", "sign", "0" * 16, "--dir", c.dir, "--key", c.key("admin"), code=4); c.act("admin", "sign", one["id"]); expect(len(keys("anna")) == 2 and waits() == [], "both signed")
        # oversight: three of three; whoever has no part in it makes nothing wait
        add = ("account", "add", "insp3", "--org", "oversight", "--role", "oversight_inspector", "--account-key", c.pub("insp3"), "--hold")
        c.act("admin", *add, code=36); c.act("anna", *add, code=36); expect(waits() == [], "whoever has no part in it")
        c.act("chair", *add); one = waits()[0]; path = f"{folder}/{one['id']}.note"; expect(stat.S_IMODE(os.stat(path).st_mode) == 0o600, "who may read it")
        # somebody changes what waits: another text is another id, and a line that verifies for nobody is refused
        text = open(path).read(); open(path, "w").write(text.replace("oversight_inspector", "oversight_chair")); c.act("m1", "sign", one["id"], code=8); open(path, "w").write(text)
        c.act("m1", "sign", one["id"]); c.act("m2", "sign", one["id"]); expect([a["id"] for a in c.show("account", "list") if a["id"] == "insp3"] == ["insp3"] and not os.listdir(folder), "the last signature enters it")
        # overtaken: another act of the same account came between
        c.act("anna", "key", "add", "anna", c.pub("stranger2"), "--hold"); one = waits()[0]; c.act("admin", "role", "grant", "anna", "reader"); expect(waits()[0]["stale"], "it is out of date")
        c.act("admin", "sign", one["id"], code=None); expect(len(keys("anna")) == 2, "an act that was overtaken"); sekisho("access", "drop", one["id"], "--dir", c.dir); expect(waits() == [], "dropped")
        sekisho("centre", "check", "--dir", c.dir); verify_both(c.dir + "/centre/ledger")

def database_in_hand():
    """An administrator who writes to the database: it is told, and nothing is built on it."""
    with Folder() as f:
        c = Centre(f, watched=False); path = c.dir + "/centre/acts.db"; whole = open(path, "rb").read()
        for sql in ("UPDATE act SET note = CAST(replace(CAST(note AS TEXT), 'analyst', 'approver') AS BLOB) WHERE leaf = 3", "DELETE FROM act WHERE leaf = 3", "UPDATE act SET note = (SELECT note FROM act WHERE leaf = 4) WHERE leaf = 3"):
            db = sqlite3.connect(path); changed = db.execute(sql).rowcount; db.commit(); db.close(); expect(changed == 1, sql)
            sekisho("access", "account", "list", "--dir", c.dir, code=8); sekisho("centre", "check", "--dir", c.dir, code=8)
            for end in ("", "-wal", "-shm"):
                if os.path.exists(path + end): os.unlink(path + end)
            open(path, "wb").write(whole); os.chmod(path, 0o600); sekisho("access", "account", "list", "--dir", c.dir)

def signed_elsewhere():
    with Folder() as f:
        hands = [f"{f}/{n}.ssh" for n in PANEL]; ssh = f + "/id"
        for path in (*hands, ssh): run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path)
        c = Centre(f, watched=False, panel=[h + ".pub" for h in hands])
        c.act("admin", "account", "add", "sam", "--org", "host", "--role", "analyst", "--account-key", ssh + ".pub")
        ask = ("access", "lease", "request", "--dir", c.dir, "--id", "l", "--activity", "g1.read", "--scope", "*", "--purpose", "damage_prevention", "--for", "1h", "--why", "x")
        sekisho(*ask, "--to-sign", f + "/st"); run("ssh-keygen", "-Y", "sign", "-q", "-n", "sekisho-act", "-f", ssh, f + "/st")
        text = open(f + "/st").read(); open(f + "/other", "w").write(text.replace("3600", "7200"))
        sekisho(*ask, "--statement", f + "/other", "--signature", f + "/st.sig", "--by", ssh + ".pub", code=9)
        sekisho(*ask, "--statement", f + "/st", "--signature", f + "/st.sig", "--by", ssh + ".pub"); sekisho(*ask, "--statement", f + "/st", "--signature", f + "/st.sig", "--by", ssh + ".pub", code=None)
        expect([(l["account"], l["state"]) for l in c.show("lease", "list")] == [("sam", "requested")], "the lease that was asked for elsewhere")
        # oversight, each at his own machine
        add = ("access", "account", "add", "insp", "--dir", c.dir, "--org", "oversight", "--role", "oversight_inspector", "--account-key", c.pub("insp"))
        sekisho(*add, "--to-sign", f + "/st2"); shutil.copy(f + "/st2", f + "/st3"); signed = []
        for h in hands:
            shutil.copy(f + "/st2", h + ".st"); run("ssh-keygen", "-Y", "sign", "-q", "-n", "sekisho-act", "-f", h, h + ".st"); signed.append(("--signature", h + ".st.sig", "--by", h + ".pub"))
        sekisho(*add, "--statement", f + "/st2", *signed[0], *signed[1], code=36)
        sekisho(*add, "--statement", f + "/st2", *signed[0], *signed[1], *signed[1], code=36)
        sekisho(*add, "--statement", f + "/st2", *signed[0], *signed[1], "--signature", hands[2] + ".st.sig", "--by", hands[1] + ".pub", code=9)
        run("ssh-keygen", "-Y", "sign", "-q", "-n", "another-purpose", "-f", hands[2], f + "/st3"); sekisho(*add, "--statement", f + "/st2", *signed[0], *signed[1], "--signature", f + "/st3.sig", "--by", hands[2] + ".pub", code=9)
        sekisho(*add, "--statement", f + "/st2", *signed[2], *signed[0], *signed[1]); expect(any(a["id"] == "insp" for a in c.show("account", "list")), "signed at three machines")
        sekisho("access", "account", "add", "x", "--dir", c.dir, "--org", "host", "--account-key", c.pub("spare"), "--signature", f + "/st.sig", code=2)

def code_of(uri, ahead=0):
    key = base64.b32decode(re.search("secret=([A-Z2-7=]+)", uri).group(1)); mac = hmac.new(key, struct.pack(">Q", int(time.time()) // 30 + ahead), "sha1").digest(); at = mac[-1] & 15
    return "%06d" % ((struct.unpack(">I", mac[at:at + 4])[0] & 0x7fffffff) % 10**6)

def stolen_session():
    """Whoever has the token looks; what is approved needs a second factor for exactly that."""
    with Folder() as f:
        c = Centre(f, watched=False); open(f + "/pw", "w").write("correct horse battery\n"); os.chmod(f + "/pw", 0o600); token = f + "/token"; digest, other = "ab" * 32, "cd" * 32
        c.act("paul", "factor", "password", "paul", "--password-file", f + "/pw"); uri = c.act("paul", "factor", "totp", "paul").out
        session = lambda *words, code=0: sekisho("access", "session", *words, "--dir", c.dir, "--token-file", token, code=code)
        session("begin", "paul", "--password-file", f + "/pw", code=37); session("begin", "anna", "--password-file", f + "/pw", code=37); session("begin", "nobody", "--password-file", f + "/pw", code=37)
        session("begin", "paul", "--password-file", f + "/pw", "--code", code_of(uri)); expect(stat.S_IMODE(os.stat(token).st_mode) == 0o600, "mode of the token")
        expect(open(token).read().strip().encode() not in open(c.dir + "/centre/access.db", "rb").read(), "the token itself in the database")
        expect(session("check").out.startswith("paul"), "whose"); session("approve", "--digest", digest, code=37); session("step-up", "--digest", digest, code=2); session("step-up", "--digest", digest, "--code", "000000", code=37)
        session("step-up", "--digest", digest, "--code", code_of(uri, 1)); session("approve", "--digest", other, code=37); session("approve", "--digest", digest); session("approve", "--digest", digest, code=37)
        c.act("admin", "account", "close", "paul", "--why", "left"); session("check", code=37); session("end"); os.chmod(token, 0o644); session("check", code=7)

def factors_and_services():
    with Folder() as f:
        c = Centre(f, watched=False); secret = f + "/pw"; open(secret, "w").write("correct horse battery\n"); os.chmod(secret, 0o644)
        bad = sorted(hashlib.sha1(f"password number {i}".encode()).hexdigest().upper() + f":{i + 1}" for i in range(500)); open(f + "/pwned", "w").write("\n".join(bad) + "\n")
        c.act("anna", "factor", "password", "anna", "--password-file", secret, code=7); os.chmod(secret, 0o600)
        c.act("paul", "factor", "password", "anna", "--password-file", secret, code=29); c.act("admin", "factor", "password", "anna", "--password-file", secret, code=29)
        open(secret, "w").write("password number 77\n"); done = c.act("anna", "factor", "password", "anna", "--password-file", secret, "--breached", f + "/pwned", code=37); expect("breached" in done.err, done.err)
        before = c.acts(); open(secret, "w").write("correct horse battery\n"); c.act("anna", "factor", "password", "anna", "--password-file", secret, "--breached", f + "/pwned")
        expect(c.acts() == before + 1, "a factor that was set is no act"); expect(b"horse" not in open(c.dir + "/centre/access.db", "rb").read(), "the password in the file")
        sekisho("access", "factor", "check", "anna", "--dir", c.dir, "--password-file", secret); open(secret, "w").write("correct horse batterx\n")
        sekisho("access", "factor", "check", "anna", "--dir", c.dir, "--password-file", secret, code=37); sekisho("access", "factor", "check", "anna", "--dir", c.dir, "--code", "000000", code=37)
        uri = c.act("anna", "factor", "totp", "anna").out; expect(uri.startswith("otpauth://totp/"), uri)
        code = code_of(uri)
        sekisho("access", "factor", "check", "anna", "--dir", c.dir, "--code", code); sekisho("access", "factor", "check", "anna", "--dir", c.dir, "--code", code, code=37)
        c.act("rita", "factor", "remove", "anna", "totp", code=29); c.act("admin", "factor", "remove", "anna", "totp"); expect([x["factor"] for x in c.show("factor", "list")] == ["password"], "factors")
        # services
        c.act("anna", "credential", "new", "enforcer", "--out", f + "/s1", code=29); c.act("admin", "credential", "new", "enforcer", "--out", f + "/s1"); expect(stat.S_IMODE(os.stat(f + "/s1").st_mode) == 0o600, "mode of a secret")
        c.act("admin", "credential", "new", "enforcer", "--out", f + "/s1", code=2); check = lambda p, code=0: sekisho("access", "credential", "check", "enforcer", "--dir", c.dir, "--out", p, code=code)
        check(f + "/s1"); os.chmod(f + "/s1", 0o640); check(f + "/s1", 7); os.chmod(f + "/s1", 0o600)
        c.act("admin", "credential", "rotate", "enforcer", "--out", f + "/s2", "--for", "1h"); check(f + "/s1"); check(f + "/s2")
        c.act("admin", "credential", "rotate", "enforcer", "--out", f + "/s3", "--for", "500ms"); check(f + "/s1", 37); check(f + "/s2", 37); check(f + "/s3")
        c.act("admin", "credential", "revoke", "enforcer"); check(f + "/s3", 37)
        for name in ("access.db", "keys/access.key"): expect(stat.S_IMODE(os.stat(f"{c.dir}/centre/{name}").st_mode) == 0o600, name)
        os.chmod(c.dir + "/centre/keys/access.key", 0o644); sekisho("access", "factor", "list", "--dir", c.dir, code=7)

if __name__ == "__main__": main(a_team, oversight_apart, every_look_is_an_act, together, database_in_hand, signed_elsewhere, stolen_session, factors_and_services)
