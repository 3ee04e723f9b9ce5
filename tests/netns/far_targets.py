#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The enforcer itself with routers, lists and mail: warrants in, rules held by a neighbour, lines in a list, mail sent; then withdrawn, and everything is as before."""
import email, email.policy, hashlib
from drive import *
from notices import NOTICE, PARTIES, TEMPLATES, document, mails

MINT = os.environ.get("SEKISHO_MINT")


class Enforcer:
    def __init__(self, net, folder, targets):
        self.net, self.folder, self.n = net, folder, 0
        for name in ("keys", "inbox", "state"): os.mkdir(f"{folder}/{name}")
        os.chmod(folder + "/state", 0o700)
        run(MINT, "keys", folder + "/keys")
        quorum = folder + "/keys/quorum.txt"
        self.conf = folder + "/enforcer.yaml"
        with open(self.conf, "w") as f:
            f.write(f"folder: {folder}/state\ninbox: {folder}/inbox\nuser: root\ngroup: root\ncentre: {open(folder + '/keys/centre.vkey').read()}\n"
                    f"quorum:\n  low: {quorum}\n  medium: {quorum}\n  high: {quorum}\npoll: 200ms\nwatch: 1s\neffect: 20s\nown: [192.0.2.0/24]\nallow: [192.0.2.53/32]\ntargets:\n{targets}")
    def mint(self, measure, action, target, rate=0, life=3600, end=None, digest="d0" * 32):
        self.n += 1
        now = int(time.time())
        done = run(MINT, "warrants", self.folder + "/keys", self.folder + "/inbox", f"o{self.n}", measure, action, life, now - 60, now + (end if end is not None else life - 60), rate,
                   stdin=(target + "\n").encode(), env={"MINT_DOCUMENT": digest})
        return done.out.split()
    def end(self, order): run(MINT, "end", self.folder + "/keys", self.folder + "/inbox", *order)
    def once(self): return self.net.run("a", SEKISHO, "enforcer", "--config", self.conf, "--once", timeout=120)
    def stages(self): return {row["order"]: row["stage"] for row in json.loads(sekisho("measures", "--dir", self.folder + "/state", "--json").out)}
    def steps(self, order):
        return [r["step"] for r in json.loads(sekisho("measures", "show", order[1], "--dir", self.folder + "/state", "--json", code=None).out or "[]")]
    def shown(self, order): return sekisho("measures", "show", order[1], "--dir", self.folder + "/state", "--json", code=None).out


def values(path): return [line for line in open(path).read().splitlines() if line and not line.startswith("#")] if os.path.exists(path) else []


def main(net, folder):
    box, web, documents = folder + "/box", folder + "/web", folder + "/documents"
    for name in (box, web, documents): os.mkdir(name, 0o755)
    a = Speaker(net, folder, "a", gobgp_conf(A, B, 64512, 64513, "192.0.2.1"))
    b = Speaker(net, folder, "b", gobgp_conf(B, A, 64513, 64512, "192.0.2.2"))
    mail_server(net, folder, box)
    certificate(folder); web_server = nginx_start(net, folder, web) # TLS behind the enforcer's filter too
    with open(folder + "/parties", "w") as f: f.write(PARTIES)
    e = Enforcer(net, folder, f"""  - name: border
    backend: gobgp
    api: unix:{a.api}
    as: 64512
    own_prefixes: [192.0.2.0/24]
    discard: true
    rtbh: true
    observers: ["unix:{b.api}"]
  - name: firewalls
    backend: list
    folder: {web}
    url: https://lists.example/blocks/
    server: tcp:{A}:443
    ca: {folder}/tls.crt
  - name: post
    backend: mail
    server: tcp:{A}:25
    from: cert@operator.example
    sender: CERT
    contact: cert@operator.example
    helo: enforcer.example
    parties: {folder}/parties
    documents: {documents}
    templates: {TEMPLATES}
""")
    until("session", lambda: a.up() and b.up())
    before = b.tables()
    digest = document(documents, NOTICE)
    flow, hole = e.mint("flowspec", "rate_limit", "203.0.113.7/32", rate=125000), e.mint("rtbh", "blackhole", "192.0.2.99/32")
    drop, name = e.mint("nftables", "drop", "203.0.113.8/32"), e.mint("rpz", "nxdomain", "bad.example")
    mail = e.mint("takedown_notice", "send", "hosting-example", digest=digest, life=86400)
    e.once()
    expect(set(b.rib("ipv4-flowspec")) == {"[destination: 192.0.2.0/24][source: 203.0.113.7/32]"} and "192.0.2.99/32" in b.rib("ipv4"), "the neighbour holds the rule and the blackhole")
    expect(values(web + "/prefixes.txt") == ["203.0.113.8/32"] and values(web + "/domains.txt") == ["bad.example"], "the lists have their lines")
    expect(len(mails(box)) == 1 and mails(box)[0]["To"] == "abuse@hosting.example", "one mail")
    expect("queued as Q001" in e.shown(mail), f"the receipt says what the mail server said: {e.shown(mail)}")
    expect("web server lists.example" in e.shown(drop), f"read back over TLS: {e.shown(drop)}")
    for order in (flow, hole, drop, name, mail): expect("active" in e.steps(order), f"{order}: {e.steps(order)}")
    # A second order to the same party is a second mail; the same again is none.
    again = e.mint("takedown_notice", "send", "hosting-example", digest=digest, life=86400)
    e.once(); e.once()
    expect(len(mails(box)) == 2 and mails(box)[1]["Message-ID"] != mails(box)[0]["Message-ID"], f"{len(mails(box))} mails")
    # What is protected stays: an own prefix from a rule, an allowed address even from a blackhole.
    for order in (e.mint("flowspec", "rate_limit", "192.0.2.0/25", rate=1), e.mint("rtbh", "blackhole", "192.0.2.53/32")):
        e.once()
        expect("active" not in e.steps(order), f"{order}: {e.steps(order)}")
    # Somebody else takes the place over: told, left, and left again at the end.
    a.ask("global", "rib", "-a", "ipv4-flowspec", "add", "match", "destination", "192.0.2.0/24", "source", "203.0.113.7/32", "then", "rate-limit", "5")
    for order in (flow, hole, drop, name, mail, again): e.end(order)
    e.once()
    expect("conflict" in e.steps(flow) and list(b.rib("ipv4-flowspec")) == ["[destination: 192.0.2.0/24][source: 203.0.113.7/32]"], f"{e.steps(flow)}")
    a.ask("global", "rib", "-a", "ipv4-flowspec", "del", "match", "destination", "192.0.2.0/24", "source", "203.0.113.7/32")
    until("the neighbour is as before", lambda: b.tables() == before)
    expect(values(web + "/prefixes.txt") == values(web + "/domains.txt") == [], "the lists are empty again")
    expect([m["In-Reply-To"] for m in mails(box)[2:]] == [m["Message-ID"] for m in mails(box)[:2]], "both requests are taken back")
    # In time, by itself.
    short = e.mint("flowspec", "discard", "203.0.113.9/32", life=600, end=4)
    service = net.start("a", SEKISHO, "enforcer", "--config", e.conf, log=folder + "/enforcer.log")
    until("set", lambda: "[destination: 192.0.2.0/24][source: 203.0.113.9/32]" in b.rib("ipv4-flowspec"))
    until("expired", lambda: b.tables() == before)
    until("told", lambda: "undone" in e.steps(short))
    net.stop(service); net.stop(web_server)
    print("far targets: set, read back, undone; conflicts told; each order its own mail")


def by_exabgp(net, folder):
    """The second speaker, behind the fence that the enforcer raises: its pipes are what the configuration names."""
    b = Speaker(net, folder, "b", gobgp_conf(B, A, 64513, 64512, "192.0.2.2"))
    pipe, words = exabgp_speaker(folder)
    net.start("a", *words, log=folder + "/exabgp.log")
    until("session", b.up)
    e = Enforcer(net, folder, f"  - name: border\n    backend: exabgp\n    pipes: {os.path.dirname(pipe)}\n    as: 64512\n    own_prefixes: [192.0.2.0/24]\n    observers: [\"unix:{b.api}\"]\n")
    order = e.mint("flowspec", "rate_limit", "203.0.113.7/32", rate=125000)
    e.once()
    expect(set(b.rib("ipv4-flowspec")) == {"[destination: 192.0.2.0/24][source: 203.0.113.7/32]"} and "active" in e.steps(order), f"{e.steps(order)}")
    e.end(order); e.once()
    until("withdrawn", lambda: not b.rib("ipv4-flowspec"))
    print("far targets: the same by ExaBGP")


if __name__ == "__main__":
    need("gobgpd", "gobgp", "exabgp")
    need_mail_server()
    for part in (main, by_exabgp):
        with Pair() as net, Folder() as folder: part(net, folder)
