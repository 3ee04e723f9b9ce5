#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""rule: LIST-1, LIST-2. Signed block lists: served by nginx over HTTPS, taken by curl, verified by minisign and ssh-keygen, loaded by nft; lines go when their time comes."""
from drive import *

TAG, OTHER = "0123456789abcdef", "fedcba9876543210"


def values(text): return [line for line in text.splitlines() if line and not line.startswith("#")]


def verify(net, folder, web, name, want=0):
    """The other readers: minisign, ssh-keygen. want: their exit code must be 0, or must not."""
    got = []
    got.append(run("minisign", "-V", "-q", "-p", web + "/enforcer.pub", "-m", f"{web}/{name}", code=None).returncode)
    with open(f"{web}/{name}", "rb") as f:
        got.append(run("ssh-keygen", "-Y", "verify", "-f", web + "/enforcer.allowed_signers", "-I", "enforcer.example", "-n", "sekisho-file", "-s", f"{web}/{name}.sig", stdin=f.read(), code=None).returncode)
    expect(all((code == 0) == (want == 0) for code in got), f"minisign, ssh-keygen: {got}")


def lists(net, folder):
    web = folder + "/web"
    os.mkdir(web, 0o755); os.chmod(folder, 0o755)
    certificate(folder)
    server = nginx_start(net, folder, web)
    config = f"backend: list\nname: firewalls\nfolder: {web}\nurl: https://lists.example/blocks/\nserver: tcp:{A}:443\nca: {folder}/tls.crt\n"
    backend = Backend(net, folder, config)
    backend.item("nftables.drop", "203.0.113.7/32", until=at(3600))
    backend.item("nftables.drop", "198.51.100.0/24", until=at(3600))
    backend.item("nftables.drop", "2001:db8:ffff::/48", until=at(3600))
    backend.item("rpz.nxdomain", "bad.example", until=at(3600), order="o-2")
    backend.say("check")
    expect(backend.say("read") == [], "nothing is there")
    backend.refuses("effect", -88, "status 404")
    backend.say("set")
    text = backend.say("text")
    expect(backend.say("read") == text == [f"203.0.113.7/32 tag {TAG}", f"198.51.100.0/24 tag {TAG}", f"2001:db8:ffff::/48 tag {TAG}", f"bad.example tag {TAG}"], f"{text}")
    lines, good = backend.good()
    expect(good and len(lines) == 4 and all("web server lists.example" in line and "in the list, signed" in line for line in lines), f"{lines}")
    for name in ("prefixes.txt", "domains.txt"): verify(net, folder, web, name)
    expect(all(os.stat(f"{web}/{name}").st_mode & 0o777 == 0o644 for name in os.listdir(web)), "the web server can read them, whatever the enforcer's umask")
    got = curl(net, folder, "prefixes.txt").out
    expect(values(got) == ["198.51.100.0/24", "2001:db8:ffff::/48", "203.0.113.7/32"], got)
    # Nobody takes an unchanged list twice: its ETag stays.
    head = curl(net, folder, "prefixes.txt", "-I").out
    etag = next(line.split(":", 1)[1].strip() for line in head.splitlines() if line.lower().startswith("etag"))
    backend.say("set")
    again = curl(net, folder, "prefixes.txt", "-H", f"If-None-Match: {etag}", "-o", folder + "/none", "-w", "%{http_code}").out
    expect(again == "304", f"unchanged, but {again}")
    # The example of docs/blocklists.md: a firewall that has nft. Each element ends at its own time.
    net.run("b", "sh", "-ec", NFT, stdin=got.encode())
    elements = json.loads(net.run("b", "nft", "-j", "list", "set", "inet", "blocklist", "v4").out)["nftables"][1]["set"]["elem"]
    held = {json.dumps(e["elem"]["val"]): e["elem"]["expires"] for e in elements}
    expect(len(held) == 2 and all(3000 < left <= 3600 for left in held.values()), f"{held}")
    # Another measure's line at the same place is neither taken for ours nor cleared.
    backend.say("forget")
    backend.item("nftables.drop", "203.0.113.7/32", until=at(3600), tag=OTHER)
    expect(backend.say("read") == [f"203.0.113.7/32 tag {TAG}"] and not backend.good()[1], "whose it is")
    backend.say("clear")
    expect(backend.say("read") == [f"203.0.113.7/32 tag {TAG}"], "another's is left")
    backend.say("forget")
    # Time takes lines out, whoever asks.
    backend.item("nftables.drop", "203.0.113.200/32", until=at(2), tag=OTHER)
    backend.say("set")
    expect("203.0.113.200/32" in values(curl(net, folder, "prefixes.txt").out), "set")
    def gone():
        backend.say("turn")
        return "203.0.113.200/32" not in values(curl(net, folder, "prefixes.txt").out)
    until("expired", gone)
    verify(net, folder, web, "prefixes.txt")
    backend.say("forget")
    # rule: LIST-1. What somebody else wrote into the list is never signed, and never overwritten.
    backend.item("nftables.drop", "203.0.113.8/32", until=at(3600))
    with open(web + "/prefixes.txt") as f: ours = f.read()
    with open(web + "/prefixes.txt", "a") as f: f.write("192.0.2.200/32\n")
    verify(net, folder, web, "prefixes.txt", want=1)
    for word in ("check", "set"): backend.refuses(word, -88, "somebody else")
    lines, good = backend.good()
    expect(not good and "our key did not sign" in lines[0], f"{lines}")
    expect(open(web + "/prefixes.txt").read() == ours + "192.0.2.200/32\n", "left as it is")
    backend.say("forget")
    backend.item("nftables.drop", "203.0.113.7/32")
    backend.refuses("clear", -88, "somebody else")
    with open(web + "/prefixes.txt", "w") as f: f.write("\x01 no list at all\n")
    expect(backend.say("read") == [], "no line of ours in it")
    backend.refuses("set", -88, "somebody else")
    os.unlink(web + "/prefixes.txt")
    backend.say("set"); verify(net, folder, web, "prefixes.txt")
    backend.say("clear"); backend.say("forget")
    backend.item("rpz.nxdomain", "bad.example", order="o-2"); backend.say("clear")
    expect(backend.say("state") == [] and values(curl(net, folder, "prefixes.txt").out) == values(curl(net, folder, "domains.txt").out) == [], "as before: empty lists")
    backend.say("forget")
    # An old list, put back by whoever may write to the folder, is not what we wrote last.
    with open(web + "/prefixes.txt", "w") as f: f.write(ours)
    backend.item("nftables.drop", "203.0.113.8/32"); backend.refuses("set", -88, "somebody else"); backend.say("forget")
    os.unlink(web + "/prefixes.txt")
    # A web server that is another, or none.
    backend.item("rpz.nxdomain", "bad.example", until=at(60), order="o-2")
    backend.say("set")
    wrong = Backend(net, folder, config.replace("//lists.example/", "//other.example/"), "wrong")
    wrong.item("rpz.nxdomain", "bad.example"); wrong.refuses("effect", -88, "ostname mismatch")
    strict = Backend(net, folder, config.replace(f"ca: {folder}/tls.crt\n", ""), "strict")
    strict.item("rpz.nxdomain", "bad.example"); strict.refuses("effect", -88, "self")
    backend.say("named " + A); backend.refuses("effect", -49, "PEER-1"); backend.say("named 203.0.113.1")
    net.stop(server)
    backend.refuses("effect", -88, "cannot connect")
    backend.item("rtbh.blackhole", "192.0.2.1/32"); backend.refuses("check", -20, "does not carry"); backend.refuses("set", -20, "does not carry")
    print("lists: served, verified by minisign and ssh-keygen, loaded by nft, expired, never signed over another's hand")


# The script of docs/blocklists.md, between its two fences, so that what is printed there runs here.
NFT = open(os.path.join(ROOT, "docs", "blocklists.md")).read().split("```sh\n# nft\n")[1].split("```")[0]

if __name__ == "__main__":
    need("nginx", "curl", "minisign", "ssh-keygen", "openssl", "nft")
    with Pair() as net, Folder() as folder: lists(net, folder)
