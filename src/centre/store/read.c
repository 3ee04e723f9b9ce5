/* SPDX-License-Identifier: Apache-2.0 */
/* Reading: day by day (each day has its key), by the index where a value is asked for, and every answer is checked against the opened record: the
   index only proposes. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "store/store_priv.h"

static const int64_t second_ns = 1000000000, hour_ns = 3600000000000;

/* Rows lie under the day and hour in which they began. A segment lasts less than a day (the active time-out ends it) and a finding is folded within
   one day, so what still overlaps `since` began at most this long before it. */
enum { LONGEST_HOURS = 48 };

struct walk {
	struct sk_store *store;
	const struct sk_store_filter *filter;
	struct sk_fault *fault;
	bool by_value;
	struct sk_values wanted;        /* one value */
	uint64_t visited, erased;
	size_t key_count, first_key;    /* keys before it lie before the place that is asked for */
	struct sk_key_row *keys;
};

/* ---- the filter ---- */

static bool walk_is_full(const struct walk *walk)
{
	return walk->filter->limit != 0 && walk->visited >= walk->filter->limit;
}

static int64_t until_ns(const struct sk_store_filter *filter)
{
	return filter->until_ns != 0 ? filter->until_ns : INT64_MAX;
}

static int64_t earliest_ns(const struct sk_store_filter *filter)
{
	return filter->since_ns > LONGEST_HOURS * hour_ns ? filter->since_ns - LONGEST_HOURS * hour_ns : 0;
}

/* A segment is in a range when it overlaps it. */
static bool time_fits(const struct sk_store_filter *filter, int64_t first_ns, int64_t last_ns)
{
	return (filter->since_ns == 0 || last_ns >= filter->since_ns) && first_ns < until_ns(filter);
}

static bool kind_fits(const char *kind, const struct sk_observation *o)
{
	static const char *const selector_kinds[] = {"address", "prefix", "domain", "ja3", "ja4", "flow.all", "url", "hassh", "hassh_server", "ja3s",
						     "cert_sha1", "cert_sha256", "command"};
	static const struct {
		const char *name;
		uint8_t proto;
	} protos[] = {{"icmp", 1}, {"tcp", 6}, {"udp", 17}, {"icmp6", 58}, {"sctp", 132}};
	if (kind == NULL)
		return true;
	if (o->app != SK_APP_NONE && strcmp(kind, sk_app_name(o->app)) == 0)
		return true;
	for (size_t i = 0; i < SK_COUNT(protos); i++)
		if (o->ip_proto == protos[i].proto && strcmp(kind, protos[i].name) == 0)
			return true;
	if (o->kind == SK_OBSERVATION_EVENT && (strcmp(kind, o->detector) == 0 || strcmp(kind, "detector") == 0))
		return true;
	for (size_t i = 0; i < o->hit_count && i < SK_OBSERVATION_HITS_MAX; i++)
		if (o->hit_kinds[i] < SK_COUNT(selector_kinds) && strcmp(kind, selector_kinds[o->hit_kinds[i]]) == 0)
			return true;
	return false;
}

static bool observation_fits(const struct walk *walk, const struct sk_observation *o)
{
	struct sk_values values;
	if ((walk->filter->class_ >= 0 && o->class_ != walk->filter->class_) || !time_fits(walk->filter, o->first_ns, o->last_ns) ||
	    !kind_fits(walk->filter->kind, o))
		return false;
	if (!walk->by_value)
		return true;
	sk_values_of_observation(o, &values);
	return sk_values_hold(&values, &walk->wanted.values[0]);
}

static bool finding_fits(const struct walk *walk, const struct sk_finding *f)
{
	struct sk_values values;
	if ((walk->filter->class_ >= 0 && f->class_ != walk->filter->class_) || !time_fits(walk->filter, f->first_ns, f->last_ns) ||
	    (walk->filter->kind != NULL && strcmp(walk->filter->kind, f->kind) != 0))
		return false;
	if (!walk->by_value)
		return true;
	sk_values_of_finding(f, &values);
	return sk_values_hold(&values, &walk->wanted.values[0]);
}

/* ---- days ---- */

enum sk_err sk_store_key_rows(struct sk_store *store, int32_t from_day, int32_t until_day, struct sk_key_row **keys, size_t *count, struct sk_fault *fault)
{
	sqlite3_stmt *rows = sk_db_use(store, SK_SQL_KEYS);
	(void)sqlite3_bind_int64(rows, 1, from_day);
	(void)sqlite3_bind_int64(rows, 2, until_day);
	for (bool more;;) {
		SK_TRY(sk_db_row(store, rows, &more, fault));
		if (!more)
			return SK_OK;
		if (*count % 64 == 0) {
			struct sk_key_row *grown = realloc(*keys, (*count + 64) * sizeof grown[0]);
			if (grown == NULL)
				return sk_fault_set(fault, SK_ENOMEM, "store: out of memory");
			*keys = grown;
		}
		struct sk_key_row *key = &(*keys)[(*count)++];
		key->row = sqlite3_column_int64(rows, 0);
		key->day = (int32_t)sqlite3_column_int64(rows, 2);
		if (!sk_db_text(rows, 1, key->basis, sizeof key->basis) || !sk_db_blob(rows, 3, key->id, sizeof key->id))
			return sk_fault_set(fault, SK_EINCONSISTENT, "%s: a row of table sealing_key is malformed", store->db_path);
	}
}

static enum sk_err start_walk(struct walk *walk, struct sk_store *store, const struct sk_store_filter *filter, struct sk_fault *fault)
{
	*walk = (struct walk){.store = store, .filter = filter, .fault = fault, .by_value = filter->value != NULL};
	if (walk->by_value && !sk_value_parse(filter->value, &walk->wanted))
		return sk_fault_set(fault, SK_EUSAGE, "a value to look for is empty or longer than 255 bytes");
	SK_TRY(sk_store_settle(store, fault));
	return sk_store_key_rows(store, sk_store_day(earliest_ns(filter)), sk_store_day(until_ns(filter)), &walk->keys, &walk->key_count, fault);
}

static void bind_range(sqlite3_stmt *rows, const struct walk *walk, int64_t key_row)
{
	(void)sqlite3_bind_int64(rows, 1, key_row);
	(void)sqlite3_bind_int64(rows, 2, sk_store_hour(earliest_ns(walk->filter)));
	(void)sqlite3_bind_int64(rows, 3, sk_store_hour(until_ns(walk->filter)));
	(void)sqlite3_bind_int64(rows, 4, (int64_t)walk->filter->after);
}

static enum sk_err count_number(struct sk_store *store, sqlite3_stmt *statement, uint64_t *sum, struct sk_fault *fault)
{
	bool more;
	SK_TRY(sk_db_row(store, statement, &more, fault));
	*sum += (uint64_t)sqlite3_column_int64(statement, 0);
	(void)sqlite3_reset(statement);
	return SK_OK;
}

/* What lies under a key that is gone, or that only waits for oversight's share. */
static enum sk_err count_unread(struct walk *walk, const struct sk_key_row *row, bool locked, enum sk_err (*erased)(struct walk *, const struct sk_key_row *))
{
	uint64_t before = walk->erased;
	SK_TRY(erased(walk, row));
	if (locked) {
		walk->store->locked += walk->erased - before;
		walk->erased = before;
	}
	return SK_OK;
}

/* Visit the keys in order of their days; for one that is gone, erased() counts what lay under it. */
static enum sk_err walk_days(struct walk *walk, enum sk_err (*day)(struct walk *, const struct sk_key_row *, const struct sk_day_key *, void *),
			     enum sk_err (*erased)(struct walk *, const struct sk_key_row *), void *context)
{
	for (size_t i = walk->first_key; i < walk->key_count && !walk_is_full(walk); i++) {
		struct sk_day_key *slot;
		const struct sk_key_row *row = &walk->keys[i];
		enum sk_err err = sk_key_ring_read(&walk->store->ring, row->basis, row->day, row->id, &slot, walk->fault);
		if (err == SK_ENOENT || err == SK_EKEYSPLIT) {
			SK_TRY(count_unread(walk, row, err == SK_EKEYSPLIT, erased));
			continue;
		}
		SK_TRY(err);
		/* A copy: visitors may make the ring use the slot for another day. */
		struct sk_day_key key = *slot;
		err = day(walk, row, &key, context);
		sk_wipe(&key, sizeof key);
		SK_TRY(err);
	}
	return SK_OK;
}

static enum sk_err end_walk(struct walk *walk, enum sk_err err, uint64_t *erased)
{
	free(walk->keys);
	sk_buf_reset(&walk->store->form);
	walk->store->erased += walk->erased;
	if (erased != NULL)
		*erased = walk->erased;
	return err;
}

/* The statement over one day's rows, by value or all. */
static sqlite3_stmt *use_rows(struct walk *walk, enum sk_statement all, enum sk_statement by_value, const struct sk_key_row *row,
			      const struct sk_day_key *key, uint8_t hash[SK_BLIND_BYTES])
{
	sqlite3_stmt *rows = sk_db_use(walk->store, walk->by_value ? by_value : all);
	bind_range(rows, walk, row->row);
	if (walk->by_value) {
		sk_blind_hash(key, &walk->wanted.values[0], hash);
		(void)sqlite3_bind_blob(rows, 5, hash, SK_BLIND_BYTES, SQLITE_STATIC);
	}
	return rows;
}

/* ---- observations ---- */

struct observation_visit {
	sk_store_observation_visit visit;
	void *context;
	struct sk_buf bytes, plain; /* flows */
};

static enum sk_err run_of_interval(struct sk_store *store, uint64_t interval, uint8_t run_id[16], struct sk_fault *fault)
{
	if (store->open && store->interval == interval) {
		memcpy(run_id, store->run_id, 16);
		return SK_OK;
	}
	bool found;
	sqlite3_stmt *find = sk_db_use(store, SK_SQL_INTERVAL_FIND);
	(void)sqlite3_bind_int64(find, 1, (int64_t)interval);
	SK_TRY(sk_db_row(store, find, &found, fault));
	bool whole = found && sk_db_blob(find, 0, run_id, 16);
	(void)sqlite3_reset(find);
	return whole ? SK_OK
		     : sk_fault_set(fault, SK_EINCONSISTENT, "%s: rows of interval %" PRIu64 ", which was never committed", store->db_path, interval);
}

/* form: its own, as it is stored; empty: it was packed, and what it would be written as gives the id. */
static enum sk_err visit_fitting(struct walk *walk, struct observation_visit *to, uint64_t interval, const struct sk_observation *observation, struct sk_cur form)
{
	uint8_t run_id[16], id[16];
	if (!observation_fits(walk, observation))
		return SK_OK;
	SK_TRY(run_of_interval(walk->store, interval, run_id, walk->fault));
	if (sk_more(&form))
		sk_observation_form_id(form.at, sk_left(&form), run_id, id);
	else
		sk_observation_id(observation, run_id, id);
	walk->visited++;
	return to->visit(to->context, id, interval, observation);
}

static enum sk_err visit_observation(struct walk *walk, struct observation_visit *to, uint64_t interval, const uint8_t *form, size_t length)
{
	struct sk_observation observation;
	if (sk_observation_decode(form, length, &observation) != SK_OK)
		return sk_fault_set(walk->fault, SK_EINCONSISTENT, "%s: a record of interval %" PRIu64 " is not an observation", walk->store->db_path,
				    interval);
	return visit_fitting(walk, to, interval, &observation, sk_cur_of(form, length));
}

/* Under the key of the place that is asked for, what stands behind it; under those after it everything. */
static void bind_place(const struct walk *walk, sqlite3_stmt *rows, int64_t key_row)
{
	const struct sk_store_place *behind = walk->filter->behind;
	bool here = behind != NULL && behind->key == key_row;
	if (here && behind->hour > sk_store_hour(earliest_ns(walk->filter)))
		(void)sqlite3_bind_int64(rows, 2, behind->hour);
	(void)sqlite3_bind_int64(rows, 6, here ? behind->hour : INT64_MIN);
	(void)sqlite3_bind_int64(rows, 7, here ? behind->row : INT64_MIN);
}

/* A key that is not there any more: then the days behind its own. */
static void find_place(struct walk *walk)
{
	const struct sk_store_place *behind = walk->filter->behind;
	if (behind == NULL)
		return;
	for (walk->first_key = 0; walk->first_key < walk->key_count; walk->first_key++)
		if (walk->keys[walk->first_key].row == behind->key)
			return;
	for (walk->first_key = 0; walk->first_key < walk->key_count && walk->keys[walk->first_key].day <= sk_store_day(behind->hour * hour_ns); walk->first_key++)
		;
}

void sk_store_place(const struct sk_store *store, struct sk_store_place *out)
{
	*out = store->place;
}

static enum sk_err observations_of_day(struct walk *walk, const struct sk_key_row *key_row, const struct sk_day_key *key, void *context)
{
	uint8_t hash[SK_BLIND_BYTES];
	sqlite3_stmt *rows = use_rows(walk, SK_SQL_OBSERVATIONS, SK_SQL_OBSERVATIONS_BY_VALUE, key_row, key, hash);
	enum sk_err err = SK_OK;
	bind_place(walk, rows, key_row->row);
	for (bool more; err == SK_OK && !walk_is_full(walk);) {
		struct sk_row row;
		const uint8_t *sealed;
		size_t length;
		SK_TRY(sk_db_row(walk->store, rows, &more, walk->fault));
		if (!more)
			return SK_OK;
		err = sk_row_of(walk->store, rows, SK_TARGET_OBSERVATION, &row, &sealed, &length, walk->fault);
		if (err == SK_OK)
			err = sk_row_unseal(walk->store, &row, key, sealed, length, walk->fault);
		if (err == SK_OK)
			walk->store->place = (struct sk_store_place){.key = row.key_row, .hour = row.hour, .row = row.id};
		if (err == SK_OK)
			err = visit_observation(walk, context, row.interval, walk->store->form.bytes, walk->store->form.length);
	}
	(void)sqlite3_reset(rows);
	return err;
}

static enum sk_err observations_erased(struct walk *walk, const struct sk_key_row *row)
{
	sqlite3_stmt *count = sk_db_use(walk->store, SK_SQL_OBSERVATIONS_ERASED);
	bind_range(count, walk, row->row);
	(void)sqlite3_bind_int64(count, 5, walk->filter->class_);
	return count_number(walk->store, count, &walk->erased, walk->fault);
}

enum sk_err sk_store_observations(struct sk_store *store, const struct sk_store_filter *filter, sk_store_observation_visit visit, void *context,
				  uint64_t *erased, struct sk_fault *fault)
{
	struct walk walk;
	struct observation_visit to = {.visit = visit, .context = context};
	enum sk_err err = start_walk(&walk, store, filter, fault);
	if (err == SK_OK)
		find_place(&walk);
	if (err == SK_OK)
		err = walk_days(&walk, observations_of_day, observations_erased, &to);
	return end_walk(&walk, err, erased);
}

/* ---- flows ---- */

static void bind_block_range(sqlite3_stmt *rows, const struct walk *walk, int64_t key_row)
{
	(void)sqlite3_bind_int64(rows, 1, key_row);
	(void)sqlite3_bind_int64(rows, 2, walk->filter->since_ns != 0 ? walk->filter->since_ns / second_ns : INT64_MIN);
	(void)sqlite3_bind_int64(rows, 3, until_ns(walk->filter) / second_ns);
	(void)sqlite3_bind_int64(rows, 4, (int64_t)walk->filter->after);
}

/* Blocks of the first two kinds: two bytes length and the form. */
static enum sk_err take_form(struct sk_cur *c, struct sk_cur *form)
{
	size_t length = sk_be16(c);
	*form = sk_carve(c, length);
	return sk_alive(form);
}

static enum sk_err flows_of_block(struct walk *walk, struct observation_visit *to, const struct sk_day_key *key, struct sk_block *block)
{
	SK_TRY(sk_block_read(walk->store, block, &to->bytes, walk->fault));
	if (walk->by_value && !sk_filter_may_hold(key->bloom_key, &walk->wanted.values[0], sk_block_bloom(&to->bytes), (enum sk_block_kind)block->kind))
		return SK_OK;
	SK_TRY(sk_block_unseal(key, block, &to->bytes, &to->plain, walk->fault));
	struct sk_cur c = sk_cur_of(to->plain.bytes, to->plain.length);
	while (sk_more(&c) && !walk_is_full(walk)) {
		struct sk_observation observation;
		struct sk_cur form;
		bool packed = block->kind >= SK_BLOCK_PACKED;
		enum sk_err err = packed ? sk_unpack(&c, (enum sk_block_kind)block->kind, sk_day_begins_ns(block->day), &observation, &form) : take_form(&c, &form);
		if (err != SK_OK)
			return sk_fault_set(walk->fault, SK_EINCONSISTENT, "%s: flow block %u of interval %" PRIu64 " is malformed",
					    walk->store->db_path, block->number, block->interval);
		SK_TRY(packed ? visit_fitting(walk, to, block->interval, &observation, form)
			      : visit_observation(walk, to, block->interval, form.at, sk_left(&form)));
	}
	return SK_OK;
}

static enum sk_err flows_of_day(struct walk *walk, const struct sk_key_row *key_row, const struct sk_day_key *key, void *context)
{
	sqlite3_stmt *rows = sk_db_use(walk->store, SK_SQL_BLOCKS);
	enum sk_err err = SK_OK;
	bind_block_range(rows, walk, key_row->row);
	for (bool more; err == SK_OK && !walk_is_full(walk);) {
		struct sk_block block;
		SK_TRY(sk_db_row(walk->store, rows, &more, walk->fault));
		if (!more)
			return SK_OK;
		err = sk_block_of_row(walk->store, rows, &block, walk->fault);
		if (err == SK_OK)
			err = flows_of_block(walk, context, key, &block);
	}
	(void)sqlite3_reset(rows);
	return err;
}

static enum sk_err flows_erased(struct walk *walk, const struct sk_key_row *row)
{
	sqlite3_stmt *count = sk_db_use(walk->store, SK_SQL_FLOWS_ERASED);
	bind_block_range(count, walk, row->row);
	return count_number(walk->store, count, &walk->erased, walk->fault);
}

enum sk_err sk_store_flows(struct sk_store *store, const struct sk_store_filter *filter, sk_store_observation_visit visit, void *context,
			   uint64_t *erased, struct sk_fault *fault)
{
	struct walk walk;
	struct observation_visit to = {.visit = visit, .context = context};
	sk_buf_init(&to.bytes, 2 * SK_BLOCK_PLAIN_MAX);
	sk_buf_init(&to.plain, SK_BLOCK_PLAIN_MAX);
	enum sk_err err = start_walk(&walk, store, filter, fault);
	if (err == SK_OK)
		err = walk_days(&walk, flows_of_day, flows_erased, &to);
	sk_buf_fini(&to.bytes);
	sk_buf_fini(&to.plain);
	return end_walk(&walk, err, erased);
}

/* ---- findings: rows of one kind, value and subject are one finding ---- */

struct folded {
	uint64_t hash;
	struct sk_finding *finding;
};

struct finding_fold {
	uint8_t key[SK_SIP_KEY_BYTES];
	size_t count, capacity;         /* capacity: a power of two, or 0 */
	struct folded *slots;
};

static bool same_finding(const struct sk_finding *a, const struct sk_finding *b)
{
	return strcmp(a->kind, b->kind) == 0 && strcmp(a->matched, b->matched) == 0 && sk_addr_equal(&a->subject, &b->subject);
}

static uint64_t finding_hash(const struct finding_fold *fold, const struct sk_finding *finding)
{
	uint8_t bytes[sizeof finding->kind + sizeof finding->matched + sizeof finding->subject];
	struct sk_out o = sk_out_of(bytes, sizeof bytes);
	sk_put_bytes(&o, finding->kind, strlen(finding->kind) + 1);
	sk_put_bytes(&o, finding->matched, strlen(finding->matched) + 1);
	sk_put_bytes(&o, &finding->subject, sizeof finding->subject);
	return sk_siphash13(fold->key, bytes, sk_out_length(&o));
}

/* The slot where it is, or where it would go. */
static struct folded *find_slot(const struct finding_fold *fold, uint64_t hash, const struct sk_finding *finding)
{
	for (size_t at = (size_t)hash;; at++) {
		struct folded *slot = &fold->slots[at & (fold->capacity - 1)];
		if (slot->finding == NULL || (slot->hash == hash && same_finding(slot->finding, finding)))
			return slot;
	}
}

static bool grow_fold(struct finding_fold *fold)
{
	struct finding_fold grown = {.capacity = fold->capacity != 0 ? fold->capacity * 2 : 64};
	grown.slots = calloc(grown.capacity, sizeof grown.slots[0]);
	if (grown.slots == NULL)
		return false;
	for (size_t i = 0; i < fold->capacity; i++)
		if (fold->slots[i].finding != NULL)
			*find_slot(&grown, fold->slots[i].hash, fold->slots[i].finding) = fold->slots[i];
	free(fold->slots);
	fold->slots = grown.slots;
	fold->capacity = grown.capacity;
	return true;
}

static enum sk_err fold_finding(struct finding_fold *fold, const struct sk_finding *finding, struct sk_fault *fault)
{
	if (2 * (fold->count + 1) > fold->capacity && !grow_fold(fold))
		return sk_fault_set(fault, SK_ENOMEM, "store: out of memory");
	uint64_t hash = finding_hash(fold, finding);
	struct folded *slot = find_slot(fold, hash, finding);
	if (slot->finding == NULL) {
		slot->finding = malloc(sizeof *finding);
		if (slot->finding == NULL)
			return sk_fault_set(fault, SK_ENOMEM, "store: out of memory");
		*slot->finding = *finding;
		slot->hash = hash;
		fold->count++;
		return SK_OK;
	}
	sk_finding_fold(slot->finding, finding);
	return SK_OK;
}

enum sk_err sk_finding_of_row(struct sk_store *store, const struct sk_day_key *key, sqlite3_stmt *rows, struct sk_finding *out, struct sk_fault *fault)
{
	struct sk_row row;
	const uint8_t *sealed;
	size_t length;
	SK_TRY(sk_row_of(store, rows, SK_TARGET_FINDING, &row, &sealed, &length, fault));
	SK_TRY(sk_row_unseal(store, &row, key, sealed, length, fault));
	if (sk_finding_decode(store->form.bytes, store->form.length, out) != SK_OK)
		return sk_fault_set(fault, SK_EINCONSISTENT, "%s: row %" PRId64 " is not a finding", store->db_path, row.id);
	return SK_OK;
}

static enum sk_err findings_of_day(struct walk *walk, const struct sk_key_row *key_row, const struct sk_day_key *key, void *context)
{
	uint8_t hash[SK_BLIND_BYTES];
	sqlite3_stmt *rows = use_rows(walk, SK_SQL_FINDINGS, SK_SQL_FINDINGS_BY_VALUE, key_row, key, hash);
	enum sk_err err = SK_OK;
	for (bool more; err == SK_OK;) {
		struct sk_finding finding;
		SK_TRY(sk_db_row(walk->store, rows, &more, walk->fault));
		if (!more)
			return SK_OK;
		err = sk_finding_of_row(walk->store, key, rows, &finding, walk->fault);
		if (err == SK_OK && finding_fits(walk, &finding))
			err = fold_finding(context, &finding, walk->fault);
	}
	(void)sqlite3_reset(rows);
	return err;
}

static enum sk_err findings_erased(struct walk *walk, const struct sk_key_row *row)
{
	sqlite3_stmt *count = sk_db_use(walk->store, SK_SQL_FINDINGS_ERASED);
	bind_range(count, walk, row->row);
	(void)sqlite3_bind_int64(count, 5, walk->filter->class_);
	return count_number(walk->store, count, &walk->erased, walk->fault);
}

static int by_last_time(const void *a, const void *b)
{
	const struct sk_finding *x = ((const struct folded *)a)->finding, *y = ((const struct folded *)b)->finding;
	if (x->last_ns != y->last_ns)
		return x->last_ns < y->last_ns ? -1 : 1;
	return memcmp(x->id, y->id, sizeof x->id);
}

static enum sk_err visit_findings(struct finding_fold *fold, uint64_t limit, sk_store_finding_visit visit, void *context)
{
	size_t count = 0;
	for (size_t i = 0; i < fold->capacity; i++)
		if (fold->slots[i].finding != NULL)
			fold->slots[count++] = fold->slots[i];
	if (count != 0)
		qsort(fold->slots, count, sizeof fold->slots[0], by_last_time);
	/* A limit keeps the newest. */
	enum sk_err err = SK_OK;
	for (size_t i = 0; i < count; i++) {
		if (err == SK_OK && (limit == 0 || count - i <= limit))
			err = visit(context, fold->slots[i].finding);
		sk_wipe(fold->slots[i].finding, sizeof *fold->slots[i].finding);
		free(fold->slots[i].finding);
	}
	free(fold->slots);
	return err;
}

static enum sk_err take_none(void *context, const struct sk_finding *finding)
{
	(void)context;
	(void)finding;
	return SK_OK;
}

enum sk_err sk_store_findings(struct sk_store *store, const struct sk_store_filter *filter, sk_store_finding_visit visit, void *context,
			      struct sk_fault *fault)
{
	struct walk walk;
	struct finding_fold fold = {.count = 0};
	struct sk_store_filter unlimited = *filter;
	unlimited.limit = 0;
	sk_random(fold.key, sizeof fold.key);
	enum sk_err err = start_walk(&walk, store, &unlimited, fault);
	if (err == SK_OK)
		err = walk_days(&walk, findings_of_day, findings_erased, &fold);
	enum sk_err visited = visit_findings(&fold, filter->limit, err == SK_OK ? visit : take_none, context);
	return end_walk(&walk, err != SK_OK ? err : visited, NULL);
}
