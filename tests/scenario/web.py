#!/usr/bin/env python3
"""The centre over HTTP, from outside: sessions, the rights of every role at every row of the table, acts signed by a file key and by a security key, event streams, and
clients that mean harm: slow, half-open, malformed, oversized, path tricks, smuggling through a real nginx; TLS by itself; a graceful end. rule: WEB-1 WEB-2 WEB-3 WEB-4
usage: web.py [--sabotage]
--sabotage: somebody is given a role behind the matrix' back; it must turn red."""
import base64, hashlib, http.client, random, re, shutil, signal, socket, ssl, sys, tempfile, threading, time
from lib import *

if os.access("/dev/shm", os.W_OK): tempfile.tempdir = "/dev/shm"
SABOTAGE = "--sabotage" in sys.argv
PASSWORD = "correct horse battery staple"
PURPOSE = {"X-Sekisho-Purpose": "damage_prevention"}

# One account a role, and one a kind of organisation.
ROLES = ("analyst", "approver", "legal", "privacy_officer", "foreign_affairs", "commander", "operator", "reporter", "reader")
KINDS = ("npa", "carrier", "vendor", "nss", "outsourced_body")   # the rest of LAW.md 3's columns: tests/unit/access

class Centre:
    """A centre with everybody in it, and a server in front."""
    def __init__(self, f, people=(), kinds=(), profile="lab", kind="nco"):
        self.f, self.dir, self.server, self.log = f, f + "/d", None, f + "/serve.log"
        os.mkdir(self.dir)
        sekisho("centre", "init", "--dir", self.dir, "--profile", profile)
        for name in ("admin", "chair", "m1", "m2"): self.new_key(name)
        sekisho("access", "init", "--dir", self.dir, "--kind", kind, "--org", "nco", "--admin-key", self.key("admin") + ".pub", *sum((["--oversight-key", self.key(p) + ".pub"] for p in ("chair", "m1", "m2")), []))
        for kind in kinds: self.by("admin", "access", "org", "add", "o-" + kind, "--kind", kind)
        for name, org, role in people: self.person(name, org, role)
        open(f + "/pw", "w").write(PASSWORD + "\n"); os.chmod(f + "/pw", 0o600)

    def key(self, name): return f"{self.f}/{name}.key"
    def new_key(self, name): sekisho("access", "key", "new", self.key(name), "--name", name)
    def by(self, who, *words, **more): return sekisho(*words, "--dir", self.dir, "--key", self.key(who), **more)
    def person(self, name, org, role):
        self.new_key(name)
        self.by("admin", "access", "account", "add", name, "--org", org, "--account-key", self.key(name) + ".pub", *(("--role", role) if role else ()))
    def password(self, name, account=None): self.by(name, "access", "factor", "password", account or name, "--password-file", self.f + "/pw")

    def session(self, account, password_by):
        """A session without asking the server: the token as the command line makes it."""
        self.password(password_by, account)
        token = f"{self.f}/{account}.token"
        sekisho("access", "session", "begin", account, "--password-file", self.f + "/pw", "--token-file", token, "--dir", self.dir)
        return open(token).read().strip()

    def serve(self, *words, listen="127.0.0.1:0", env=None):
        out = open(self.f + "/serve.out", "wb")
        self.server = subprocess.Popen([SEKISHO, "serve", "--dir", self.dir, "--listen", listen, *map(str, words)], stdout=out, stderr=open(self.log, "ab"))
        wait(lambda: b"serving" in open(self.f + "/serve.out", "rb").read(), lambda: "the server does not start: " + open(self.log).read(), alive=self.server)
        found = re.search(r"https?://[a-z0-9.]+:(\d+)", open(self.f + "/serve.out").read())
        self.port = int(found.group(1)) if found else None
        return self

    def stop(self, code=0):
        if self.server is None: return
        self.server.send_signal(signal.SIGTERM)
        try: ended = self.server.wait(60)
        except subprocess.TimeoutExpired: self.server.kill(); raise Failed("the server does not end")
        self.server = None
        expect(ended == code, f"the server ended with {ended}: {self.said()[-2000:]}")
    def __enter__(self): return self
    def __exit__(self, kind, *_):
        if self.server is not None and kind is not None: self.server.kill(); self.server.wait(); self.server = None
        self.stop()
    def said(self): return open(self.log, errors="replace").read()

    def ask(self, method, path, body=None, token=None, headers=(), raw=None, timeout=90):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        h = dict(headers)
        if token: h["Authorization"] = "Bearer " + token
        if body is not None: raw = json.dumps(body).encode(); h.setdefault("Content-Type", "application/json")
        c.request(method, path, raw, h)
        r = c.getresponse(); text = r.read(); c.close()
        r.text = text
        try: r.json = json.loads(text)
        except ValueError: r.json = None
        return r
    def get(self, path, token=None, **more): return self.ask("GET", path, token=token, **more)
    def post(self, path, body, token=None, **more): return self.ask("POST", path, body, token, **more)
    def talk(self, data, seconds=10, wait_close=True):
        """Raw bytes; whatever comes back until it is closed, or quiet."""
        s = socket.create_connection(("127.0.0.1", self.port)); s.settimeout(seconds)
        try: s.sendall(data)
        except OSError: pass
        back = b""
        try:
            while True:
                piece = s.recv(65536)
                if not piece: break
                back += piece
                if not wait_close and b"\r\n\r\n" in back: break
        except OSError: pass
        s.close()
        return back

def wait(truth, words, seconds=60, alive=None):
    until = time.monotonic() + seconds
    while not truth():
        if time.monotonic() > until or (alive is not None and alive.poll() is not None): raise Failed(words if isinstance(words, str) else words())
        time.sleep(0.05)

class Stream:
    """An event stream, read by a thread of its own."""
    def __init__(self, c, token):
        self.s, self.got = socket.create_connection(("127.0.0.1", c.port)), []
        self.s.sendall(f"GET /api/v1/events HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n".encode())
        lines = self.s.makefile("rb"); expect(b"200" in lines.readline(), "a stream")
        def read():
            kind = None
            try:
                for line in lines:
                    if line.startswith(b"event: "): kind = line[7:].strip().decode()
                    if line.startswith(b"data: "): self.got.append((kind, json.loads(line[6:])))
            except (OSError, ValueError): pass
        threading.Thread(target=read, daemon=True).start()
    def hears(self, kind, id): wait(lambda: (kind, {"id": id}) in self.got, lambda: f"no {kind} {id} was told: {self.got}")
    def close(self): self.s.shutdown(socket.SHUT_RDWR); self.s.close()

def status_of(raw): return int(raw.split(b" ", 2)[1]) if raw.startswith(b"HTTP/1.") else None

# ---- sessions ----

def sessions():
    with Folder() as f, Centre(f, [("anna", "nco", "analyst"), ("bob", "nco", "reader")], profile="own-network") as c:
        c.password("anna"); uri = c.by("anna", "access", "factor", "totp", "anna").out.strip(); c.password("bob")
        secret = re.search(r"secret=([A-Z2-7]+)", uri).group(1)
        def code(ahead=0):
            step = int(time.time()) // 30 + ahead
            mac = __import__("hmac").new(base64.b32decode(secret + "=" * (-len(secret) % 8)), struct.pack(">Q", step), hashlib.sha1).digest()
            at = mac[-1] & 15
            return "%06d" % ((struct.unpack(">I", mac[at:at + 4])[0] & 0x7fffffff) % 10**6)
        c.serve()
        expect(c.get("/api/v1/session").status == 401, "nobody is signed in")
        wrong = [c.post("/api/v1/session", {"account": a, "password": p, **more}) for a, p, more in
                 (("anna", "wrong password here", {"code": "123456"}), ("nobody", PASSWORD, {"code": "123456"}), ("anna", PASSWORD, {}), ("bob", PASSWORD, {}), ("anna", PASSWORD, {"code": "000000"}))]
        expect({w.status for w in wrong} == {401} and len({w.text for w in wrong}) == 1, "what is wrong tells something: " + str([w.text for w in wrong]))   # bob has no codes: a password alone is none
        now = code()
        r = c.post("/api/v1/session", {"account": "anna", "password": PASSWORD, "code": now})
        expect(r.status == 200 and r.json["account"] == "anna" and "order.propose" in r.json["duties"] and "token" not in r.json, r.text)
        cookie = r.getheader("Set-Cookie")
        for part in ("sekisho=", "HttpOnly", "SameSite=Strict", "Path=/"): expect(part in cookie, cookie)
        expect(c.post("/api/v1/session", {"account": "anna", "password": PASSWORD, "code": now}).status == 401, "a code counts once")
        jar, csrf = {"Cookie": cookie.split(";")[0]}, r.json["csrf"]
        expect(c.get("/api/v1/session", headers=jar).json["csrf"] == csrf, "the cookie is a session")
        prepare = {"command": "order.approve", "id": "x"}
        for headers in ({}, {"X-Sekisho-CSRF": "0" * 32}, {"X-Sekisho-CSRF": csrf[:-1]}):
            r = c.post("/api/v1/acts/prepare", prepare, headers={**jar, **headers}); expect(r.status == 403 and "X-Sekisho-CSRF" in r.json["error"]["line"], r.text)
        r = c.post("/api/v1/acts/prepare", prepare, headers={**jar, "X-Sekisho-CSRF": csrf}); expect(r.status == 403 and r.json["error"]["line"].startswith("order.approve:"), r.text)
        r = c.post("/api/v1/acts/prepare", prepare, headers={**jar, "X-Sekisho-CSRF": csrf, "Origin": "https://elsewhere.example"}); expect(r.status == 403 and "origin" in r.json["error"]["line"], r.text)
        r = c.ask("POST", "/api/v1/acts/prepare", headers={**jar, "X-Sekisho-CSRF": csrf, "Content-Type": "text/plain"}, raw=b"{}"); expect(r.status == 415, r.text)
        for name, value in (("Content-Security-Policy", "default-src 'none'"), ("X-Content-Type-Options", "nosniff"), ("X-Frame-Options", "DENY"), ("Referrer-Policy", "no-referrer")):
            for path in ("/", "/api/v1/session", "/ledger/centre/checkpoint", "/none.js"): expect(value in (c.get(path).getheader(name) or ""), f"{path}: {name}")
        expect("unsafe" not in c.get("/").getheader("Content-Security-Policy") and "frame-ancestors 'none'" in c.get("/").getheader("Content-Security-Policy"), "the policy")
        etag = c.get("/api/v1/session", headers=jar)
        expect(etag.getheader("Cache-Control") == "no-store", "what is somebody's is kept nowhere")
        r = c.get("/api/v1/openapi.json"); again = c.get("/api/v1/openapi.json", headers={"If-None-Match": r.getheader("ETag")}); expect(again.status == 304 and again.text == b"", "entity tags")
        # an open session is not enough to change what it was begun with: refused before anything is signed, and no session ends by it. rule: ACCESS-14
        for args, ok in (({"password": "another long one"}, False), ({"password": "another long one", "old-password": "not the old one"}, False), ({"password": "short", "old-password": PASSWORD}, False), ({"password": "another long one", "old-password": PASSWORD}, True)):
            r = c.post("/api/v1/acts/prepare", {"command": "access.factor.password", "args": args}, headers={**jar, "X-Sekisho-CSRF": csrf})
            expect(r.status == (200 if ok else 403) and (ok or r.json["error"]["code"] == "SK_EFACTOR") and b"another" not in r.text, f"{args}: {r.status} {r.text}")
        r = c.post("/api/v1/acts/prepare", {"command": "access.factor.totp", "args": {}}, headers={**jar, "X-Sekisho-CSRF": csrf}); expect(r.status == 403, f"new codes for whoever has the session: {r.text}")
        r = c.post("/api/v1/access/factors/code", {"code": "000000"}, headers={**jar, "X-Sekisho-CSRF": csrf}); expect(r.status == 403 and c.get("/api/v1/session", headers=jar).status == 200, f"{r.status} {r.text}")
        expect({f["factor"] for f in c.get("/api/v1/access/factors/mine", headers=jar).json["items"]} == {"password", "totp"} and {f["account"] for f in c.get("/api/v1/access/factors/mine", headers=jar).json["items"]} == {"anna"}, "one's own factors")
        # ended here: over at once; ended elsewhere: over soon
        expect(c.ask("DELETE", "/api/v1/session", headers={**jar, "X-Sekisho-CSRF": csrf}).status == 200 and c.get("/api/v1/session", headers=jar).status == 401, "signed out")
        token = c.session("bob", "bob"); expect(c.get("/api/v1/session", token).json["account"] == "bob", "a session of the command line")
        c.by("admin", "access", "role", "grant", "bob", "reporter"); wait(lambda: "reporter" in c.get("/api/v1/session", token).json["roles"], "a role counts soon")
        c.by("admin", "access", "account", "close", "bob", "--why", "gone"); wait(lambda: c.get("/api/v1/session", token).status == 401, "the session of a closed account goes on")
        expect("battery" not in c.said() and token not in c.said() and now not in c.said(), "a secret in the log")
        # nobody learns which accounts there are
        a, b = c.post("/api/v1/session", {"account": "anna"}), c.post("/api/v1/session", {"account": "nobody"})
        expect(a.status == b.status == 200 and a.json.keys() == b.json.keys() and len(a.json["challenge"]) == len(b.json["challenge"]), f"{a.text} {b.text}")
        for _ in range(40): r = c.post("/api/v1/session", {"account": "anna", "password": "again and again", "code": "1"})
        expect(r.status == 429 and r.getheader("Retry-After"), f"no limit on signing in: {r.status}")

def follows():
    """The server reads what the ledger grew by, and does not take an earlier ledger for the same one afterwards."""
    with Folder() as f, Centre(f, [("anna", "nco", "analyst"), ("bob", "nco", "reader")]) as c:
        ledger, old, new = c.dir + "/centre/ledger", f + "/old", f + "/new"
        token = c.session("bob", "bob"); c.serve(); roles = lambda: c.get("/api/v1/session", token).json["roles"]
        shutil.copytree(ledger, old)
        for role in ("reporter", "analyst"): c.by("admin", "access", "role", "grant", "bob", role); wait(lambda: role in roles(), lambda: f"{role} came in, and is not known: {roles()}")
        shutil.copytree(ledger, new); shutil.rmtree(ledger); shutil.copytree(old, ledger)
        wait(lambda: "rewritten or put back" in c.said(), lambda: "a ledger that was put back is taken: " + c.said()[-500:])
        expect({"reporter", "analyst"} <= set(roles()), f"rights went back with it: {roles()}")
        shutil.rmtree(ledger); shutil.copytree(new, ledger)
        c.by("admin", "access", "role", "revoke", "bob", "reporter"); wait(lambda: "reporter" not in roles(), "it does not go on with the right one")

# ---- the matrix ----

def rows_of(c):
    api = c.get("/api/v1/openapi.json").json
    expect(api["openapi"].startswith("3.1") and len(api["paths"]) > 20 and len(api["x-acts"]) > 40, "the description")
    rows = [(method.upper(), path, op) for path, item in api["paths"].items() for method, op in item.items()]
    ids = [op["operationId"] for _, _, op in rows]; expect(len(ids) == len(set(ids)), "an id twice")
    return api, rows

def matrix():
    """Each role and kind of organisation at each row: refused exactly when the register says so."""
    kinds = () if SABOTAGE else KINDS
    people = [("r-" + r, "nco", r) for r in ROLES if not SABOTAGE or r == "reader"] + [("k-" + k, "o-" + k, "analyst" if k not in ("nss",) else None) for k in kinds]
    with Folder() as f, Centre(f, people, kinds) as c:
        tokens = {name: c.session(name, name) for name, _, _ in people}
        tokens["admin"] = c.session("admin", "admin"); tokens["oversight.chair"] = c.session("oversight.chair", "chair"); tokens["oversight.member-1"] = c.session("oversight.member-1", "m1")
        c.serve("--rate", "0")
        api, rows = rows_of(c)
        duties = sorted({op["x-duty"] for _, _, op in rows} | {a["x-duty"] for a in api["x-acts"]} - {"", "session"})
        may = {}
        for name in tokens:
            words = json.loads(sekisho("access", "may", name, "--dir", c.dir, "--json").out)
            for duty in duties: may[name, duty] = duty in words
        if SABOTAGE: c.by("admin", "access", "role", "grant", "r-reader", "operator"); wait(lambda: "operator" in c.get("/api/v1/session", tokens["r-reader"]).json["roles"], "the role")
        asked = refused = 0
        for name, token in tokens.items():
            # Organisations: one row a duty. Roles: every row.
            once, fresh = set(), lambda duty: not name.startswith("k-") or (duty not in once and not once.add(duty))
            for method, path, op in rows:
                duty, path = op["x-duty"], re.sub(r"\{\w+\}", "ab", path)
                if op["operationId"] in ("session.end", "events") or duty == "" or not fresh(duty): continue
                r = c.ask(method, path + "?no-such-parameter=1", token=token, headers=PURPOSE)   # rights are judged before parameters, and nothing is carried out
                line = r.json["error"]["line"]; asked += 1
                if duty == "session" or may[name, duty]: expect(r.status == 400 and "no such parameter" in line, f"{name} may {duty}, and {op['operationId']} says {r.status} {line}")
                else: refused += 1; expect(r.status == 403 and r.json["error"]["code"] == "SK_EPERMIT" and line.startswith(duty + ":"), f"{name} may not {duty}, and {op['operationId']} says {r.status} {line}")
            for act in api["x-acts"]:
                duty = act["x-duty"]
                if not fresh(duty): continue
                r = c.post("/api/v1/acts/prepare", {"command": act["command"], "args": {"no-such-parameter": "1"}}, token); line = r.json["error"]["line"]; asked += 1
                if duty == "session" or may[name, duty]: expect(r.status == 400 and "no such parameter" in line, f"{name} may {duty}, and {act['command']} says {r.status} {line}")
                else: refused += 1; expect(r.status == 403 and line.startswith(duty + ":"), f"{name} may not {duty}, and {act['command']} says {r.status} {line}")
        for method, path, op in rows:   # nobody signed in, and a token that is none
            path = re.sub(r"\{\w+\}", "ab", path)
            if op["x-duty"] != "": expect(c.ask(method, path).status == 401 and c.ask(method, path, token="A" * 43).status == 401, op["operationId"])
            if op["x-purpose"]:
                r = c.get(path, tokens["oversight.chair"]); expect(r.status == 403 and r.json["error"]["code"] == "SK_EPURPOSE", f"{path} without a purpose: {r.status}")
                r = c.get(path, tokens["oversight.chair"], headers={"X-Sekisho-Purpose": "curiosity"}); expect(r.status == 403 and r.json["error"]["code"] == "SK_EPURPOSE", f"{path} for curiosity: {r.status}")
        expect(asked > 900 and refused > 300, f"{asked} asked, {refused} refused: the matrix is empty")
        print(f"     {asked} cells, {refused} refused")

def schema_fuzz():
    """Values by the description, right ones and wrong ones: nothing but an answer or a refusal."""
    rnd = random.Random(7)
    right = {"string": lambda s: s.get("enum", [None])[0] or ("2026-11-30" if "RFC 3339" in s.get("description", "") else "24h" if "|h|" in s.get("pattern", "") else "ab" if "0-9a-f" in s.get("pattern", "") else "x-1"),
             "integer": lambda s: rnd.choice([0, 1, 2**53 - 1]), "boolean": lambda s: rnd.choice([True, False]), "object": lambda s: {"a": [1, {"b": None}]}, "array": lambda s: [value(s["items"])]}
    def value(s): return right[s.get("type", "string")](s)
    wrong = ["", "-x", "../../etc/passwd", "a\x00b", "\x7f\x01", "x" * 600, "‮", "' or 1=1 --", "$(id)", "%00", -1, 2**53, 1.5, None, [], {}, [[]], {"a": 1}, True, "\ud800"]
    with Folder() as f, Centre(f, [("anna", "nco", "analyst")]) as c:
        token = c.session("anna", "anna"); c.serve("--rate", "0")
        chair = c.session("oversight.chair", "chair")
        api, rows = rows_of(c); seen = {}
        def judge(r, what):
            seen[r.status] = seen.get(r.status, 0) + 1
            expect(r.status < 500 or r.status == 503, f"{what}: {r.status} {r.text[:300]}")
            if r.status >= 400: expect(set(r.json["error"]) == {"code", "exit", "line"} and r.json["error"]["code"].startswith("SK_E"), f"{what}: {r.text}")
        for method, path, op in rows:
            if op["operationId"] in ("events", "session.begin", "session.webauthn", "session.end", "act.submit") or "octet" in json.dumps(op.get("requestBody", "")): continue
            for turn in range(6):
                q, p = [], path
                for param in op["parameters"]:
                    v = value(param["schema"]) if turn == 0 or rnd.random() < 0.5 else rnd.choice(wrong)
                    text = json.dumps(v) if not isinstance(v, str) else v
                    text = "".join("%%%02X" % b for b in text.encode("utf-8", "surrogatepass"))
                    if param["in"] == "path": p = p.replace("{%s}" % param["name"], "x-1" if turn == 0 else text or "x")
                    elif turn or rnd.random() < 0.5: q.append(param["name"] + "=" + text)
                body = None
                if "requestBody" in op:
                    schema = op["requestBody"]["content"]["application/json"]["schema"]
                    body = {k: value(s) if turn == 0 or rnd.random() < 0.5 else rnd.choice(wrong) for k, s in schema["properties"].items() if turn == 0 or k in schema["required"] or rnd.random() < 0.5}
                judge(c.ask(method, p + ("?" + "&".join(q) if q else ""), body, token, headers=PURPOSE), f"{method} {p} {q} {body}")
        for act in rnd.sample(api["x-acts"], 30):
            schema = act["args"]
            for who in (token, chair):
                args = {k: value(s) if rnd.random() < 0.7 else rnd.choice(wrong) for k, s in schema["properties"].items() if k in schema["required"] or rnd.random() < 0.3}
                judge(c.post("/api/v1/acts/prepare", {"command": act["command"], "args": args}, who), f"{act['command']} {args}")
        expect(seen.get(200, 0) > 10 and seen.get(400, 0) > 50, f"it did not get far: {seen}")
        expect(c.get("/api/v1/status", token).status == 200, "the server is gone")
        print(f"     {sum(seen.values())} requests: {seen}")

# ---- acts ----

class SecurityKey:
    """A security key in software: ES256 by openssl, for one relying party."""
    def __init__(self, folder, party, origin):
        self.pem, self.party, self.origin, self.count, self.id = folder + "/security.pem", party, origin, 0, os.urandom(20)
        run("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", self.pem)
        point = subprocess.run(["openssl", "ec", "-in", self.pem, "-pubout", "-outform", "DER"], capture_output=True).stdout[-64:]
        self.x, self.y = point[:32], point[32:]
    def b64(self, b): return base64.urlsafe_b64encode(b).rstrip(b"=").decode()
    def client(self, kind, challenge): return ('{"type":"webauthn.%s","challenge":"%s","origin":"%s","crossOrigin":false}' % (kind, challenge, self.origin)).encode()
    def head(self, flags): self.count += 1; return hashlib.sha256(self.party.encode()).digest() + bytes([flags]) + struct.pack(">I", self.count)
    def create(self, challenge):
        cose = b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20" + self.x + b"\x22\x58\x20" + self.y
        data = self.head(0x45) + bytes(16) + struct.pack(">H", len(self.id)) + self.id + cose
        attestation = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x59" + struct.pack(">H", len(data)) + data
        return {"id": self.b64(self.id), "rawId": self.b64(self.id), "type": "public-key", "response": {"clientDataJSON": self.b64(self.client("create", challenge)), "attestationObject": self.b64(attestation)}}
    def get(self, challenge):
        client, data = self.client("get", challenge), self.head(0x05)
        signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", self.pem], input=data + hashlib.sha256(client).digest(), capture_output=True).stdout
        return {"id": self.b64(self.id), "rawId": self.b64(self.id), "type": "public-key", "response": {"clientDataJSON": self.b64(client), "authenticatorData": self.b64(data), "signature": self.b64(signature)}}

DRAFT = ["--measure", "rpz", "--action", "nxdomain", "--target", "bad.example", "--against", "beaconing", "--protect", "waterworks", "--org", "o-carrier", "--plan", "by telephone", "--narrower", "one resolver alone",
         "--not-enough", "two networks are hit", "--for", "24h", "--at-home", "our own resolvers"]

def acts():
    """An order from a proposal to its approval over the API: by the client with key files, and by a page's security key."""
    people = [("ayu", "nco", "analyst"), ("ben", "o-npa", "analyst"), ("fumi", "o-mod", "legal"), ("dan", "o-npa", "approver"), ("mia", "o-carrier", "approver"), ("op", "o-carrier", "operator")]
    with Folder() as f, Centre(f, people, ("npa", "mod", "carrier")) as c:
        for name, _, _ in people: c.password(name)
        c.serve()
        origin = f"http://localhost:{c.port}"; key = SecurityKey(f, "localhost", origin)
        env = lambda who: {"HOME": f"{f}/home-{who}", "XDG_CONFIG_HOME": ""}
        def remote(who, *words, code=0): os.makedirs(f"{f}/home-{who}", exist_ok=True); return sekisho("--server", f"http://127.0.0.1:{c.port}", *words, code=code, env=env(who))
        for who, _, _ in people: remote(who, "login", who, "--password-file", f + "/pw")
        expect(os.stat(f"{f}/home-ayu/.config/sekisho/" + os.listdir(f"{f}/home-ayu/.config/sekisho")[0]).st_mode & 0o777 == 0o600, "the token's file")
        open(f + "/proof.txt", "w").write("what was seen\n")
        act = lambda who, *words, code=0: remote(who, *words, "--key", c.key(who), "--json", code=code)
        stream = Stream(c, c.session("mia", "mia"))
        done = json.loads(act("ayu", "order", "draft", "o1", *DRAFT, "--evidence-file", f + "/proof.txt").out); expect(done["state"] == "draft", str(done))
        act("ayu", "order", "evidence", "o1", "--why", "x", code=29)                       # who proposed does not look at his own evidence
        act("ben", "order", "evidence", "o1", "--why", "two findings"); act("fumi", "order", "legal", "o1", "--why", "art 38(4)"); act("ayu", "order", "submit", "o1")
        # a security key becomes a key that signs acts: registered by its holder, added by the administrator with him
        challenge = sekisho("access", "factor", "challenge", "dan", "--dir", c.dir).out.strip()
        open(f + "/create.json", "w").write(json.dumps(key.create(challenge)))
        c.by("dan", "access", "factor", "register", "dan", "--response", f + "/create.json", "--rp-id", "localhost", "--origin", origin)
        vkey = sekisho("access", "factor", "keys", "dan", "--rp-id", "localhost", "--dir", c.dir).out.strip(); expect("webauthn" in vkey, vkey)
        token = c.session("dan", "dan")
        prepared = c.post("/api/v1/acts/prepare", {"command": "order.approve", "id": "o1"}, token).json
        expect(prepared["digest"] == hashlib.sha256(prepared["statement"].encode()).hexdigest() and prepared["credentials"] == [key.b64(key.id)] and "承認" in prepared["words"]["ja"], str(prepared))
        submit = lambda response, **more: c.post("/api/v1/acts/submit", {"command": "order.approve", "id": "o1", "statement": prepared["statement"], "signature": {"kind": "webauthn", "response": response}, **more}, token)
        r = submit(key.get(prepared["challenge"])); expect(r.status == 422 and r.json["error"]["code"] == "SK_ESIGNATURE", f"a key that is nobody's: {r.text}")
        c.by("admin", "access", "key", "add", "dan", vkey, "--cosign", c.key("dan"))
        # The order was laid before its quorum with the keys of that day: another text is laid before it anew, with this key.
        act("ayu", "order", "edit", "o1", *DRAFT, "--evidence-file", f + "/proof.txt"); act("ben", "order", "evidence", "o1", "--why", "x"); act("fumi", "order", "legal", "o1", "--why", "x"); act("ayu", "order", "submit", "o1")
        wait(lambda: c.get("/api/v1/session", token).status == 200, "the session")
        prepared = c.post("/api/v1/acts/prepare", {"command": "order.approve", "id": "o1"}, token).json
        bad = key.get(prepared["challenge"]); bad["response"]["signature"] = key.get("A" * 43)["response"]["signature"]
        for response in (bad, key.get(key.b64(hashlib.sha256(b"something else").digest())), {**bad, "response": {**bad["response"], "clientDataJSON": "!"}}):
            r = submit(response); expect(r.status in (400, 422), f"a wrong assertion: {r.status} {r.text}")
        os.mkdir(f + "/other"); other = SecurityKey(f + "/other", "localhost", origin); r = submit(other.get(prepared["challenge"])); expect(r.status == 422, f"another key: {r.text}")
        changed = prepared["statement"].replace('"approve"', '"reject"'); expect(changed != prepared["statement"], "the statement has another form")
        r = submit(key.get(prepared["challenge"]), statement=changed); expect(r.status == 422, f"another statement: {r.text}")
        wait(lambda: submit(key.get(prepared["challenge"])).status == 200, lambda: "the security key's approval: " + submit(key.get(prepared["challenge"])).text.decode(), seconds=10)
        r = submit(key.get(prepared["challenge"])); expect(r.status in (400, 409), f"twice: {r.status} {r.text}")
        done = json.loads(act("fumi", "order", "approve", "o1").out); expect(done["state"] == "approved", str(done))
        shown = c.get("/api/v1/orders/o1", token).json; expect(shown["state"] == "approved" and len(shown["voices"]) == 2, str(shown)[:500])
        listed = c.get("/api/v1/orders?all=true", token).json; expect([o["id"] for o in listed["items"]] == ["o1"] and listed["total"] == 1 and listed["next"] is None, str(listed))
        stream.hears("order", "o1"); expect(("measure", {"id": "o1"}) not in stream.got, f"nothing is set yet: {stream.got}")
        sekisho("order", "stage", "o1", "--dir", c.dir, "--key", c.key("op")); stream.hears("measure", "o1"); stream.close()   # from a terminal
        expect(os.path.exists(c.dir + "/centre/out/warrants/o1.warrant"), "no warrant")
        # sign-in with the same key
        asked = c.post("/api/v1/session", {"account": "dan"}).json; expect(asked["credentials"] == [key.b64(key.id)], str(asked))
        r = c.post("/api/v1/session/webauthn", {"account": "dan", "response": key.get(asked["challenge"])}); expect(r.status == 200 and r.json["account"] == "dan", r.text)
        r = c.post("/api/v1/session/webauthn", {"account": "dan", "response": key.get(asked["challenge"])}); expect(r.status == 401, "a challenge counts once")
        # ssh, and a list in pages
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f + "/ssh"); c.by("admin", "access", "key", "add", "mia", f + "/ssh.pub", "--cosign", c.key("mia"))
        mia = c.session("mia", "mia")
        wait(lambda: c.get("/api/v1/session", mia).status == 200, "mia")
        asked = c.post("/api/v1/acts/prepare", {"command": "order.end", "id": "o1", "args": {"why": "the server is gone"}}, mia).json
        open(f + "/st", "w").write(asked["statement"]); run("ssh-keygen", "-Y", "sign", "-n", "sekisho-act", "-f", f + "/ssh", f + "/st")
        wait(lambda: c.post("/api/v1/acts/submit", {"command": "order.end", "id": "o1", "args": {"why": "the server is gone"}, "statement": asked["statement"], "signature": {"kind": "ssh", "text": open(f + "/st.sig").read()}}, mia).status in (200, 409, 400), "ssh")
        ended = c.get("/api/v1/orders/o1", token); expect(ended.json["state"] == "ended_early", ended.text)
        first = c.get("/api/v1/access/accounts?limit=4", token).json; rest = c.get("/api/v1/access/accounts?limit=200&cursor=" + first["next"], token).json
        expect(len(first["items"]) == 4 and first["total"] == 4 + len(rest["items"]) and rest["next"] is None and first["items"][0]["id"] != rest["items"][0]["id"], "pages")
        remote("ayu", "logout"); remote("ayu", "order", "list", code=37); remote("ben", "no", "such", code=2); remote("ben", "order", "show", "none", code=4)
        verify_both(c.dir + "/centre/ledger")

# ---- clients that mean harm ----

def hostile():
    with Folder() as f:
        os.makedirs(f + "/console/assets"); open(f + "/console/index.html", "w").write("<!doctype html><title>t</title>"); open(f + "/console/assets/app-ABCDEFG2.js", "w").write("1;")
        open(f + "/console/.hidden", "w").write("x"); os.symlink("/etc/passwd", f + "/console/passwd.txt"); os.symlink("/etc", f + "/console/etc"); open(f + "/secret.txt", "w").write("SECRET")
        with Centre(f, [("anna", "nco", "analyst")]) as c:
            token = c.session("anna", "anna"); c.serve("--console", f + "/console", "--patience", "2", "--rate", "0")
            # path tricks: nothing above the folder, nothing hidden, no links
            expect(c.get("/").text.startswith(b"<!doctype") and c.get("/cases/x").status == 200 and "immutable" in c.get("/assets/app-ABCDEFG2.js").getheader("Cache-Control"), "the page")
            for path in ("/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/assets/../../secret.txt", "//secret.txt", "/./index.html", "/.hidden", "/passwd.txt", "/etc/passwd.txt", "/assets/..", "/assets//app-ABCDEFG2.js", "/index.html%00.js",
                         "/..\\secret.txt", "/assets", "/assets/", "/ledger/centre/../../keys/centre.key", "/ledger/../centre/keys/centre.key", "/ledger/centre/%2e%2e/keys/centre.key", "/ledger/centre/.lock", "/ledger/centre", "/ledger//checkpoint", "/ledger/none/checkpoint",
                         "/api/v1/orders/..%2f..%2fetc", "/api/v1/orders/%2e%2e", "/api/v1//orders", "/api/v1/orders/", "/api/v1/orders/-x"):
                back = c.talk(f"GET {path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n".encode())
                shown = back.split(b"\r\n\r\n", 1)[-1]
                expect(status_of(back) in (200, 400, 404) and b"SECRET" not in back and b"root:" not in back and b"PRIVATE" not in back and (status_of(back) != 200 or shown.startswith(b"<!doctype")), f"{path}: {back[:200]}")
            expect(c.get("/ledger/centre/checkpoint").text.startswith(b"sekisho"), "the ledger")
            # malformed and oversized: refused in one way or another, never by falling over
            ok = f"Host: a\r\nAuthorization: Bearer {token}\r\n"
            post = f"POST /api/v1/acts/prepare HTTP/1.1\r\n{ok}Content-Type: application/json\r\n"
            cases = {
                "garbage": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + os.urandom(200), "nothing": b"\r\n\r\n\r\n\r\n", "no version": b"GET /\r\n\r\n", "old": b"GET / HTTP/0.9\r\n\r\n", "http2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
                "method": b"BREW /api/v1/orders HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "absolute": b"GET http://elsewhere.example/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "star": b"OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
                "no host": b"GET /api/v1/orders HTTP/1.1\r\nConnection: close\r\n\r\n", "two hosts": b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n", "long target": b"GET /" + b"a" * 60000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
                "long header": b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"b" * 60000 + b"\r\n\r\n", "many headers": b"GET / HTTP/1.1\r\nHost: a\r\n" + b"".join(b"X-%d: y\r\n" % i for i in range(5000)) + b"\r\n",
                "both lengths": (post + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n").encode(), "two lengths": (post + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}").encode(), "minus": (post + "Content-Length: -1\r\n\r\n").encode(),
                "huge length": (post + "Content-Length: 99999999999999999999\r\n\r\n").encode(), "plus": (post + "Content-Length: +2\r\n\r\n{}").encode(), "te twice": (post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n").encode(),
                "te odd": (post + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n").encode(), "bad chunk": (post + "Transfer-Encoding: chunked\r\n\r\nZZ\r\n{}\r\n0\r\n\r\n").encode(), "space in name": b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length : 3\r\nConnection: close\r\n\r\n",
                "nul": b"GET /\x00x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "crlf in query": (f"GET /api/v1/orders?state=a%0d%0aX-Evil:1 HTTP/1.1\r\n{ok}Connection: close\r\n\r\n").encode(), "bad percent": (f"GET /api/v1/orders?state=%zz HTTP/1.1\r\n{ok}Connection: close\r\n\r\n").encode(),
                "big body": (post + f"Content-Length: {2 << 20}\r\n\r\n").encode() + b"x" * 1000, "no json": (post + "Content-Length: 5\r\nConnection: close\r\n\r\n{\"a\":").encode(), "deep json": (post + "Content-Length: 60000\r\nConnection: close\r\n\r\n").encode() + b"[" * 60000,
                "body of a get": (f"GET /api/v1/orders HTTP/1.1\r\n{ok}Content-Length: 2\r\nConnection: close\r\n\r\n{{}}").encode()}
            for name, data in cases.items():
                back = c.talk(data, seconds=20)
                expect(status_of(back) in (None, 200, 400, 404, 405, 411, 413, 414, 415, 417, 431, 501, 505) and (status_of(back) != 200 or name in ("absolute", "no version", "old", "many headers", "space in name", "nothing", "nul")), f"{name}: {back[:200]}")
                expect(b"X-Evil:" not in back.split(b"\r\n\r\n")[0], name)
                expect(c.server.poll() is None, f"{name}: the server fell over: {c.said()[-500:]}")
            for name in ("both lengths", "two lengths", "big body", "crlf in query"): expect(status_of(c.talk(cases[name], seconds=20)) in (400, 413), name)
            chunks = (post + "Transfer-Encoding: chunked\r\n\r\n").encode() + (b"10000\r\n" + b"y" * 65536 + b"\r\n") * 40 + b"0\r\n\r\n"
            back = c.talk(chunks, seconds=20); expect(status_of(back) in (413, None), f"a body without end: {back[:100]}")
            expect(c.get("/api/v1/status", token).status == 200, "the server is gone")
            # slow and half-open ones: nobody else waits, and they are cut off
            socks = []
            for i in range(120):
                s = socket.create_connection(("127.0.0.1", c.port)); socks.append(s)
                if i % 3 == 0: s.sendall(b"GET /api/v1/orders HTTP/1.1\r\nHost: a\r\nX-Slow: ")
                elif i % 3 == 1: s.sendall((post + "Content-Length: 100\r\n\r\n{").encode())
            closed, began, worst = set(), time.monotonic(), 0.0
            while len(closed) < len(socks) and time.monotonic() - began < 60:
                for i, s in enumerate(socks):
                    if i in closed: continue
                    try:
                        if i % 3 == 0: s.sendall(b"a")           # a byte now and then
                        s.setblocking(False)
                        if s.recv(4096) == b"": closed.add(i)
                    except BlockingIOError: pass
                    except OSError: closed.add(i)
                    finally:
                        try: s.setblocking(True)
                        except OSError: pass
                at = time.monotonic(); expect(c.get("/api/v1/ledgers").status == 200, "nobody is served"); worst = max(worst, time.monotonic() - at); time.sleep(0.2)
            for s in socks: s.close()
            expect(len(closed) == len(socks), f"{len(socks) - len(closed)} slow clients are still there")
            expect(worst < 5, f"a request waited {worst:.1f} s for slow clients")
            said = c.said()
            expect(token not in said and PASSWORD not in said and "\x00" not in said and all(line.startswith("2") for line in said.splitlines() if line), "the log: " + said[-1000:])
            expect(said.count("\n") < 400 and "GET /passwd.txt" in said, "one line each")

def limits():
    with Folder() as f, Centre(f, [("anna", "nco", "analyst")]) as c:
        token = c.session("anna", "anna"); c.serve("--rate", "2", "--connections", "40")
        got = [c.get("/api/v1/ledgers").status for _ in range(60)]; expect(got[:30] == [200] * 30 and 429 in got, f"no limit: {got}")
        wait(lambda: c.get("/api/v1/ledgers").status == 200, "the limit never ends")
        # streams: bounded, and gone with their session
        c.stop(); c.serve("--rate", "0", "--connections", "40")
        streams = []
        for i in range(20):
            s = socket.create_connection(("127.0.0.1", c.port)); s.settimeout(30); s.sendall(f"GET /api/v1/events HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n".encode())
            streams.append((s, s.makefile("rb"))); expect(b"200" in streams[-1][1].readline(), "a stream")
        c.by("admin", "access", "role", "grant", "anna", "reader")
        for s, lines in streams:
            while True:
                line = lines.readline(); expect(line, "the stream ended")
                if line.startswith(b"event: act"): break
        expect(c.ask("DELETE", "/api/v1/session", token=token).status == 200, "signed out")
        for s, lines in streams: expect(lines.read().endswith(b"0\r\n\r\n"), "a stream outlives its session"); s.close()
        # a stop finishes what runs, and ends streams
        token = c.session("anna", "anna"); s = socket.create_connection(("127.0.0.1", c.port)); s.settimeout(30); s.sendall(f"GET /api/v1/events HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\n\r\n".encode()); s.recv(1000)
        answers = []
        workers = [threading.Thread(target=lambda: answers.append(c.get("/api/v1/check", token).status)) for _ in range(6)]
        for w in workers: w.start()
        wait(lambda: len(answers) >= 1, "no answer"); c.stop()
        for w in workers: w.join()
        expect(set(answers) <= {200} and len(answers) >= 1, f"cut off: {answers}"); s.close()

# ---- TLS and nginx ----

def certificate(f, name):
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", f + "/tls.key", "-out", f + "/tls.pem", "-days", "2", "-subj", "/CN=" + name, "-addext", "subjectAltName=DNS:" + name)
    os.chmod(f + "/tls.key", 0o600)

def tls():
    with Folder() as f, Centre(f, [("anna", "nco", "analyst")]) as c:
        certificate(f, "localhost"); c.password("anna")
        done = sekisho("serve", "--dir", c.dir, "--listen", "0.0.0.0:0", code=2); expect("TLS" in done.err, done.err)
        os.chmod(f + "/tls.key", 0o644); done = sekisho("serve", "--dir", c.dir, "--listen", "127.0.0.1:0", "--tls-cert", f + "/tls.pem", "--tls-key", f + "/tls.key", code=7); os.chmod(f + "/tls.key", 0o600)
        c.serve("--tls-cert", f + "/tls.pem", "--tls-key", f + "/tls.key")
        context = ssl.create_default_context(cafile=f + "/tls.pem")
        h = http.client.HTTPSConnection("localhost", c.port, context=context, timeout=30)
        h.request("POST", "/api/v1/session", json.dumps({"account": "anna", "password": PASSWORD}), {"Content-Type": "application/json"}); r = h.getresponse(); body = json.loads(r.read())
        expect(r.status == 200 and r.getheader("Set-Cookie").startswith("__Host-sekisho=") and "Secure" in r.getheader("Set-Cookie") and r.getheader("Strict-Transport-Security"), str(r.getheaders()))
        expect(h.sock.version() in ("TLSv1.3", "TLSv1.2"), h.sock.version())
        import warnings; warnings.simplefilter("ignore", DeprecationWarning)
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT); old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
        try: old.minimum_version = ssl.TLSVersion.TLSv1; old.maximum_version = ssl.TLSVersion.TLSv1_1; old.set_ciphers("ALL:@SECLEVEL=0")
        except ValueError: pass
        try:
            with old.wrap_socket(socket.create_connection(("127.0.0.1", c.port)), server_hostname="localhost") as s: raise Failed("TLS 1.1 is spoken: " + s.version())
        except (ssl.SSLError, OSError): pass
        s = socket.create_connection(("127.0.0.1", c.port)); s.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"); s.settimeout(20)
        try: expect(b"200" not in s.recv(1000), "plain HTTP at the door of TLS")
        except OSError: pass
        s.close()
        os.makedirs(f + "/home"); env = {"HOME": f + "/home", "XDG_CONFIG_HOME": ""}
        url = f"https://localhost:{c.port}"
        sekisho("--server", url, "login", "anna", "--password-file", f + "/pw", code=7, env=env)       # not trusted
        sekisho("--server", url, "--cacert", f + "/tls.pem", "login", "anna", "--password-file", f + "/pw", env=env)
        expect(json.loads(sekisho("--server", url, "--cacert", f + "/tls.pem", "session", "show", "--json", env=env).out)["account"] == "anna", "the client over TLS")
        done = sekisho("--server", "https://centre.example", "status", code=2, env=env); expect("--at" in done.err, done.err)

def nginx():
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin:/sbin")
    if program is None: print("note: nginx is not installed here"); return
    with Folder() as f, Centre(f, [("anna", "nco", "analyst")]) as c:
        certificate(f, "centre.example")
        c.serve("--behind-proxy", "--name", "centre.example", "--rate", "0", listen=f"unix:{f}/web.sock"); os.chmod(f + "/web.sock", 0o666); os.chmod(f, 0o755)
        port = free_port(); text = open(ROOT + "/packaging/nginx/sekisho.conf").read()
        for old, new in (("/run/sekisho-centre/web.sock", f + "/web.sock"), ("listen 443 ssl http2;", f"listen 127.0.0.1:{port} ssl http2;"), ("/etc/ssl/certs/centre.example.pem", f + "/tls.pem"), ("/etc/ssl/private/centre.example.key", f + "/tls.key")):
            expect(old in text, f"packaging/nginx/sekisho.conf has no {old}"); text = text.replace(old, new)
        os.makedirs(f + "/n", exist_ok=True)
        open(f + "/nginx.conf", "w").write(f"daemon off; pid {f}/n/pid; error_log {f}/n/error.log; events {{}} http {{ access_log off; client_body_temp_path {f}/n/b; proxy_temp_path {f}/n/p; fastcgi_temp_path {f}/n/f; uwsgi_temp_path {f}/n/u; scgi_temp_path {f}/n/s;\n{text}\n}}\n" + ("user root;\n" if os.geteuid() == 0 else ""))
        front = subprocess.Popen([program, "-e", f + "/n/error.log", "-c", f + "/nginx.conf"], stderr=subprocess.PIPE)
        try:
            wait(lambda: can_connect(port), lambda: "nginx does not start", alive=front)
            context = ssl.create_default_context(cafile=f + "/tls.pem")
            def through(data, seconds=15):
                s = context.wrap_socket(socket.create_connection(("127.0.0.1", port)), server_hostname="centre.example"); s.settimeout(seconds); back = b""
                try:
                    s.sendall(data)
                    while True:
                        piece = s.recv(65536)
                        if not piece: break
                        back += piece
                except OSError: pass
                s.close(); return back
            token = c.session("anna", "anna")
            back = through(f"GET /api/v1/session HTTP/1.1\r\nHost: centre.example\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n".encode()); expect(status_of(back) == 200 and b'"account":"anna"' in back and b"Strict-Transport" in back, back[:300])
            back = through(b"GET /api/v1/orders HTTP/1.1\r\nHost: centre.example\r\nX-Real-IP: 203.0.113.9\r\nConnection: close\r\n\r\n"); expect(status_of(back) == 401, back[:200])
            wait(lambda: "/api/v1/orders from 127.0.0.1" in c.said(), lambda: "who asks through nginx: " + c.said()); expect("203.0.113.9" not in c.said(), "somebody says who he is, and is believed")
            # smuggling: one request in front is never two behind
            hidden = b"GET /smuggled HTTP/1.1\r\nHost: centre.example\r\n\r\n"
            auth = f"Authorization: Bearer {token}\r\nContent-Type: application/json\r\n".encode()
            head = b"POST /api/v1/acts/prepare HTTP/1.1\r\nHost: centre.example\r\n" + auth
            tricks = {
                "cl.te": head + b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" % (5 + len(hidden)) + hidden,
                "te.cl": head + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n%x\r\n" % len(hidden) + hidden + b"\r\n0\r\n\r\n",
                "te space": head + b"Transfer-Encoding : chunked\r\nContent-Length: %d\r\n\r\n0\r\n\r\n" % (5 + len(hidden)) + hidden, "te tab": head + b"Transfer-Encoding:\tchunked\r\nContent-Length: %d\r\n\r\n0\r\n\r\n" % (5 + len(hidden)) + hidden,
                "te odd": head + b"Transfer-Encoding: xchunked\r\nContent-Length: %d\r\n\r\n0\r\n\r\n" % (5 + len(hidden)) + hidden, "te fold": head + b"X: y\r\n Transfer-Encoding: chunked\r\nContent-Length: %d\r\n\r\n0\r\n\r\n" % (5 + len(hidden)) + hidden,
                "two cl": head + b"Content-Length: 2\r\nContent-Length: %d\r\n\r\n{}" % (2 + len(hidden)) + hidden, "cl list": head + b"Content-Length: 2, %d\r\n\r\n{}" % (2 + len(hidden)) + hidden,
                "chunk extension": head + b"Transfer-Encoding: chunked\r\n\r\n2;a=\"\r\n\"\r\n{}\r\n0\r\n\r\n", "get with a body": b"GET /api/v1/session HTTP/1.1\r\nHost: centre.example\r\n" + auth + b"Content-Length: %d\r\n\r\n" % len(hidden) + hidden,
                "bare lf": head.replace(b"\r\n", b"\n") + b"Content-Length: 2\n\n{}", "upgrade": b"GET /api/v1/session HTTP/1.1\r\nHost: centre.example\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n" + hidden[:0]}
            for name, data in tricks.items():
                through(data, seconds=1.5)   # what comes later than that shows in the log and in the next answer
                expect("/smuggled" not in c.said() or name in ("cl.te", "two cl") and c.said().count("/smuggled") <= c.said().count("GET /smuggled from 127.0.0.1"), f"{name}: a request came out of another's body")
                back = through(f"GET /api/v1/session HTTP/1.1\r\nHost: centre.example\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n".encode()); expect(status_of(back) == 200 and back.count(b"HTTP/1.1 ") == 1, f"{name}: the next one got another's answer: {back[:200]}")
            expect("/smuggled" not in c.said(), "a request came out of another's body: " + c.said()[-600:])
            stream = context.wrap_socket(socket.create_connection(("127.0.0.1", port)), server_hostname="centre.example"); stream.settimeout(30)
            stream.sendall(f"GET /api/v1/events HTTP/1.1\r\nHost: centre.example\r\nAuthorization: Bearer {token}\r\n\r\n".encode()); got = b""
            while b": here" not in got: piece = stream.recv(4096); expect(piece, "the stream ended"); got += piece
            stream.close()
        finally:
            front.terminate(); front.wait(30)

def free_port():
    with socket.socket() as s: s.bind(("127.0.0.1", 0)); return s.getsockname()[1]

def can_connect(port):
    try: socket.create_connection(("127.0.0.1", port), timeout=2).close(); return True
    except OSError: return False

def up():
    """All of one machine: the page answers, what is due is settled, an end ends everything."""
    with Folder() as f, Centre(f, [("ayu", "nco", "analyst")]) as c:
        token = c.session("ayu", "ayu"); port = free_port()
        done = sekisho("up", "--dir", f + "/nothing", code=4)
        process = subprocess.Popen([SEKISHO, "up", "--dir", c.dir, "--listen", f"127.0.0.1:{port}", "--settle", "1"], stdout=open(f + "/up.out", "wb"), stderr=open(f + "/up.err", "wb"))
        try:
            wait(lambda: b"serving" in open(f + "/up.out", "rb").read(), lambda: open(f + "/up.err").read(), alive=process); c.port = port
            expect(c.get("/api/v1/status", token).json["simulated"] is True, "the page")
            child = int(re.search(r"process (\d+)", open(f + "/up.err").read()).group(1)); os.kill(child, signal.SIGKILL)
            wait(lambda: can_connect(port) and "started again" in open(f + "/up.err").read(), lambda: "serve is not started again: " + open(f + "/up.err").read())
        finally:
            process.send_signal(signal.SIGTERM); code = process.wait(60)
        expect(code == 0 and "everything has ended" in open(f + "/up.err").read() and not can_connect(port), open(f + "/up.err").read())

if __name__ == "__main__":
    chosen = [globals()[name] for name in sys.argv[1:] if not name.startswith("-")]
    main(*(chosen or ([matrix] if SABOTAGE else [sessions, follows, matrix, schema_fuzz, acts, hostile, limits, tls, nginx, up])))
