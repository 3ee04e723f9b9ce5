#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the seeds of the logs targets: one small file for each form that is read. usage: make_seeds.py"""
import gzip, os
here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "seeds")
P = '"src_ip":"192.0.2.1","src_port":5,"dest_ip":"198.51.100.2","dest_port":53'
Z = '"id.orig_h":"192.0.2.1","id.resp_h":"198.51.100.2"'
json_lines = [
    '{"timestamp":"2026-11-22T10:00:00.5+0900",' + P + ',"proto":"UDP","dns":{"version":3,"queries":[{"rrname":"bad.example"}],"answers":[{"rdata":"198.51.100.1"}]}}',
    '{' + P + ',"tls":{"sni":"bad.example","ja3":{"hash":"e7d705a3286e19ea42f587b344ee6865"},"ja3s":{"hash":"ec74a5c51106f0419184d0dd08fb05bc"},"fingerprint":"3c:84:f5"}}',
    '{' + P + ',"http":{"hostname":"bad.example:80","url":"\\/x?y"},"tunnel":{"src_ip":"192.0.2.1","dest_ip":"198.51.100.2"}}',
    '{' + P + ',"ssh":{"client":{"hassh":{"hash":"ec7378c1a92f5a8dde7e8b7a1ddf33d1"}}},"quic":{"sni":"a","ja4":"t13d"}}',
    '{"ts":1790000000.5,' + Z + ',"query":"b\\u0061d.example","cert_chain_fps":["00","ff"]}',
    '{"event_type":"stats"}', '{' + P + ',"a":[1,-2.5e3,true,null,{"b":[]},"\\"}"]}',
]
zeek = "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#fields\tts\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tquery\n1.5\t192.0.2.1\t5\t198.51.100.2\t53\tb\\x61d.example\n#close\t2026\n"
csv = {
    "nfdump": "ts,te,td,sa,da,sp,dp,pr\n2026-11-22 10:00:00,,1,192.0.2.1,198.51.100.2,1,2,TCP\nSummary\nflows,bytes,packets\n1,2,3\n",
    "generic": 'Source IP;Dest IP;Host;url\n192.0.2.1;"198.51.100.2";bad.example;http://bad.example/x\n',
    "rwcut": "  sIP|   dIP|sPort\n  192.0.2.1|  198.51.100.2|   5\n", "quotes": 'src,dst,query\n"192.0.2.1" ,198.51.100.2,"a ""b"", c"\nsrc,dst,query\n',
    "printed": "x\n   192.0.2.1,    198.51.100.2, 42506,    443,6    ,1795366035.169\n 2001:db8::1, 2001:db8::2, 0, 135.0,58,1795366035.552\n",
}
def put(target, name, data):
    with open(os.path.join(here, target, name), "wb") as f: f.write(data if isinstance(data, bytes) else data.encode())
for i, line in enumerate(json_lines): put("fz_log_json", f"line-{i}", line + "\n")
for name, text in csv.items(): put("fz_log_csv", name, text)
put("fz_log_file", "json", "\n".join(json_lines) + "\n"); put("fz_log_file", "zeek", zeek); put("fz_log_file", "zeek-twice", zeek + zeek.replace("\t", "|").replace("x09", "x7c"))
put("fz_log_file", "csv", csv["generic"]); put("fz_log_file", "zeek.gz", gzip.compress(zeek.encode(), mtime=0)); put("fz_log_file", "bom", "\ufeff" + csv["nfdump"])
put("fz_log_file", "empty", ""); put("fz_log_file", "no-feed", json_lines[0])
