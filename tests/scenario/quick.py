#!/usr/bin/env python3
"""The first look without set-up: --own, --home and --border make a private temporary lab workspace and print the commands that make it permanent."""
import stat
from lib import *

def own():
    with Folder() as f:
        cap = write_pcap(f + "/c.pcap", [ether(p) for p in tcp_talk("192.0.2.5", 5000, "198.51.100.9", 443, b"x", b"y")])
        done = sekisho("watch", cap, "--own", "192.0.2.0/24", env={"TMPDIR": f})
        for word in ("closes", "sekisho border build", "sekisho init", "sekisho selectors import", "simulated"): expect(word in done.out, f"'{word}' is not said:\n{done.out}")
        made = [d for d in os.listdir(f) if d.startswith("sekisho-")]
        expect(len(made) == 1 and stat.S_IMODE(os.stat(f"{f}/{made[0]}").st_mode) == 0o700, "the temporary workspace is not private")
        verify_both(f"{f}/{made[0]}/workspace/ledger")

def home_without_table():
    with Folder() as f:
        cap = write_pcap(f + "/c.pcap", [ether(p) for p in tcp_talk("192.0.2.5", 5000, "198.51.100.9", 443)])
        done = sekisho("watch", cap, "--home", "QQ", env={"TMPDIR": f, "XDG_DATA_HOME": f, "HOME": f}, code=4)
        expect("border build" in done.err, f"does not say what to do: {done.err}")
        sekisho("watch", cap, "--home", "jp", code=2)

def home_with_table():
    with Folder() as f:
        cap = write_pcap(f + "/c.pcap", [ether(p) for p in tcp_talk("192.0.2.5", 5000, "198.51.100.9", 443)])
        os.mkdir(f + "/sekisho"); make_border(f + "/sekisho/border-QQ.skb")
        said = sekisho("watch", cap, "--home", "QQ", env={"TMPDIR": f, "XDG_DATA_HOME": f}).out
        expect(f"cp {f}/sekisho/border-QQ.skb border.skb" in said, f"the first of the three commands is wrong:\n{said}")
        result = json.loads(sekisho("watch", cap, "--home", "QQ", "--json", env={"TMPDIR": f, "XDG_DATA_HOME": f}).out)
        expect(result["classes"]["DF"]["packets"] == 4 and result["classes"]["FD"]["packets"] == 2, str(result["classes"]))

def eve():
    with Folder() as f:
        w = make_workspace(f); lst = f + "/l.txt"; open(lst, "w").write("evil.example\n198.51.100.9\n"); sekisho("selectors", "import", "--workspace", w, lst)
        cap = write_pcap(f + "/c.pcap", [ether(p) for p in (*tcp_talk("192.0.2.5", 5000, "198.51.100.9", 443, client_hello("www.evil.example"), b"y"),
                                                            udp("192.0.2.5", 4000, "203.0.113.1", 53, dns_query("a.b.evil.example")), udp("192.0.2.5", 4001, "203.0.113.1", 53, dns_query("harmless.example")))])
        watch_json(w, cap, extra=("--eve", f + "/eve.json"))
        lines = [json.loads(l) for l in open(f + "/eve.json")]
        kinds = {l["event_type"] for l in lines}
        expect({"flow", "dns", "tls", "alert"} <= kinds, f"event types {kinds}")
        expect("harmless" not in open(f + "/eve.json").read(), "an unselected name is in the EVE file")
        found = json.loads(sekisho("findings", "--workspace", w, "--json").out)
        expect({x["matched"] for x in found} == {"evil.example", "198.51.100.9"}, str(found))
        for value, seen in (("198.51.100.9", True), ("evil.example", True), ("198.51.100.77", False), ("192.0.2.99", False)):
            done = sekisho("lookup", "--workspace", w, value, code=None); expect(done.out.strip(), "lookup says nothing")
            print("  lookup", value, "->", done.out.strip().split("\n")[0][:100])

main(own, home_without_table, home_with_table, eve)
