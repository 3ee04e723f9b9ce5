/* SPDX-License-Identifier: Apache-2.0 */
/* A response policy zone on a Knot DNS primary, from which resolvers (BIND, Unbound) take it: names that do not exist, have no data, or lead to a sinkhole.
   `knotc` makes all changes of a call one zone transaction; the resolvers follow by NOTIFY and IXFR. The effect is what each resolver answers.
   https://datatracker.ietf.org/doc/html/draft-vixie-dnsop-dns-rpz-00, knotc(8) */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "peer/peer.h"
#include "target/dns.h"
#include "target/target_priv.h"
#include "text/text.h"

enum { RESOLVERS_MAX = 16, SINKHOLES_MAX = 4, ZONE_NAME_MAX = 200, OUTPUT_MAX = 256 << 20, ERROR_MAX = 16384, OWNERS_ASKED = 16, OWNER_MAX = 512, KNOT_MS = 60000 };

static const int64_t ns_per_second = 1000000000;

/* The longest that anything of this zone may live; a secondary that hears nothing must not keep it for longer. */
static const uint64_t longest_life_s[] = {
#define SK_MEASURE(symbol, name, target, life_s, v4, v6, targets) life_s,
#include "warrant/measure.def"
#undef SK_MEASURE
};

struct rpz {
	char name[64], zone[ZONE_NAME_MAX], socket[108], transaction[SK_PATH_MAX];
	uint64_t ttl_s;
	size_t resolver_count, sinkhole_count;
	struct sk_peer resolvers[RESOLVERS_MAX];
	struct sk_addr sinkholes[SINKHOLES_MAX];
	bool (*named)(void *context, const struct sk_addr *addr);
	void *named_context;
};

static enum sk_err read_resolvers(struct rpz *rpz, const struct sk_settings *settings, struct sk_fault *fault)
{
	char key[SK_SETTING_KEY_MAX];
	rpz->resolver_count = sk_settings_count(settings, "resolvers");
	if (rpz->resolver_count == 0 || rpz->resolver_count > RESOLVERS_MAX)
		return sk_settings_fault(settings, "resolvers", fault, "expected a list of 1 to %d resolvers like udp:192.0.2.53:53; their answers are the effect", RESOLVERS_MAX);
	for (size_t i = 0; i < rpz->resolver_count; i++) {
		struct sk_fault why;
		(void)snprintf(key, sizeof key, "resolvers[%zu]", i);
		if (sk_peer_parse(sk_settings_text(settings, key, ""), &rpz->resolvers[i], &why) != SK_OK)
			return sk_settings_fault(settings, key, fault, "%s", why.line);
		if (rpz->resolvers[i].transport != SK_PEER_UDP)
			return sk_settings_fault(settings, key, fault, "expected udp:ADDR:PORT");
	}
	return SK_OK;
}

static enum sk_err read_sinkholes(struct rpz *rpz, const struct sk_settings *settings, struct sk_fault *fault)
{
	char key[SK_SETTING_KEY_MAX];
	rpz->sinkhole_count = sk_settings_count(settings, "sinkhole");
	if (rpz->sinkhole_count > SINKHOLES_MAX)
		return sk_settings_fault(settings, "sinkhole", fault, "expected at most %d addresses", SINKHOLES_MAX);
	for (size_t i = 0; i < rpz->sinkhole_count; i++) {
		(void)snprintf(key, sizeof key, "sinkhole[%zu]", i);
		if (sk_addr_parse(sk_settings_text(settings, key, ""), &rpz->sinkholes[i]) != SK_OK)
			return sk_settings_fault(settings, key, fault, "expected an address of our own sinkhole");
	}
	return SK_OK;
}

static enum sk_err read_settings(struct rpz *rpz, const struct sk_backend_place *place, struct sk_fault *fault)
{
	const struct sk_settings *settings = place->settings;
	const char *zone, *socket = sk_settings_text(settings, "socket", "/run/knot/knot.sock");
	int64_t ttl_ns;
	SK_TRY(sk_settings_need(settings, "zone", &zone, fault));
	if (strlen(zone) + 1 >= sizeof rpz->zone || zone[0] == '.' || zone[strspn(zone, "abcdefghijklmnopqrstuvwxyz0123456789-_.")] != '\0')
		return sk_settings_fault(settings, "zone", fault, "'%s', expected the name of the policy zone in lower case", zone);
	if (strlen(socket) >= sizeof rpz->socket || socket[0] != '/')
		return sk_settings_fault(settings, "socket", fault, "expected the path of knotd's control socket");
	SK_TRY(sk_settings_time(settings, "ttl", ns_per_second, 3600 * ns_per_second, 30 * ns_per_second, &ttl_ns, fault));
	SK_TRY(read_resolvers(rpz, settings, fault));
	SK_TRY(read_sinkholes(rpz, settings, fault));
	(void)snprintf(rpz->zone, sizeof rpz->zone, "%.*s", (int)(strlen(zone) - (zone[strlen(zone) - 1] == '.')), zone);
	(void)snprintf(rpz->socket, sizeof rpz->socket, "%s", socket);
	(void)snprintf(rpz->name, sizeof rpz->name, "%s", place->name);
	rpz->ttl_s = (uint64_t)(ttl_ns / ns_per_second);
	rpz->named = place->named;
	rpz->named_context = place->named_context;
	return sk_file_join(rpz->transaction, sizeof rpz->transaction, place->folder, "transaction");
}

static enum sk_err rpz_open(const struct sk_backend_place *place, void **self, struct sk_fault *fault)
{
	struct rpz *rpz = calloc(1, sizeof *rpz);
	if (rpz == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "%s: out of memory", place->name);
	enum sk_err err = read_settings(rpz, place, fault);
	if (err != SK_OK) {
		free(rpz);
		return err;
	}
	*self = rpz;
	return SK_OK;
}

static void rpz_close(void *self)
{
	free(self);
}

/* ---- text ---- */

/* "evil.example.rpz.test." */
static enum sk_err write_owner(const struct rpz *rpz, const struct sk_item *item, char out[OWNER_MAX], struct sk_fault *fault)
{
	int n = snprintf(out, OWNER_MAX, "%s.%s.", item->target, rpz->zone);
	if (n < 0 || n > 254)
		return sk_fault_set(fault, SK_EUSAGE, "%s: %s is too long a name to stand in the zone %s", rpz->name, item->target, rpz->zone);
	return SK_OK;
}

enum { RECORDS_MAX = SINKHOLES_MAX, RECORD_MAX = 64 };

/* Type and data of each record of an item, ascending as text. */
static enum sk_err write_records(const struct rpz *rpz, const struct sk_item *item, char out[RECORDS_MAX][RECORD_MAX], size_t *count, struct sk_fault *fault)
{
	char addr[SK_ADDR_TEXT_MAX];
	*count = 1;
	switch (item->action) {
	case SK_ACTION_RPZ_NXDOMAIN:
		(void)snprintf(out[0], RECORD_MAX, "CNAME .");
		return SK_OK;
	case SK_ACTION_RPZ_NODATA:
		(void)snprintf(out[0], RECORD_MAX, "CNAME *.");
		return SK_OK;
	case SK_ACTION_SINKHOLE_REDIRECT:
		*count = rpz->sinkhole_count;
		for (size_t i = 0; i < rpz->sinkhole_count; i++)
			(void)snprintf(out[i], RECORD_MAX, "%s %s", rpz->sinkholes[i].family == 4 ? "A" : "AAAA", sk_addr_format(&rpz->sinkholes[i], addr));
		if (*count > 0)
			return SK_OK;
		return sk_fault_set(fault, SK_EUSAGE, "%s: no sinkhole address is configured here", rpz->name);
	default:
		return sk_fault_set(fault, SK_EUSAGE, "%s: a zone cannot carry '%s'", rpz->name, sk_action_name(item->action));
	}
}

/* The lines of a text in ascending order; Knot has its own. */
static void sort_lines(struct sk_buf *text)
{
	struct sk_buf sorted;
	sk_buf_init(&sorted, text->limit);
	const char *last = "";
	for (;;) { /* a handful of lines: the least that is above the last, again and again */
		const char *best = NULL;
		size_t best_length = 0;
		for (const char *at = sk_buf_text(text); *at != '\0'; at += strcspn(at, "\n") + 1) {
			size_t length = strcspn(at, "\n") + 1;
			if ((*last == '\0' || strncmp(at, last, length) > 0) && (best == NULL || strncmp(at, best, length) < 0)) {
				best = at;
				best_length = length;
			}
		}
		if (best == NULL)
			break;
		sk_buf_add(&sorted, best, best_length);
		last = best;
	}
	sk_buf_reset(text);
	sk_buf_add(text, sorted.bytes, sorted.length);
	sk_buf_fini(&sorted);
}

static enum sk_err rpz_text(void *self, const struct sk_item *item, struct sk_buf *out, struct sk_fault *fault)
{
	const struct rpz *rpz = self;
	char owner[OWNER_MAX], records[RECORDS_MAX][RECORD_MAX];
	size_t count;
	struct sk_buf lines;
	SK_TRY(write_owner(rpz, item, owner, fault));
	SK_TRY(write_records(rpz, item, records, &count, fault));
	sk_buf_init(&lines, SK_ITEM_TEXT_MAX);
	for (size_t i = 0; i < count; i++)
		sk_buf_addf(&lines, "%s %llu %s\n", owner, (unsigned long long)rpz->ttl_s, records[i]);
	if (count > 1)
		sort_lines(&lines);
	sk_buf_add(out, lines.bytes, lines.length);
	sk_buf_fini(&lines);
	return out->failed;
}

/* ---- knotc ---- */

/* Run commands, one a line. */
static enum sk_err knotc(const struct rpz *rpz, const struct sk_buf *commands, struct sk_buf *out, struct sk_fault *fault)
{
	const char *words[] = {"knotc", "-s", rpz->socket, NULL};
	struct sk_fault why;
	struct sk_buf said;
	int status = 0;
	if (commands->failed != SK_OK)
		return sk_fault_set(fault, commands->failed, "%s: the commands cannot be written", rpz->name);
	sk_buf_init(&said, ERROR_MAX);
	struct sk_child child = {.words = words, .input = commands->bytes, .input_length = commands->length, .timeout_ms = KNOT_MS};
	enum sk_err err = sk_child_run(&child, out, &said, &status, &why);
	if (err != SK_OK)
		(void)sk_fault_set(fault, err, "%s: %s", rpz->name, why.line);
	else if (status != 0 || strstr(sk_buf_text(&said), "error:") != NULL) /* it ends with 0 also when it has no connection */
		err = sk_fault_set(fault, SK_ETARGET, "%s: knotc ends with %d: %.*s", rpz->name, status, (int)strcspn(sk_buf_text(&said), "\n"), sk_buf_text(&said));
	sk_buf_fini(&said);
	return err;
}

/* The next line of an output; false at its end. */
static bool next_line(const char **at, const char **line, size_t *length)
{
	if (**at == '\0')
		return false;
	*line = *at;
	*length = strcspn(*at, "\n");
	*at += *length + ((*at)[*length] == '\n');
	return true;
}

static bool has(const char *line, size_t length, const char *words)
{
	return memmem(line, length, words, strlen(words)) != NULL;
}

/* "error: ..." but for what is not there and was not to be, and what is there already and was to be; and each of the commands must have said something: silence is no answer. */
static enum sk_err first_error(const struct rpz *rpz, const struct sk_buf *out, size_t commands, struct sk_fault *fault)
{
	const char *at = sk_buf_text(out), *line;
	size_t length, said = 0;
	while (next_line(&at, &line, &length)) {
		bool fine = has(line, length, "no such node in zone") || has(line, length, "no such record in zone") || has(line, length, "record already exists in zone");
		if (length > 6 && memcmp(line, "error:", 6) == 0 && !fine)
			return sk_fault_set(fault, SK_ETARGET, "%s: knotc says %.*s", rpz->name, (int)(length < 300 ? length : 300), line);
		said += length > 0 && strncmp(line, "notice:", 7) != 0;
	}
	if (said < commands)
		return sk_fault_set(fault, SK_ETARGET, "%s: knotc answered %zu of %zu commands", rpz->name, said, commands);
	return SK_OK;
}

/* ---- what the zone holds ---- */

struct wanted {
	char owner[OWNER_MAX];
	size_t item;
};

static int by_owner(const void *a, const void *b)
{
	return strcmp(((const struct wanted *)a)->owner, ((const struct wanted *)b)->owner);
}

/* "[rpz.test.] evil.example.rpz.test. 60 CNAME ." without the zone in front. False: another kind of line. */
static bool record_of(const char *line, size_t length, char out[SK_ITEM_TEXT_MAX])
{
	const char *space = memchr(line, ' ', length);
	if (length == 0 || line[0] != '[' || space == NULL || (size_t)(line + length - space) >= SK_ITEM_TEXT_MAX)
		return false;
	size_t rest = (size_t)(line + length - space - 1);
	memcpy(out, space + 1, rest);
	out[rest] = '\0';
	return true;
}

static void deal(const struct sk_buf *zone, const struct wanted *wanted, size_t count, struct sk_buf *texts)
{
	const char *at = sk_buf_text(zone), *line;
	char record[SK_ITEM_TEXT_MAX];
	size_t length;
	while (next_line(&at, &line, &length)) {
		struct wanted key = {0};
		if (!record_of(line, length, record))
			continue;
		size_t owner = strcspn(record, " ");
		if (owner >= sizeof key.owner)
			continue;
		for (size_t i = 0; i < owner; i++)
			key.owner[i] = (char)tolower((unsigned char)record[i]);
		const struct wanted *hit = bsearch(&key, wanted, count, sizeof *wanted, by_owner);
		if (hit == NULL)
			continue;
		sk_buf_addf(&texts[hit->item], "%s\n", record);
	}
	for (size_t i = 0; i < count; i++)
		sort_lines(&texts[i]);
}

static enum sk_err read_zone(const struct rpz *rpz, const struct wanted *wanted, size_t count, struct sk_buf *out, struct sk_fault *fault)
{
	struct sk_buf commands;
	sk_buf_init(&commands, OUTPUT_MAX);
	if (count > OWNERS_ASKED)
		sk_buf_addf(&commands, "zone-read %s\n", rpz->zone);
	for (size_t i = 0; count <= OWNERS_ASKED && i < count; i++)
		sk_buf_addf(&commands, "zone-read %s %s\n", rpz->zone, wanted[i].owner);
	enum sk_err err = knotc(rpz, &commands, out, fault);
	if (err == SK_OK)
		err = first_error(rpz, out, count > OWNERS_ASKED ? 1 : count, fault);
	sk_buf_fini(&commands);
	return err;
}

static enum sk_err rpz_read(void *self, const struct sk_item *items, size_t count, struct sk_buf *texts, struct sk_fault *fault)
{
	const struct rpz *rpz = self;
	struct sk_buf zone;
	struct wanted *wanted = calloc(count, sizeof *wanted);
	enum sk_err err = wanted == NULL ? sk_fault_set(fault, SK_ENOMEM, "%s: out of memory", rpz->name) : SK_OK;
	for (size_t i = 0; err == SK_OK && i < count; i++) {
		wanted[i].item = i;
		err = write_owner(rpz, &items[i], wanted[i].owner, fault);
	}
	sk_buf_init(&zone, OUTPUT_MAX);
	if (err == SK_OK) {
		qsort(wanted, count, sizeof *wanted, by_owner);
		err = read_zone(rpz, wanted, count, &zone, fault);
	}
	if (err == SK_OK)
		deal(&zone, wanted, count, texts);
	sk_buf_fini(&zone);
	free(wanted);
	return err;
}

/* The whole zone but the serial of its SOA, which a change moves forward only. */
static enum sk_err rpz_state(void *self, struct sk_buf *out, struct sk_fault *fault)
{
	const struct rpz *rpz = self;
	struct sk_buf zone;
	char record[SK_ITEM_TEXT_MAX], owner[OWNER_MAX], mname[OWNER_MAX], rname[OWNER_MAX];
	unsigned ttl, serial, refresh, retry, expire, minimum;
	const char *line;
	size_t length;
	sk_buf_init(&zone, OUTPUT_MAX);
	enum sk_err err = read_zone(rpz, NULL, OWNERS_ASKED + 1, &zone, fault);
	const char *at = sk_buf_text(&zone);
	while (err == SK_OK && next_line(&at, &line, &length)) {
		if (!record_of(line, length, record))
			continue;
		if (sscanf(record, "%511s %u SOA %511s %511s %u %u %u %u %u", owner, &ttl, mname, rname, &serial, &refresh, &retry, &expire, &minimum) == 9)
			sk_buf_addf(out, "%s %u SOA %s %s (serial) %u %u %u %u\n", owner, ttl, mname, rname, refresh, retry, expire, minimum);
		else
			sk_buf_addf(out, "%s\n", record);
	}
	sk_buf_fini(&zone);
	return err == SK_OK ? out->failed : err;
}

/* ---- transactions ---- */

/* A secondary that cannot reach the primary drops the zone when the SOA's expire is over: no later than the longest life of what it carries. */
static enum sk_err check_expire(const struct rpz *rpz, struct sk_fault *fault)
{
	struct sk_buf commands, out;
	char record[SK_ITEM_TEXT_MAX];
	unsigned expire = 0;
	const char *line;
	size_t length;
	sk_buf_init(&commands, SK_ITEM_TEXT_MAX);
	sk_buf_init(&out, OUTPUT_MAX);
	sk_buf_addf(&commands, "zone-read %s @ SOA\n", rpz->zone);
	enum sk_err err = knotc(rpz, &commands, &out, fault);
	if (err == SK_OK)
		err = first_error(rpz, &out, 1, fault);
	const char *at = sk_buf_text(&out);
	bool found = false;
	while (err == SK_OK && next_line(&at, &line, &length))
		found = found || (record_of(line, length, record) && sscanf(record, "%*s %*u SOA %*s %*s %*u %*u %*u %u", &expire) == 1);
	if (err == SK_OK && !found)
		err = sk_fault_set(fault, SK_ETARGET, "%s: the zone %s has no SOA", rpz->name, rpz->zone);
	else if (err == SK_OK && expire > longest_life_s[SK_MEASURE_RPZ])
		err = sk_fault_set(fault, SK_EUSAGE, "%s: the SOA of %s lets secondaries keep it for %u seconds; make its expire %llu or less", rpz->name, rpz->zone, expire,
				   (unsigned long long)longest_life_s[SK_MEASURE_RPZ]);
	sk_buf_fini(&commands);
	sk_buf_fini(&out);
	return err;
}

static enum sk_err run(const struct rpz *rpz, const char *command, struct sk_fault *fault)
{
	struct sk_buf commands, out;
	sk_buf_init(&commands, SK_ITEM_TEXT_MAX);
	sk_buf_init(&out, OUTPUT_MAX);
	sk_buf_addf(&commands, "%s %s\n", command, rpz->zone);
	enum sk_err err = knotc(rpz, &commands, &out, fault);
	if (err == SK_OK)
		err = first_error(rpz, &out, 1, fault);
	sk_buf_fini(&commands);
	sk_buf_fini(&out);
	return err;
}

/* Knot has one transaction a zone, whoever opened it. One that we left behind (a file says so) is given up; another's is waited for. */
static enum sk_err begin(const struct rpz *rpz, struct sk_fault *fault)
{
	if (sk_file_exists(rpz->transaction))
		(void)run(rpz, "zone-abort", NULL);
	enum sk_err err = run(rpz, "zone-begin", fault);
	if (err == SK_OK)
		err = sk_file_replace(rpz->transaction, "", 0, 0600, fault);
	return err;
}

static enum sk_err end(const struct rpz *rpz, bool commit, struct sk_fault *fault)
{
	enum sk_err err = run(rpz, commit ? "zone-commit" : "zone-abort", fault);
	if (commit && err != SK_OK)
		(void)run(rpz, "zone-abort", NULL);
	if (err == SK_OK)
		(void)unlink(rpz->transaction);
	return err;
}

/* One command a record; *lines: how many. */
static enum sk_err write_changes(const struct rpz *rpz, const struct sk_item *items, size_t count, bool set, struct sk_buf *out, size_t *lines, struct sk_fault *fault)
{
	char owner[OWNER_MAX], records[RECORDS_MAX][RECORD_MAX];
	size_t record_count;
	for (size_t i = 0; i < count; i++) {
		SK_TRY(write_owner(rpz, &items[i], owner, fault));
		SK_TRY(write_records(rpz, &items[i], records, &record_count, fault));
		*lines += record_count;
		for (size_t r = 0; r < record_count; r++) {
			if (set)
				sk_buf_addf(out, "zone-set %s %s %llu %s\n", rpz->zone, owner, (unsigned long long)rpz->ttl_s, records[r]);
			else
				sk_buf_addf(out, "zone-unset %s %s %s\n", rpz->zone, owner, records[r]);
		}
	}
	return out->failed;
}

static enum sk_err change(const struct rpz *rpz, const struct sk_item *items, size_t count, bool set, bool commit, struct sk_fault *fault)
{
	struct sk_buf commands, out;
	sk_buf_init(&commands, OUTPUT_MAX);
	sk_buf_init(&out, OUTPUT_MAX);
	size_t lines = 0;
	enum sk_err err = write_changes(rpz, items, count, set, &commands, &lines, fault);
	if (err == SK_OK)
		err = begin(rpz, fault);
	if (err == SK_OK) {
		err = knotc(rpz, &commands, &out, fault);
		if (err == SK_OK)
			err = first_error(rpz, &out, lines, fault);
		enum sk_err ended = end(rpz, commit && err == SK_OK, err == SK_OK ? fault : NULL);
		if (err == SK_OK)
			err = ended;
	}
	sk_buf_fini(&commands);
	sk_buf_fini(&out);
	return err;
}

static enum sk_err rpz_check(void *self, const struct sk_item *items, size_t count, struct sk_fault *fault)
{
	SK_TRY(check_expire(self, fault));
	return change(self, items, count, true, false, fault);
}

static enum sk_err rpz_set(void *self, const struct sk_item *items, size_t count, struct sk_fault *fault)
{
	return change(self, items, count, true, true, fault);
}

static enum sk_err rpz_clear(void *self, const struct sk_item *items, size_t count, struct sk_fault *fault)
{
	return change(self, items, count, false, true, fault);
}

/* ---- effect ---- */

static const char *rcode_name(uint8_t rcode, char text[SK_WHERE_MAX])
{
	static const char *const names[] = {"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"};
	if (rcode < SK_COUNT(names))
		(void)snprintf(text, SK_WHERE_MAX, "%s", names[rcode]);
	else
		(void)snprintf(text, SK_WHERE_MAX, "rcode %u", rcode);
	return text;
}

static bool leads_to_sinkhole(const struct rpz *rpz, const struct sk_dns_answer *answer)
{
	for (size_t i = 0; i < answer->addr_count; i++) {
		bool ours = false;
		for (size_t s = 0; s < rpz->sinkhole_count; s++)
			ours = ours || sk_addr_equal(&answer->addrs[i], &rpz->sinkholes[s]);
		if (!ours)
			return false;
	}
	return answer->addr_count > 0;
}

static bool judge(const struct rpz *rpz, const struct sk_item *item, const struct sk_dns_answer *answer, char seen[SK_WHERE_MAX])
{
	char rcode[SK_WHERE_MAX], addr[SK_ADDR_TEXT_MAX];
	if (!answer->answered) {
		(void)snprintf(seen, SK_WHERE_MAX, "no answer");
		return false;
	}
	(void)rcode_name(answer->rcode, rcode);
	if (answer->addr_count > 0)
		(void)snprintf(seen, SK_WHERE_MAX, "%.20s %s", rcode, sk_addr_format(&answer->addrs[0], addr));
	else
		(void)snprintf(seen, SK_WHERE_MAX, "%.20s%s", rcode, answer->rcode == 0 && answer->answers == 0 ? ", no data" : "");
	switch (item->action) {
	case SK_ACTION_RPZ_NXDOMAIN:
		return answer->rcode == 3;
	case SK_ACTION_RPZ_NODATA:
		return answer->rcode == 0 && answer->answers == 0;
	default:
		return answer->rcode == 0 && leads_to_sinkhole(rpz, answer);
	}
}

static enum sk_err ask(const struct rpz *rpz, size_t resolver, const struct sk_item *items, size_t count, const struct sk_dns_question *questions,
		       struct sk_dns_answer *answers, sk_effect_tell tell, void *context, struct sk_fault *fault)
{
	char where[SK_WHERE_MAX], peer[SK_PEER_TEXT_MAX], seen[SK_WHERE_MAX];
	struct sk_fault why;
	(void)snprintf(where, sizeof where, "resolver %s", sk_peer_format(&rpz->resolvers[resolver], peer));
	enum sk_err err = sk_dns_ask(&rpz->resolvers[resolver], rpz->named, rpz->named_context, questions, count, answers, &why);
	if (err != SK_OK)
		return sk_fault_set(fault, err == SK_EPERMIT ? err : SK_ETARGET, "%s: %s", rpz->name, why.line);
	for (size_t i = 0; i < count; i++) {
		bool good = judge(rpz, &items[i], &answers[i], seen);
		tell(context, i, where, seen, good);
	}
	return SK_OK;
}

static enum sk_err rpz_effect(void *self, const struct sk_item *items, size_t count, enum sk_reach reach, sk_effect_tell tell, void *context, struct sk_fault *fault)
{
	const struct rpz *rpz = self;
	struct sk_dns_question *questions = calloc(count, sizeof *questions);
	struct sk_dns_answer *answers = calloc(count, sizeof *answers);
	enum sk_err err = questions == NULL || answers == NULL ? sk_fault_set(fault, SK_ENOMEM, "%s: out of memory", rpz->name) : SK_OK;
	for (size_t i = 0; err == SK_OK && i < count; i++) {
		const char *name = items[i].target;
		/* Of "everything below" a name is asked for that nobody has asked for before: no cache knows it. */
		if (name[0] == '*')
			(void)snprintf(questions[i].name, sizeof questions[i].name, "sekisho-%s%s", items[i].tag, name + 1);
		else
			(void)snprintf(questions[i].name, sizeof questions[i].name, "%s", name);
		questions[i].type = items[i].action == SK_ACTION_SINKHOLE_REDIRECT && rpz->sinkhole_count > 0 && rpz->sinkholes[0].family == 6 ? SK_DNS_AAAA : SK_DNS_A;
	}
	/* A resolver that is silent does not keep the others from being asked. */
	for (size_t r = 0; (err == SK_OK || err == SK_ETARGET) && r < (reach == SK_REACH_CANARY ? 1 : rpz->resolver_count); r++) {
		enum sk_err one = ask(rpz, r, items, count, questions, answers, tell, context, fault);
		err = one == SK_OK ? err : one;
	}
	free(questions);
	free(answers);
	return err;
}

const struct sk_backend sk_backend_rpz = {
	.name = "rpz",
	.measures = 1U << SK_MEASURE_RPZ | 1U << SK_MEASURE_SINKHOLE,
	.forgets = false,
	.tagged = false,
	.sentence = "response policy zone on a Knot DNS primary, followed by BIND and Unbound: no such name, no data, or our sinkhole",
	.open = rpz_open,
	.close = rpz_close,
	.text = rpz_text,
	.check = rpz_check,
	.read = rpz_read,
	.set = rpz_set,
	.clear = rpz_clear,
	.effect = rpz_effect,
	.state = rpz_state,
};
