#!/usr/bin/env python3
"""Every capture below net: read to its end or refused with one true line; as many frames as capinfos counts; the equation closes; both verifiers accept."""
from lib import *

SETS = ("arkime", "attacks", "ics", "ja4", "ndpi", "suricata-verify")
AT_ONCE = 50

# What is not read, or not to its end: exit code and the words of the one line.
REFUSED = {"arkime/80211http.pcap": (4, "link type 127 (radiotap and IEEE 802.11) is not read"), "ndpi/BGP_Cisco_hdlc_slarp.pcap": (4, "link type 9 (PPP) is not read"),
           "ndpi/BGP_redist.pcap": (4, "link type 104 (Cisco HDLC) is not read")}

def captures():
    need_shared("net")
    for name in SETS:
        for file in sorted(os.listdir(os.path.join(SHARED, "net", name))):
            if file.endswith((".pcap", ".pcapng", ".cap")): yield os.path.join(SHARED, "net", name, file)

def short(path): return os.path.join(os.path.basename(os.path.dirname(path)), os.path.basename(path))

def counted(paths):
    """Frames of each capture as Wireshark's capinfos counts them: {path: frames}."""
    counts = {}
    for line in run("capinfos", "-T", "-M", "-r", "-c", *paths, code=None).out.splitlines():
        path, _, frames = line.rpartition("\t")
        if frames.isdigit(): counts[path] = int(frames)
    return counts

def watch(folder, name, paths):
    workspace = os.path.join(folder, name)
    sekisho("init", "--workspace", workspace, "--profile", "lab", "--border", os.path.join(folder, "lab.skb"), "--names")
    sekisho("selectors", "import", "--workspace", workspace, "--all-flows")
    result, done = watch_json(workspace, *paths, code=None, extra=("--again",))   # some captures lie in two sets
    check_equation(result["account"]); check_equation(result["account_bytes"])
    expect(sum(c["packets"] for c in result["classes"].values()) == result["account"]["received"], f"{name}: the classes do not add up to what was received")
    verify_both(os.path.join(workspace, "ledger"))
    return result, done

def compare(folder, name, group, counts):
    """Watch a group in one run; frames as capinfos counts them, or Failed names the captures that are off. Returns the frames."""
    result, done = watch(folder, name, group)
    expect(done.returncode == 0 and not result["errors"], f"exit code {done.returncode}: {result['errors']}")
    missing = [short(p) for p in group if p not in counts]
    expect(not missing, f"capinfos counts nothing in {missing}")
    truth = sum(counts[p] for p in group)
    if result["account"]["received"] != truth:
        alone = [(short(p), watch(folder, f"{name}-{i}", [p])[0]["account"]["received"], counts[p]) for i, p in enumerate(group)]
        raise Failed(f"frames, here and by capinfos: {[a for a in alone if a[1] != a[2]]}")
    return truth

def make_table(folder): sekisho("border", "build", "--foreign", "0.0.0.0/0", "--foreign", "::/0", "-o", os.path.join(folder, "lab.skb"))

def every_capture():
    paths = list(captures()); counts = counted(paths); frames = 0
    whole = [p for p in paths if short(p) not in REFUSED]
    with Folder() as folder:
        make_table(folder)
        for at in range(0, len(whole), AT_ONCE): frames += compare(folder, f"g{at}", whole[at:at + AT_ONCE], counts)
        for i, path in enumerate(p for p in paths if short(p) in REFUSED):
            code, words = REFUSED[short(path)]
            result, done = watch(folder, f"r{i}", [path])
            expect(done.returncode == code and len(result["errors"]) == 1 and words in result["errors"][0], f"{short(path)}: exit code {done.returncode}, {result['errors']}")
            print(f"  {result['account']['received']} of {counts.get(path)} frames of {short(path)}: {words}")
    print(f"  {len(whole)} captures read whole, {frames} frames, as capinfos counts them; {len(REFUSED)} refused, each with its line")

def sabotage():
    """One frame more on their side, or one file that is cut, is seen and named."""
    with Folder() as folder:
        make_table(folder)
        group = [p for p in captures() if short(p) not in REFUSED][:3]; counts = counted(group)
        for lie in (lambda: counts.update({group[1]: counts[group[1]] + 1}), lambda: counts.pop(group[1])):
            lie()
            try: compare(folder, f"w{len(counts)}", group, counts)
            except Failed as told: expect(short(group[1]) in str(told), f"the capture is not named: {told}")
            else: raise Failed("a wrong count was not seen")
        cut = os.path.join(folder, "cut.pcap")
        with open(group[0], "rb") as whole, open(cut, "wb") as f: f.write(whole.read()[:-1])
        try: compare(folder, "cut", [cut], counted([cut]))
        except Failed as told: expect("cut.pcap" in str(told), f"the capture is not named: {told}")
        else: raise Failed("a cut capture was not seen")

if __name__ == "__main__":
    if not shutil.which("capinfos"): skip("capinfos (wireshark-common) is not installed")
    main(every_capture, sabotage)
