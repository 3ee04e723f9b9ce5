/* SPDX-License-Identifier: Apache-2.0 */
/* usage: detector_play SCRIPT. Plays a script of flows to detectors and prints what they say. tests/golden/detectors holds the scripts and what they must give.

   # a comment
   detect NAME[:KEY=NUMBER,...]
   classes FD                        the basis covers these alone (half view); else FF, FD, DF
   [repeat N every SECONDS] at SECONDS PROTO CLASS FROM[+][:PORT[+]] > TO[+][:PORT[+]] silent|refuse|accept [WORD NUMBER...]...
        + adds the number of the repetition; words: for S, bytes OUT BACK, packets OUT BACK, app NAME, flags N, type N, answer S; open: the flow has not ended;
        active: it goes on in another segment;
        odd N: the first packet has these TCP flags
        sample OUT BACK: nothing but two packets of the sample, of so many bytes; number N: nothing but what a detector took from a head, of which N is the first;
         behind it: second N, text WORD, app NAME
        ask NAME TYPE [missing | lost] [ttl S] [size OUT BACK] [address A[*STEP]]...: a question and its answer, that there is no such name, or none; STEP times the number of the
        repetition is added to an address. sni NAME, host NAME: a hello, a request. In names @N is N characters that change with the repetition, % its number
   brands WORD...                    one line of a list of brands instead of the program's; several add up
   count TARGET...                   ask count.only (detect/counter.h) for a number, which is printed at the end */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "detect/counter.h"
#include "play.h"
#include "../english.h"

enum { LINE_BYTES = 1024, WORDS = 64, DETECTORS = 16, COUNTS = 8, SMALLEST = 10 };

struct script {
	const char *path;
	unsigned line;
	char *word[WORDS];
	size_t count, at;
	char *detectors[DETECTORS];
	size_t detector_count;
	struct sk_count_request requests[COUNTS];
	size_t request_count;
};

_Noreturn static void fail(const struct script *s, const char *what)
{
	(void)fprintf(stderr, "%s:%u: %s (word %zu, '%s')\n", s->path, s->line, what, s->at, s->at < s->count ? s->word[s->at] : "");
	exit(2);
}

static char *next(struct script *s)
{
	if (s->at == s->count)
		fail(s, "a word is missing");
	return s->word[s->at++];
}

static bool is(struct script *s, const char *word)
{
	bool same = s->at < s->count && strcmp(s->word[s->at], word) == 0;
	s->at += same;
	return same;
}

static double number(struct script *s)
{
	char *end = NULL;
	double value = strtod(next(s), &end);
	if (*end != '\0')
		fail(s, "expected a number");
	return value;
}

/* "192.0.2.1+:23+" */
static void end_of(struct script *s, uint32_t plus, struct sk_addr *addr, uint16_t *port)
{
	char text[LINE_BYTES];
	(void)snprintf(text, sizeof text, "%s", next(s));
	char *colon = strchr(text, '[') != NULL ? strstr(text, "]:") : strchr(text, ':');
	*port = 0;
	if (colon != NULL) {
		char *at = colon[0] == ']' ? colon + 2 : colon + 1;
		*port = (uint16_t)(strtoul(at, &at, 10) + (*at == '+' ? plus : 0));
		*colon = '\0';
	}
	char *first = text[0] == '[' ? text + 1 : text, *sign = strchr(first, '+');
	if (sign != NULL)
		*sign = '\0';
	*addr = play_addr(first, sign != NULL ? plus : 0);
}

static uint8_t app_of(struct script *s)
{
	const char *name = next(s);
	for (unsigned app = 1; app < SK_APP_COUNT; app++)
		if (strcmp(sk_app_name(app), name) == 0)
			return (uint8_t)app;
	fail(s, "no such protocol");
}

static struct sk_event event_of(const struct play_flow *flow, uint8_t kind, bool back)
{
	return (struct sk_event){.kind = kind, .class_ = flow->class_, .ip_proto = flow->ip_proto, .app = flow->app, .bits = back ? SK_EVENT_BACK : 0, .initiator = flow->from,
				 .initiator_port = flow->from_port, .responder = flow->to, .responder_port = flow->to_port};
}

/* "@40.t.example.com" of a repetition. */
static const char *name_of(const char *pattern, uint32_t plus, char text[LINE_BYTES])
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
	size_t used = 0;
	uint64_t seed = UINT64_C(0x9e3779b97f4a7c15) * (plus + 1);
	for (; *pattern != '\0' && used < LINE_BYTES - 80; pattern++) {
		char *end = NULL;
		if (*pattern == '%') {
			used += (size_t)snprintf(text + used, 16, "%u", plus);
		} else if (*pattern == '@') {
			for (unsigned long n = strtoul(pattern + 1, &end, 10); n > 0 && n < 64; n--)
				text[used++] = letters[play_random(&seed, 32)];
			pattern = end - 1;
		} else {
			text[used++] = *pattern;
		}
	}
	text[used] = '\0';
	return text;
}

static uint16_t type_of(struct script *s)
{
	static const struct { const char *name; uint16_t type; } types[] = {{"A", 1}, {"CNAME", 5}, {"NULL", 10}, {"PTR", 12}, {"MX", 15}, {"TXT", 16}, {"AAAA", 28}, {"SRV", 33}};
	for (size_t i = 0; i < SK_COUNT(types); i++)
		if (is(s, types[i].name))
			return types[i].type;
	fail(s, "no such type");
}

static void take_dns(struct script *s, struct play *play, const struct play_flow *flow, uint32_t plus)
{
	char text[LINE_BYTES], address[LINE_BYTES];
	struct play_dns dns = {.at_s = flow->at_s, .class_ = flow->class_, .client = flow->from, .client_port = flow->from_port, .server = flow->to, .answers = 1, .ttl_s = 300};
	dns.name = name_of(next(s), plus, text);
	dns.type = type_of(s);
	while (s->at < s->count) {
		if (is(s, "missing")) {
			dns.rcode = 3;
			dns.answers = 0;
		} else if (is(s, "lost")) {
			dns.no_answer = true;
		} else if (is(s, "ttl")) {
			dns.ttl_s = (uint32_t)number(s);
		} else if (is(s, "size")) {
			dns.bytes[0] = (uint16_t)number(s);
			dns.bytes[1] = (uint16_t)number(s);
		} else if (is(s, "address") && dns.address_count < SK_DNS_ADDRESSES_MAX) {
			(void)snprintf(address, sizeof address, "%s", next(s));
			char *step = strchr(address, '*');
			uint32_t times = step != NULL ? (uint32_t)strtoul(step + 1, NULL, 10) : 0;
			if (step != NULL)
				*step = '\0';
			dns.addresses[dns.address_count++] = play_addr(address, times * plus);
		} else {
			fail(s, "no such word");
		}
	}
	play_dns(play, &dns);
}

static void take_name(struct script *s, struct play *play, const struct play_flow *flow, uint32_t plus, enum sk_head_kind kind)
{
	char text[LINE_BYTES];
	struct sk_head head = {.kind = (uint8_t)kind, .app = kind == SK_HEAD_HTTP ? SK_APP_HTTP : SK_APP_TLS, .from_initiator = true};
	struct sk_event event = event_of(flow, SK_EVENT_HEAD, false);
	bool http = kind == SK_HEAD_HTTP;
	(void)snprintf(http ? head.as.http.host : head.as.client_hello.sni, 256, "%.255s", name_of(next(s), plus, text));
	play_head(play, flow->at_s, &event, &head, 300);
}

/* What is no flow but an event: true when it was one. */
static bool take_event(struct script *s, struct play *play, const struct play_flow *flow, uint32_t plus)
{
	if (is(s, "ask")) {
		take_dns(s, play, flow, plus);
		return true;
	}
	if (is(s, "sni") || is(s, "host")) {
		take_name(s, play, flow, plus, s->word[s->at - 1][0] == 'h' ? SK_HEAD_HTTP : SK_HEAD_CLIENT_HELLO);
		return true;
	}
	if (is(s, "sample")) {
		for (unsigned side = 0; side < 2; side++) {
			struct sk_event event = event_of(flow, SK_EVENT_SAMPLE, side == 1);
			event.sample.packets = SK_EVENT_SAMPLING;
			event.sample.bytes = SK_EVENT_SAMPLING * (uint32_t)number(s);
			if (event.sample.bytes != 0)
				play_event(play, flow->at_s, &event);
		}
		return true;
	}
	if (!is(s, "number"))
		return false;
	struct sk_event event = event_of(flow, SK_EVENT_HEAD, true);
	event.bits |= SK_EVENT_SURE;
	event.head.numbers[0] = (uint32_t)number(s);
	while (s->at < s->count) {
		if (is(s, "second"))
			event.head.numbers[1] = (uint32_t)number(s);
		else if (is(s, "text"))
			(void)snprintf(event.head.text, sizeof event.head.text, "%s", next(s));
		else if (is(s, "app"))
			event.app = app_of(s);
		else
			fail(s, "no such word");
	}
	size_t rows;
	const struct sk_detector_row *table = sk_policy_detectors(&rows);
	for (size_t row = 0; row < rows; row++)
		for (size_t i = 0; i < s->detector_count; i++)
			if (strlen(table[row].name) == strcspn(s->detectors[i], ":") && strncmp(table[row].name, s->detectors[i], strlen(table[row].name)) == 0) {
				event.detector = (uint8_t)row;
				play_event(play, flow->at_s, &event);
			}
	return true;
}

static void take_words(struct script *s, struct play_flow *flow)
{
	while (s->at < s->count) {
		if (is(s, "for"))
			flow->last_s = number(s);
		else if (is(s, "bytes")) {
			flow->bytes[0] = (uint64_t)number(s);
			flow->bytes[1] = (uint64_t)number(s);
		} else if (is(s, "packets")) {
			flow->packets[0] = (uint64_t)number(s);
			flow->packets[1] = (uint64_t)number(s);
		} else if (is(s, "flags"))
			flow->flags[0] = (uint8_t)number(s);
		else if (is(s, "odd"))
			flow->first_flags = (uint8_t)number(s);
		else if (is(s, "type"))
			flow->icmp_type = (uint8_t)number(s);
		else if (is(s, "answer"))
			flow->answer_s = number(s);
		else if (is(s, "active"))
			flow->end = SK_FLOW_END_ACTIVE;
		else if (is(s, "open"))
			flow->no_end = true;
		else if (is(s, "halfopen"))
			flow->no_confirm = true;
		else if (is(s, "app"))
			flow->app = app_of(s);
		else
			fail(s, "no such word");
	}
}

static void take_flows(struct script *s, struct play *play)
{
	unsigned times = 1;
	double every = 0;
	if (is(s, "repeat")) {
		times = (unsigned)number(s);
		if (!is(s, "every"))
			fail(s, "expected every");
		every = number(s);
	}
	if (!is(s, "at"))
		fail(s, "expected at");
	double at = number(s);
	size_t here = s->at;
	for (unsigned i = 0; i < times; i++) {
		struct play_flow flow = {.at_s = at + i * every};
		s->at = here;
		const char *proto = next(s), *class_ = next(s);
		flow.ip_proto = strcmp(proto, "tcp") == 0 ? 6 : strcmp(proto, "udp") == 0 ? 17 : strcmp(proto, "icmp") == 0 ? 1 : 0;
		for (unsigned c = 0; c < SK_CLASS_COUNT; c++)
			if (strcmp(sk_class_name((enum sk_class)c), class_) == 0)
				flow.class_ = (uint8_t)c;
		if (flow.ip_proto == 1)
			flow.icmp_type = 8;
		end_of(s, i, &flow.from, &flow.from_port);
		if (!is(s, ">"))
			fail(s, "expected >");
		end_of(s, i, &flow.to, &flow.to_port);
		if (take_event(s, play, &flow, i))
			continue;
		flow.answer = is(s, "accept") ? PLAY_ACCEPT : is(s, "refuse") ? PLAY_REFUSE : is(s, "silent") ? PLAY_SILENT : (fail(s, "expected silent, refuse or accept"), PLAY_SILENT);
		take_words(s, &flow);
		play_flow(play, &flow);
	}
}

static void take_count(struct script *s)
{
	struct sk_fault fault;
	struct sk_count_request *request = &s->requests[s->request_count++];
	request->digest[0] = (uint8_t)s->request_count;
	while (s->at < s->count)
		if (sk_count_request_add(request, next(s), &fault) != SK_OK)
			fail(s, fault.line);
}

static void begin_counts(struct script *s, const struct play *play)
{
	static const uint8_t key[SK_COUNTER_KEY_BYTES] = {1, 2, 3};
	struct sk_fault fault;
	for (size_t i = 0; i < s->request_count; i++)
		if (sk_counter_begin(play->kit, &s->requests[i], SK_COUNT_LIFE_MAX_S, key, &fault) != SK_OK)
			fail(s, fault.line);
}

static void print_counts(const struct script *s, const struct play *play)
{
	struct sk_counter_answer answer;
	struct sk_kit *kit = play->kit;
	for (size_t i = 0; i < s->request_count; i++) {
		if (!sk_counter_read(&kit, 1, s->requests[i].digest, SMALLEST, &answer))
			continue;
		(void)printf("count %zu of %zu targets: ", i + 1, s->requests[i].target_count);
		(void)printf(answer.small ? "fewer than %llu\n" : "%llu\n", answer.small ? (unsigned long long)SMALLEST : (unsigned long long)answer.hosts);
	}
}

static void print_said(const struct play *play)
{
	size_t rows;
	const struct sk_detector_row *table = sk_policy_detectors(&rows);
	for (size_t i = 0; i < play->said_count; i++) {
		const struct sk_detection *d = &play->said[i];
		struct sk_telling words;
		play_tell(play, d, &words);
		(void)printf("%s %s severity %u sure %u %% class %s contacts %llu added %llu answered %llu peers %llu ports %llu value %llu limit %llu%s\n  %s\n  %s\n  %s\n",
			     table[d->detector].name, d->matched, d->severity, d->percent, sk_class_name((enum sk_class)d->class_), (unsigned long long)d->contacts,
			     (unsigned long long)d->added, (unsigned long long)d->answered, (unsigned long long)d->peers, (unsigned long long)d->ports,
			     (unsigned long long)d->value, (unsigned long long)d->limit, d->half_view ? " half view" : "", english(&words.sentence), english(&words.why), english(&words.doubt));
	}
	if (play->said_count == 0)
		(void)printf("nothing\n");
}

int main(int argc, char **argv)
{
	struct script s = {.path = argc > 1 ? argv[1] : ""};
	uint32_t classes = 0;
	bool started = false;
	struct play play;
	char line[LINE_BYTES], brands[8 * LINE_BYTES] = "";
	FILE *file = argc == 2 ? fopen(argv[1], "r") : NULL;
	if (file == NULL)
		return 2;
	while (fgets(line, sizeof line, file) != NULL) {
		s.line++;
		s.count = s.at = 0;
		line[strcspn(line, "#\n")] = '\0';
		for (char *word = strtok(line, " \t"); word != NULL && s.count < WORDS; word = strtok(NULL, " \t"))
			s.word[s.count++] = word;
		if (s.count == 0)
			continue;
		if (is(&s, "detect") && s.detector_count < DETECTORS) {
			s.detectors[s.detector_count++] = strdup(next(&s));
		} else if (is(&s, "count") && s.request_count < COUNTS) {
			take_count(&s);
		} else if (is(&s, "brands")) {
			for (; s.at < s.count; s.at++)
				(void)snprintf(brands + strlen(brands), sizeof brands - strlen(brands), "%s%s", s.word[s.at], s.at + 1 == s.count ? "\n" : " ");
			play_brands(brands);
		} else if (is(&s, "classes")) {
			while (s.at < s.count) {
				const char *name = next(&s);
				for (unsigned c = 0; c < SK_CLASS_COUNT; c++)
					classes |= strcmp(sk_class_name((enum sk_class)c), name) == 0 ? SK_CLASS_BIT(c) : 0;
			}
		} else {
			if (!started)
				play_start(&play, 1, classes, NULL, (const char *const *)s.detectors, s.detector_count);
			if (!started)
				begin_counts(&s, &play);
			started = true;
			take_flows(&s, &play);
		}
	}
	(void)fclose(file);
	play_run(&play, false);
	print_said(&play);
	print_counts(&s, &play);
	play_end(&play);
	for (size_t i = 0; i < s.detector_count; i++)
		free(s.detectors[i]);
	return 0;
}
