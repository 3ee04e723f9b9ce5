/* SPDX-License-Identifier: Apache-2.0 */
/* The builders of record.h: what is true goes in, what may be published comes out (DESIGN.md 6, small cells). */
#include <stdio.h>
#include <string.h>

#include "ledger/record_read.h"
#include "text/text.h"

/* Sums that notice when 64 bits do not hold them. */
struct sum {
	uint64_t frames, bytes;
	bool overflow;
};

static void add(struct sum *sum, uint64_t frames, uint64_t bytes)
{
	sum->overflow |= __builtin_add_overflow(sum->frames, frames, &sum->frames);
	sum->overflow |= __builtin_add_overflow(sum->bytes, bytes, &sum->bytes);
}

static void add_cells(struct sum *sum, const struct sk_cell *cells, size_t count)
{
	for (size_t i = 0; i < count; i++)
		add(sum, cells[i].frames, cells[i].bytes);
}

static struct sk_tally tally_of(const struct sum *sum)
{
	return (struct sk_tally){.frames = sum->frames, .bytes = sum->bytes};
}

/* rule: EXPORT-4 */
static enum sk_err check_exports(const struct sk_account *account, struct sk_fault *fault)
{
	const struct sk_exports_account *e = &account->exports;
	struct sum out = {0}, classes = {0};
	if (!e->read)
		return SK_OK;
	if (e->gate_count > SK_CELLS_MAX || e->select_count > SK_CELLS_MAX)
		return sk_fault_set(fault, SK_EINCONSISTENT, "interval %llu, exports: more than %d cells", (unsigned long long)account->number, SK_CELLS_MAX);
	add_cells(&out, e->gate, e->gate_count);
	add_cells(&out, e->select, e->select_count);
	add_cells(&out, &e->selected, 1);
	add_cells(&out, &e->malformed, 1);
	add_cells(&classes, e->classes, SK_CLASS_COUNT);
	if (out.overflow || classes.overflow || out.bytes != 0 || classes.bytes != 0)
		return sk_fault_set(fault, SK_EINCONSISTENT, "interval %llu, exports: a sum does not fit 64 bits, or has bytes", (unsigned long long)account->number);
	if (out.frames != e->received.frames || classes.frames != e->received.frames)
		return sk_fault_set(fault, SK_EINCONSISTENT, "interval %llu, exports: received is %llu records; their fates are %llu, their classes %llu",
				    (unsigned long long)account->number, (unsigned long long)e->received.frames, (unsigned long long)out.frames,
				    (unsigned long long)classes.frames);
	if (e->samples > account->received.frames)
		return sk_fault_set(fault, SK_EINCONSISTENT, "interval %llu, exports: %llu sampled frames, but %llu frames were received",
				    (unsigned long long)account->number, (unsigned long long)e->samples, (unsigned long long)account->received.frames);
	return SK_OK;
}

/* rule: ACCOUNT-1 */
enum sk_err sk_account_check(const struct sk_account *account, struct sk_fault *fault)
{
	struct sum in = {0}, out = {0}, classes = {0};
	if (account->gate_count > SK_CELLS_MAX || account->select_count > SK_CELLS_MAX || account->lost_count > SK_CELLS_MAX)
		return sk_fault_set(fault, SK_EINCONSISTENT, "interval %llu: more than %d cells", (unsigned long long)account->number, SK_CELLS_MAX);
	add(&in, account->pending_before.frames, account->pending_before.bytes);
	add(&in, account->received.frames, account->received.bytes);
	add_cells(&in, &account->taken, 1);
	add_cells(&out, account->gate, account->gate_count);
	add_cells(&out, account->select, account->select_count);
	add_cells(&out, &account->selected, 1);
	add_cells(&out, account->lost, account->lost_count);
	add_cells(&out, &account->passed, 1);
	add_cells(&out, &account->pending_after, 1);
	add_cells(&classes, account->classes, SK_CLASS_COUNT);
	if (in.overflow || out.overflow || classes.overflow)
		return sk_fault_set(fault, SK_EINCONSISTENT, "interval %llu: a sum does not fit 64 bits", (unsigned long long)account->number);
	if (in.frames != out.frames || in.bytes != out.bytes)
		return sk_fault_set(
		    fault, SK_EINCONSISTENT,
		    "interval %llu: pending_before + received (+ taken) is %llu frames, %llu bytes; the fates and pending_after (+ passed) are %llu frames, %llu bytes",
		    (unsigned long long)account->number, (unsigned long long)in.frames, (unsigned long long)in.bytes, (unsigned long long)out.frames,
		    (unsigned long long)out.bytes);
	if (classes.frames != account->received.frames || classes.bytes != account->received.bytes)
		return sk_fault_set(fault, SK_EINCONSISTENT, "interval %llu: received is %llu frames, %llu bytes; the classes are %llu frames, %llu bytes",
				    (unsigned long long)account->number, (unsigned long long)account->received.frames, (unsigned long long)account->received.bytes,
				    (unsigned long long)classes.frames, (unsigned long long)classes.bytes);
	return check_exports(account, fault);
}

/* ---- small cells ---- */

/* Split a total into what may be published (0 or >= k) and what is held back. */
static void split(uint64_t frames, uint64_t bytes, unsigned k, struct sk_tally *published, struct sk_tally *held)
{
	struct sk_tally total = {frames, bytes}, none = {0, 0};
	bool show = frames == 0 || frames >= k;
	*published = show ? total : none;
	*held = show ? none : total;
}

/* Below, account and carry are added without a check: build_interval has seen that the sums of each stay below 2^63. */
static void split_cell(const struct sk_cell *now, struct sk_cell *carried, unsigned k, struct sk_tally *published)
{
	struct sk_tally held;
	split(now->frames + carried->frames, now->bytes + carried->bytes, k, published, &held);
	carried->frames = held.frames;
	carried->bytes = held.bytes;
}

static void split_count(uint64_t now, uint64_t *carried, unsigned k, uint64_t *published)
{
	uint64_t total = now + *carried;
	bool show = total >= k;
	*published = show ? total : 0;
	*carried = show ? 0 : total;
}

/* Insert or add under the name, ascending. false when there are too many. */
static bool merge_cell(struct sk_cells *cells, const struct sk_cell *cell)
{
	size_t at = 0;
	if (cell->frames == 0)
		return true;
	while (at < cells->count && strncmp(cells->cell[at].name, cell->name, sizeof cell->name) < 0)
		at++;
	if (at < cells->count && strncmp(cells->cell[at].name, cell->name, sizeof cell->name) == 0) {
		cells->cell[at].frames += cell->frames;
		cells->cell[at].bytes += cell->bytes;
		return true;
	}
	if (cells->count == SK_CELLS_MAX)
		return false;
	memmove(&cells->cell[at + 1], &cells->cell[at], (cells->count - at) * sizeof *cell);
	cells->cell[at] = *cell;
	cells->count++;
	return true;
}

static bool split_cells(const struct sk_cell *now, size_t now_count, struct sk_cell *carried, size_t *carried_count, unsigned k,
			struct sk_cells *published)
{
	struct sk_cells all = {.count = 0};
	for (size_t i = 0; i < now_count; i++)
		if (!merge_cell(&all, &now[i]))
			return false;
	for (size_t i = 0; i < *carried_count; i++)
		if (!merge_cell(&all, &carried[i]))
			return false;
	*carried_count = published->count = 0;
	for (size_t i = 0; i < all.count; i++) {
		if (all.cell[i].frames >= k)
			published->cell[published->count++] = all.cell[i];
		else
			carried[(*carried_count)++] = all.cell[i];
	}
	return true;
}

static bool carry_sums(const struct sk_carry *carry, struct sk_tally *fates, struct sk_tally *classes)
{
	struct sum fate_sum = {0}, class_sum = {0};
	if (carry->gate_count > SK_CELLS_MAX || carry->select_count > SK_CELLS_MAX || carry->lost_count > SK_CELLS_MAX)
		return false;
	add_cells(&fate_sum, carry->gate, carry->gate_count);
	add_cells(&fate_sum, carry->select, carry->select_count);
	add_cells(&fate_sum, &carry->selected, 1);
	add_cells(&fate_sum, carry->lost, carry->lost_count);
	add_cells(&class_sum, carry->classes, SK_CLASS_COUNT);
	*fates = tally_of(&fate_sum);
	*classes = tally_of(&class_sum);
	return !fate_sum.overflow && !class_sum.overflow;
}

static struct sk_tally tally_of_cell(const struct sk_cell *cell)
{
	return (struct sk_tally){.frames = cell->frames, .bytes = cell->bytes};
}

/* Below 2^62, so that three of them still fit. */
static bool small_enough(uint64_t bits)
{
	return bits >> 62 == 0;
}

static bool carried_exports(const struct sk_carry *carry, struct sk_tally *fates, struct sk_tally *classes)
{
	struct sum fate_sum = {0}, class_sum = {0};
	if (carry->exports.gate_count > SK_CELLS_MAX || carry->exports.select_count > SK_CELLS_MAX)
		return false;
	add_cells(&fate_sum, carry->exports.gate, carry->exports.gate_count);
	add_cells(&fate_sum, carry->exports.select, carry->exports.select_count);
	add_cells(&fate_sum, &carry->exports.selected, 1);
	add_cells(&fate_sum, &carry->exports.malformed, 1);
	add_cells(&class_sum, carry->exports.classes, SK_CLASS_COUNT);
	*fates = tally_of(&fate_sum);
	*classes = tally_of(&class_sum);
	return !fate_sum.overflow && !class_sum.overflow && small_enough(fates->frames | fates->bytes) && small_enough(classes->frames | classes->bytes);
}

/* The same rules as for frames: what is too few waits, and is a term of the sum. A run that reads no exports leaves what waits alone. rule: EXPORT-4 */
static enum sk_err build_exports(const struct sk_exports_account *account, struct sk_carry *carry, unsigned k, struct sk_exports_record *out)
{
	if (!small_enough(account->received.frames) || !carried_exports(carry, &out->carried_before, &out->classes_carried_before))
		return SK_EINCONSISTENT;
	out->received = tally_of_cell(&account->received);
	out->messages = account->messages;
	out->lost_messages = account->lost_messages;
	out->lost_records = account->lost_records;
	out->no_template = account->no_template;
	out->samples = account->samples;
	split_cell(&account->selected, &carry->exports.selected, k, &out->selected);
	split_cell(&account->malformed, &carry->exports.malformed, k, &out->malformed);
	for (size_t i = 0; i < SK_CLASS_COUNT; i++)
		split_cell(&account->classes[i], &carry->exports.classes[i], k, &out->classes[i]);
	if (!split_cells(account->gate, account->gate_count, carry->exports.gate, &carry->exports.gate_count, k, &out->gate_erased) ||
	    !split_cells(account->select, account->select_count, carry->exports.select, &carry->exports.select_count, k, &out->select_erased))
		return SK_ETOOBIG;
	return carried_exports(carry, &out->carried_after, &out->classes_carried_after) ? SK_OK : SK_EINCONSISTENT;
}

static struct sk_tally carried_countries(const struct sk_carry *carry)
{
	return (struct sk_tally){.frames = carry->countries.few.frames + carry->countries.unnamed.frames, .bytes = carry->countries.few.bytes + carry->countries.unnamed.bytes};
}

/* A country is named where at least k hosts of it were seen; all others are one cell, so that nobody sees which they were. rule: COUNTRY-1 */
static enum sk_err build_countries(const struct sk_account *account, struct sk_carry *carry, unsigned k, struct sk_countries_record *out)
{
	const struct sk_countries_account *countries = account->countries;
	struct sk_cell few = {.frames = countries->few_frames, .bytes = countries->few_bytes}, unnamed;
	struct sk_tally held = carried_countries(carry);
	struct sum settled = {0}, named = {0};
	if (countries->count > SK_COUNTRIES_MAX || !small_enough(held.frames | held.bytes) || !small_enough(few.frames | few.bytes))
		return SK_EINCONSISTENT;
	add_cells(&settled, account->select, account->select_count);
	add_cells(&settled, &account->selected, 1);
	add(&named, few.frames, few.bytes);
	for (size_t i = 0; i < countries->count; i++) {
		const struct sk_country_cell *cell = &countries->cell[i];
		add(&named, cell->frames, cell->bytes);
		if (cell->hosts > cell->frames)
			return SK_EINCONSISTENT;
		if (cell->frames >= k && cell->hosts >= k) {
			out->cells.cell[out->cells.count++] = *cell;
			continue;
		}
		few.frames += cell->frames;
		few.bytes += cell->bytes;
	}
	if (settled.overflow || named.overflow || named.frames > settled.frames || named.bytes > settled.bytes)
		return SK_EINCONSISTENT;
	unnamed = (struct sk_cell){.frames = settled.frames - named.frames, .bytes = settled.bytes - named.bytes};
	out->settled = tally_of(&settled);
	out->carried_before = held;
	split_cell(&few, &carry->countries.few, k, &out->few);
	split_cell(&unnamed, &carry->countries.unnamed, k, &out->unnamed);
	out->carried_after = carried_countries(carry);
	return SK_OK;
}

static enum sk_err build_interval(const struct sk_account *account, struct sk_carry *carry, unsigned k, struct sk_interval_record *interval)
{
	SK_TRY(sk_account_check(account, NULL));
	if ((account->passed.frames | account->passed.bytes | account->taken.frames | account->taken.bytes) != 0)
		return SK_EINCONSISTENT;
	if (k == 0 || k > SK_SMALL_CELL_MAX)
		return SK_EUSAGE;
	if (carry->link[0] != '\0' && (strncmp(carry->link, account->link, sizeof carry->link) != 0 || carry->next_number != account->number))
		return SK_EINCONSISTENT;
	if (!carry_sums(carry, &interval->carried_before, &interval->classes_carried_before) || !small_enough(account->received.frames | account->received.bytes) ||
	    !small_enough(account->pending_before.frames | account->pending_before.bytes) || !small_enough(interval->carried_before.frames | interval->carried_before.bytes) ||
	    !small_enough(interval->classes_carried_before.frames | interval->classes_carried_before.bytes))
		return SK_EINCONSISTENT;
	memcpy(interval->link, account->link, sizeof interval->link);
	memcpy(carry->link, account->link, sizeof carry->link);
	interval->number = account->number;
	carry->next_number = account->number + 1;
	interval->from_ns = account->from_ns;
	interval->to_ns = account->to_ns;
	interval->received = tally_of_cell(&account->received);
	interval->pending_before = tally_of_cell(&account->pending_before);
	interval->pending_after = tally_of_cell(&account->pending_after);
	interval->upstream_lost = account->upstream_lost;
	interval->events_lost = account->events_lost;
	interval->lost_in_crash = account->lost_in_crash;
	split_cell(&account->selected, &carry->selected, k, &interval->selected);
	for (size_t i = 0; i < SK_CLASS_COUNT; i++)
		split_cell(&account->classes[i], &carry->classes[i], k, &interval->classes[i]);
	split_count(account->segments, &carry->segments, k, &interval->segments);
	split_count(account->observations, &carry->observations, k, &interval->observations);
	split_count(account->findings, &carry->findings, k, &interval->findings);
	interval->capture_lost.version = SK_RECORD_VERSION_NAMED;
	if (!split_cells(account->lost, account->lost_count, carry->lost, &carry->lost_count, k, &interval->capture_lost.cells) ||
	    !split_cells(account->gate, account->gate_count, carry->gate, &carry->gate_count, k, &interval->gate_erased) ||
	    !split_cells(account->select, account->select_count, carry->select, &carry->select_count, k, &interval->select_erased))
		return SK_ETOOBIG;
	if (!carry_sums(carry, &interval->carried_after, &interval->classes_carried_after))
		return SK_EINCONSISTENT;
	interval->has_countries = account->countries != NULL;
	if (interval->has_countries)
		SK_TRY(build_countries(account, carry, k, &interval->countries));
	interval->has_exports = account->exports.read;
	return account->exports.read ? build_exports(&account->exports, carry, k, &interval->exports) : SK_OK;
}

static void fail(struct sk_buf *out, enum sk_err err)
{
	if (out->failed == SK_OK)
		out->failed = err;
}

void sk_record_interval(struct sk_buf *out, const struct sk_account *account, struct sk_carry *carry, unsigned k,
			const uint8_t store_digest[SK_HASH_BYTES], const struct sk_record_refs *refs)
{
	struct sk_record record = {.kind = SK_RECORD_INTERVAL};
	struct sk_carry next = *carry;
	enum sk_err err = build_interval(account, &next, k, &record.interval);
	if (err != SK_OK) {
		fail(out, err);
		return;
	}
	memcpy(record.interval.store, store_digest, SK_HASH_BYTES);
	record.interval.basis = refs->basis;
	record.interval.border = refs->border;
	record.interval.policy = refs->policy;
	record.interval.run = refs->run;
	record.interval.selectors = refs->selectors;
	sk_record_write(out, &record);
	if (out->failed == SK_OK)
		*carry = next;
}

/* ---- the other builders ---- */

/* Copy a text into a field; one that does not fit becomes "" , which the form refuses. */
static void copy_word(char *to, size_t size, const char *from)
{
	size_t length = from != NULL ? strlen(from) : 0;
	if (length >= size)
		length = 0;
	if (length != 0)
		memcpy(to, from, length);
	to[length] = '\0';
}

void sk_record_open(struct sk_buf *out, const char *origin, const struct sk_verify_key *key, unsigned k, const char *profile, const char *role,
		    bool simulated, int64_t now_ns)
{
	struct sk_record record = {.kind = SK_RECORD_OPEN, .open = {.created_ns = now_ns, .k = k, .simulated = simulated}};
	copy_word(record.open.origin, sizeof record.open.origin, origin);
	copy_word(record.open.profile, sizeof record.open.profile, profile);
	copy_word(record.open.role, sizeof record.open.role, role);
	(void)sk_verify_key_format(key, record.open.key);
	sk_record_write(out, &record);
}

void sk_record_basis(struct sk_buf *out, const struct sk_basis_facts *facts)
{
	struct sk_record record = {.kind = SK_RECORD_BASIS};
	struct sk_basis_record *basis = &record.basis;
	copy_word(basis->basis_kind, sizeof basis->basis_kind, facts->kind);
	copy_word(basis->profile, sizeof basis->profile, facts->profile);
	copy_word(basis->role, sizeof basis->role, facts->role);
	basis->classes = facts->classes;
	memcpy(basis->digest, facts->digest, sizeof basis->digest);
	basis->exact_set.present = facts->has_exact_set;
	if (facts->has_exact_set)
		memcpy(basis->exact_set.commitment, facts->exact_set, sizeof basis->exact_set.commitment);
	if (facts->id_commitment_hex == NULL || sk_hex_decode(facts->id_commitment_hex, basis->id_commitment, sizeof basis->id_commitment) != SK_OK) {
		fail(out, SK_EUSAGE);
		return;
	}
	basis->from_ns = facts->from_ns;
	basis->until_ns = facts->until_ns;
	basis->names = facts->names;
	basis->self_approved = facts->self_approved;
	basis->simulated = facts->simulated;
	basis->rule_kinds = facts->rule_kinds;
	basis->rule_max_entries = facts->rule_max_entries;
	basis->rule_min_prefix_v4 = facts->rule_min_prefix_v4;
	basis->rule_min_prefix_v6 = facts->rule_min_prefix_v6;
	sk_record_write(out, &record);
}

void sk_record_border(struct sk_buf *out, const uint8_t digest[SK_HASH_BYTES], const char *home, bool overrides_special, int64_t built_ns)
{
	struct sk_record record = {.kind = SK_RECORD_BORDER, .border = {.built_ns = built_ns, .overrides_special = overrides_special}};
	memcpy(record.border.digest, digest, SK_HASH_BYTES);
	copy_word(record.border.home, sizeof record.border.home, home);
	sk_record_write(out, &record);
}

void sk_record_selectors(struct sk_buf *out, const uint8_t commitment[SK_HASH_BYTES], uint32_t selector_kinds, uint64_t entries, unsigned shortest_v4,
			 unsigned shortest_v6, bool exact_set_met, uint64_t basis_index)
{
	struct sk_record record = {.kind = SK_RECORD_SELECTORS,
				   .selectors = {.basis = basis_index, .entries = entries, .exact_set_met = exact_set_met, .kinds = selector_kinds, .shortest_v4 = shortest_v4,
						 .shortest_v6 = shortest_v6}};
	memcpy(record.selectors.commitment, commitment, SK_HASH_BYTES);
	sk_record_write(out, &record);
}

void sk_record_policy(struct sk_buf *out, const char *version, const uint8_t digest[SK_HASH_BYTES])
{
	struct sk_record record = {.kind = SK_RECORD_POLICY};
	memcpy(record.policy.digest, digest, SK_HASH_BYTES);
	copy_word(record.policy.version, sizeof record.policy.version, version);
	sk_record_write(out, &record);
}

void sk_record_run_start(struct sk_buf *out, const uint8_t run_id[16], const char *version, const struct sk_record_refs *refs, int64_t now_ns,
			 bool replayed_input)
{
	struct sk_record record = {.kind = SK_RECORD_RUN_START,
				   .run_start = {.basis = refs->basis, .border = refs->border, .policy = refs->policy, .selectors = refs->selectors, .replayed = replayed_input,
						 .started_ns = now_ns}};
	memcpy(record.run_start.run, run_id, sizeof record.run_start.run);
	copy_word(record.run_start.program, sizeof record.run_start.program, version);
	sk_record_write(out, &record);
}

void sk_record_run_stop(struct sk_buf *out, uint64_t run_index, const char *reason, uint64_t intervals, int64_t now_ns)
{
	struct sk_record record = {.kind = SK_RECORD_RUN_STOP, .run_stop = {.intervals = intervals, .run = run_index, .stopped_ns = now_ns}};
	copy_word(record.run_stop.reason, sizeof record.run_stop.reason, reason);
	sk_record_write(out, &record);
}

void sk_record_recovery(struct sk_buf *out, uint64_t rows_rolled_back, uint64_t frames_lost, uint64_t bytes_lost, uint64_t run_index, int64_t now_ns)
{
	struct sk_record record = {.kind = SK_RECORD_RECOVERY,
				   .recovery = {.bytes_lost = bytes_lost,
						.frames_lost = frames_lost,
						.rows_rolled_back = rows_rolled_back,
						.run = run_index,
						.recovered_ns = now_ns}};
	sk_record_write(out, &record);
}

void sk_record_mutes(struct sk_buf *out, uint64_t active, const uint8_t commitment[SK_HASH_BYTES], int64_t now_ns)
{
	struct sk_record record = {.kind = SK_RECORD_MUTES, .mutes = {.active = active, .stated_ns = now_ns}};
	memcpy(record.mutes.commitment, commitment, SK_HASH_BYTES);
	sk_record_write(out, &record);
}

void sk_record_counts(struct sk_buf *out, uint64_t active, const uint8_t commitment[SK_HASH_BYTES], int64_t now_ns)
{
	struct sk_record record = {.kind = SK_RECORD_COUNTS, .counts = {.active = active, .stated_ns = now_ns}};
	memcpy(record.counts.commitment, commitment, SK_HASH_BYTES);
	sk_record_write(out, &record);
}

void sk_record_kernel_gate(struct sk_buf *out, const struct sk_kernel_gate_facts *facts, uint64_t run_index, int64_t now_ns)
{
	struct sk_record record = {.kind = SK_RECORD_KERNEL_GATE, .kernel_gate = {.run = run_index, .stated_ns = now_ns}};
	copy_word(record.kernel_gate.link, sizeof record.kernel_gate.link, facts->link);
	copy_word(record.kernel_gate.mode, sizeof record.kernel_gate.mode, facts->mode);
	copy_word(record.kernel_gate.copying, sizeof record.kernel_gate.copying, facts->copying);
	memcpy(record.kernel_gate.program, facts->program, SK_HASH_BYTES);
	memcpy(record.kernel_gate.table, facts->table, SK_HASH_BYTES);
	sk_record_write(out, &record);
}

void sk_commit(const uint8_t salt[32], const void *bytes, size_t length, uint8_t out[SK_HASH_BYTES])
{
	static const uint8_t domain = 0x02;
	struct sk_sha256 *hash = sk_sha256_new();
	SK_INVARIANT(hash != NULL); /* out of memory: there is no commitment that could stand in */
	sk_sha256_add(hash, &domain, 1);
	sk_sha256_add(hash, salt, 32);
	sk_sha256_add(hash, bytes, length);
	sk_sha256_take(hash, out);
	sk_sha256_free(hash);
}

/* ---- the carry as a file ---- */

static void cells_to_record(struct sk_cells *to, const struct sk_cell *from, size_t count, struct sk_buf *out)
{
	for (size_t i = 0; i < count; i++)
		if (!merge_cell(to, &from[i]))
			fail(out, SK_ETOOBIG);
}

void sk_carry_write(struct sk_buf *out, const struct sk_carry *carry)
{
	struct sk_record record = {.kind = SK_RECORD_CARRY,
				   .carry = {.next_number = carry->next_number, .selected = tally_of_cell(&carry->selected), .capture_lost.version = SK_RECORD_VERSION_NAMED,
					     .segments = carry->segments, .observations = carry->observations, .findings = carry->findings}};
	memcpy(record.carry.link, carry->link, sizeof record.carry.link);
	cells_to_record(&record.carry.capture_lost.cells, carry->lost, carry->lost_count, out);
	cells_to_record(&record.carry.gate_erased, carry->gate, carry->gate_count, out);
	cells_to_record(&record.carry.select_erased, carry->select, carry->select_count, out);
	for (size_t i = 0; i < SK_CLASS_COUNT; i++)
		record.carry.classes[i] = tally_of_cell(&carry->classes[i]);
	struct sk_tally fates, classes;
	if (!carried_exports(carry, &fates, &classes))
		fail(out, SK_EINCONSISTENT);
	record.carry.countries.few = tally_of_cell(&carry->countries.few);
	record.carry.countries.unnamed = tally_of_cell(&carry->countries.unnamed);
	record.carry.has_countries = carried_countries(carry).frames != 0;
	record.carry.has_exports = fates.frames != 0 || classes.frames != 0;
	record.carry.exports.selected = tally_of_cell(&carry->exports.selected);
	record.carry.exports.malformed = tally_of_cell(&carry->exports.malformed);
	cells_to_record(&record.carry.exports.gate_erased, carry->exports.gate, carry->exports.gate_count, out);
	cells_to_record(&record.carry.exports.select_erased, carry->exports.select, carry->exports.select_count, out);
	for (size_t i = 0; i < SK_CLASS_COUNT; i++)
		record.carry.exports.classes[i] = tally_of_cell(&carry->exports.classes[i]);
	sk_record_write(out, &record);
}

enum sk_err sk_carry_read(const void *bytes, size_t length, struct sk_carry *out, struct sk_fault *fault)
{
	struct sk_record record;
	SK_TRY(sk_record_parse(bytes, length, &record, fault));
	if (record.kind != SK_RECORD_CARRY)
		return sk_fault_set(fault, SK_EMALFORMED, "expected a carry, found a record of kind %s", sk_record_kind_name(record.kind));
	const struct sk_carry_record *carry = &record.carry;
	*out = (struct sk_carry){.next_number = carry->next_number, .selected = {.frames = carry->selected.frames, .bytes = carry->selected.bytes},
				 .lost_count = carry->capture_lost.cells.count, .segments = carry->segments,
				 .observations = carry->observations, .findings = carry->findings, .gate_count = carry->gate_erased.count,
				 .select_count = carry->select_erased.count};
	memcpy(out->link, carry->link, sizeof out->link);
	memcpy(out->lost, carry->capture_lost.cells.cell, carry->capture_lost.cells.count * sizeof *out->lost);
	if (carry->capture_lost.version == SK_RECORD_VERSION && out->lost_count != 0) /* written before losses had names */
		memcpy(out->lost[0].name, "unnamed", sizeof "unnamed");
	memcpy(out->gate, carry->gate_erased.cell, carry->gate_erased.count * sizeof *out->gate);
	memcpy(out->select, carry->select_erased.cell, carry->select_erased.count * sizeof *out->select);
	for (size_t i = 0; i < SK_CLASS_COUNT; i++)
		out->classes[i] = (struct sk_cell){.frames = carry->classes[i].frames, .bytes = carry->classes[i].bytes};
	if (carry->has_countries) {
		out->countries.few = (struct sk_cell){.frames = carry->countries.few.frames, .bytes = carry->countries.few.bytes};
		out->countries.unnamed = (struct sk_cell){.frames = carry->countries.unnamed.frames, .bytes = carry->countries.unnamed.bytes};
	}
	if (!carry->has_exports)
		return SK_OK;
	out->exports.selected.frames = carry->exports.selected.frames;
	out->exports.malformed.frames = carry->exports.malformed.frames;
	out->exports.gate_count = carry->exports.gate_erased.count;
	out->exports.select_count = carry->exports.select_erased.count;
	memcpy(out->exports.gate, carry->exports.gate_erased.cell, carry->exports.gate_erased.count * sizeof *out->exports.gate);
	memcpy(out->exports.select, carry->exports.select_erased.cell, carry->exports.select_erased.count * sizeof *out->exports.select);
	for (size_t i = 0; i < SK_CLASS_COUNT; i++)
		out->exports.classes[i].frames = carry->exports.classes[i].frames;
	return SK_OK;
}

static void copy_names(struct sk_names *out, const char *const *names, size_t count, struct sk_buf *buf)
{
	out->count = count <= SK_NAMES_MAX ? count : 0;
	if (count > SK_NAMES_MAX && buf->failed == SK_OK)
		buf->failed = SK_EUSAGE;
	for (size_t i = 0; i < out->count; i++)
		copy_word(out->name[i], sizeof out->name[i], names[i]);
}

void sk_record_detectors(struct sk_buf *out, const struct sk_detectors_facts *facts)
{
	struct sk_record record = {.kind = SK_RECORD_DETECTORS, .detectors = {.basis = facts->basis}};
	memcpy(record.detectors.digest, facts->digest, SK_HASH_BYTES);
	copy_names(&record.detectors.short_memory, facts->short_names, facts->short_count, out);
	copy_names(&record.detectors.long_memory, facts->long_names, facts->long_count, out);
	sk_record_write(out, &record);
}
