#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""rule: NOTICE-1, NOTICE-2. Notices through a mail server (aiosmtpd, and one that this file plays itself), read by Python's email; publications through nginx."""
import email, email.policy, hashlib, re
from drive import *

TEMPLATES = os.path.join(ROOT, "packaging", "notices")
NOTICE = {"notice": {"about": ["bad.example", "203.0.113.7", "203.0.113.8", "https://bad.example/login?x=1"], "grade": "G3",
                     "en": {"title": "sign-in page of a bank, imitated", "text": "Since Monday the page at the address above asks for passwords.\n.\n--sekisho-0000\nFrom here on = signs count: 100 % of it."},
                     "ja": {"title": "銀行のログイン画面を装った偽サイト", "text": "月曜日以降、上記のアドレスの画面が利用者に暗証番号の入力を求めています。\n特定不正行為の疑いがあります。"}}, "case": "c-9"}
PARTIES = "# who\nhosting-example abuse@hosting.example en\njpcert info@jpcert.example ja\nvendor/9 psirt@vendor.example en\npower/operator-3 soc@power.example ja\nfull full@full.example en\n"
def document(folder, notice):
    text = json.dumps(notice, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    digest = hashlib.sha256(text).hexdigest()
    with open(os.path.join(folder, digest + ".json"), "wb") as f: f.write(text)
    return digest


def mails(box): return [email.message_from_bytes(open(os.path.join(box, n), "rb").read(), policy=email.policy.default) for n in sorted(os.listdir(box)) if n.endswith(".eml")]


def raw(box): return [open(os.path.join(box, n), "rb").read() for n in sorted(os.listdir(box)) if n.endswith(".eml")]


def body(message): return message.get_content().replace("\r\n", "\n")


def by_mail(net, folder, documents):
    box = folder + "/box"
    os.mkdir(box)
    server = mail_server(net, folder, box)
    parties = folder + "/parties"
    with open(parties, "w") as f: f.write(PARTIES)
    config = (f"backend: mail\nname: post\nserver: tcp:{A}:25\nfrom: cert@operator.example\nsender: 積石 CERT\ncontact: cert@operator.example\nhelo: enforcer.operator.example\n"
              f"parties: {parties}\ndocuments: {documents}\ntemplates: {TEMPLATES}\n")
    backend = Backend(net, folder, config, "mail")
    digest = document(documents, NOTICE)
    more = {"document": digest, "until": at(3600)}
    backend.item("takedown_notice.send", "hosting-example", **more)
    backend.item("takedown_notice.send", "jpcert", **more)
    text = backend.say("text")
    expect(text == [f"takedown_notice {p} order o-1 tag 0123456789abcdef" for p in ("hosting-example", "jpcert")], f"{text}")
    backend.say("check")
    expect(mails(box) == [] and backend.say("read") == [] and not backend.good()[1], "a dry run sends nothing")
    backend.say("set")
    expect(backend.say("read") == text and backend.say("state") == text, "noted")
    lines, good = backend.good()
    expect(good and [line.split(" | ")[2] for line in lines] == ["250 2.0.0 Ok: queued as Q001", "250 2.0.0 Ok: queued as Q002"], f"the receipt is the server's word: {lines}")
    backend.say("set")
    expect(len(mails(box)) == 2, "set again sends nothing again")
    english, japanese = mails(box)
    for message, to, language in ((english, "abuse@hosting.example", "en"), (japanese, "info@jpcert.example", "ja")):
        expect(message["X-Envelope"] == f"cert@operator.example {to}" and message["To"] == to and message.defects == [], f"{message['X-Envelope']} {message.defects}")
        expect(message["From"] == "積石 CERT <cert@operator.example>" and message["Auto-Submitted"] == "auto-generated", message["From"])
        expect(message.get_content_type() == "multipart/report" and message.get_param("report-type") == "feedback-report", "RFC 5965, 2")
        human, machine, third = message.iter_parts()
        expect(human.get_content_type() == "text/plain" and human["Content-Language"] == language and NOTICE["notice"][language]["text"] in body(human), body(human))
        expect(NOTICE["notice"][language]["title"] in message["Subject"] and f"order o-1" in body(human).replace("命令 o-1", "order o-1") and digest in body(human), message["Subject"])
        expect(machine.get_content_type() == "message/feedback-report" and third.get_content_type() == "text/rfc822-headers", "its parts")
        fields = machine.get_payload(0) if machine.is_multipart() else email.message_from_string(machine.get_payload())
        expect(fields["Feedback-Type"] == "abuse" and fields["Version"] == "1" and fields["User-Agent"].startswith("Sekisho/"), "RFC 5965, 3.1")
        expect(fields.get_all("Source-IP") == ["203.0.113.7"] and fields.get_all("Sekisho-Source") == ["203.0.113.8"] and fields.get_all("Reported-Domain") == ["bad.example"] and
               fields.get_all("Reported-URI") == ["https://bad.example/login?x=1"], str(fields))
        expect("c-9" not in message.as_string(), "what is not the notice stays here")
    for data in raw(box):
        expect(re.search(rb"(?<!\r)\n|\r(?!\n)", data) is None and max(map(len, data.split(b"\r\n"))) <= 998 and all(c < 127 for c in data), "on the wire: CR LF, 7 bit, short lines")
        expect(b"\r\nDate: " in data and b"Subject: " in data and all(len(line) <= 78 for line in data.split(b"\r\n") if b"=?UTF-8" in line), "headers are folded")
    # Taken back before its time: a correction to the same party, in the same thread. Another tag's is not ours to take back.
    backend.say("forget")
    backend.item("takedown_notice.send", "jpcert", tag="fedcba9876543210", **more); backend.say("clear"); backend.say("forget")
    expect(len(mails(box)) == 2, "another's")
    backend.item("takedown_notice.send", "jpcert", **more)
    backend.say("clear"); backend.say("clear")
    correction = mails(box)[2]
    expect(len(mails(box)) == 3 and correction["In-Reply-To"] == japanese["Message-ID"] and "撤回" in correction["Subject"] and "撤回" in body(correction), f"{correction['Subject']}")
    expect(backend.say("read") == [] and backend.say("state") == text[:1], "ended")
    backend.say("forget")
    # Its time over: nothing more is sent.
    backend.item("operator_advisory.send", "power/operator-3", document=digest, until=at(1), order="o-2")
    backend.say("set")
    advisory = mails(box)[3]
    expect(advisory.get_content_type() == "text/plain" and "被害防止情報" in body(advisory) and advisory["To"] == "soc@power.example", body(advisory))
    def lapsed():
        if at(0) < lapse: return False
        backend.say("clear"); return True
    lapse = at(2)
    until("its time", lapsed)
    expect(len(mails(box)) == 4 and backend.say("read") == [], "lapsed without a word")
    backend.say("forget")
    backend.item("vendor_request.send", "vendor/9", **more, order="o-3"); backend.say("set")
    expect("vulnerability" in mails(box)[4]["Subject"] and body(mails(box)[4]).count("Please confirm") == 1, mails(box)[4]["Subject"])
    backend.say("clear"); backend.say("forget")
    # rule: NOTICE-1. Whom nobody registered gets nothing; the order names parties, never addresses.
    for party in ("stranger", "abuse@hosting.example", "hosting-example,jpcert"):
        backend.item("takedown_notice.send", party, **more); backend.refuses("check", -20, "no party"); backend.refuses("set", -20, "no party"); backend.say("forget")
    # rule: NOTICE-2. Words that were not approved, not for everybody, or that would break out.
    bad = []
    for change, why in (({"grade": "G1"}, "only G3"), ({"grade": "G2"}, "only G3"), ({"grade": None}, "not stated"), ({"about": []}, "'about'"), ({"about": ["two words"]}, "printable"),
                        ({"about": ["x\r\nBcc: all@victim.example"]}, "printable"), ({"en": {"title": "a\r\nBcc: all@victim.example", "text": "x"}}, "'en'"), ({"ja": {"title": "あ"}}, "'ja'"),
                        ({"en": {"title": "a", "text": "x\r\n.\r\nMAIL FROM:<x@y.example>"}}, "'en'")):
        bad.append((document(documents, {"notice": {**NOTICE["notice"], **change}}), why))
    bad.append((document(documents, {"case": "c-9"}), "no member 'notice'"))
    forged = hashlib.sha256(b"other").hexdigest()
    with open(os.path.join(documents, forged + ".json"), "wb") as f: f.write(json.dumps(NOTICE).encode())
    bad.append((forged, "not the document that was approved"))
    before = len(mails(box))
    for wrong, why in bad:
        backend.item("takedown_notice.send", "hosting-example", document=wrong, order="o-9"); backend.refuses("set", -20, why); backend.say("forget")
    backend.item("takedown_notice.send", "hosting-example", document="0" * 64, order="o-9"); backend.refuses("check", -88, "not there"); backend.say("forget")
    # Headers: what a title and an order's id can hold cannot end one.
    for title in ("=?UTF-8?B?QmNjOiB4?=", "a" * 200, "「" * 66, "x: y; z=\"q\" <a@b.example>", "日本" * 30 + " Bcc: a@b.example"):
        odd = document(documents, {"notice": {**NOTICE["notice"], "en": {"title": title, "text": "t\n..\n.\n=20\n \n-- \n" + "long " * 300}}})
        backend.item("takedown_notice.send", "hosting-example", document=odd, until=at(60), order="o-" + hashlib.sha256(title.encode()).hexdigest()[:8]); backend.say("set"); backend.say("forget")
        message = mails(box)[-1]
        expect(title in message["Subject"] and message["Bcc"] is None and message["To"] == "abuse@hosting.example" and "t\n..\n.\n=20\n \n-- \n" + "long " * 300 in body(list(message.iter_parts())[0]), f"{title}: {message['Subject']}")
        expect(len(list(message.iter_parts())) == 3, "three parts, whatever the text")
    # A server that says no for now, and for good.
    backend.item("takedown_notice.send", "full", **more, order="o-5"); backend.refuses("set", -88, "452 4.2.2"); expect(backend.say("read") == [], "not sent"); backend.say("forget")
    with open(parties, "a") as f: f.write("moved gone@full.example en\n")
    backend.item("takedown_notice.send", "moved", **more, order="o-5"); backend.refuses("set", -20, "550 5.1.1"); backend.say("forget")
    backend.item("takedown_notice.send", "full", **more, order="o-6"); backend.item("takedown_notice.send", "hosting-example", **more, order="o-6"); backend.refuses("set", -88, "452"); backend.say("forget")
    backend.say("named " + A); backend.item("takedown_notice.send", "hosting-example", **more, order="o-7"); backend.refuses("set", -49, "PEER-1"); backend.say("named 203.0.113.1")
    net.stop(server)
    backend.refuses("set", -88, "cannot connect"); backend.refuses("check", -88, "cannot connect")
    # Settings that cannot be.
    for change, why in ((("from: cert@operator.example", "from: \"cert@operator.example\\r\\nBcc: x@y.example\""), "control character"), (("from: cert@", "from: cert x@"), "a mail address"), (("helo: enforcer.operator.example", "helo: \"a b\""), "host's name"),
                        (("sender: 積石 CERT", "sender: \"A <b>\""), "no quotes"), ((f"parties: {parties}", f"parties: {parties}.bad"), "NAME ADDRESS LANGUAGE")):
        with open(parties + ".bad", "w") as f: f.write("a b@c.example de\n")
        try: Backend(net, folder, config.replace(*change), "bad"); raise Failed(f"{change} was taken")
        except Refused as refused: expect(why in refused.why, str(refused))
    print("mail: reports that Python's email reads, receipts, corrections, nothing that breaks out")


def web(net, folder, documents):
    served = folder + "/served"
    os.mkdir(served, 0o755); os.chmod(folder, 0o755)
    certificate(folder)
    nginx_start(net, folder, served)
    config = (f"backend: publish\nname: site\nfolder: {served}\nsender: 積石 CERT\ncontact: cert@operator.example\ndocuments: {documents}\ntemplates: {TEMPLATES}\n"
              f"url: https://lists.example/blocks/\nserver: tcp:{A}:443\nca: {folder}/tls.crt\n")
    backend = Backend(net, folder, config, "publish")
    digest = document(documents, NOTICE)
    backend.item("public_notice.publish", "public", document=digest, until=at(3600), order="n-1")
    backend.say("check")
    expect(backend.say("read") == [] and not backend.good()[1] and os.listdir(served) == [], "a dry run publishes nothing")
    backend.say("set")
    text = backend.say("text")
    expect(backend.say("read") == text == backend.say("state") == ["public_notice public order n-1 tag 0123456789abcdef"], f"{text}")
    lines, good = backend.good()
    expect(good and "web server lists.example | n-1.txt" in lines[0], f"{lines}")
    page = curl(net, folder, "n-1.txt").out
    for language in ("ja", "en"): expect(NOTICE["notice"][language]["title"] in page and NOTICE["notice"][language]["text"] in page, page)
    before = os.stat(served + "/n-1.txt").st_mtime_ns
    backend.say("set")
    expect(os.stat(served + "/n-1.txt").st_mtime_ns == before, "set again leaves the page")
    # Somebody else's hand: told, left, not corrected over.
    with open(served + "/n-1.txt", "a") as f: f.write("and more\n")
    expect(backend.say("read") == ["n-1.txt of somebody else"] and not backend.good()[1], "told")
    backend.refuses("set", -88, "somebody else"); backend.say("clear")
    expect(curl(net, folder, "n-1.txt").out.endswith("and more\n"), "left")
    with open(served + "/n-1.txt", "w") as f: f.write(page)
    backend.say("clear")
    correction = curl(net, folder, "n-1.txt").out
    expect("訂正" in correction and "Correction" in correction and NOTICE["notice"]["en"]["text"] not in correction, correction)
    expect(backend.say("read") == [] == backend.say("state") and not backend.good()[1], "ended")
    backend.say("forget")
    backend.item("public_notice.publish", "elsewhere", document=digest); backend.refuses("set", -20, "is called 'public'"); backend.say("forget")
    # An order's id that is no file's name.
    backend.item("public_notice.publish", "public", document=digest, order="../../etc/passwd", until=at(60)); backend.say("set"); backend.say("forget")
    expect(sorted(os.listdir(folder)) == sorted(set(os.listdir(folder)) - {"etc"}) and any(re.fullmatch("[0-9a-f]{32}.txt", n) for n in os.listdir(served)), "it stays in its folder")
    print("publish: served, signed, corrected at the same address, never over another's hand")


if __name__ == "__main__":
    need("nginx", "curl", "openssl")
    need_mail_server()
    for part in (by_mail, web):
        with Pair() as net, Folder() as folder:
            documents = folder + "/documents"
            os.mkdir(documents)
            part(net, folder, documents)
