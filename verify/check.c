/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	LINKS_MAX = 4096,
	CLOCK_SLACK_NS = 1000000000,          /* between the clock of a card and the clock of the machine */
	EXPECTED_TEXT_MAX = 200,
};
/* A run stops within a second of its basis' end; the record of it may come a little later. */
static const int64_t stop_grace_ns = INT64_C(10) * 1000000000;
/* The traffic chapters of the act behind profile jp-2025 are not in force before (LAW.md 0). */
static const int64_t jp_2025_from_ns = INT64_C(1826841600) * 1000000000;

enum { FF = SK_CLASS_BIT(SK_CLASS_FF), FD = SK_CLASS_BIT(SK_CLASS_FD), DF = SK_CLASS_BIT(SK_CLASS_DF) };
enum { FLOW_ALL = 1 << 5 };

/* Which kinds of basis a profile may use and which classes each may keep: this program's own copy of LAW.md 1.2, on purpose. */
static const struct {
	const char *profile, *basis_kind;
	uint32_t classes;
} lawful[] = {
    {"own-network", "own_network", FD | DF},
    {"lab", "lab", FF | FD | DF},
    /* Simulated: everything is marked. */
    {"lab", "agreement", FD},
    {"lab", "ff", FF},
    {"lab", "fd", FD},
    {"lab", "df", DF},
    {"jp-2025", "agreement", FD},
    {"jp-2025", "ff", FF},
    {"jp-2025", "fd", FD},
    {"jp-2025", "df", DF},
};

/* How a gate in the kernel may stand before a link, and how frames then come to user space. Zero-copy is not for the statutory profile. */
static const struct {
	const char *mode, *copying;
	bool statutory;
} kernel_gates[] = {
    {"xdp_native", "copy", true}, {"xdp_native", "zero_copy", false}, {"xdp_generic", "copy", true}, {"packet_filter", "ring", true},
};

static const char *const stop_reasons[] = {"finished", "interrupted", "damaged_input", "basis_expired", "basis_suspended", "ledger_outage", "host_error", "refused"};

/* What later records need of an earlier one. */
struct fact {
	uint64_t index;
	union {
		struct {
			uint32_t classes, rule_kinds;
			uint64_t max_entries, min_prefix_v4, min_prefix_v6;
			bool exact_set, may_override;
			int64_t from_ns, until_ns;
		} basis;
		struct {
			uint64_t basis;
		} selectors;
		struct {
			bool overrides;
		} border;
		struct {
			char matter[SK_RECORD_WORD_MAX], to[SK_RECORD_WORD_MAX];
			uint8_t subject[SK_HASH_BYTES];
			bool followed;
		} act;
	};
};

struct run {
	bool open, replayed;
	uint64_t index, intervals, last_basis;
	int64_t started_ns;
};

struct link {
	char name[SK_LINK_TEXT_MAX];
	uint64_t next_number, lost_frames;      /* lost_frames: what the next interval must state */
	struct sk_tally pending, carried, classes_carried;
	struct sk_tally admitted, eligible;     /* sums for the bound of rule ELIGIBLE */
	uint32_t classes;                       /* of the basis of the last interval */
	struct {                                /* records of flow exports, by the same rules */
		struct sk_tally carried, classes_carried, admitted, eligible;
		uint32_t classes;
		bool any;
	} exports;
	struct {                                /* counterpart countries, since the interval that had such a section first, or again */
		struct sk_tally carried, settled, fates, held_at_first;
		bool running;
	} countries;
};

struct sk_check {
	uint64_t count;
	uint8_t *kinds;
	size_t kinds_capacity;
	struct fact *facts;
	size_t fact_count, fact_capacity;
	struct link *links;
	size_t link_count, link_capacity, last_link;
	struct run run;
	struct sk_check_summary summary;
	/* the leaf at hand */
	struct sk_fault *fault;
	struct sk_record record;
};

struct sk_check *sk_check_new(void)
{
	return calloc(1, sizeof(struct sk_check));
}

void sk_check_free(struct sk_check *check)
{
	if (check == NULL)
		return;
	free(check->kinds);
	free(check->facts);
	free(check->links);
	free(check);
}

/* "leaf 7 (interval): received.frames: expected 10, found 11" */
SK_PRINTF(3, 4) static enum sk_err refuse(struct sk_check *check, const char *field, const char *format, ...)
{
	char text[EXPECTED_TEXT_MAX];
	va_list args;
	va_start(args, format);
	(void)vsnprintf(text, sizeof text, format, args);
	va_end(args);
	return sk_fault_set(check->fault, SK_EMALFORMED, "leaf %" PRIu64 " (%s): %s: %s", check->count, sk_record_kind_name(check->record.kind),
			    field, text);
}

static enum sk_err out_of_memory(struct sk_check *check)
{
	return sk_fault_set(check->fault, SK_ENOMEM, "leaf %" PRIu64 ": out of memory", check->count);
}

/* The array with room for one more element, twice as large when it was full; NULL when out of memory (the array stays). */
static void *grown(void *array, size_t *capacity, size_t count, size_t element)
{
	if (count < *capacity)
		return array;
	size_t wanted = *capacity == 0 ? 64 : *capacity * 2;
	void *larger = realloc(array, wanted * element);
	if (larger != NULL)
		*capacity = wanted;
	return larger;
}

static struct fact *add_fact(struct sk_check *check)
{
	struct fact *facts = grown(check->facts, &check->fact_capacity, check->fact_count, sizeof *facts);
	if (facts == NULL)
		return NULL;
	check->facts = facts;
	struct fact *fact = &check->facts[check->fact_count++];
	*fact = (struct fact){.index = check->count};
	return fact;
}

static int compare_fact(const void *key, const void *element)
{
	uint64_t index = *(const uint64_t *)key;
	const struct fact *fact = element;
	return index < fact->index ? -1 : index > fact->index;
}

/* A reference must point back to a record of that kind. *out may be NULL for kinds without facts. */
static enum sk_err refer(struct sk_check *check, const char *field, uint64_t index, enum sk_record_kind kind, const struct fact **out)
{
	if (index >= check->count)
		return refuse(check, field, "expected an earlier leaf, found %" PRIu64, index);
	if (check->kinds[index] != kind)
		return refuse(check, field, "expected a leaf of kind %s, found leaf %" PRIu64 " of kind %s", sk_record_kind_name(kind), index,
			      sk_record_kind_name((enum sk_record_kind)check->kinds[index]));
	if (out != NULL)
		*out = bsearch(&index, check->facts, check->fact_count, sizeof *check->facts, compare_fact);
	return SK_OK;
}

static bool add_tally(struct sk_tally *sum, const struct sk_tally *more)
{
	bool overflow = __builtin_add_overflow(sum->frames, more->frames, &sum->frames);
	return !(__builtin_add_overflow(sum->bytes, more->bytes, &sum->bytes) || overflow);
}

static bool add_cells(struct sk_tally *sum, const struct sk_cells *cells)
{
	bool good = true;
	for (size_t i = 0; i < cells->count; i++)
		good = add_tally(sum, &(struct sk_tally){cells->cell[i].frames, cells->cell[i].bytes}) && good;
	return good;
}

static enum sk_err same_tally(struct sk_check *check, const char *field, const struct sk_tally *expected, const struct sk_tally *found)
{
	if (expected->frames != found->frames)
		return refuse(check, field, "expected %" PRIu64 " frames, found %" PRIu64, expected->frames, found->frames);
	if (expected->bytes != found->bytes)
		return refuse(check, field, "expected %" PRIu64 " bytes, found %" PRIu64, expected->bytes, found->bytes);
	return SK_OK;
}

static enum sk_err same_records(struct sk_check *check, const char *field, const struct sk_tally *expected, const struct sk_tally *found)
{
	return expected->frames == found->frames ? SK_OK : refuse(check, field, "expected %" PRIu64 " records, found %" PRIu64, expected->frames, found->frames);
}

static void see_time(struct sk_check *check, int64_t at_ns)
{
	struct sk_check_summary *s = &check->summary;
	if (!s->any_time || at_ns < s->first_ns)
		s->first_ns = at_ns;
	if (!s->any_time || at_ns > s->last_ns)
		s->last_ns = at_ns;
	s->any_time = true;
}

/* ---- records of what is in force ---- */

static enum sk_err check_open(struct sk_check *check, const struct sk_open_record *open)
{
	struct sk_verify_key key;
	if (check->count != 0)
		return refuse(check, "kind", "expected open as leaf 0 only, found another one");
	if (sk_verify_key_parse(open->key, &key) != SK_OK || key.type != 0x01)
		return refuse(check, "key", "expected a verifier key name+id+base64 of type Ed25519");
	if (strcmp(key.name, open->origin) != 0)
		return refuse(check, "key", "expected the origin as the key's name, found another name");
	if (open->origin[strlen(open->origin) - 1] == '/')
		return refuse(check, "origin", "expected no slash at the end");
	if (open->k < 1)
		return refuse(check, "k", "expected at least 1, found 0");
	bool known = false;
	for (size_t i = 0; i < SK_COUNT(lawful); i++)
		known = known || strcmp(lawful[i].profile, open->profile) == 0;
	if (!known)
		return refuse(check, "profile", "expected own-network, lab or jp-2025, found %s", open->profile);
	bool has_role = strcmp(open->role, "party") == 0 || strcmp(open->role, "carrier") == 0;
	if (!has_role && (strcmp(open->role, "none") != 0 || strcmp(open->profile, "own-network") == 0))
		return refuse(check, "role", "expected party or carrier (or none outside own-network), found %s", open->role);
	if (open->simulated != (strcmp(open->profile, "lab") == 0))
		return refuse(check, "simulated", "expected %s under profile %s", open->simulated ? "false" : "true", open->profile);
	check->summary.open = *open;
	return SK_OK;
}

static enum sk_err check_border(struct sk_check *check, const struct sk_border_record *border)
{
	struct fact *fact = add_fact(check);
	if (fact == NULL)
		return out_of_memory(check);
	fact->border.overrides = border->overrides_special;
	return SK_OK;
}

static enum sk_err check_basis(struct sk_check *check, const struct sk_basis_record *basis)
{
	const struct sk_open_record *open = &check->summary.open;
	if (strcmp(basis->profile, open->profile) != 0)
		return refuse(check, "profile", "expected %s as in leaf 0, found %s", open->profile, basis->profile);
	if (strcmp(basis->role, open->role) != 0)
		return refuse(check, "role", "expected %s as in leaf 0, found %s", open->role, basis->role);
	if (basis->simulated != open->simulated)
		return refuse(check, "simulated", "expected %s as in leaf 0", open->simulated ? "true" : "false");
	size_t row = 0;
	while (row < SK_COUNT(lawful) && (strcmp(lawful[row].profile, basis->profile) != 0 || strcmp(lawful[row].basis_kind, basis->basis_kind) != 0))
		row++;
	if (row == SK_COUNT(lawful))
		return refuse(check, "basis_kind", "expected a kind that profile %s may use, found %s", basis->profile, basis->basis_kind);
	if (basis->classes == 0)
		return refuse(check, "classes", "expected at least one class, found none");
	if ((basis->classes & ~lawful[row].classes) != 0)
		return refuse(check, "classes", "expected only classes that a basis of kind %s may keep, found one that is not eligible", basis->basis_kind);
	if (basis->from_ns >= basis->until_ns)
		return refuse(check, "until_ns", "expected later than from_ns");
	bool jp = strcmp(basis->profile, "jp-2025") == 0, lab = strcmp(basis->profile, "lab") == 0;
	bool own_side = strcmp(basis->basis_kind, "own_network") == 0;
	if (jp && basis->from_ns < jp_2025_from_ns)
		return refuse(check, "from_ns", "profile jp-2025 is not in force at that time");
	if (jp && basis->self_approved)
		return refuse(check, "self_approved", "expected false under profile jp-2025, found true");
	bool wide = strcmp(basis->basis_kind, "lab") == 0 || (own_side && strcmp(basis->role, "party") == 0);
	if (!wide && (basis->rule_kinds & FLOW_ALL) != 0)
		return refuse(check, "rule_kinds", "flow.all is for own_network with role party and for lab only");
	if (!wide && basis->names)
		return refuse(check, "names", "full names are for own_network with role party and for lab only");
	struct fact *fact = add_fact(check);
	if (fact == NULL)
		return out_of_memory(check);
	fact->basis.classes = basis->classes;
	fact->basis.rule_kinds = basis->rule_kinds;
	fact->basis.max_entries = basis->rule_max_entries;
	fact->basis.min_prefix_v4 = basis->rule_min_prefix_v4;
	fact->basis.min_prefix_v6 = basis->rule_min_prefix_v6;
	fact->basis.exact_set = basis->exact_set.present;
	fact->basis.may_override = lab || own_side;
	fact->basis.from_ns = basis->from_ns;
	fact->basis.until_ns = basis->until_ns;
	return SK_OK;
}

static enum sk_err check_selectors(struct sk_check *check, const struct sk_selectors_record *set)
{
	const struct fact *basis = NULL;
	SK_TRY(refer(check, "basis", set->basis, SK_RECORD_BASIS, &basis));
	if ((set->kinds & ~basis->basis.rule_kinds) != 0)
		return refuse(check, "kinds", "the set is outside its rule: it has a kind that the basis (leaf %" PRIu64 ") does not name", set->basis);
	if (set->entries > basis->basis.max_entries)
		return refuse(check, "entries", "the set is outside its rule: expected at most %" PRIu64 ", found %" PRIu64, basis->basis.max_entries,
			      set->entries);
	if (set->shortest_v4 < basis->basis.min_prefix_v4)
		return refuse(check, "shortest_v4", "the set is outside its rule: expected /%" PRIu64 " or longer, found /%" PRIu64,
			      basis->basis.min_prefix_v4, set->shortest_v4);
	if (set->shortest_v6 < basis->basis.min_prefix_v6)
		return refuse(check, "shortest_v6", "the set is outside its rule: expected /%" PRIu64 " or longer, found /%" PRIu64,
			      basis->basis.min_prefix_v6, set->shortest_v6);
	if (basis->basis.exact_set && !set->exact_set_met)
		return refuse(check, "exact_set_met", "the set is outside its rule: the basis names one exact set and this is another");
	struct fact *fact = add_fact(check);
	if (fact == NULL)
		return out_of_memory(check);
	fact->selectors.basis = set->basis;
	return SK_OK;
}

static enum sk_err check_detectors(struct sk_check *check, const struct sk_detectors_record *detectors)
{
	const struct sk_names *lists[] = {&detectors->short_memory, &detectors->long_memory};
	SK_TRY(refer(check, "basis", detectors->basis, SK_RECORD_BASIS, NULL));
	if (detectors->basis + 1 != check->count)
		return refuse(check, "basis", "expected the leaf right before, %" PRIu64 ", found %" PRIu64, check->count - 1, detectors->basis);
	if (lists[0]->count + lists[1]->count == 0)
		return refuse(check, "short", "expected at least one detector, or no such record");
	for (size_t i = 0; i < lists[0]->count; i++)
		for (size_t j = 0; j < lists[1]->count; j++)
			if (strcmp(lists[0]->name[i], lists[1]->name[j]) == 0)
				return refuse(check, "long", "detector %s stands in both lists", lists[0]->name[i]);
	/* Who carries the talk of others may not remember it for long. rule: DETECTOR-1 */
	if (strcmp(check->summary.open.role, "carrier") == 0 && lists[1]->count != 0)
		return refuse(check, "long", "a carrier's detectors forget within the hour, found %s", lists[1]->name[0]);
	return SK_OK;
}

/* ---- runs ---- */

/* What a run or an interval refers to must exist, belong together and be allowed together. */
static enum sk_err check_references(struct sk_check *check, uint64_t basis, uint64_t border, uint64_t policy, uint64_t selectors,
				    const struct fact **basis_fact)
{
	const struct fact *border_fact = NULL, *selectors_fact = NULL;
	SK_TRY(refer(check, "basis", basis, SK_RECORD_BASIS, basis_fact));
	SK_TRY(refer(check, "border", border, SK_RECORD_BORDER, &border_fact));
	SK_TRY(refer(check, "policy", policy, SK_RECORD_POLICY, NULL));
	SK_TRY(refer(check, "selectors", selectors, SK_RECORD_SELECTORS, &selectors_fact));
	if (selectors_fact->selectors.basis != basis)
		return refuse(check, "selectors", "expected a set under the basis of leaf %" PRIu64 ", found one under leaf %" PRIu64, basis,
			      selectors_fact->selectors.basis);
	if (border_fact->border.overrides && !(*basis_fact)->basis.may_override)
		return refuse(check, "border", "a table that overrides special ranges is for own_network and lab only");
	return SK_OK;
}

static enum sk_err check_run_start(struct sk_check *check, const struct sk_run_start_record *start)
{
	const struct fact *basis = NULL;
	if (check->run.open)
		return refuse(check, "run", "expected a run_stop or a recovery of the run of leaf %" PRIu64 " before a new run", check->run.index);
	SK_TRY(check_references(check, start->basis, start->border, start->policy, start->selectors, &basis));
	if (start->started_ns < basis->basis.from_ns)
		return refuse(check, "started_ns", "the basis of leaf %" PRIu64 " is not in force yet", start->basis);
	if (start->started_ns >= basis->basis.until_ns)
		return refuse(check, "started_ns", "the basis of leaf %" PRIu64 " has expired", start->basis);
	check->run = (struct run){
	    .open = true, .replayed = start->replayed, .index = check->count, .last_basis = start->basis, .started_ns = start->started_ns};
	see_time(check, start->started_ns);
	return SK_OK;
}

static enum sk_err check_its_run(struct sk_check *check, uint64_t run)
{
	SK_TRY(refer(check, "run", run, SK_RECORD_RUN_START, NULL));
	if (!check->run.open)
		return refuse(check, "run", "expected a run that is open, but the run of leaf %" PRIu64 " has ended", run);
	if (run != check->run.index)
		return refuse(check, "run", "expected the open run of leaf %" PRIu64 ", found leaf %" PRIu64, check->run.index, run);
	return SK_OK;
}

static enum sk_err check_kernel_gate(struct sk_check *check, const struct sk_kernel_gate_record *gate)
{
	SK_TRY(check_its_run(check, gate->run));
	if (check->run.replayed)
		return refuse(check, "run", "expected a live run: files have no gate in the kernel");
	if (gate->stated_ns < check->run.started_ns)
		return refuse(check, "stated_ns", "expected no earlier than the run's start");
	size_t row = 0;
	while (row < SK_COUNT(kernel_gates) && (strcmp(kernel_gates[row].mode, gate->mode) != 0 || strcmp(kernel_gates[row].copying, gate->copying) != 0))
		row++;
	if (row == SK_COUNT(kernel_gates))
		return refuse(check, "mode", "expected xdp_native, xdp_generic or packet_filter with a copying that it has, found %s with %s", gate->mode, gate->copying);
	if (!kernel_gates[row].statutory && strcmp(check->summary.open.profile, "jp-2025") == 0)
		return refuse(check, "copying", "expected no zero-copy under profile jp-2025");
	return SK_OK;
}

/* An act begins a matter, or goes on from the last one of the same matter, from the state that it led to. rule: ACT-1 */
static enum sk_err check_act(struct sk_check *check, const struct sk_act_record *act)
{
	if (act->previous == 0 && act->from[0] != '\0')
		return refuse(check, "from", "expected no state before the first act of a matter, found %s", act->from);
	if (act->previous != 0) {
		const struct fact *before = NULL;
		SK_TRY(refer(check, "previous", act->previous - 1, SK_RECORD_ACT, &before));
		if (strcmp(before->act.matter, act->matter) != 0 || memcmp(before->act.subject, act->subject, SK_HASH_BYTES) != 0)
			return refuse(check, "previous", "leaf %" PRIu64 " is an act of another matter", act->previous - 1);
		if (before->act.followed)
			return refuse(check, "previous", "another act went on from leaf %" PRIu64 " already", act->previous - 1);
		if (strcmp(before->act.to, act->from) != 0)
			return refuse(check, "from", "expected %s, the state after leaf %" PRIu64 ", found %s", before->act.to, act->previous - 1, act->from);
		check->facts[before - check->facts].act.followed = true;
	}
	struct fact *fact = add_fact(check);
	if (fact == NULL)
		return out_of_memory(check);
	memcpy(fact->act.matter, act->matter, sizeof act->matter);
	memcpy(fact->act.to, act->to, sizeof act->to);
	memcpy(fact->act.subject, act->subject, SK_HASH_BYTES);
	return SK_OK;
}

static enum sk_err check_run_stop(struct sk_check *check, const struct sk_run_stop_record *stop)
{
	SK_TRY(check_its_run(check, stop->run));
	bool known = false;
	for (size_t i = 0; i < SK_COUNT(stop_reasons); i++)
		known = known || strcmp(stop_reasons[i], stop->reason) == 0;
	if (!known)
		return refuse(check, "reason", "expected a known reason, found %s", stop->reason);
	if (stop->intervals != check->run.intervals)
		return refuse(check, "intervals", "expected %" PRIu64 " as counted in the log, found %" PRIu64, check->run.intervals, stop->intervals);
	if (stop->stopped_ns < check->run.started_ns)
		return refuse(check, "stopped_ns", "expected no earlier than the run's start");
	uint64_t last_basis = check->run.last_basis;
	const struct fact *basis = bsearch(&last_basis, check->facts, check->fact_count, sizeof *check->facts, compare_fact);
	if (basis->basis.until_ns <= INT64_MAX - stop_grace_ns && stop->stopped_ns > basis->basis.until_ns + stop_grace_ns)
		return refuse(check, "stopped_ns", "the run went on after its basis (leaf %" PRIu64 ") had expired", last_basis);
	for (size_t i = 0; i < check->link_count; i++)
		if (check->links[i].pending.frames != 0 || check->links[i].pending.bytes != 0)
			return refuse(check, "run", "a run that stopped has nothing pending, but link %s has %" PRIu64 " frames", check->links[i].name,
				      check->links[i].pending.frames);
	check->run.open = false;
	see_time(check, stop->stopped_ns);
	return SK_OK;
}

static enum sk_err check_recovery(struct sk_check *check, const struct sk_recovery_record *recovery)
{
	struct sk_tally pending = {0, 0}, stated = {recovery->frames_lost, recovery->bytes_lost};
	SK_TRY(check_its_run(check, recovery->run));
	for (size_t i = 0; i < check->link_count; i++)
		if (!add_tally(&pending, &check->links[i].pending))
			return refuse(check, "frames_lost", "the sum of what was pending does not fit 64 bits");
	SK_TRY(same_tally(check, "frames_lost/bytes_lost (what was pending at the last interval)", &pending, &stated));
	if (recovery->recovered_ns < check->run.started_ns)
		return refuse(check, "recovered_ns", "expected no earlier than the run's start");
	for (size_t i = 0; i < check->link_count; i++) {
		struct link *link = &check->links[i];
		/* What was admitted stays admitted, for the bound; only it is pending no more. */
		if (!add_tally(&link->admitted, &link->pending) || __builtin_add_overflow(link->lost_frames, link->pending.frames, &link->lost_frames))
			return refuse(check, "frames_lost", "a sum does not fit 64 bits");
		link->pending = (struct sk_tally){0, 0};
	}
	if (!add_tally(&check->summary.totals.lost, &stated) ||
	    __builtin_add_overflow(check->summary.rows_rolled_back, recovery->rows_rolled_back, &check->summary.rows_rolled_back))
		return refuse(check, "frames_lost", "a sum over the log does not fit 64 bits");
	check->run.open = false;
	see_time(check, recovery->recovered_ns);
	return SK_OK;
}

/* ---- intervals ---- */

static struct link *find_link(struct sk_check *check, const char *name)
{
	if (check->last_link < check->link_count && strcmp(check->links[check->last_link].name, name) == 0)
		return &check->links[check->last_link];
	for (size_t i = 0; i < check->link_count; i++) {
		if (strcmp(check->links[i].name, name) == 0) {
			check->last_link = i;
			return &check->links[i];
		}
	}
	struct link *links = check->link_count < LINKS_MAX ? grown(check->links, &check->link_capacity, check->link_count, sizeof *links) : NULL;
	if (links == NULL)
		return NULL;
	check->links = links;
	check->last_link = check->link_count;
	struct link *link = &check->links[check->link_count++];
	*link = (struct link){.next_number = 0};
	(void)snprintf(link->name, sizeof link->name, "%s", name);
	return link;
}

/* rule: LEDGER-1, the equation, in frames and in bytes; and the classes as a partition of received. */
static enum sk_err check_equation(struct sk_check *check, const struct sk_interval_record *i)
{
	struct sk_tally in = {0, 0}, out = {0, 0}, classes_in = {0, 0}, classes_out = {0, 0};
	bool fits = add_tally(&in, &i->pending_before) && add_tally(&in, &i->carried_before) && add_tally(&in, &i->received) &&
		    add_cells(&out, &i->gate_erased) && add_cells(&out, &i->select_erased) && add_tally(&out, &i->selected) &&
		    add_cells(&out, &i->capture_lost.cells) && add_tally(&out, &i->pending_after) && add_tally(&out, &i->carried_after) &&
		    add_tally(&classes_in, &i->received) && add_tally(&classes_in, &i->classes_carried_before) &&
		    add_tally(&classes_out, &i->classes_carried_after);
	for (size_t c = 0; c < SK_CLASS_COUNT && fits; c++)
		fits = add_tally(&classes_out, &i->classes[c]);
	if (!fits)
		return refuse(check, "equation", "a sum does not fit 64 bits");
	SK_TRY(same_tally(check, "equation: gate_erased + select_erased + selected + capture_lost + pending_after + carried_after", &in, &out));
	return same_tally(check, "classes: their sum + classes_carried_after", &classes_in, &classes_out);
}

static enum sk_err check_small(struct sk_check *check, const char *field, const char *cell, uint64_t count)
{
	uint64_t k = check->summary.open.k;
	return count == 0 || count >= k ? SK_OK
					: refuse(check, field, "small cell%s%s: expected 0 or at least %" PRIu64 ", found %" PRIu64,
						 cell[0] != '\0' ? " " : "", cell, k, count);
}

/* rule: LEDGER-2, no count below k is published. */
static enum sk_err check_small_cells(struct sk_check *check, const struct sk_interval_record *i)
{
	SK_TRY(check_small(check, "selected", "", i->selected.frames));
	for (size_t c = 0; c < i->capture_lost.cells.count; c++)
		SK_TRY(check_small(check, "capture_lost", i->capture_lost.cells.cell[c].name, i->capture_lost.cells.cell[c].frames));
	for (size_t c = 0; c < i->gate_erased.count; c++)
		SK_TRY(check_small(check, "gate_erased", i->gate_erased.cell[c].name, i->gate_erased.cell[c].frames));
	for (size_t c = 0; c < i->select_erased.count; c++)
		SK_TRY(check_small(check, "select_erased", i->select_erased.cell[c].name, i->select_erased.cell[c].frames));
	for (size_t c = 0; c < SK_CLASS_COUNT; c++)
		SK_TRY(check_small(check, "classes", sk_class_name((enum sk_class)c), i->classes[c].frames));
	SK_TRY(check_small(check, "segments", "", i->segments));
	SK_TRY(check_small(check, "observations", "", i->observations));
	SK_TRY(check_small(check, "findings", "", i->findings));
	struct sk_tally lost = {0, 0};
	if (!add_cells(&lost, &i->capture_lost.cells))
		return refuse(check, "capture_lost", "a sum does not fit 64 bits");
	const struct { const char *field; struct sk_tally tally;
	} pairs[] = {
	    {"selected", i->selected},		 {"capture_lost", lost},              {"received", i->received},
	    {"pending_after", i->pending_after}, {"carried_after", i->carried_after}, {"classes_carried_after", i->classes_carried_after},
	};
	for (size_t p = 0; p < SK_COUNT(pairs); p++)
		if (pairs[p].tally.frames == 0 && pairs[p].tally.bytes != 0)
			return refuse(check, pairs[p].field, "expected 0 bytes with 0 frames, found %" PRIu64, pairs[p].tally.bytes);
	return SK_OK;
}

/* rule: LEDGER-3, what one interval hands on is what the next takes up. */
static enum sk_err check_chain(struct sk_check *check, const struct sk_interval_record *i, const struct link *link)
{
	if (i->number != link->next_number)
		return refuse(check, "number", "expected %" PRIu64 " on link %s (no gap, none twice), found %" PRIu64, link->next_number, i->link, i->number);
	SK_TRY(same_tally(check, "carried_before (the previous carried_after)", &link->carried, &i->carried_before));
	SK_TRY(same_tally(check, "classes_carried_before (the previous classes_carried_after)", &link->classes_carried, &i->classes_carried_before));
	SK_TRY(same_tally(check, "pending_before (the previous pending_after, 0 after a recovery)", &link->pending, &i->pending_before));
	if (i->lost_in_crash != link->lost_frames)
		return refuse(check, "lost_in_crash", "expected %" PRIu64 " as the recovery stated, found %" PRIu64, link->lost_frames, i->lost_in_crash);
	return SK_OK;
}

/* rule: LEDGER-4, the log as a whole admits no more than arrived in classes that the basis covers. Frames held back may belong to any class: they count
   for the accused. When the basis changes, what is held back of the old classes may be published later and stays on the same side. */
static enum sk_err check_eligible(struct sk_check *check, const struct sk_interval_record *i, struct link *link, uint32_t classes)
{
	struct sk_tally admitted, eligible;
	bool fits = true;
	if (link->classes != classes && link->next_number > 0)
		fits = add_tally(&link->eligible, &i->classes_carried_before);
	for (size_t c = 0; c < SK_CLASS_COUNT && fits; c++)
		if ((classes & SK_CLASS_BIT(c)) != 0)
			fits = add_tally(&link->eligible, &i->classes[c]);
	fits = fits && add_cells(&link->admitted, &i->select_erased) && add_tally(&link->admitted, &i->selected);
	admitted = link->admitted;
	eligible = link->eligible;
	fits = fits && add_tally(&admitted, &i->pending_after) && add_tally(&eligible, &i->classes_carried_after);
	link->classes = classes;
	if (!fits)
		return refuse(check, "classes", "a sum over the log does not fit 64 bits");
	if (admitted.frames > eligible.frames)
		return refuse(check, "classes",
			      "up to here %" PRIu64 " frames were admitted, but at most %" PRIu64 " arrived in classes that the basis covers",
			      admitted.frames, eligible.frames);
	if (admitted.bytes > eligible.bytes)
		return refuse(check, "classes",
			      "up to here %" PRIu64 " bytes were admitted, but at most %" PRIu64 " arrived in classes that the basis covers",
			      admitted.bytes, eligible.bytes);
	return SK_OK;
}

/* ---- flow exports: the same rules, in records; nothing of them is ever pending. rule: EXPORT-4 ---- */

static enum sk_err check_exports_sums(struct sk_check *check, const struct sk_exports_record *e)
{
	struct sk_tally in = {0, 0}, out = {0, 0}, classes_in = {0, 0}, classes_out = {0, 0};
	bool fits = add_tally(&in, &e->carried_before) && add_tally(&in, &e->received) && add_cells(&out, &e->gate_erased) && add_cells(&out, &e->select_erased) &&
		    add_tally(&out, &e->selected) && add_tally(&out, &e->malformed) && add_tally(&out, &e->carried_after) && add_tally(&classes_in, &e->received) &&
		    add_tally(&classes_in, &e->classes_carried_before) && add_tally(&classes_out, &e->classes_carried_after);
	for (size_t c = 0; c < SK_CLASS_COUNT && fits; c++)
		fits = add_tally(&classes_out, &e->classes[c]);
	if (!fits)
		return refuse(check, "exports, equation", "a sum does not fit 64 bits");
	SK_TRY(same_records(check, "exports, equation: gate_erased + select_erased + selected + malformed + carried_after", &in, &out));
	return same_records(check, "exports, classes: their sum + classes_carried_after", &classes_in, &classes_out);
}

static enum sk_err check_exports_small(struct sk_check *check, const struct sk_exports_record *e)
{
	SK_TRY(check_small(check, "exports, selected", "", e->selected.frames));
	SK_TRY(check_small(check, "exports, malformed", "", e->malformed.frames));
	for (size_t c = 0; c < e->gate_erased.count; c++)
		SK_TRY(check_small(check, "exports, gate_erased", e->gate_erased.cell[c].name, e->gate_erased.cell[c].frames));
	for (size_t c = 0; c < e->select_erased.count; c++)
		SK_TRY(check_small(check, "exports, select_erased", e->select_erased.cell[c].name, e->select_erased.cell[c].frames));
	for (size_t c = 0; c < SK_CLASS_COUNT; c++)
		SK_TRY(check_small(check, "exports, classes", sk_class_name((enum sk_class)c), e->classes[c].frames));
	return SK_OK;
}

static enum sk_err check_exports_eligible(struct sk_check *check, const struct sk_exports_record *e, struct link *link, uint32_t classes)
{
	bool fits = true;
	if (link->exports.any && link->exports.classes != classes)
		fits = add_tally(&link->exports.eligible, &e->classes_carried_before);
	for (size_t c = 0; c < SK_CLASS_COUNT && fits; c++)
		if ((classes & SK_CLASS_BIT(c)) != 0)
			fits = add_tally(&link->exports.eligible, &e->classes[c]);
	fits = fits && add_cells(&link->exports.admitted, &e->select_erased) && add_tally(&link->exports.admitted, &e->selected);
	struct sk_tally eligible = link->exports.eligible;
	if (!fits || !add_tally(&eligible, &e->classes_carried_after))
		return refuse(check, "exports, classes", "a sum over the log does not fit 64 bits");
	if (link->exports.admitted.frames > eligible.frames)
		return refuse(check, "exports, classes", "up to here %" PRIu64 " records were admitted, but at most %" PRIu64 " came in classes that the basis covers",
			      link->exports.admitted.frames, eligible.frames);
	return SK_OK;
}

static enum sk_err check_exports(struct sk_check *check, const struct sk_interval_record *i, struct link *link, uint32_t classes)
{
	const struct sk_exports_record *e = &i->exports;
	struct sk_check_totals *totals = &check->summary.totals;
	if (!i->has_exports)
		return SK_OK;
	SK_TRY(check_exports_sums(check, e));
	SK_TRY(check_exports_small(check, e));
	SK_TRY(same_records(check, "exports, carried_before (the previous carried_after)", &link->exports.carried, &e->carried_before));
	SK_TRY(same_records(check, "exports, classes_carried_before (the previous classes_carried_after)", &link->exports.classes_carried, &e->classes_carried_before));
	SK_TRY(check_exports_eligible(check, e, link, classes));
	if (e->samples > i->received.frames)
		return refuse(check, "exports, samples", "expected at most the %" PRIu64 " frames received, found %" PRIu64, i->received.frames, e->samples);
	link->exports.carried = e->carried_after;
	link->exports.classes_carried = e->classes_carried_after;
	link->exports.classes = classes;
	link->exports.any = true;
	check->summary.any_exports = true;
	bool fits = add_tally(&totals->exports.received, &e->received) && add_cells(&totals->exports.gate_erased, &e->gate_erased) &&
		    add_cells(&totals->exports.select_erased, &e->select_erased) && add_tally(&totals->exports.selected, &e->selected) &&
		    add_tally(&totals->exports.malformed, &e->malformed) && !__builtin_add_overflow(totals->exports.lost_records, e->lost_records, &totals->exports.lost_records) &&
		    !__builtin_add_overflow(totals->exports.lost_messages, e->lost_messages, &totals->exports.lost_messages);
	return fits ? SK_OK : refuse(check, "exports, received", "a sum over the log does not fit 64 bits");
}

/* ---- counterpart countries. rule: COUNTRY-1 ---- */

static enum sk_err check_countries_cells(struct sk_check *check, const struct sk_countries_record *c)
{
	struct sk_tally in = {0, 0}, out = {0, 0};
	const uint64_t k = check->summary.open.k;
	bool fits = add_tally(&in, &c->carried_before) && add_tally(&in, &c->settled) && add_tally(&out, &c->few) && add_tally(&out, &c->unnamed) && add_tally(&out, &c->carried_after);
	for (size_t i = 0; i < c->cells.count && fits; i++) {
		const struct sk_country_cell *cell = &c->cells.cell[i];
		fits = add_tally(&out, &(struct sk_tally){.frames = cell->frames, .bytes = cell->bytes});
		SK_TRY(check_small(check, "countries, cells", cell->code, cell->frames));
		if (cell->hosts < k || cell->hosts > cell->frames)
			return refuse(check, "countries, hosts", "expected at least %" PRIu64 " and at most the %" PRIu64 " frames of %s, found %" PRIu64, k, cell->frames, cell->code, cell->hosts);
	}
	if (!fits)
		return refuse(check, "countries", "a sum does not fit 64 bits");
	SK_TRY(check_small(check, "countries, few", "", c->few.frames));
	SK_TRY(check_small(check, "countries, unnamed", "", c->unnamed.frames));
	if ((c->few.frames == 0 && c->few.bytes != 0) || (c->unnamed.frames == 0 && c->unnamed.bytes != 0))
		return refuse(check, "countries, few and unnamed", "expected 0 bytes with 0 frames");
	return same_tally(check, "countries: cells + few + unnamed + carried_after", &in, &out);
}

/* What is settled is what was erased after admission or selected. Of that small cells wait, and so does what may differ: by what waits now, and by what waited when this began. */
static enum sk_err check_countries_settled(struct sk_check *check, const struct sk_interval_record *i, struct link *link)
{
	struct sk_tally most, least;
	bool fits = add_tally(&link->countries.settled, &i->countries.settled) && add_cells(&link->countries.fates, &i->select_erased) && add_tally(&link->countries.fates, &i->selected);
	most = link->countries.fates;
	least = link->countries.settled;
	fits = fits && add_tally(&most, &i->carried_after) && add_tally(&least, &link->countries.held_at_first);
	if (!fits)
		return refuse(check, "countries, settled", "a sum over the log does not fit 64 bits");
	if (link->countries.settled.frames > most.frames || link->countries.settled.bytes > most.bytes || link->countries.fates.frames > least.frames || link->countries.fates.bytes > least.bytes)
		return refuse(check, "countries, settled",
			      "up to here %" PRIu64 " frames, %" PRIu64 " bytes; select_erased and selected are %" PRIu64 " frames, %" PRIu64 " bytes, and what is held back does not make up for it",
			      link->countries.settled.frames, link->countries.settled.bytes, link->countries.fates.frames, link->countries.fates.bytes);
	return SK_OK;
}

static enum sk_err check_countries(struct sk_check *check, const struct sk_interval_record *i, struct link *link)
{
	if (!i->has_countries) {
		link->countries.running = false;
		return SK_OK;
	}
	if (!link->countries.running) {
		link->countries.settled = link->countries.fates = (struct sk_tally){0, 0};
		link->countries.held_at_first = i->carried_before;
		link->countries.running = true;
	}
	SK_TRY(check_countries_cells(check, &i->countries));
	SK_TRY(same_tally(check, "countries, carried_before (the previous carried_after)", &link->countries.carried, &i->countries.carried_before));
	SK_TRY(check_countries_settled(check, i, link));
	link->countries.carried = i->countries.carried_after;
	check->summary.any_countries = true;
	return SK_OK;
}

/* Capture times say when only in a live run: a file may be of any year. */
static enum sk_err check_times(struct sk_check *check, const struct sk_interval_record *i, const struct fact *basis)
{
	if (check->run.replayed)
		return SK_OK;
	if (i->from_ns > i->to_ns)
		return refuse(check, "to_ns", "expected no earlier than from_ns");
	if (i->from_ns < INT64_MAX - CLOCK_SLACK_NS && i->from_ns + CLOCK_SLACK_NS < check->run.started_ns)
		return refuse(check, "from_ns", "expected within its run, found a time before the run's start");
	if (i->from_ns < INT64_MAX - CLOCK_SLACK_NS && i->from_ns + CLOCK_SLACK_NS < basis->basis.from_ns)
		return refuse(check, "from_ns", "the basis of leaf %" PRIu64 " is not in force yet", i->basis);
	if (i->to_ns > INT64_MIN + CLOCK_SLACK_NS && i->to_ns - CLOCK_SLACK_NS >= basis->basis.until_ns)
		return refuse(check, "to_ns", "the basis of leaf %" PRIu64 " has expired", i->basis);
	return SK_OK;
}

static bool add_totals(struct sk_check_totals *totals, const struct sk_interval_record *i)
{
	bool fits = add_tally(&totals->received, &i->received) && add_cells(&totals->gate_erased, &i->gate_erased) &&
		    add_cells(&totals->select_erased, &i->select_erased) && add_tally(&totals->selected, &i->selected) &&
		    add_cells(&totals->capture_lost, &i->capture_lost.cells) && !__builtin_add_overflow(totals->events_lost, i->events_lost, &totals->events_lost);
	for (size_t c = 0; c < SK_CLASS_COUNT && fits; c++)
		fits = add_tally(&totals->classes[c], &i->classes[c]);
	return fits;
}

static enum sk_err check_interval(struct sk_check *check, const struct sk_interval_record *i)
{
	const struct fact *basis = NULL;
	SK_TRY(check_its_run(check, i->run));
	SK_TRY(check_references(check, i->basis, i->border, i->policy, i->selectors, &basis));
	struct link *link = find_link(check, i->link);
	if (link == NULL)
		return check->link_count == LINKS_MAX ? refuse(check, "link", "more than %d links", LINKS_MAX) : out_of_memory(check);
	SK_TRY(check_equation(check, i));
	SK_TRY(check_small_cells(check, i));
	SK_TRY(check_chain(check, i, link));
	SK_TRY(check_eligible(check, i, link, basis->basis.classes));
	SK_TRY(check_exports(check, i, link, basis->basis.classes));
	SK_TRY(check_countries(check, i, link));
	SK_TRY(check_times(check, i, basis));
	link->next_number++;
	link->pending = i->pending_after;
	link->carried = i->carried_after;
	link->classes_carried = i->classes_carried_after;
	link->lost_frames = 0;
	check->run.intervals++;
	check->run.last_basis = i->basis;
	if (!add_totals(&check->summary.totals, i))
		return refuse(check, "received", "a sum over the log does not fit 64 bits");
	struct sk_check_summary *s = &check->summary;
	if (!s->any_capture || i->from_ns < s->capture_from_ns)
		s->capture_from_ns = i->from_ns;
	if (!s->any_capture || i->to_ns > s->capture_to_ns)
		s->capture_to_ns = i->to_ns;
	s->any_capture = true;
	return SK_OK;
}

/* ---- */

static enum sk_err check_record(struct sk_check *check)
{
	const struct sk_record *record = &check->record;
	if (check->count == 0 && record->kind != SK_RECORD_OPEN)
		return refuse(check, "kind", "expected open as leaf 0");
	switch (record->kind) {
	case SK_RECORD_OPEN:
		return check_open(check, &record->open);
	case SK_RECORD_POLICY:
		return SK_OK;
	case SK_RECORD_BORDER:
		return check_border(check, &record->border);
	case SK_RECORD_BASIS:
		return check_basis(check, &record->basis);
	case SK_RECORD_SELECTORS:
		return check_selectors(check, &record->selectors);
	case SK_RECORD_RUN_START:
		return check_run_start(check, &record->run_start);
	case SK_RECORD_INTERVAL:
		return check_interval(check, &record->interval);
	case SK_RECORD_RUN_STOP:
		return check_run_stop(check, &record->run_stop);
	case SK_RECORD_RECOVERY:
		return check_recovery(check, &record->recovery);
	case SK_RECORD_MUTES:
	case SK_RECORD_COUNTS:
		return SK_OK;
	case SK_RECORD_DETECTORS:
		return check_detectors(check, &record->detectors);
	case SK_RECORD_KERNEL_GATE:
		return check_kernel_gate(check, &record->kernel_gate);
	case SK_RECORD_ACT:
		return check_act(check, &record->act);
	case SK_RECORD_CARRY:
		return refuse(check, "kind", "a carry is a sealed file, not a record of a ledger");
	case SK_RECORD_DRILL:
		return refuse(check, "kind", "a drill is a signed note, not a record of a ledger");
	}
	return SK_EBUG;
}

enum sk_err sk_check_leaf(struct sk_check *check, const void *bytes, size_t length, struct sk_fault *fault)
{
	struct sk_fault form;
	check->fault = fault;
	if (sk_record_parse(bytes, length, &check->record, &form) != SK_OK)
		return sk_fault_set(fault, SK_EMALFORMED, "leaf %" PRIu64 ": %s", check->count, form.line);
	uint8_t *kinds = grown(check->kinds, &check->kinds_capacity, check->count, 1);
	if (kinds == NULL)
		return out_of_memory(check);
	check->kinds = kinds;
	SK_TRY(check_record(check));
	check->kinds[check->count++] = (uint8_t)check->record.kind;
	check->summary.by_kind[check->record.kind]++;
	return SK_OK;
}

void sk_check_summary(const struct sk_check *check, struct sk_check_summary *out)
{
	*out = check->summary;
	out->leaves = check->count;
	out->links = check->link_count;
	out->run_open = check->run.open;
	/* Each link's last words; their sums fit, for each is a part of what add_totals has summed, or of what was admitted. */
	for (size_t i = 0; i < check->link_count; i++) {
		(void)add_tally(&out->totals.pending, &check->links[i].pending);
		(void)add_tally(&out->totals.carried, &check->links[i].carried);
		(void)add_tally(&out->totals.classes_carried, &check->links[i].classes_carried);
		(void)add_tally(&out->totals.exports.carried, &check->links[i].exports.carried);
	}
}
