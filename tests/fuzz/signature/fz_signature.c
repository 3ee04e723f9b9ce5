/* SPDX-License-Identifier: Apache-2.0 */
/* Packets of fuzz into a small table with rules of every kind: nothing stays behind, nothing is noted that is no rule. Each packet: 6 bytes of words (ends, ports, flags, sequence,
   payload length), then its payload. */
#include "../../unit/signature/signature_test.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static const char rules[] =
	"alert tcp any any -> any any (msg:\"1\"; content:\"GET \"; content:\"HTTP\"; distance:0; within:200; sid:1;)\n"
	"alert http any any -> any any (msg:\"2\"; http.uri; content:\"/\"; pcre:\"/^\\/[a-z]+/\"; sid:2;)\n"
	"alert http any any -> any any (msg:\"3\"; http.header; content:\"|0d 0a|\"; http.host; content:\"e\"; sid:3;)\n"
	"alert http any any -> any any (msg:\"4\"; http.response_body; content:\"a\"; http.response_body; url_decode; content:\"b\"; sid:4;)\n"
	"alert http any any -> any any (msg:\"5\"; file.data; to_md5; content:\"|aa|\"; sid:5;)\n"
	"alert udp any any -> any any (msg:\"6\"; byte_jump:2,0,relative,multiplier 3,from_beginning; content:\"x\"; distance:-3; sid:6;)\n"
	"alert ip any any -> any any (msg:\"7\"; byte_extract:1,0,n; content:\"a\"; offset:n; depth:9; byte_test:2,>,n,1,relative,string,hex; sid:7;)\n"
	"alert tcp any any -> any any (msg:\"8\"; byte_math:bytes 1, offset 1, oper <<, rvalue 3, result r; isdataat:r; flowbits:set,s; sid:8;)\n"
	"alert tcp any any -> any any (msg:\"9\"; flowbits:isset,s; content:!\"zz\"; flowbits:toggle,t; sid:9;)\n"
	"alert dns any any -> any any (msg:\"10\"; dns.query; dotprefix; content:\".a\"; endswith; sid:10;)\n"
	"alert tls any any -> any any (msg:\"11\"; tls.sni; content:\"a\"; sid:11;)\n"
	"alert tcp any any -> any any (msg:\"12\"; flags:S+; threshold:type both,track by_src,count 2,seconds 60; sid:12;)\n"
	"alert tcp any any -> any any (msg:\"13\"; content:\"aa\"; content:\"ab\"; within:9; content:\"b\"; distance:-1; pcre:\"/(a|ab)*c/R\"; sid:13;)\n"
	"alert http any any -> any any (msg:\"14\"; http.header_names; content:\"Host\"; http.cookie; compress_whitespace; content:\" \"; sid:14;)\n"
	"pass tcp any any -> any any (msg:\"15\"; content:\"PASS\"; sid:15;)\n";

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static const uint16_t ports[] = {53, 443, 80, 4000};
	static struct bench bench;
	struct sk_signature_limits limits = {.bytes = 4096, .streams = 5, .counters = 64};
	if (bench.rules == NULL)
		SK_INVARIANT(bench_start(&bench, rules, &limits, (1 << SK_CLASS_COUNT) - 1));
	struct sk_cur c = sk_cur_of(bytes, length);
	while (sk_left(&c) >= 6) {
		uint8_t ends = sk_u8(&c), words = sk_u8(&c), flags = sk_u8(&c);
		uint32_t sequence = sk_be16(&c);
		struct sk_cur payload = sk_carve_at_most(&c, sk_u8(&c) * (size_t)((words & 64) != 0 ? 8 : 1));
		struct sk_packet packet = packet_of(ends & 3, ports[words & 3], ends >> 2 & 3, ports[words >> 2 & 3], (words & 16) != 0 ? UDP : TCP, flags, 0);
		with_payload(&packet, sequence, NULL, 0);
		packet.payload = payload;
		packet.payload_wire_bytes = (uint32_t)sk_left(&payload);
		packet.ip_bytes = 40 + packet.payload_wire_bytes;
		bench_packet(&bench, &packet);
	}
	struct sk_signature_counts counts;
	sk_signature_counts(bench.signature, &counts);
	SK_INVARIANT(counts.fitted <= counts.asked && counts.hits <= counts.fitted);
	SK_INVARIANT((bench_end(&bench) & ~UINT64_C(0x7ffe)) == 0);
	return 0;
}
