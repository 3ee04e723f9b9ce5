/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/collector.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cmd/detectors.h"
#include "cmd/ledger_tail.h"
#include "ledger/record_read.h"
#include "store/original.h"
#include "text/json.h"
#include "text/text.h"

enum { INPUTS_MAX = 4096, CARRY_JSON_MAX = 65536, OPENING_JSON_MAX = 65536, SECRET_MODE = 0600, CARRY_NAME_MAX = 128 };

/* A link stands where its last interval left it; staged is what the one in hand makes of that. */
struct link {
	struct sk_carry carry, staged;
	uint64_t lost_in_crash;      /* frames that were pending when an earlier run died; its next interval states them */
};

struct sk_collector {
	const struct sk_workspace *workspace;
	struct sk_collector_start start;
	struct sk_set_facts set;     /* start.set points here */
	struct sk_sign_key *key;
	struct sk_ledger *ledger;
	struct sk_store *store;
	struct sk_emit *emit;
	size_t link_count;
	struct link *links;
	struct sk_record_refs refs;
	uint64_t intervals;          /* of all links */
	uint64_t store_number;       /* of the store's open interval, which is one for all links */
	int64_t told_ns;             /* the last time that the ledger was told of this run */
	uint8_t run_id[16];
	bool has_detectors;
	uint8_t detectors_digest[SK_HASH_BYTES]; /* of what runs, as the ledger has it */
	uint8_t last_id[16];         /* of the observation put last: the evidence of the findings that follow it */
	bool flows_again;            /* the present input's flow segments are stored already */
	size_t flow_input_count;     /* inputs whose every flow this run keeps */
	uint8_t flow_inputs[INPUTS_MAX][SK_HASH_BYTES];
	uint8_t token_key[SK_KEY_BYTES]; /* of this run: never on disk */
	enum sk_err failed;          /* first error of the sink */
	struct sk_fault failed_fault;
};

/* ---- carried counts: a file a generation in sealed/, named by the interval that they follow ---- */

static void carry_path(const struct sk_workspace *workspace, const char *link, uint64_t number, char path[SK_PATH_MAX])
{
	char name[CARRY_NAME_MAX];
	(void)snprintf(name, sizeof name, "sealed/carry.%.60s.%llu.json", link, (unsigned long long)number);
	(void)sk_workspace_path(workspace, name, path);
}

/* Has the link ever had an interval? Then a file says so; one that was left by a crash costs a look through the whole log, and no more. */
static bool has_carry(const struct sk_workspace *workspace, const char *link)
{
	char path[SK_PATH_MAX], start[CARRY_NAME_MAX];
	DIR *folder = opendir(sk_workspace_path(workspace, "sealed", path));
	bool found = false;
	(void)snprintf(start, sizeof start, "carry.%.60s.", link);
	for (const struct dirent *entry; folder != NULL && !found && (entry = readdir(folder)) != NULL;)
		found = strncmp(entry->d_name, start, strlen(start)) == 0;
	if (folder != NULL)
		(void)closedir(folder);
	return found;
}

static enum sk_err save_carry(const struct sk_workspace *workspace, const struct sk_carry *carry, uint64_t number, struct sk_fault *fault)
{
	char path[SK_PATH_MAX];
	struct sk_buf out;
	sk_buf_init(&out, CARRY_JSON_MAX);
	sk_carry_write(&out, carry);
	carry_path(workspace, carry->link, number, path);
	enum sk_err err = out.failed != SK_OK ? sk_fault_set(fault, out.failed, "%s: the carried counts have no form", path)
					      : sk_file_replace(path, out.bytes, out.length, SECRET_MODE, fault);
	sk_buf_fini(&out);
	return err;
}

static enum sk_err load_carry(const struct sk_workspace *workspace, uint64_t number, struct sk_carry *carry, struct sk_fault *fault)
{
	char path[SK_PATH_MAX];
	struct sk_buf bytes;
	struct sk_fault why = {.line = ""};
	carry_path(workspace, carry->link, number, path);
	sk_buf_init(&bytes, CARRY_JSON_MAX);
	enum sk_err err = sk_file_read(path, &bytes, fault);
	if (err == SK_OK && sk_carry_read(bytes.bytes, bytes.length, carry, &why) != SK_OK)
		err = sk_fault_set(fault, SK_EINCONSISTENT, "%s: the carried counts of the last interval cannot be read (%s); the ledger cannot be continued without them", path,
				   why.line);
	sk_buf_fini(&bytes);
	return err;
}

/* ---- openings of commitments ---- */

/* Keep salt and content of a commitment for oversight: sealed/open.INDEX.NAME.json. */
static enum sk_err save_opening(const struct sk_workspace *workspace, uint64_t index, const char *name, const uint8_t salt[32], const uint8_t *bytes, size_t length,
				struct sk_fault *fault)
{
	char path[SK_PATH_MAX], file[CARRY_NAME_MAX];
	struct sk_buf out;
	struct sk_json_writer json;
	sk_buf_init(&out, OPENING_JSON_MAX);
	sk_json_begin(&json, &out, true);
	sk_json_object(&json, NULL);
	sk_json_hex(&json, "content", bytes, length);
	sk_json_hex(&json, "salt", salt, 32);
	sk_json_end(&json);
	(void)snprintf(file, sizeof file, "sealed/open.%llu.%.32s.json", (unsigned long long)index, name);
	enum sk_err err = sk_file_replace(sk_workspace_path(workspace, file, path), out.bytes, out.length, SECRET_MODE, fault);
	sk_buf_fini(&out);
	return err;
}

/* ---- start ---- */

/* The wall clock may be set back; what a run says of itself never is. */
static int64_t not_before(struct sk_collector *collector, int64_t now_ns)
{
	collector->told_ns = now_ns > collector->told_ns ? now_ns : collector->told_ns;
	return collector->told_ns;
}

static int64_t now(struct sk_collector *collector)
{
	const struct sk_clock *clock = &collector->start.clock;
	return not_before(collector, clock->unix_ns(clock->context));
}

static enum sk_err append(struct sk_collector *collector, struct sk_buf *record, uint64_t *index, struct sk_fault *fault)
{
	struct sk_receipt receipt;
	enum sk_err err = record->failed != SK_OK ? record->failed : sk_ledger_append(collector->ledger, record->bytes, record->length, &receipt);
	if (err != SK_OK)
		return sk_fault_set(fault, SK_ELEDGER, "the ledger takes no record (%s); nothing is collected without it", sk_err_text(err));
	if (index != NULL)
		*index = receipt.index;
	sk_buf_reset(record);
	return SK_OK;
}

/* The index that the next appended leaf will get. */
static uint64_t next_index(const struct sk_collector *collector, uint64_t appended)
{
	uint64_t size = 0;
	uint8_t root[SK_HASH_BYTES];
	sk_ledger_head(collector->ledger, &size, root);
	return size + appended;
}

static enum sk_err append_basis(struct sk_collector *collector, struct sk_buf *record, uint64_t index, struct sk_fault *fault)
{
	const struct sk_basis *basis = collector->start.basis;
	uint8_t salt[32], commitment[SK_HASH_BYTES];
	char hex[2 * SK_HASH_BYTES + 1];
	sk_random(salt, sizeof salt);
	sk_commit(salt, basis->id, strlen(basis->id), commitment);
	sk_hex_encode(commitment, sizeof commitment, hex);
	SK_TRY(save_opening(collector->workspace, index, "basis-id", salt, (const uint8_t *)basis->id, strlen(basis->id), fault));
	struct sk_basis_facts facts = {.id_commitment_hex = hex, .kind = basis->kind, .profile = basis->profile, .role = basis->role, .classes = basis->classes,
				       .rule_kinds = basis->rule.kinds, .rule_max_entries = basis->rule.max_entries, .rule_min_prefix_v4 = basis->rule.min_prefix_v4,
				       .rule_min_prefix_v6 = basis->rule.min_prefix_v6, .has_exact_set = basis->rule.has_exact_set, .from_ns = basis->from_ns,
				       .until_ns = basis->until_ns, .self_approved = basis->self_approved, .simulated = basis->simulated, .names = basis->names};
	memcpy(facts.digest, basis->digest, sizeof facts.digest);
	if (basis->rule.has_exact_set) {
		/* The digest is over selector values, which may be guessed: only a commitment to it is published. */
		sk_random(salt, sizeof salt);
		sk_commit(salt, basis->rule.exact_set, SK_HASH_BYTES, facts.exact_set);
		SK_TRY(save_opening(collector->workspace, index, "exact-set", salt, basis->rule.exact_set, SK_HASH_BYTES, fault));
	}
	sk_record_basis(record, &facts);
	return append(collector, record, &collector->refs.basis, fault);
}

static bool runs_detectors(const struct sk_collector_start *start)
{
	return start->basis->detector_count != 0 && !start->no_detectors;
}

/* Names and thresholds are no secret: whoever reads the log may know what is looked for. */
static enum sk_err append_detectors(struct sk_collector *collector, struct sk_buf *record, struct sk_fault *fault)
{
	struct sk_basis_detector *running = calloc(SK_BASIS_DETECTORS_MAX, sizeof *running);
	struct sk_detectors_facts facts = {.basis = collector->refs.basis};
	struct sk_buf text;
	if (running == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	size_t count = sk_detectors_effective(collector->start.basis, running);
	for (size_t i = 0; i < count; i++) {
		const struct sk_detector_row *row = sk_policy_detector(running[i].name);
		if (row->memory == SK_MEMORY_SHORT)
			facts.short_names[facts.short_count++] = row->name;
		else
			facts.long_names[facts.long_count++] = row->name;
	}
	sk_buf_init(&text, SK_BASIS_TEXT_MAX);
	sk_basis_detectors_text(running, count, &text);
	if (text.failed == SK_OK)
		sk_sha256(text.bytes, text.length, facts.digest);
	enum sk_err err = text.failed;
	sk_buf_fini(&text);
	free(running);
	if (err != SK_OK)
		return sk_fault_set(fault, err, "the detectors cannot be written down: %s", sk_err_text(err));
	collector->has_detectors = true;
	memcpy(collector->detectors_digest, facts.digest, SK_HASH_BYTES);
	sk_record_detectors(record, &facts);
	return append(collector, record, NULL, fault);
}

static enum sk_err append_selectors(struct sk_collector *collector, struct sk_buf *record, uint64_t index, struct sk_fault *fault)
{
	static const struct sk_set_facts empty = {.shortest_v4 = 32, .shortest_v6 = 128};
	const struct sk_set_facts *set = collector->start.set != NULL ? collector->start.set : &empty;
	const struct sk_basis_rule *rule = &collector->start.basis->rule;
	uint8_t salt[32], commitment[SK_HASH_BYTES];
	sk_random(salt, sizeof salt);
	sk_commit(salt, set->digest, sizeof set->digest, commitment);
	SK_TRY(save_opening(collector->workspace, index, "selectors", salt, set->digest, sizeof set->digest, fault));
	bool exact = rule->has_exact_set && memcmp(rule->exact_set, set->digest, sizeof set->digest) == 0;
	sk_record_selectors(record, commitment, set->kinds, set->entries, set->shortest_v4, set->shortest_v6, exact, collector->refs.basis);
	return append(collector, record, &collector->refs.selectors, fault);
}

static enum sk_err append_border(struct sk_collector *collector, struct sk_buf *record, struct sk_fault *fault)
{
	const struct sk_collector_start *start = &collector->start;
	sk_record_border(record, start->border_digest, start->border_home, start->border_overrides, start->border_built_ns);
	return append(collector, record, &collector->refs.border, fault);
}

/* Write what is in force before the first frame: someone who reads the log must be able to ask of each interval "under what?". */
static enum sk_err append_start(struct sk_collector *collector, const struct sk_tail *tail, const struct sk_collector_recovery *recovery, struct sk_fault *fault)
{
	const struct sk_collector_start *start = &collector->start;
	struct sk_buf record;
	sk_buf_init(&record, SK_RECORD_MAX_BYTES);
	size_t dump_length = 0;
	const char *dump = sk_policy_dump(&dump_length);
	uint8_t policy_digest[SK_HASH_BYTES];
	sk_sha256(dump, dump_length, policy_digest);
	enum sk_err err = SK_OK;
	uint64_t appended = 0;
	if (next_index(collector, 0) == 0) {
		sk_record_open(&record, sk_ledger_origin(collector->ledger), sk_sign_key_public(collector->key), sk_policy_small_cell(),
			       sk_profile_name(collector->workspace->profile), sk_role_name(collector->workspace->role), start->basis->simulated, start->now_ns);
		err = append(collector, &record, NULL, fault);
		appended++;
	}
	if (err == SK_OK && recovery->recovered) {
		int64_t after_ns = tail->run_started_ns > start->now_ns ? tail->run_started_ns : start->now_ns;
		sk_record_recovery(&record, recovery->rows_rolled_back, recovery->frames_lost, recovery->bytes_lost, tail->run_index, after_ns);
		err = append(collector, &record, NULL, fault);
		appended++;
	}
	if (err == SK_OK) {
		sk_record_policy(&record, sk_policy_version(), policy_digest);
		err = append(collector, &record, &collector->refs.policy, fault);
		appended++;
	}
	if (err == SK_OK) {
		err = append_border(collector, &record, fault);
		appended++;
	}
	if (err == SK_OK)
		err = append_basis(collector, &record, next_index(collector, appended++), fault);
	if (err == SK_OK && runs_detectors(start)) {
		err = append_detectors(collector, &record, fault);
		appended++;
	}
	if (err == SK_OK)
		err = append_selectors(collector, &record, next_index(collector, appended++), fault);
	if (err == SK_OK) {
		sk_record_run_start(&record, collector->run_id, start->program != NULL ? start->program : SK_VERSION, &collector->refs, not_before(collector, start->now_ns), start->replayed_input);
		err = append(collector, &record, &collector->refs.run, fault);
	}
	if (err == SK_OK)
		err = sk_ledger_commit(collector->ledger, fault);
	sk_buf_fini(&record);
	return err;
}

static const char *link_name(const struct sk_collector_start *start, size_t at)
{
	return start->link_count == 0 ? start->link : start->links[at];
}

/* Where the links stand by the ledger, and with which counts they go on. */
static enum sk_err open_links(struct sk_collector *collector, const char *ledger_folder, struct sk_tail *tail, struct sk_fault *fault)
{
	struct sk_tail_link ends[SK_COLLECTOR_LINKS_MAX];
	uint64_t size = 0;
	uint8_t root[SK_HASH_BYTES];
	for (size_t i = 0; i < collector->link_count; i++) {
		const char *name = link_name(&collector->start, i);
		ends[i] = (struct sk_tail_link){.name = name, .sought = has_carry(collector->workspace, name)};
	}
	sk_ledger_head(collector->ledger, &size, root);
	SK_TRY(sk_tail_read(ledger_folder, size, ends, collector->link_count, tail, fault));
	for (size_t i = 0; i < collector->link_count; i++) {
		struct link *link = &collector->links[i];
		(void)snprintf(link->carry.link, sizeof link->carry.link, "%s", ends[i].name);
		if (!ends[i].any)
			continue;
		link->lost_in_crash = ends[i].pending_frames;
		SK_TRY(load_carry(collector->workspace, ends[i].last_number, &link->carry, fault));
		link->carry.next_number = ends[i].last_number + 1;
	}
	return SK_OK;
}

/* What the store has and the ledger does not name was never published: it goes. */
static enum sk_err roll_back(struct sk_collector *collector, const struct sk_tail *tail, uint64_t *rows, struct sk_fault *fault)
{
	uint64_t last = 0;
	bool known = false;
	if (tail->any_interval)
		SK_TRY(sk_store_find(collector->store, tail->store, &last, &known, fault));
	if (known || !tail->any_interval)
		SK_TRY(sk_store_roll_back(collector->store, last, !known, rows, fault));
	return sk_store_next(collector->store, &collector->store_number, fault);
}

static enum sk_err open_parts(struct sk_collector *collector, struct sk_collector_recovery *recovery, struct sk_fault *fault)
{
	const struct sk_workspace *workspace = collector->workspace;
	char path[SK_PATH_MAX], ledger_folder[SK_PATH_MAX];
	struct sk_workspace_store at;
	uint64_t dropped = 0;
	struct sk_tail tail;
	SK_TRY(sk_sign_key_load(sk_workspace_path(workspace, "keys/ledger.key", path), &collector->key, fault));
	(void)sk_workspace_path(workspace, "ledger", ledger_folder);
	SK_TRY(sk_ledger_open(ledger_folder, workspace->origin, collector->key, &collector->ledger, &dropped, fault));
	SK_TRY(open_links(collector, ledger_folder, &tail, fault));
	(void)sk_workspace_store(workspace, 0, false, &at);
	at.options.basis_id = collector->start.basis->id;
	SK_TRY(sk_store_open(&at.options, &collector->store, fault));
	SK_TRY(roll_back(collector, &tail, &recovery->rows_rolled_back, fault));
	recovery->recovered = tail.run_open;
	recovery->frames_lost = tail.run_open ? tail.pending_frames : 0;
	recovery->bytes_lost = tail.run_open ? tail.pending_bytes : 0;
	SK_TRY(append_start(collector, &tail, recovery, fault));
	return sk_store_begin(collector->store, collector->store_number, collector->run_id, fault);
}

enum sk_err sk_collector_open(const struct sk_workspace *workspace, const struct sk_collector_start *start, struct sk_emit *emit, struct sk_collector **out,
			      struct sk_collector_recovery *recovery, struct sk_fault *fault)
{
	struct sk_collector *collector = calloc(1, sizeof *collector);
	if (collector == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	*recovery = (struct sk_collector_recovery){0};
	collector->workspace = workspace;
	collector->start = *start;
	collector->link_count = start->link_count != 0 ? start->link_count : 1;
	SK_INVARIANT(collector->link_count <= SK_COLLECTOR_LINKS_MAX);
	if (start->set != NULL) {
		collector->set = *start->set;
		collector->start.set = &collector->set;
	}
	collector->emit = emit;
	sk_random(collector->run_id, sizeof collector->run_id);
	sk_random(collector->token_key, sizeof collector->token_key);
	collector->links = calloc(collector->link_count, sizeof *collector->links);
	enum sk_err err = collector->links != NULL ? open_parts(collector, recovery, fault) : sk_fault_set(fault, SK_ENOMEM, "out of memory");
	if (err != SK_OK) {
		sk_collector_free(collector);
		return err;
	}
	*out = collector;
	return SK_OK;
}

/* ---- what is in force changes ---- */

static bool same_set(const struct sk_set_facts *a, const struct sk_set_facts *b)
{
	return a == NULL || b == NULL ? a == b : memcmp(a->digest, b->digest, sizeof a->digest) == 0;
}

/* In the order of append_start: a set stands under its basis. */
static enum sk_err append_change(struct sk_collector *collector, bool border, bool basis, bool set, struct sk_fault *fault)
{
	struct sk_buf record;
	uint64_t appended = 0;
	enum sk_err err = SK_OK;
	sk_buf_init(&record, SK_RECORD_MAX_BYTES);
	if (border) {
		err = append_border(collector, &record, fault);
		appended++;
	}
	if (err == SK_OK && basis)
		err = append_basis(collector, &record, next_index(collector, appended++), fault);
	if (err == SK_OK && basis && runs_detectors(&collector->start)) {
		err = append_detectors(collector, &record, fault);
		appended++;
	}
	if (err == SK_OK && (basis || set))
		err = append_selectors(collector, &record, next_index(collector, appended), fault);
	if (err == SK_OK)
		err = sk_ledger_commit(collector->ledger, fault);
	sk_buf_fini(&record);
	return err;
}

enum sk_err sk_collector_change(struct sk_collector *collector, const struct sk_collector_start *now, struct sk_fault *fault)
{
	struct sk_collector_start *start = &collector->start;
	if (strcmp(start->basis->id, now->basis->id) != 0)
		return sk_fault_set(fault, SK_EPERMIT, "another basis (%s): what it keeps is sealed under keys of its own; restart", now->basis->id);
	bool border = memcmp(start->border_digest, now->border_digest, sizeof start->border_digest) != 0, set = !same_set(start->set, now->set),
	     basis = memcmp(start->basis->digest, now->basis->digest, sizeof start->basis->digest) != 0;
	start->basis = now->basis;
	memcpy(start->border_digest, now->border_digest, sizeof start->border_digest);
	memcpy(start->border_home, now->border_home, sizeof start->border_home);
	start->border_overrides = now->border_overrides;
	start->border_built_ns = now->border_built_ns;
	if (now->set != NULL)
		collector->set = *now->set;
	start->set = now->set != NULL ? &collector->set : NULL;
	return border || basis || set ? append_change(collector, border, basis, set, fault) : SK_OK;
}

void sk_collector_progress(const struct sk_collector *collector, uint64_t *intervals, uint64_t *leaves)
{
	uint8_t root[SK_HASH_BYTES];
	*intervals = collector->intervals;
	sk_ledger_head(collector->ledger, leaves, root);
}

/* ---- inputs ---- */

enum sk_err sk_collector_input(struct sk_collector *collector, const uint8_t *identity, bool again, bool *seen, struct sk_fault *fault)
{
	/* What was asked of the input is part of its name: a new list over an old file is new work, the same list is not. */
	struct {
		uint8_t input[SK_HASH_BYTES], border[SK_HASH_BYTES], set[SK_HASH_BYTES];
		uint32_t classes, names, no_heads; /* no_heads: bit 1 says that flow exports are read */
	} asked = {.classes = collector->start.basis->classes, .names = collector->start.basis->names, .no_heads = (uint32_t)(collector->start.no_heads | collector->start.exports << 1)};
	uint8_t digest[SK_HASH_BYTES], flows_digest[SK_HASH_BYTES];
	const struct sk_set_facts *set = collector->start.set;
	*seen = false;
	collector->flows_again = false;
	if (identity == NULL) {
		sk_store_set_input(collector->store, NULL);
		return SK_OK;
	}
	memcpy(asked.input, identity, SK_HASH_BYTES);
	memcpy(asked.border, collector->start.border_digest, SK_HASH_BYTES);
	if (set != NULL)
		memcpy(asked.set, set->digest, SK_HASH_BYTES);
	sk_sha256(&asked, sizeof asked, digest);
	if (collector->has_detectors) {
		/* Without detectors the digest is as it was before there were any, so that what was watched then counts as watched. */
		uint8_t both[2][SK_HASH_BYTES];
		memcpy(both[0], digest, SK_HASH_BYTES);
		memcpy(both[1], collector->detectors_digest, SK_HASH_BYTES);
		sk_sha256(both, sizeof both, digest);
	}
	if (!again)
		SK_TRY(sk_store_seen(collector->store, digest, seen, fault));
	if (*seen)
		return SK_OK;
	sk_store_set_input(collector->store, digest);
	if (set == NULL || (set->kinds & SK_SELECTOR_FLOW_ALL) == 0)
		return SK_OK;
	/* Under flow.all with another list the flows themselves are the same: they are not stored a second time. */
	memset(asked.set, 0xff, sizeof asked.set);
	sk_sha256(&asked, sizeof asked, flows_digest);
	if (!again)
		SK_TRY(sk_store_seen(collector->store, flows_digest, &collector->flows_again, fault));
	if (collector->flow_input_count < INPUTS_MAX)
		memcpy(collector->flow_inputs[collector->flow_input_count++], flows_digest, SK_HASH_BYTES);
	return SK_OK;
}

/* ---- the sink ---- */

/* What is told of at once, or is evidence of what will be, has its id. */
static void take_told(struct sk_collector *collector, const struct sk_observation *observation)
{
	uint8_t id[16] = {0};
	if (observation->kind != SK_OBSERVATION_FLOW || !collector->flows_again)
		collector->failed = sk_store_put(collector->store, observation, id, &collector->failed_fault);
	if (collector->emit != NULL)
		sk_emit_observation(collector->emit, observation, id);
	memcpy(collector->last_id, id, sizeof id);
}

/* There is always room: the caller waits for the disk. */
static bool take_observation(void *context, const struct sk_observation *observation)
{
	struct sk_collector *collector = context;
	if (collector->failed != SK_OK)
		return true;
	if (observation->kind != SK_OBSERVATION_FLOW || collector->emit != NULL)
		take_told(collector, observation);
	else if (!collector->flows_again) /* the id of a flow that only goes into a block is worked out when it is read */
		collector->failed = sk_store_put(collector->store, observation, NULL, &collector->failed_fault);
	if (collector->start.ipfix != NULL)
		sk_ipfix_observation(collector->start.ipfix, observation);
	return true;
}

/* Of one that nobody is told of, the history is all that the store needs. */
static bool take_flow(void *context, const struct sk_history *history)
{
	struct sk_collector *collector = context;
	if (SK_LIKELY(collector->failed == SK_OK && !collector->flows_again))
		collector->failed = sk_store_put_flow(collector->store, history, &collector->failed_fault);
	return true;
}

static void take_finding(void *context, const struct sk_finding *finding, const struct sk_observation *evidence)
{
	struct sk_collector *collector = context;
	struct sk_finding proven = *finding;
	if (collector->failed != SK_OK)
		return;
	if (evidence != NULL)
		memcpy(proven.evidence, collector->last_id, sizeof proven.evidence);
	collector->failed = sk_store_put_finding(collector->store, &proven, &collector->failed_fault);
	bool muted = collector->start.mutes != NULL && sk_mutes_find(collector->start.mutes, &proven, collector->start.clock.unix_ns(collector->start.clock.context)) != NULL;
	if (collector->emit != NULL && !muted)
		sk_emit_finding(collector->emit, &proven, evidence);
	if (collector->start.syslog != NULL && !muted)
		sk_syslog_finding(collector->start.syslog, &proven);
	if (collector->start.finding != NULL)
		collector->start.finding(collector->start.finding_context, &proven, muted);
}

/* To the store, which seals it for the custodians, and nowhere else. */
static bool take_original(void *context, const struct sk_original *original)
{
	struct sk_collector *collector = context;
	if (collector->failed == SK_OK)
		collector->failed = sk_store_put_original(collector->store, original, &collector->failed_fault);
	return true;
}

struct sk_observe_sink sk_collector_sink(struct sk_collector *collector)
{
	const struct sk_workspace *workspace = collector->workspace;
	bool told = collector->emit != NULL || collector->start.ipfix != NULL;
	return (struct sk_observe_sink){.context = collector, .observation = take_observation, .flow = told ? NULL : take_flow, .finding = take_finding,
					.original = workspace->custodians.count != 0 ? take_original : NULL, .token_key = workspace->tokens ? collector->token_key : NULL};
}

/* ---- intervals ---- */

static struct link *link_of(struct sk_collector *collector, const char *name)
{
	for (size_t i = 0; i < collector->link_count; i++)
		if (strcmp(collector->links[i].carry.link, name) == 0)
			return &collector->links[i];
	sk_bug(__FILE__, __LINE__, "an account is of one of the links that the collector was opened with");
}

/* The new generation of carried counts is on disk before the checkpoint that needs it, the old one is kept until the next: a crash on either side
   finds the file that belongs to the ledger's last interval. */
static enum sk_err append_interval(struct sk_collector *collector, struct sk_account *account, const uint8_t digest[SK_HASH_BYTES], struct sk_buf *record, struct sk_fault *fault)
{
	struct link *link = link_of(collector, account->link);
	if (!collector->start.replayed_input) {
		account->from_ns = account->from_ns > collector->start.now_ns ? account->from_ns : collector->start.now_ns;
		account->to_ns = account->to_ns > account->from_ns ? account->to_ns : account->from_ns;
	}
	link->staged = link->carry;
	account->number = link->carry.next_number;
	account->lost_in_crash = link->lost_in_crash;
	sk_record_interval(record, account, &link->staged, sk_policy_small_cell(), digest, &collector->refs);
	link->staged.next_number = account->number + 1;
	SK_TRY(append(collector, record, NULL, fault));
	return save_carry(collector->workspace, &link->staged, account->number, fault);
}

static void go_on_from(struct sk_collector *collector, const struct sk_account *account)
{
	struct link *link = link_of(collector, account->link);
	if (account->number >= 2) {
		char old[SK_PATH_MAX];
		carry_path(collector->workspace, link->carry.link, account->number - 2, old);
		(void)unlink(old);
	}
	link->carry = link->staged;
	link->lost_in_crash = 0;
	collector->intervals++;
}

enum sk_err sk_collector_cut(struct sk_collector *collector, struct sk_account *accounts, size_t count, struct sk_fault *fault)
{
	uint8_t digest[SK_HASH_BYTES];
	struct sk_buf record;
	if (collector->failed != SK_OK) {
		*fault = collector->failed_fault;
		return collector->failed;
	}
	if (collector->start.ipfix != NULL)
		sk_ipfix_flush(collector->start.ipfix);
	SK_TRY(sk_store_commit(collector->store, digest, fault));
	sk_buf_init(&record, SK_RECORD_MAX_BYTES);
	enum sk_err err = SK_OK;
	for (size_t i = 0; i < count && err == SK_OK; i++)
		err = append_interval(collector, &accounts[i], digest, &record, fault);
	sk_buf_fini(&record);
	if (err == SK_OK)
		err = sk_ledger_commit(collector->ledger, fault);
	SK_TRY(err);
	for (size_t i = 0; i < count; i++)
		go_on_from(collector, &accounts[i]);
	return sk_store_begin(collector->store, ++collector->store_number, collector->run_id, fault);
}

enum sk_err sk_collector_interval(void *context, struct sk_account *account, struct sk_fault *fault)
{
	return sk_collector_cut(context, account, 1, fault);
}

enum sk_err sk_collector_kernel_gate(struct sk_collector *collector, const struct sk_kernel_gate_facts *facts, struct sk_fault *fault)
{
	struct sk_buf record;
	sk_buf_init(&record, SK_RECORD_MAX_BYTES);
	sk_record_kernel_gate(&record, facts, collector->refs.run, now(collector));
	enum sk_err err = append(collector, &record, NULL, fault);
	sk_buf_fini(&record);
	return err == SK_OK ? sk_ledger_commit(collector->ledger, fault) : err;
}

//= rule: COUNT-3
enum sk_err sk_collector_counts(struct sk_collector *collector, uint64_t active, const struct sk_buf *content, struct sk_fault *fault)
{
	struct sk_buf record;
	uint8_t salt[32], commitment[SK_HASH_BYTES];
	sk_random(salt, sizeof salt);
	sk_commit(salt, content->bytes, content->length, commitment);
	SK_TRY(save_opening(collector->workspace, next_index(collector, 0), "counts", salt, content->bytes, content->length, fault));
	sk_buf_init(&record, SK_RECORD_MAX_BYTES);
	sk_record_counts(&record, active, commitment, now(collector));
	enum sk_err err = append(collector, &record, NULL, fault);
	sk_buf_fini(&record);
	return err == SK_OK ? sk_ledger_commit(collector->ledger, fault) : err;
}

enum sk_err sk_collector_stop(struct sk_collector *collector, const char *reason, uint64_t *size, uint8_t root[SK_HASH_BYTES], struct sk_fault *fault)
{
	struct sk_buf record;
	sk_buf_init(&record, SK_RECORD_MAX_BYTES);
	sk_record_run_stop(&record, collector->refs.run, reason, collector->intervals, now(collector));
	enum sk_err err = append(collector, &record, NULL, fault);
	sk_buf_fini(&record);
	if (err == SK_OK)
		err = sk_ledger_commit(collector->ledger, fault);
	if (err == SK_OK) {
		sk_ledger_head(collector->ledger, size, root);
		err = sk_store_run_done(collector->store, collector->run_id, (const uint8_t (*)[SK_HASH_BYTES])collector->flow_inputs, collector->flow_input_count, fault);
	}
	sk_collector_free(collector);
	return err;
}

void sk_collector_free(struct sk_collector *collector)
{
	if (collector == NULL)
		return;
	sk_store_close(collector->store);
	sk_ledger_close(collector->ledger);
	sk_sign_key_free(collector->key);
	free(collector->links);
	sk_wipe(collector, sizeof *collector);
	free(collector);
}
