/* SPDX-License-Identifier: Apache-2.0 */
/* LAW.md 3, cell by cell, written a second time; LAW.md itself where it lies beside; and what comes of it: every word of duties.def for every kind of organisation
   and every role, against a list written by hand. rule: ACCESS-1 ACCESS-3 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "access/access_priv.h"
#include "access/purpose.h"
#include "base/file.h"

enum { LAW_COLUMNS = 12 };

/* The twelve columns of the law as they stand in LAW.md, emphasis taken away; then nss, outsourced_body, own_network. Written from the text, not from activities.def. */
static const struct {
	const char *row, *cells;
	const char *ours;
} second[] = {
	{"agreement basis", "R|-|-|I|-|A (self)|C|-|-|-|-|C", "-|-|R/A (self)"},
	{"FF/FD/DF measure", "R|C|C|A|-|I|R (feed)|-|-|-|-|C (MIC)", "-|-|R/A (self)"},
	{"selector add/remove", "R|C|C|A (within approval: I)|-|I own|-|-|-|-|-|-", "-|-|R/A (self)"},
	{"read G1 selected", "R (JIT)|R if provided|R if provided|R (inspect)|-|own-agreement results|only 38(4) bundle|-|-|-|-|-", "-|-|R"},
	{"write analysis A / grade change", "R|C|C|I|-|-|-|-|-|-|-|C", "-|C|R"},
	{"read G2", "R|R|R|R|R members|if member|if member|R|R|if member|-|R", "-|R|R"},
	{"read G3", "R|R|R|R|R|R|R|R|R|R|R|R", "-|R|R"},
	{"incident report (art 5)", "I/R receive|I by consent|I|-|-|R|R own|-|-|C|-|A/receive", "-|C|R"},
	{"asset registration (art 4)", "I|-|-|-|-|R|R|-|-|-|-|receive", "-|-|R"},
	{"countermeasure propose", "R|R|R|-|C|R own network|R own network|-|-|-|C evidence|C", "-|C evidence|R own network"},
	{"countermeasure approve", "R|A|A (joint)|A high/urgent review|-|A own network|A own network|C foreign|-|-|-|I", "-|-|A own network"},
	{"execute", "-|R takedown|R own nets|-|-|R|R|-|-|R patch|-|-", "-|-|R"},
	{"vulnerability request (42)", "R|I|I|-|I|I|I|-|I|R respond|C report|A", "-|C|I"},
	{"sharing to ally", "R|C|C|I|-|-|-|A|R|-|-|-", "-|-|-"},
	{"baseline assessment", "R rules|-|-|-|C|R self|R|-|-|C|-|A sector", "-|C|R self"},
	{"authenticity case (election)", "R|C|C|I|-|C platform|-|C|C|-|C|C (electoral body A)", "-|-|-"},
	{"inspect ledger/policy", "I|I|I|R|I|own entries|own entries|I|-|-|public proofs|I", "-|public proofs|I"},
};

/* The cell number i of a text with bars. */
static const char *cell_of(const char *text, size_t i, char out[64])
{
	for (; i != 0; i--)
		text = strchr(text, '|') + 1;
	size_t length = strcspn(text, "|");
	assert_true(length < 64);
	memcpy(out, text, length);
	out[length] = '\0';
	return out;
}

static void second_table(void **state)
{
	char cell[64];
	(void)state;
	assert_int_equal(SK_ORG_KIND_COUNT, LAW_COLUMNS + 3);
	for (size_t i = 0; i < SK_COUNT(second); i++)
		for (size_t kind = 0; kind < SK_ORG_KIND_COUNT; kind++) {
			const char *have = sk_activity_cell(second[i].row, (enum sk_org_kind)kind);
			assert_non_null(have);
			assert_string_equal(have, kind < LAW_COLUMNS ? cell_of(second[i].cells, kind, cell) : cell_of(second[i].ours, kind - LAW_COLUMNS, cell));
		}
}

/* One line of LAW.md's table as cells with bars, without the asterisks of emphasis and the blanks beside the bars. */
static bool law_row(const char *law, const char *row, char *out, size_t size)
{
	char head[128];
	(void)snprintf(head, sizeof head, "\n| %s |", row);
	const char *at = strstr(law, head);
	size_t used = 0;
	if (at == NULL)
		return false;
	for (at += strlen(head); *at != '\n' && used + 1 < size; at++) {
		bool blank = *at == ' ' && (used == 0 || out[used - 1] == '|' || at[1] == '|' || at[1] == '\n');
		if (*at != '*' && !blank)
			out[used++] = *at;
	}
	out[used - 1] = '\0'; /* the last bar */
	return true;
}

static void law_itself(void **state)
{
	struct sk_buf law;
	struct sk_fault fault;
	char row[1024];
	(void)state;
	sk_buf_init(&law, 1 << 20);
	if (sk_file_read(SK_SHARED_DATA "/../LAW.md", &law, &fault) != SK_OK) {
		print_message("LAW.md does not lie beside: %s\n", fault.line);
		sk_buf_fini(&law);
		skip();
	}
	for (size_t i = 0; i < SK_COUNT(second); i++) {
		assert_true(law_row(sk_buf_text(&law), second[i].row, row, sizeof row));
		assert_string_equal(row, second[i].cells);
	}
	sk_buf_fini(&law);
}

/* ---- what comes of it ---- */

/* Which organisations may, once the person has a right role: n npa m(od) ... by hand, from the text of LAW.md 1.3-3. Small letter: only under a lease.
   N nco, P npa, M mod, O oversight, C council, E operator (enterprise), T carrier (telecom), F mofa, A ally, V vendor, R researcher, S sector ministry,
   X nss, B outsourced body, W own network. */
static const char letters[] = "NPMOCETFAVRSXBW";
static const struct {
	const char *word, *orgs, *roles;
} expected[] = {
	{"basis.request", "NW", "analyst commander operator legal"},
	{"basis.request.agreement", "NEW", "analyst commander operator legal approver"},
	{"basis.review", "NPMOSW", "legal privacy_officer approver oversight_expert oversight_chair oversight_deputy oversight_member"},
	{"basis.review.agreement", "NETSW", "legal privacy_officer approver"},
	{"basis.approve", "OW", "approver oversight_chair oversight_deputy oversight_member"},
	{"basis.approve.agreement", "EW", "approver"},
	{"basis.refuse", "OW", "approver oversight_chair oversight_deputy oversight_member"},
	{"basis.refuse.agreement", "EW", "approver"},
	{"basis.activate", "NTW", "commander operator approver"},
	{"basis.activate.agreement", "NETSW", "commander operator approver"},
	{"basis.extend", "OW", "approver oversight_chair oversight_deputy oversight_member"},
	{"basis.extend.request", "NW", "analyst commander operator legal"},
	{"basis.extend.agreement", "EW", "approver"},
	{"basis.suspend", "OW", "approver oversight_inspector oversight_chair oversight_deputy oversight_member"},
	{"basis.suspend.partner", "NEW", "approver operator commander legal"},
	{"basis.suspend.fault", "NTW", "operator commander analyst approver"},
	{"basis.resume", "OW", "approver oversight_chair oversight_deputy oversight_member"},
	{"basis.resume.partner", "NEW", "approver"},
	{"basis.terminate", "NOW", "commander approver oversight_chair oversight_deputy oversight_member"},
	{"basis.terminate.agreement", "NEW", "commander approver operator legal"},
	{"basis.consent", "EW", "approver"},
	{"basis.expire", "NOTW", "*"},
	{"feed.stop", "NTW", "operator commander approver"},
	{"selector.change", "NW", "analyst"},
	{"selector.approve", "OW", "approver oversight_chair oversight_deputy oversight_member"},
	{"g1.read", "npmOeW", "analyst oversight_inspector oversight_expert oversight_chair oversight_deputy oversight_member"},
	{"g1.provide", "npmeW", "approver"},
	{"analysis.write", "NW", "analyst"},
	{"analysis.review", "NW", "legal approver privacy_officer"},
	{"g2.read", "NPMOCETFAVSBW", "*"},
	{"g3.read", "NPMOCETFAVRSBW", "*"},
	{"reident.request", "npmeW", "analyst"},
	{"reident.approve", "NPMOEW", "privacy_officer legal approver oversight_chair oversight_deputy oversight_member"},
	{"reident.close", "NPMOEW", "analyst privacy_officer legal approver oversight_chair oversight_deputy oversight_member"},
	{"retention.erase", "NPMEW", "privacy_officer operator approver"},
	{"retention.share", "O", "oversight_inspector oversight_chair oversight_deputy oversight_member"},
	{"case.write", "NW", "analyst commander operator approver legal privacy_officer"},
	{"case.note", "NPMSBW", "analyst commander operator approver legal privacy_officer"},
	{"case.review", "NW", "legal approver privacy_officer"},
	{"case.read", "NPMOCETFAVSBW", "*"},
	{"case.read.analysis", "NPMOW", "analyst commander operator approver legal privacy_officer oversight_inspector oversight_expert oversight_chair oversight_deputy oversight_member"},
	{"order.propose", "NPMETW", "analyst approver commander operator"},
	{"order.evidence", "NPMCETRSBW", "analyst approver commander operator reporter"},
	{"order.submit", "NPMETW", "analyst approver commander operator"},
	{"order.withdraw", "NPMETW", "analyst approver commander operator"},
	{"order.legal", "NPMETW", "legal"},
	{"order.consult", "PMETFW", "foreign_affairs"},
	{"order.approve", "PMOETW", "approver legal privacy_officer foreign_affairs oversight_chair oversight_deputy oversight_member"},
	{"order.reject", "PMOETW", "approver legal privacy_officer foreign_affairs oversight_chair oversight_deputy oversight_member"},
	{"order.urgent", "PMETW", "approver commander"},
	{"order.ratify", "PMOETW", "approver legal oversight_chair oversight_deputy oversight_member"},
	{"order.stage", "PMETVW", "commander operator approver"},
	{"order.activate", "PMETVW", "commander operator approver"},
	{"order.execute", "PMETVW", "commander operator approver"},
	{"order.extend", "PMOETW", "approver oversight_chair oversight_deputy oversight_member"},
	{"order.end", "NPMOETW", "approver commander operator legal oversight_chair oversight_deputy oversight_member"},
	{"order.notify", "NPMETW", "analyst commander operator approver reporter"},
	{"order.review", "PMOETW", "approver oversight_chair oversight_deputy oversight_member"},
	{"order.close", "NPMOETW", "approver commander oversight_chair oversight_deputy oversight_member"},
	{"incident.report", "ETW", "reporter operator"},
	{"incident.receive", "NPMS", "*"},
	{"asset.register", "ETW", "reporter operator"},
	{"vulnerability.request", "N", "analyst reporter"},
	{"vulnerability.respond", "NV", "reporter"},
	{"vulnerability.approve", "S", "approver"},
	{"ally.share", "NA", "analyst reporter"},
	{"ally.approve", "F", "approver foreign_affairs"},
	{"baseline.assess", "NETW", "reporter operator"},
	{"authenticity.case", "N", "analyst"},
	{"ledger.inspect", "NPMOCETFRSBW", "*"},
	{"access.log", "O", "oversight_inspector oversight_chair oversight_deputy oversight_member"},
	{"inspect.query", "O", "oversight_inspector oversight_expert oversight_chair oversight_deputy oversight_member"},
	{"remark.issue", "O", "oversight_inspector oversight_chair oversight_deputy oversight_member"},
	{"remark.close", "O", "oversight_inspector oversight_chair oversight_deputy oversight_member"},
	{"remark.answer", "NPMCETFSBW", "commander legal approver privacy_officer reporter"},
	{"policy.load", "NOW", "approver legal oversight_chair oversight_deputy oversight_member"},
	{"policy.ack", "OW", "approver oversight_chair oversight_deputy oversight_member"},
	{"access.grant", "NPMCETFAVRSBW", "administrator"},
	{"lease.grant", "npmeW", "approver privacy_officer legal"},
	{"report.make", "NPMOCETFRSBW", "*"},
};

/* A register of one organisation of each kind, members of the council, one account each; a lease for `leased` or none. */
static struct sk_access *register_of(const char *leased)
{
	struct sk_access *access = calloc(1, sizeof *access);
	assert_non_null(access);
	for (size_t kind = 0; kind < SK_ORG_KIND_COUNT; kind++) {
		struct sk_org_row *org = sk_access_grow(&access->orgs, &access->org_count, &access->org_room, sizeof *org, 100);
		struct sk_holder *holder = sk_access_grow(&access->accounts, &access->account_count, &access->account_room, sizeof *holder, 100);
		assert_true(org != NULL && holder != NULL);
		org->kind = (enum sk_org_kind)kind;
		org->member = true;
		(void)snprintf(org->id, sizeof org->id, "%s", sk_org_kind_name(org->kind));
		(void)snprintf(holder->id, sizeof holder->id, "%s", sk_org_kind_name(org->kind));
		holder->org = kind;
		holder->until_ns = INT64_MAX;
		if (leased == NULL)
			continue;
		struct sk_lease *lease = sk_access_grow(&access->leases, &access->lease_count, &access->lease_room, sizeof *lease, 100);
		assert_non_null(lease);
		(void)snprintf(lease->activity, sizeof lease->activity, "%s", leased);
		lease->account = kind;
		lease->state = SK_LEASE_GRANTED;
		lease->granted_ns = 1;
		lease->until_ns = 100;
	}
	return access;
}

static bool has_word(const char *list, const char *word)
{
	size_t length = strlen(word);
	for (const char *at = list; (at = strstr(at, word)) != NULL; at++)
		if ((at == list || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
			return true;
	return strcmp(list, "*") == 0;
}

static size_t judged;

static void check_word(size_t i, bool leased)
{
	struct sk_access *access = register_of(leased ? expected[i].word : NULL);
	for (size_t kind = 0; kind < SK_ORG_KIND_COUNT; kind++)
		for (size_t role = 0; role < SK_PERSON_ROLE_COUNT; role++) {
			struct sk_person person = {.roles = UINT64_C(1) << role, .kind = (enum sk_org_kind)kind, .oversight = kind == SK_ORG_OVERSIGHT};
			struct sk_fault fault = {0};
			(void)snprintf(person.account, sizeof person.account, "%s", sk_org_kind_name(person.kind));
			(void)snprintf(person.org, sizeof person.org, "%s", sk_org_kind_name(person.kind));
			bool standing = strchr(expected[i].orgs, letters[kind]) != NULL;
			bool lent = strchr(expected[i].orgs, letters[kind] + ('a' - 'A')) != NULL && letters[kind] != '\0';
			bool right = has_word(expected[i].roles, sk_person_role_name((enum sk_person_role)role));
			bool may = sk_access_may(access, &person, expected[i].word, 50, &fault) == SK_OK;
			/* A lease lends a role only for the three words that say so, and never across the groups that exclude each other. */
			bool lendable = leased && (standing || lent) && (strcmp(expected[i].word, "g1.read") == 0 || strcmp(expected[i].word, "analysis.write") == 0 ||
									 strcmp(expected[i].word, "reident.request") == 0) &&
					(role == SK_PERSON_COMMANDER || role == SK_PERSON_OPERATOR || role == SK_PERSON_REPORTER || role == SK_PERSON_READER) &&
					kind != SK_ORG_OVERSIGHT;
			bool expect = (right && (standing || (lent && leased))) || lendable;
			/* lease.grant and the like look at no G1 themselves: the cell's condition is for who reads. */
			if (strcmp(expected[i].word, "lease.grant") == 0)
				expect = right && (standing || lent);
			if (may != expect)
				print_error("%s, %s, %s%s: may %d, expected %d (%s)\n", expected[i].word, person.org, sk_person_role_name((enum sk_person_role)role),
					    leased ? ", leased" : "", may, expect, fault.line);
			assert_int_equal(may, expect);
			judged++;
			/* Afterwards and before it the lease gives nothing. */
			if (leased && !(right && standing)) {
				assert_int_equal(sk_access_may(access, &person, expected[i].word, 100, &fault) == SK_OK, strcmp(expected[i].word, "lease.grant") == 0 && expect);
				assert_int_equal(sk_access_may(access, &person, expected[i].word, 0, &fault) == SK_OK, strcmp(expected[i].word, "lease.grant") == 0 && expect);
			}
		}
	sk_access_close(access);
}

static void every_word(void **state)
{
	const char *row, *word;
	size_t words = 0;
	(void)state;
	assert_int_equal(sizeof letters - 1, SK_ORG_KIND_COUNT);
	for (; (word = sk_duty_word(words, &row)) != NULL; words++) {
		assert_true(words < SK_COUNT(expected));
		assert_string_equal(word, expected[words].word);
		assert_non_null(sk_activity_cell(row, SK_ORG_NCO));
	}
	assert_int_equal(words, SK_COUNT(expected));
	for (size_t i = 0; i < words; i++) {
		check_word(i, false);
		check_word(i, true);
	}
	print_message("%zu of word x kind x role judged\n", judged);
}

/* Whatever the table said: who never holds selected information sees none, under every role and lease; who sees no data may nothing at all. */
static void never(void **state)
{
	static const enum sk_org_kind kinds[] = {SK_ORG_COUNCIL, SK_ORG_MOFA, SK_ORG_ALLY, SK_ORG_VENDOR, SK_ORG_RESEARCHER, SK_ORG_MINISTRY, SK_ORG_OUTSOURCED_BODY};
	static const char *const words[] = {"g1.read", "g1.provide", "reident.request"};
	const char *word, *row;
	(void)state;
	for (size_t w = 0; w < SK_COUNT(words); w++) {
		struct sk_access *access = register_of(words[w]);
		for (size_t k = 0; k < SK_COUNT(kinds); k++) {
			struct sk_person person = {.roles = (UINT64_C(1) << SK_PERSON_ROLE_COUNT) - 1, .kind = kinds[k]};
			struct sk_fault fault;
			(void)snprintf(person.account, sizeof person.account, "%s", sk_org_kind_name(kinds[k]));
			(void)snprintf(person.org, sizeof person.org, "%s", sk_org_kind_name(kinds[k]));
			assert_false(sk_org_kind_g1(kinds[k]));
			assert_int_equal(sk_access_may(access, &person, words[w], 50, &fault), SK_EPERMIT);
			assert_non_null(strstr(fault.line, "never holds selected information"));
		}
		sk_access_close(access);
	}
	for (size_t i = 0; (word = sk_duty_word(i, &row)) != NULL; i++) {
		struct sk_access *access = register_of(word);
		struct sk_person person = {.account = "nss", .org = "nss", .roles = (UINT64_C(1) << SK_PERSON_ROLE_COUNT) - 1, .kind = SK_ORG_NSS};
		struct sk_fault fault;
		assert_int_equal(sk_access_may(access, &person, word, 50, &fault), SK_EPERMIT);
		sk_access_close(access);
	}
}

static void membership(void **state)
{
	struct sk_access *access = register_of(NULL);
	struct sk_person person = {.account = "operator", .org = "operator", .roles = 1, .kind = SK_ORG_OPERATOR};
	struct sk_fault fault;
	(void)state;
	assert_int_equal(sk_access_may(access, &person, "g2.read", 50, &fault), SK_OK);
	access->orgs[SK_ORG_OPERATOR].member = false;
	assert_int_equal(sk_access_may(access, &person, "g2.read", 50, &fault), SK_EPERMIT);
	assert_int_equal(sk_access_may(access, &person, "no.such", 50, &fault), SK_EUSAGE);
	person.roles = 0;
	assert_int_equal(sk_access_may(access, &person, "g3.read", 50, &fault), SK_EPERMIT);
	assert_string_equal(sk_access_condition(&person, "order.approve"), "own network");
	assert_string_equal(sk_access_condition(&person, "g3.read"), "");
	sk_access_close(access);
}

/* rule: ACCESS-10 */
static void one_purpose(void **state)
{
	static const char *const bad[] = {"", "crime_investigation", "damage", "damage_prevention ", "DAMAGE_PREVENTION", "purpose_", "purpose_purpose_damage_prevention", "inspection"};
	struct sk_fault fault;
	(void)state;
	assert_int_equal(sk_purpose_check("damage_prevention", &fault), SK_OK);
	assert_int_equal(sk_purpose_check("purpose_damage_prevention", &fault), SK_OK);
	for (size_t i = 0; i < SK_COUNT(bad); i++)
		assert_int_equal(sk_purpose_check(bad[i], &fault), SK_EPURPOSE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(second_table), cmocka_unit_test(law_itself), cmocka_unit_test(every_word),
		cmocka_unit_test(never), cmocka_unit_test(membership), cmocka_unit_test(one_purpose),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
