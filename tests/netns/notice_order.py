#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""rule: NOTICE-2. A takedown notice from the proposal to the mail: proposed and approved with SSH keys at a centre, minted, sent by the enforcer, its receipt taken by the centre, then
ended early and taken back."""
import hashlib
from drive import *
from notices import NOTICE, PARTIES, TEMPLATES, body, mails
from orders import Desk


def main(net, folder):
    box = folder + "/box"
    os.mkdir(box); os.mkdir(folder + "/state", 0o700)
    mail_server(net, folder, box)
    with open(folder + "/parties", "w") as f: f.write(PARTIES)
    d = Desk(folder)
    warrants, documents = d.dir + "/centre/out/warrants", d.dir + "/centre/out/documents"
    for language in ("en", "ja"):
        with open(f"{folder}/{language}.txt", "w") as f: f.write(NOTICE["notice"][language]["text"] + "\n")
    text = ["--measure", "takedown_notice", "--action", "send", "--target", "hosting-example", "--against", "an imitated sign-in page", "--protect", "waterworks", "--org", "isp", "--plan", "by mail",
            "--narrower", "a telephone call", "--not-enough", "nobody answers", "--for", "24h", "--at-home", "the host is at home", *sum((["--about", about] for about in NOTICE["notice"]["about"]), []),
            *sum((["--title-" + language, NOTICE["notice"][language]["title"], "--text-" + language, f"{folder}/{language}.txt"] for language in ("en", "ja")), [])]
    d.to_voting(text=text)
    d.approve("fumi", "o1"); d.approve("dan", "o1"); d.order("op", "stage", "o1")
    laid = os.listdir(documents)
    expect(len(laid) == 1 and hashlib.sha256(open(f"{documents}/{laid[0]}", "rb").read()).hexdigest() + ".json" == laid[0], f"{laid}")
    with open(folder + "/quorum", "w") as f: f.write(json.loads(sekisho("order", "quorum", "medium", "--dir", d.dir, "--json").out)["quorum"])
    with open(folder + "/enforcer.yaml", "w") as f:
        f.write(f"folder: {folder}/state\ninbox: {warrants}\nuser: root\ngroup: root\ncentre: {d.centre}\nquorum:\n  medium: {folder}/quorum\neffect: 20s\ntargets:\n"
                f"  - name: post\n    backend: mail\n    server: tcp:{A}:25\n    from: cert@operator.example\n    sender: CERT\n    contact: cert@operator.example\n    helo: enforcer.example\n"
                f"    parties: {folder}/parties\n    documents: {documents}\n    templates: {TEMPLATES}\n")
    os.rename(f"{documents}/{laid[0]}", folder + "/away")
    net.start("a", SEKISHO, "enforcer", "--config", folder + "/enforcer.yaml", log=folder + "/enforcer.log")
    # Without the document nothing is sent; it is looked for again.
    until("the document is missed", lambda: any("not there" in open(f"{folder}/state/out/{n}").read() for n in (os.listdir(folder + "/state/out") if os.path.exists(folder + "/state/out") else [])))
    expect(mails(box) == [], "a document that is not there")
    os.rename(folder + "/away", f"{documents}/{laid[0]}")
    until("the mail", lambda: len(mails(box)) == 1)
    message = mails(box)[0]
    expect(message["To"] == "abuse@hosting.example" and NOTICE["notice"]["en"]["text"] in body(list(message.iter_parts())[0]), message.as_string())
    for secret in ("waterworks", "telephone", "proof.txt"): expect(secret not in message.as_string(), f"{secret}: of the document, the notice alone is told")
    def taken():
        sekisho("order", "receipts", "--dir", d.dir, "--receipts", folder + "/state/out", "--enforcer", folder + "/state/out/enforcer.vkey")
        return d.state() == "active"
    until("the centre has the receipt", taken)
    d.order("op", "end", "o1", "--why", "the page is gone")
    until("the correction", lambda: len(mails(box)) == 2)
    expect(mails(box)[1]["In-Reply-To"] == message["Message-ID"] and "Taken back" in mails(box)[1]["Subject"], mails(box)[1].as_string())
    print("a notice from proposal to mail, and back")


if __name__ == "__main__":
    need("ssh-keygen")
    need_mail_server()
    with Pair() as net, Folder() as folder: main(net, folder)
