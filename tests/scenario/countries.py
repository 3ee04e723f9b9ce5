#!/usr/bin/env python3
"""Counterpart countries from the wire to the page, against what this script counts in the frames that it made: whichever number of workers, in the ledger under both verifiers, in the API; that few
hosts name nobody, that a table without countries tells of none, and that a border table built again takes effect. rule: COUNTRY-1
usage: countries.py [--sabotage]
--sabotage: the truth takes one country for the other; it must turn red."""
import ipaddress, random, time
import access, looks
from lib import *

SABOTAGE = "--sabotage" in sys.argv
# Country, prefix, hosts abroad, datagrams of each. Fewer than ten hosts are not named, however much they say; what is in no country is told as such.
WORLD = [("FR", "198.51.100.0/24", 60, 7), ("DE", "203.0.113.0/25", 25, 3), ("BR", "203.0.113.128/26", 9, 400), ("XA", "2001:db8:2::/48", 300, 2), (None, "203.0.113.192/26", 20, 5)]
HOSTS_ERROR = 0.065

def frames_of(seed):
    """Frames, and the truth: country -> [frames, bytes, hosts]."""
    made, truth, dice = [], {}, random.Random(seed)
    for country, prefix, hosts, each in WORLD:
        net = ipaddress.ip_network(prefix); six = net.version == 6
        for host in range(1, hosts + 1):
            abroad, inside = str(net[host]), ("2001:db8:1::%x" if six else "192.0.2.%d") % (1 + host % 200)
            cell = truth.setdefault(country, [0, 0, 0]); cell[2] += 1
            for i in range(each):
                ends = (inside, 40000 + host, abroad, 53) if (host + i) % 3 == 0 else (abroad, 53, inside, 40000 + host)
                made.append(ether(udp(*ends, bytes(20 + dice.randrange(300))))); cell[0] += 1; cell[1] += len(made[-1])
    for host in range(1, 50): made.append(ether(udp("192.0.2.%d" % host, 9, "192.0.2.%d" % (host + 100), 9, b"inland")))   # nobody's business
    dice.shuffle(made)
    if SABOTAGE: truth["FR"], truth["DE"] = truth["DE"], truth["FR"]
    return made, truth

def border_of(folder, name="countries.skb", named=True):
    return make_border(os.path.join(folder, name), more=[w for country, prefix, *_ in WORLD if named and country for w in ("--country", f"{country}={prefix}")])

def intervals_of(workspace):
    """Of a ledger of one bundle, which the longest of its files has whole."""
    files = [os.path.join(folder, name) for folder, _, names in os.walk(os.path.join(workspace, "ledger", "tile", "entries")) for name in names]
    data, at, found = open(max(files, key=os.path.getsize), "rb").read(), 0, []
    while at < len(data):
        length = struct.unpack_from("!H", data, at)[0]; record = json.loads(data[at + 2:at + 2 + length]); at += 2 + length
        if record["kind"] == "interval": found.append(record)
    return found

def check_section(section, truth):
    named = {c: t for c, t in truth.items() if c and t[2] >= 10}
    expect(sorted(section["cells"]) == sorted(named), f"named: {sorted(section['cells'])}, expected {sorted(named)}")
    for country, (frames, size, hosts) in named.items():
        cell = section["cells"][country]
        expect((cell["frames"], cell["bytes"]) == (frames, size), f"{country}: {cell}, expected {frames} frames, {size} bytes")
        expect(abs(cell["hosts"] - hosts) <= 4 * HOSTS_ERROR * hosts, f"{country}: {cell['hosts']} hosts, in truth {hosts}")
    few = [t for c, t in truth.items() if c and c not in named]
    expect(section["few"] == {"frames": sum(t[0] for t in few), "bytes": sum(t[1] for t in few)} and section["unnamed"] == {"frames": truth[None][0], "bytes": truth[None][1]}, f"few, unnamed: {section}")
    expect(section["settled"] == {"frames": sum(t[0] for t in truth.values()), "bytes": sum(t[1] for t in truth.values())}, f"settled: {section['settled']}")

def the_ledger_tells_what_was_on_the_wire():
    made, truth = frames_of(1)
    with Folder() as f:
        cap, seen = write_pcap(f + "/c.pcap", made), []
        for workers in (1, 2, 3):
            ws = make_workspace(f, name=f"ws{workers}", border=border_of(f, f"b{workers}.skb"))
            said, _ = watch_json(ws, cap, extra=("--workers", str(workers)))
            verify_both(ws + "/ledger"); record, = intervals_of(ws); check_section(record["countries"], truth); seen.append(record["countries"])
            expect({c["cc"]: {k: c[k] for k in ("frames", "bytes", "hosts")} for c in said["countries"]} == record["countries"]["cells"] and said["countries_rest"]["few"] == record["countries"]["few"], f"the summary: {said['countries']}")
        expect(seen[0] == seen[1] == seen[2], f"the number of workers shows: {seen}")

def a_table_of_lists_alone_tells_of_none():
    made, _ = frames_of(2)
    with Folder() as f:
        ws = make_workspace(f, border=border_of(f, named=False)); watch_json(ws, write_pcap(f + "/c.pcap", made))
        record, = intervals_of(ws); expect("countries" not in record, "a section out of nothing"); verify_both(ws + "/ledger")

def the_page_shows_it():
    made, truth = frames_of(3)
    with Folder() as f:
        border = border_of(f); access.make_workspace = lambda folder: make_workspace(folder, border=border)
        with looks.Place(f) as c:
            watch_json(c.dir, write_pcap(f + "/m.pcap", made[:len(made) // 2]), write_pcap(f + "/n.pcap", made[len(made) // 2:], start=1_790_000_100))   # two intervals of one run are shown as one
            live = c.get("border/live", purpose=False); cells = {x["cc"]: x for x in live["countries"]}; rest = live["countries_rest"]
            expect([x["cc"] for x in live["countries"]] == sorted(cells, key=lambda cc: (-cells[cc]["frames"], cc)), "the most comes first")
            held = intervals_of(c.dir)[0]["countries"]["carried_after"]["frames"]   # the one talk of the run before was too little to tell
            expect(0 < held < 10 and sum(x["frames"] for x in cells.values()) + rest["few"]["frames"] + rest["unnamed"]["frames"] == held + rest["settled"]["frames"], f"{held} {live['countries']} {rest}")
            expect(rest["settled"]["frames"] == sum(t[0] for t in truth.values()), str(rest))
            for country in ("FR", "DE", "XA"): expect(0 < cells[country]["frames"] <= truth[country][0] and 10 <= cells[country]["hosts"] <= 1.3 * truth[country][2], f"{country}: {cells[country]}")
            expect("BR" not in cells and live["hosts_error"] == HOSTS_ERROR and cells["FR"]["frames"] == truth["FR"][0], str(live["countries"]))
            expect(all(sum(live[kind][at].values()) == live[equation][at + "_erased"] for kind, equation in (("erased", "equation"), ("erased_bytes", "equation_bytes")) for at in ("gate", "select")), "reasons and their sums")
            over_time(c, truth)
            verify_both(c.dir + "/ledger")

def over_time(c, truth):
    """The sum over a time is that of the intervals that began in it: of both, of each alone, of none."""
    intervals = [i for i in intervals_of(c.dir) if "countries" in i]; sums = lambda since, until: c.get(f"border/countries?since={since}&until={until}", purpose=False)
    both = sums("2020-01-01", "2035-01-01"); expect(both["intervals"] == len(intervals) and both["older"] is False and both["from"] and both["to"], str(both)[:300])
    def compare(told, told_by):
        cells = {}
        for i in told_by:
            for cc, cell in i["countries"]["cells"].items():
                sum_ = cells.setdefault(cc, [0, 0, 0]); sum_[0] += cell["frames"]; sum_[1] += cell["bytes"]; sum_[2] = max(sum_[2], cell["hosts"])
        if SABOTAGE: cells.pop("FR", None)
        expect({x["cc"]: [x["frames"], x["bytes"], x["hosts"]] for x in told["countries"]} == cells, f"{told['countries']}, in the ledger {cells}")
        for rest in ("settled", "few", "unnamed"): expect(told["countries_rest"][rest]["frames"] == sum(i["countries"][rest]["frames"] for i in told_by), f"{rest}: {told}")
    compare(both, intervals)
    rfc = lambda ns: time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(int(ns) // 10**9)) + f".{int(ns) % 10**9:09}Z"
    times = sorted({i["from_ns"] for i in intervals}); expect(len(times) > 1, f"intervals at one time: {times}")
    for at, begun in enumerate(times):
        until = rfc(times[at + 1]) if at + 1 < len(times) else "2035-01-01"; one = sums(rfc(begun), until)
        compare(one, [i for i in intervals if i["from_ns"] == begun]); expect(one["intervals"] < both["intervals"], "a part is not the whole")
    none = sums("2020-01-01", "2020-01-02"); expect(none["intervals"] == 0 and none["countries"] is None and none["from"] is None, str(none))
    c.get("border/countries?since=2035-01-01&until=2020-01-01", code=400, purpose=False)

if __name__ == "__main__": main(the_ledger_tells_what_was_on_the_wire, a_table_of_lists_alone_tells_of_none, the_page_shows_it)
