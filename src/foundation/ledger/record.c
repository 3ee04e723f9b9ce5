/* SPDX-License-Identifier: Apache-2.0 */
/* One table a record kind: its fields in ascending order of keys. Writer and reader walk the same table, so the form is one thing only. */
#include <stddef.h>
#include <string.h>

#include "ledger/record_read.h"
#include "text/json.h"
#include "text/text.h"
#include "wire/wire.h"

enum form {
	FIXED,         /* always this text */
	VERSION,       /* 1; of interval and carry also 2, since losses have names */
	U64, I64, BOOL,
	WORD,          /* 1.. printable ASCII without space, quote and backslash */
	WORD_OR_EMPTY,
	LINK,          /* letters, digits and . _ : -, and no address */
	HASH, RUN_ID,  /* 32 and 16 bytes in lower-case hexadecimal */
	HASH_OR_NULL,
	CLASS_BITS, KIND_BITS, /* arrays of names in order of bits */
	TALLY,         /* {"bytes":n,"frames":n} */
	CELLS,         /* {name:{"bytes":n,"frames":n},...}, only cells with frames */
	CLASS_TALLIES, /* the same, names are border classes */
	NAMES,         /* array of texts of a-z 0-9 _ . in ascending order */
	LOSSES,        /* in version 2 cells, in version 1 a tally */
	COUNT,         /* a tally of which only frames is there, as a number: records of exports have no bytes */
	COUNT_CELLS,   /* {name:n,...} */
	CLASS_COUNTS,  /* the same, names are border classes */
	SECTION,       /* an object of its own table, which may be left out; in version 2 alone */
	MORE           /* a count that is left out when it is 0; in version 2 alone */
};

struct field {
	const char *key;
	const char *lead;  /* the key as it stands in the text, with quotes and colon */
	size_t lead_length;
	enum form form;
	size_t offset;
	uint64_t limit;    /* U64: largest value; WORD, LINK: size of the array; SECTION: how many fields */
	const char *fixed;
	const struct field *section; /* offset is that of the flag that says whether it is there */
};

#define AT(member) offsetof(struct sk_record, member)
#define KEY(key) key, "\"" key "\":", sizeof key + 2
#define KIND(name) {KEY("kind"), FIXED, 0, 0, name}
#define NUMBER(key, member) {KEY(key), U64, AT(member), UINT64_MAX, NULL}
#define AT_MOST(key, member, limit) {KEY(key), U64, AT(member), limit, NULL}
#define PLAIN(key, form, member) {KEY(key), form, AT(member), 0, NULL}
#define CHARS(key, form, member) {KEY(key), form, AT(member), sizeof(((struct sk_record *)NULL)->member), NULL}

static const struct field open_fields[] = {
	PLAIN("created_ns", I64, open.created_ns),
	{KEY("format"), FIXED, 0, 0, "sekisho-ledger/1"},
	AT_MOST("k", open.k, SK_SMALL_CELL_MAX),
	CHARS("key", WORD, open.key),
	KIND("open"),
	CHARS("origin", WORD, open.origin),
	CHARS("profile", WORD, open.profile),
	CHARS("role", WORD, open.role),
	PLAIN("simulated", BOOL, open.simulated),
	{KEY("v"), VERSION, 0, 0, NULL},
};

static const struct field policy_fields[] = {
	PLAIN("digest", HASH, policy.digest),
	KIND("policy"),
	{KEY("v"), VERSION, 0, 0, NULL},
	CHARS("version", WORD, policy.version),
};

static const struct field border_fields[] = {
	PLAIN("built_ns", I64, border.built_ns),
	PLAIN("digest", HASH, border.digest),
	CHARS("home", WORD_OR_EMPTY, border.home),
	KIND("border"),
	PLAIN("overrides_special", BOOL, border.overrides_special),
	{KEY("v"), VERSION, 0, 0, NULL},
};

static const struct field basis_fields[] = {
	CHARS("basis_kind", WORD, basis.basis_kind),
	PLAIN("classes", CLASS_BITS, basis.classes),
	PLAIN("digest", HASH, basis.digest),
	PLAIN("exact_set", HASH_OR_NULL, basis.exact_set),
	PLAIN("from_ns", I64, basis.from_ns),
	PLAIN("id_commitment", HASH, basis.id_commitment),
	KIND("basis"),
	PLAIN("names", BOOL, basis.names),
	CHARS("profile", WORD, basis.profile),
	CHARS("role", WORD, basis.role),
	PLAIN("rule_kinds", KIND_BITS, basis.rule_kinds),
	NUMBER("rule_max_entries", basis.rule_max_entries),
	AT_MOST("rule_min_prefix_v4", basis.rule_min_prefix_v4, 32),
	AT_MOST("rule_min_prefix_v6", basis.rule_min_prefix_v6, 128),
	PLAIN("self_approved", BOOL, basis.self_approved),
	PLAIN("simulated", BOOL, basis.simulated),
	PLAIN("until_ns", I64, basis.until_ns),
	{KEY("v"), VERSION, 0, 0, NULL},
};

static const struct field selectors_fields[] = {
	NUMBER("basis", selectors.basis),
	PLAIN("commitment", HASH, selectors.commitment),
	NUMBER("entries", selectors.entries),
	PLAIN("exact_set_met", BOOL, selectors.exact_set_met),
	KIND("selectors"),
	PLAIN("kinds", KIND_BITS, selectors.kinds),
	AT_MOST("shortest_v4", selectors.shortest_v4, 32),
	AT_MOST("shortest_v6", selectors.shortest_v6, 128),
	{KEY("v"), VERSION, 0, 0, NULL},
};

static const struct field run_start_fields[] = {
	NUMBER("basis", run_start.basis),
	NUMBER("border", run_start.border),
	KIND("run_start"),
	NUMBER("policy", run_start.policy),
	CHARS("program", WORD, run_start.program),
	PLAIN("replayed", BOOL, run_start.replayed),
	PLAIN("run", RUN_ID, run_start.run),
	NUMBER("selectors", run_start.selectors),
	PLAIN("started_ns", I64, run_start.started_ns),
	{KEY("v"), VERSION, 0, 0, NULL},
};

/* rule: EXPORT-4 */
static const struct field exports_fields[] = {
	PLAIN("carried_after", COUNT, interval.exports.carried_after),
	PLAIN("carried_before", COUNT, interval.exports.carried_before),
	PLAIN("classes", CLASS_COUNTS, interval.exports.classes),
	PLAIN("classes_carried_after", COUNT, interval.exports.classes_carried_after),
	PLAIN("classes_carried_before", COUNT, interval.exports.classes_carried_before),
	PLAIN("gate_erased", COUNT_CELLS, interval.exports.gate_erased),
	NUMBER("lost_messages", interval.exports.lost_messages),
	NUMBER("lost_records", interval.exports.lost_records),
	PLAIN("malformed", COUNT, interval.exports.malformed),
	NUMBER("messages", interval.exports.messages),
	NUMBER("no_template", interval.exports.no_template),
	PLAIN("received", COUNT, interval.exports.received),
	NUMBER("samples", interval.exports.samples),
	PLAIN("select_erased", COUNT_CELLS, interval.exports.select_erased),
	PLAIN("selected", COUNT, interval.exports.selected),
};

static const struct field interval_fields[] = {
	NUMBER("basis", interval.basis),
	NUMBER("border", interval.border),
	PLAIN("capture_lost", LOSSES, interval.capture_lost),
	PLAIN("carried_after", TALLY, interval.carried_after),
	PLAIN("carried_before", TALLY, interval.carried_before),
	PLAIN("classes", CLASS_TALLIES, interval.classes),
	PLAIN("classes_carried_after", TALLY, interval.classes_carried_after),
	PLAIN("classes_carried_before", TALLY, interval.classes_carried_before),
	PLAIN("events_lost", MORE, interval.events_lost),
	{KEY("exports"), SECTION, AT(interval.has_exports), SK_COUNT(exports_fields), NULL, exports_fields},
	NUMBER("findings", interval.findings),
	PLAIN("from_ns", I64, interval.from_ns),
	PLAIN("gate_erased", CELLS, interval.gate_erased),
	KIND("interval"),
	CHARS("link", LINK, interval.link),
	NUMBER("lost_in_crash", interval.lost_in_crash),
	NUMBER("number", interval.number),
	NUMBER("observations", interval.observations),
	PLAIN("pending_after", TALLY, interval.pending_after),
	PLAIN("pending_before", TALLY, interval.pending_before),
	NUMBER("policy", interval.policy),
	PLAIN("received", TALLY, interval.received),
	NUMBER("run", interval.run),
	NUMBER("segments", interval.segments),
	PLAIN("select_erased", CELLS, interval.select_erased),
	PLAIN("selected", TALLY, interval.selected),
	NUMBER("selectors", interval.selectors),
	PLAIN("store", HASH, interval.store),
	PLAIN("to_ns", I64, interval.to_ns),
	NUMBER("upstream_lost", interval.upstream_lost),
	{KEY("v"), VERSION, 0, 0, NULL},
};

static const struct field run_stop_fields[] = {
	NUMBER("intervals", run_stop.intervals),
	KIND("run_stop"),
	CHARS("reason", WORD, run_stop.reason),
	NUMBER("run", run_stop.run),
	PLAIN("stopped_ns", I64, run_stop.stopped_ns),
	{KEY("v"), VERSION, 0, 0, NULL},
};

static const struct field recovery_fields[] = {
	NUMBER("bytes_lost", recovery.bytes_lost),
	NUMBER("frames_lost", recovery.frames_lost),
	KIND("recovery"),
	PLAIN("recovered_ns", I64, recovery.recovered_ns),
	NUMBER("rows_rolled_back", recovery.rows_rolled_back),
	NUMBER("run", recovery.run),
	{KEY("v"), VERSION, 0, 0, NULL},
};

static const struct field mutes_fields[] = {
	NUMBER("active", mutes.active),
	PLAIN("commitment", HASH, mutes.commitment),
	KIND("mutes"),
	PLAIN("stated_ns", I64, mutes.stated_ns),
	{KEY("v"), VERSION, 0, 0, NULL},
};

static const struct field detectors_fields[] = {
	NUMBER("basis", detectors.basis),
	PLAIN("digest", HASH, detectors.digest),
	KIND("detectors"),
	PLAIN("long", NAMES, detectors.long_memory),
	PLAIN("short", NAMES, detectors.short_memory),
	{KEY("v"), VERSION, 0, 0, NULL},
};

static const struct field kernel_gate_fields[] = {
	CHARS("copying", WORD, kernel_gate.copying),
	KIND("kernel_gate"),
	CHARS("link", LINK, kernel_gate.link),
	CHARS("mode", WORD, kernel_gate.mode),
	PLAIN("program", HASH, kernel_gate.program),
	NUMBER("run", kernel_gate.run),
	PLAIN("stated_ns", I64, kernel_gate.stated_ns),
	PLAIN("table", HASH, kernel_gate.table),
	{KEY("v"), VERSION, 0, 0, NULL},
};

static const struct field act_fields[] = {
	PLAIN("counts", COUNT_CELLS, act.counts),
	PLAIN("document", HASH, act.document),
	CHARS("event", WORD, act.event),
	CHARS("from", WORD_OR_EMPTY, act.from),
	KIND("act"),
	CHARS("matter", WORD, act.matter),
	PLAIN("policy", HASH, act.policy),
	NUMBER("previous", act.previous),
	PLAIN("subject", HASH, act.subject),
	PLAIN("time_ns", I64, act.time_ns),
	CHARS("to", WORD_OR_EMPTY, act.to),
	{KEY("v"), VERSION, 0, 0, NULL},
	PLAIN("words", NAMES, act.words),
};

static const struct field carried_exports_fields[] = {
	PLAIN("classes", CLASS_COUNTS, carry.exports.classes),
	PLAIN("gate_erased", COUNT_CELLS, carry.exports.gate_erased),
	PLAIN("malformed", COUNT, carry.exports.malformed),
	PLAIN("select_erased", COUNT_CELLS, carry.exports.select_erased),
	PLAIN("selected", COUNT, carry.exports.selected),
};

static const struct field carry_fields[] = {
	PLAIN("capture_lost", LOSSES, carry.capture_lost),
	PLAIN("classes", CLASS_TALLIES, carry.classes),
	{KEY("exports"), SECTION, AT(carry.has_exports), SK_COUNT(carried_exports_fields), NULL, carried_exports_fields},
	NUMBER("findings", carry.findings),
	PLAIN("gate_erased", CELLS, carry.gate_erased),
	KIND("carry"),
	CHARS("link", LINK, carry.link),
	NUMBER("next_number", carry.next_number),
	NUMBER("observations", carry.observations),
	NUMBER("segments", carry.segments),
	PLAIN("select_erased", CELLS, carry.select_erased),
	PLAIN("selected", TALLY, carry.selected),
	{KEY("v"), VERSION, 0, 0, NULL},
};

static const struct field drill_fields[] = {
	PLAIN("after_root", HASH, drill.after_root),
	NUMBER("after_size", drill.after_size),
	PLAIN("before_root", HASH, drill.before_root),
	NUMBER("before_size", drill.before_size),
	PLAIN("classes_after", CLASS_TALLIES, drill.classes_after),
	PLAIN("classes_before", CLASS_TALLIES, drill.classes_before),
	PLAIN("classes_moved", CLASS_TALLIES, drill.classes_moved),
	PLAIN("classes_sent", CLASS_TALLIES, drill.classes_sent),
	PLAIN("exact", BOOL, drill.exact),
	NUMBER("file_bytes", drill.file_bytes),
	NUMBER("files", drill.files),
	NUMBER("first", drill.first),
	NUMBER("found_files", drill.found_files),
	NUMBER("found_memory", drill.found_memory),
	NUMBER("found_rows", drill.found_rows),
	PLAIN("from_ns", I64, drill.from_ns),
	PLAIN("gate_after", CELLS, drill.gate_after),
	PLAIN("gate_before", CELLS, drill.gate_before),
	PLAIN("gate_moved", CELLS, drill.gate_moved),
	PLAIN("gate_sent", CELLS, drill.gate_sent),
	CHARS("key", WORD, drill.key),
	KIND("drill"),
	NUMBER("last", drill.last),
	CHARS("link", LINK, drill.link),
	NUMBER("memory_bytes", drill.memory_bytes),
	NUMBER("memory_unread", drill.memory_unread),
	CHARS("origin", WORD, drill.origin),
	PLAIN("passed", BOOL, drill.passed),
	NUMBER("rows", drill.rows),
	PLAIN("seed", HASH, drill.seed),
	PLAIN("to_ns", I64, drill.to_ns),
	{KEY("v"), VERSION, 0, 0, NULL},
};

static const struct {
	const char *name;
	const struct field *fields;
	size_t count;
} kinds[] = {
	[SK_RECORD_OPEN] = {"open", open_fields, SK_COUNT(open_fields)},
	[SK_RECORD_POLICY] = {"policy", policy_fields, SK_COUNT(policy_fields)},
	[SK_RECORD_BORDER] = {"border", border_fields, SK_COUNT(border_fields)},
	[SK_RECORD_BASIS] = {"basis", basis_fields, SK_COUNT(basis_fields)},
	[SK_RECORD_SELECTORS] = {"selectors", selectors_fields, SK_COUNT(selectors_fields)},
	[SK_RECORD_RUN_START] = {"run_start", run_start_fields, SK_COUNT(run_start_fields)},
	[SK_RECORD_INTERVAL] = {"interval", interval_fields, SK_COUNT(interval_fields)},
	[SK_RECORD_RUN_STOP] = {"run_stop", run_stop_fields, SK_COUNT(run_stop_fields)},
	[SK_RECORD_RECOVERY] = {"recovery", recovery_fields, SK_COUNT(recovery_fields)},
	[SK_RECORD_MUTES] = {"mutes", mutes_fields, SK_COUNT(mutes_fields)},
	[SK_RECORD_DETECTORS] = {"detectors", detectors_fields, SK_COUNT(detectors_fields)},
	[SK_RECORD_KERNEL_GATE] = {"kernel_gate", kernel_gate_fields, SK_COUNT(kernel_gate_fields)},
	[SK_RECORD_ACT] = {"act", act_fields, SK_COUNT(act_fields)},
	[SK_RECORD_CARRY] = {"carry", carry_fields, SK_COUNT(carry_fields)},
	[SK_RECORD_DRILL] = {"drill", drill_fields, SK_COUNT(drill_fields)},
};

static const char *const class_names[] = {"FF", "FD", "DF", "DD", "UNKNOWN"};
/* Border classes in ascending order of their names. */
static const uint8_t class_order[SK_CLASS_COUNT] = {SK_CLASS_DD, SK_CLASS_DF, SK_CLASS_FD, SK_CLASS_FF, SK_CLASS_UNKNOWN};
/* By bit number, as contract/basis/basis.h numbers them (this room stands below the contracts). */
static const char *const selector_kind_names[] = {"address", "prefix", "domain", "ja3", "ja4", "flow.all", "url", "hassh", "hassh_server", "ja3s", "cert_sha1",
							  "cert_sha256", "command"};
static const uint64_t first_unsafe = (uint64_t)1 << 53; /* from here on integers are written as strings */

const char *sk_record_kind_name(enum sk_record_kind kind)
{
	return kinds[kind].name;
}

static bool is_word(char c)
{
	return c > 0x20 && c < 0x7f && c != '"' && c != '\\';
}

static bool is_link(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == ':' || c == '-';
}

/* A link is a label that its operator chose; an address would name somebody. */
static bool is_address(const char *text)
{
	struct sk_addr addr;
	return sk_addr_parse(text, &addr) == SK_OK;
}

static bool is_cell_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
}

/* ---- writing ---- */

static bool text_allowed(const char *text, size_t size, bool (*allowed)(char))
{
	size_t length = strnlen(text, size);
	if (length == size)
		return false;
	for (size_t i = 0; i < length; i++)
		if (!allowed(text[i]))
			return false;
	return true;
}

static void write_tally(struct sk_json_writer *w, const char *key, const struct sk_tally *tally)
{
	sk_json_object(w, key);
	sk_json_u64(w, "bytes", tally->bytes);
	sk_json_u64(w, "frames", tally->frames);
	sk_json_end(w);
}

/* A cell's value: frames and bytes, or of exports the number of records alone. */
static bool write_cell(struct sk_json_writer *w, const char *key, const struct sk_tally *tally, bool count_only)
{
	if (count_only)
		sk_json_u64(w, key, tally->frames);
	else
		write_tally(w, key, tally);
	return !count_only || tally->bytes == 0;
}

static bool write_cells(struct sk_json_writer *w, const char *key, const struct sk_cells *cells, bool count_only)
{
	if (cells->count > SK_CELLS_MAX)
		return false;
	for (size_t i = 0; i < cells->count; i++) {
		const struct sk_cell *cell = &cells->cell[i];
		if (!text_allowed(cell->name, sizeof cell->name, is_cell_name) || cell->name[0] == '\0' || cell->frames == 0 ||
		    (i > 0 && strcmp(cells->cell[i - 1].name, cell->name) >= 0))
			return false;
	}
	bool good = true;
	sk_json_object(w, key);
	for (size_t i = 0; i < cells->count; i++)
		good &= write_cell(w, cells->cell[i].name, &(struct sk_tally){cells->cell[i].frames, cells->cell[i].bytes}, count_only);
	sk_json_end(w);
	return good;
}

static bool write_losses(struct sk_json_writer *w, const char *key, const struct sk_losses *losses)
{
	if (losses->version != SK_RECORD_VERSION)
		return write_cells(w, key, &losses->cells, false);
	if (losses->cells.count > 1)
		return false;
	struct sk_tally tally = {0, 0};
	if (losses->cells.count == 1)
		tally = (struct sk_tally){losses->cells.cell[0].frames, losses->cells.cell[0].bytes};
	write_tally(w, key, &tally);
	return true;
}

static bool write_class_tallies(struct sk_json_writer *w, const char *key, const struct sk_tally *classes, bool count_only)
{
	bool good = true;
	sk_json_object(w, key);
	for (size_t i = 0; i < SK_CLASS_COUNT; i++) {
		const struct sk_tally *tally = &classes[class_order[i]];
		if (tally->frames != 0)
			good &= write_cell(w, class_names[class_order[i]], tally, count_only);
		else if (tally->bytes != 0)
			good = false;
	}
	sk_json_end(w);
	return good;
}

static bool write_bits(struct sk_json_writer *w, const char *key, uint32_t bits, const char *const *names, size_t count)
{
	if (bits >> count != 0)
		return false;
	sk_json_array(w, key);
	for (size_t i = 0; i < count; i++)
		if ((bits >> i & 1) != 0)
			sk_json_text(w, NULL, names[i]);
	sk_json_end(w);
	return true;
}

static bool write_names(struct sk_json_writer *w, const char *key, const struct sk_names *names)
{
	if (names->count > SK_NAMES_MAX)
		return false;
	for (size_t i = 0; i < names->count; i++)
		if (!text_allowed(names->name[i], SK_NAME_TEXT_MAX, is_cell_name) || names->name[i][0] == '\0' || (i > 0 && strcmp(names->name[i - 1], names->name[i]) >= 0))
			return false;
	sk_json_array(w, key);
	for (size_t i = 0; i < names->count; i++)
		sk_json_text(w, NULL, names->name[i]);
	sk_json_end(w);
	return true;
}

static bool write_text(struct sk_json_writer *w, const struct field *field, const char *text)
{
	if (!text_allowed(text, field->limit, field->form == LINK ? is_link : is_word) || (text[0] == '\0' && field->form != WORD_OR_EMPTY) ||
	    (field->form == LINK && is_address(text)))
		return false;
	sk_json_text(w, field->key, text);
	return true;
}

static uint64_t version_of(const struct sk_record *record)
{
	return record->kind == SK_RECORD_INTERVAL ? record->interval.capture_lost.version : record->kind == SK_RECORD_CARRY ? record->carry.capture_lost.version : SK_RECORD_VERSION;
}

static bool is_second(const struct sk_record *record)
{
	return version_of(record) == SK_RECORD_VERSION_NAMED;
}

static bool write_value(struct sk_json_writer *w, const struct field *field, const struct sk_record *record)
{
	const void *at = (const uint8_t *)record + field->offset;
	switch (field->form) {
	case FIXED:
		sk_json_text(w, field->key, field->fixed);
		return true;
	case VERSION:
		sk_json_u64(w, field->key, version_of(record));
		return is_second(record) || version_of(record) == SK_RECORD_VERSION;
	case U64:
		sk_json_u64(w, field->key, *(const uint64_t *)at);
		return *(const uint64_t *)at <= field->limit;
	case I64:
		sk_json_i64(w, field->key, *(const int64_t *)at);
		return true;
	case BOOL:
		sk_json_bool(w, field->key, *(const bool *)at);
		return true;
	case WORD:
	case WORD_OR_EMPTY:
	case LINK:
		return write_text(w, field, at);
	case HASH:
		sk_json_hex(w, field->key, at, SK_HASH_BYTES);
		return true;
	case RUN_ID:
		sk_json_hex(w, field->key, at, 16);
		return true;
	case HASH_OR_NULL: {
		const bool *present = at;
		if (*present)
			sk_json_hex(w, field->key, present + 1, SK_HASH_BYTES);
		else
			sk_json_null(w, field->key);
		return true;
	}
	case CLASS_BITS:
		return write_bits(w, field->key, *(const uint32_t *)at, class_names, SK_COUNT(class_names));
	case KIND_BITS:
		return write_bits(w, field->key, *(const uint32_t *)at, selector_kind_names, SK_COUNT(selector_kind_names));
	case TALLY:
		write_tally(w, field->key, at);
		return true;
	case CELLS:
	case COUNT_CELLS:
		return write_cells(w, field->key, at, field->form == COUNT_CELLS);
	case CLASS_TALLIES:
	case CLASS_COUNTS:
		return write_class_tallies(w, field->key, at, field->form == CLASS_COUNTS);
	case COUNT:
		return write_cell(w, field->key, at, true);
	case NAMES:
		return write_names(w, field->key, at);
	case LOSSES:
		return write_losses(w, field->key, at);
	case MORE:
		sk_json_u64(w, field->key, *(const uint64_t *)at);
		return is_second(record);
	case SECTION:
		break;
	}
	return false;
}

static bool write_field(struct sk_json_writer *w, const struct field *field, const struct sk_record *record)
{
	if (field->form == MORE && *(const uint64_t *)(const void *)((const uint8_t *)record + field->offset) == 0)
		return true;
	if (field->form != SECTION)
		return write_value(w, field, record);
	if (!*(const bool *)((const uint8_t *)record + field->offset))
		return true;
	bool good = is_second(record);
	sk_json_object(w, field->key);
	for (size_t i = 0; i < field->limit && good; i++)
		good = write_value(w, &field->section[i], record);
	sk_json_end(w);
	return good;
}

void sk_record_write(struct sk_buf *out, const struct sk_record *record)
{
	struct sk_json_writer writer;
	bool good = true;
	sk_json_begin(&writer, out, true);
	sk_json_object(&writer, NULL);
	for (size_t i = 0; i < kinds[record->kind].count && good; i++)
		good = write_field(&writer, &kinds[record->kind].fields[i], record);
	if (good)
		sk_json_end(&writer);
	else if (out->failed == SK_OK)
		out->failed = SK_EUSAGE;
}

/* ---- reading ---- */

struct reading {
	struct sk_cur cur;
	struct sk_fault *fault;
	const char *kind, *key; /* where we are, for messages */
	unsigned version;       /* that the record's end announces */
};

/* What stands at the cursor, in a few printable bytes. */
static const char *found_text(const struct reading *r, char text[24])
{
	size_t length = 0;
	if (!sk_more(&r->cur))
		return "the end";
	for (; length < 16 && length < sk_left(&r->cur); length++) {
		char c = (char)sk_peek_u8(&r->cur, length);
		if (c <= 0x20 || c >= 0x7f) {
			/* A control byte or white space: say so by its number when it is the first. */
			if (length == 0)
				text[length++] = c == ' ' ? '_' : '?';
			break;
		}
		text[length] = c;
	}
	text[length] = '\0';
	return text;
}

static enum sk_err wrong(const struct reading *r, const char *expected)
{
	char text[24];
	return sk_fault_set(r->fault, SK_EMALFORMED, "%s record, byte %zu, field %s: expected %s, found %s", r->kind, sk_offset(&r->cur), r->key, expected,
			    found_text(r, text));
}

/* Move past `length` bytes if they are there. Inline: with a literal the compiler compares words, and a record has some 150 of them. */
static inline bool accept_n(struct reading *r, const char *literal, size_t length)
{
	struct sk_cur ahead = r->cur;
	const uint8_t *found = sk_take(&ahead, length);
	if (found == NULL || memcmp(found, literal, length) != 0)
		return false;
	r->cur = ahead;
	return true;
}
#define accept(r, literal) accept_n(r, literal, sizeof(literal) - 1)

static bool accept_quoted(struct reading *r, const char *text)
{
	struct sk_cur before = r->cur;
	if (accept(r, "\"") && accept_n(r, text, strlen(text)) && accept(r, "\""))
		return true;
	r->cur = before;
	return false;
}

/* Digits without leading zero; in quotes exactly from 2^53 on. Magnitude and sign. */
static bool read_integer(struct reading *r, uint64_t *magnitude, bool *negative)
{
	struct sk_cur c = r->cur;
	bool quoted = sk_peek_u8(&c, 0) == '"';
	uint64_t value = 0;
	size_t digits = 0;
	if (quoted)
		sk_skip(&c, 1);
	*negative = sk_peek_u8(&c, 0) == '-';
	if (*negative)
		sk_skip(&c, 1);
	bool leading_zero = sk_peek_u8(&c, 0) == '0';
	for (uint8_t d; (d = (uint8_t)(sk_peek_u8(&c, 0) - '0')) <= 9; digits++) {
		if (__builtin_mul_overflow(value, 10u, &value) || __builtin_add_overflow(value, d, &value))
			return false;
		sk_skip(&c, 1);
	}
	if (digits == 0 || (leading_zero && digits > 1) || (*negative && value == 0) || quoted != (value >= first_unsafe))
		return false;
	if (quoted && sk_u8(&c) != '"')
		return false;
	uint8_t next = sk_peek_u8(&c, 0);
	if (sk_alive(&c) != SK_OK || next == '.' || next == 'e' || next == 'E')
		return false;
	*magnitude = value;
	r->cur = c;
	return true;
}

static enum sk_err read_u64(struct reading *r, uint64_t limit, uint64_t *out)
{
	struct sk_cur before = r->cur;
	bool negative;
	if (!read_integer(r, out, &negative) || negative || *out > limit) {
		r->cur = before;
		return wrong(r, "a whole number in range and canonical form");
	}
	return SK_OK;
}

static enum sk_err read_i64(struct reading *r, int64_t *out)
{
	struct sk_cur before = r->cur;
	uint64_t magnitude;
	bool negative;
	if (!read_integer(r, &magnitude, &negative) || magnitude > (uint64_t)INT64_MAX + negative) {
		r->cur = before;
		return wrong(r, "an integer in canonical form");
	}
	*out = (int64_t)(negative ? -magnitude : magnitude);
	return SK_OK;
}

static enum sk_err read_text(struct reading *r, bool (*allowed)(char), size_t minimum, size_t size, char *out)
{
	struct sk_cur c = r->cur;
	size_t length = 0;
	bool good = sk_u8(&c) == '"';
	for (; good && sk_more(&c) && sk_peek_u8(&c, 0) != '"'; length++) {
		char byte = (char)sk_u8(&c);
		good = allowed(byte) && length + 1 < size;
		if (good)
			out[length] = byte;
	}
	if (!good || sk_u8(&c) != '"' || sk_alive(&c) != SK_OK || length < minimum)
		return wrong(r, "a text of the allowed characters and length");
	out[length] = '\0';
	r->cur = c;
	return SK_OK;
}

static enum sk_err read_hex(struct reading *r, uint8_t *out, size_t count)
{
	struct sk_cur c = r->cur;
	bool good = sk_u8(&c) == '"';
	for (size_t i = 0; i < 2 * count && good; i++) {
		uint8_t digit = sk_u8(&c);
		good = (digit >= '0' && digit <= '9') || (digit >= 'a' && digit <= 'f');
		uint8_t value = (uint8_t)(digit <= '9' ? digit - '0' : digit - 'a' + 10);
		out[i / 2] = (uint8_t)(i % 2 == 0 ? value << 4 : out[i / 2] | value);
	}
	if (!good || sk_u8(&c) != '"')
		return wrong(r, count == SK_HASH_BYTES ? "64 lower-case hexadecimal digits" : "32 lower-case hexadecimal digits");
	r->cur = c;
	return SK_OK;
}

static enum sk_err read_tally(struct reading *r, struct sk_tally *out)
{
	if (!accept(r, "{\"bytes\":"))
		return wrong(r, "{\"bytes\":");
	SK_TRY(read_u64(r, UINT64_MAX, &out->bytes));
	if (!accept(r, ",\"frames\":"))
		return wrong(r, ",\"frames\":");
	SK_TRY(read_u64(r, UINT64_MAX, &out->frames));
	return accept(r, "}") ? SK_OK : wrong(r, "}");
}

/* A cell's value, as write_cell writes it. */
static enum sk_err read_cell(struct reading *r, struct sk_tally *out, bool count_only)
{
	out->bytes = 0;
	return count_only ? read_u64(r, UINT64_MAX, &out->frames) : read_tally(r, out);
}

static enum sk_err read_cells(struct reading *r, struct sk_cells *out, bool count_only)
{
	out->count = 0;
	if (accept(r, "{}"))
		return SK_OK;
	do {
		if (out->count == SK_CELLS_MAX)
			return wrong(r, "at most 32 cells");
		if (!accept_n(r, out->count == 0 ? "{" : ",", 1))
			return wrong(r, out->count == 0 ? "{" : ", or }");
		struct sk_cell *cell = &out->cell[out->count];
		struct sk_tally tally;
		SK_TRY(read_text(r, is_cell_name, 1, sizeof cell->name, cell->name));
		if (out->count > 0 && strcmp(out->cell[out->count - 1].name, cell->name) >= 0)
			return wrong(r, "names in ascending order, each once");
		if (!accept(r, ":"))
			return wrong(r, ":");
		SK_TRY(read_cell(r, &tally, count_only));
		if (tally.frames == 0)
			return wrong(r, "only cells that hold frames");
		cell->frames = tally.frames;
		cell->bytes = tally.bytes;
		out->count++;
	} while (!accept(r, "}"));
	return SK_OK;
}

static enum sk_err read_losses(struct reading *r, struct sk_losses *out)
{
	out->version = r->version;
	if (r->version != SK_RECORD_VERSION)
		return read_cells(r, &out->cells, false);
	struct sk_tally tally;
	SK_TRY(read_tally(r, &tally));
	out->cells.count = (tally.frames | tally.bytes) != 0;
	out->cells.cell[0] = (struct sk_cell){.frames = tally.frames, .bytes = tally.bytes};
	return SK_OK;
}

static enum sk_err read_class_tallies(struct reading *r, struct sk_tally *classes, bool count_only)
{
	bool any = false;
	memset(classes, 0, SK_CLASS_COUNT * sizeof *classes);
	if (!accept(r, "{"))
		return wrong(r, "{");
	for (size_t i = 0; i < SK_CLASS_COUNT; i++) {
		struct sk_cur before = r->cur;
		struct sk_tally *tally = &classes[class_order[i]];
		if ((any && !accept(r, ",")) || !accept_quoted(r, class_names[class_order[i]])) {
			r->cur = before;
			continue;
		}
		if (!accept(r, ":"))
			return wrong(r, ":");
		SK_TRY(read_cell(r, tally, count_only));
		if (tally->frames == 0)
			return wrong(r, "only classes that hold frames");
		any = true;
	}
	return accept(r, "}") ? SK_OK : wrong(r, "DD, DF, FD, FF, UNKNOWN in this order, each at most once");
}

static enum sk_err read_bits(struct reading *r, const char *const *names, size_t count, uint32_t *bits)
{
	*bits = 0;
	if (!accept(r, "["))
		return wrong(r, "[");
	for (size_t i = 0; i < count; i++) {
		struct sk_cur before = r->cur;
		if ((*bits == 0 || accept(r, ",")) && accept_quoted(r, names[i]))
			*bits |= 1u << i;
		else
			r->cur = before;
	}
	return accept(r, "]") ? SK_OK : wrong(r, "known names in their order, each at most once");
}

static enum sk_err read_names(struct reading *r, struct sk_names *out)
{
	out->count = 0;
	if (accept(r, "[]"))
		return SK_OK;
	do {
		if (out->count == SK_NAMES_MAX)
			return wrong(r, "at most 64 names");
		if (!accept_n(r, out->count == 0 ? "[" : ",", 1))
			return wrong(r, out->count == 0 ? "[" : ", or ]");
		SK_TRY(read_text(r, is_cell_name, 1, SK_NAME_TEXT_MAX, out->name[out->count]));
		if (out->count > 0 && strcmp(out->name[out->count - 1], out->name[out->count]) >= 0)
			return wrong(r, "names in ascending order, each once");
		out->count++;
	} while (!accept(r, "]"));
	return SK_OK;
}

static enum sk_err read_value(struct reading *r, const struct field *field, struct sk_record *record)
{
	void *at = (uint8_t *)record + field->offset;
	switch (field->form) {
	case FIXED:
		return accept_quoted(r, field->fixed) ? SK_OK : wrong(r, field->fixed);
	case VERSION: {
		uint64_t version;
		SK_TRY(read_u64(r, UINT64_MAX, &version));
		return version == r->version ? SK_OK : sk_fault_set(r->fault, SK_EMALFORMED, "%s record: version %llu is not known, expected %u", r->kind,
								    (unsigned long long)version, r->version);
	}
	case U64:
		return read_u64(r, field->limit, at);
	case I64:
		return read_i64(r, at);
	case BOOL:
		*(bool *)at = sk_peek_u8(&r->cur, 0) == 't';
		return accept(r, "true") || accept(r, "false") ? SK_OK : wrong(r, "true or false");
	case WORD:
	case WORD_OR_EMPTY:
		return read_text(r, is_word, field->form == WORD, field->limit, at);
	case LINK:
		SK_TRY(read_text(r, is_link, 1, field->limit, at));
		return is_address(at) ? wrong(r, "a label, not an address") : SK_OK;
	case HASH:
		return read_hex(r, at, SK_HASH_BYTES);
	case RUN_ID:
		return read_hex(r, at, 16);
	case HASH_OR_NULL: {
		bool *present = at;
		*present = !accept(r, "null");
		memset(present + 1, 0, SK_HASH_BYTES);
		return *present ? read_hex(r, (uint8_t *)(present + 1), SK_HASH_BYTES) : SK_OK;
	}
	case CLASS_BITS:
		return read_bits(r, class_names, SK_COUNT(class_names), at);
	case KIND_BITS:
		return read_bits(r, selector_kind_names, SK_COUNT(selector_kind_names), at);
	case TALLY:
		return read_tally(r, at);
	case CELLS:
	case COUNT_CELLS:
		return read_cells(r, at, field->form == COUNT_CELLS);
	case CLASS_TALLIES:
	case CLASS_COUNTS:
		return read_class_tallies(r, at, field->form == CLASS_COUNTS);
	case COUNT:
		return read_cell(r, at, true);
	case NAMES:
		return read_names(r, at);
	case LOSSES:
		return read_losses(r, at);
	case MORE:
		SK_TRY(read_u64(r, UINT64_MAX, at));
		return *(uint64_t *)at != 0 ? SK_OK : wrong(r, "at least 1, or no such field");
	case SECTION:
		break;
	}
	return SK_EBUG;
}

/* The key at the cursor is not the one that the table wants next: say what that means. */
static enum sk_err wrong_key(struct reading *r, const struct field *fields, size_t count, size_t wanted, bool first)
{
	char found[SK_JSON_KEY_MAX];
	struct reading ahead = *r;
	ahead.fault = NULL;
	r->key = fields[wanted].key;
	if (!accept_n(&ahead, first ? "{" : ",", 1) || read_text(&ahead, is_word, 0, sizeof found, found) != SK_OK)
		return wrong(r, first ? "{ and the key" : ", and the key");
	for (size_t i = 0; i < count; i++)
		if (strcmp(fields[i].key, found) == 0)
			return i > wanted
				   ? sk_fault_set(r->fault, SK_EMALFORMED, "%s record, byte %zu: field %s is missing (found %s)", r->kind,
						  sk_offset(&r->cur), r->key, found)
				   : sk_fault_set(r->fault, SK_EMALFORMED, "%s record, byte %zu: field %s stands twice or out of order (expected %s)",
						  r->kind, sk_offset(&r->cur), found, r->key);
	return sk_fault_set(r->fault, SK_EMALFORMED, "%s record, byte %zu: unknown field %s (expected %s)", r->kind, sk_offset(&r->cur), found, r->key);
}

static enum sk_err read_key(struct reading *r, const struct field *fields, size_t count, size_t at, bool first)
{
	struct sk_cur before = r->cur;
	const struct field *field = &fields[at];
	if (!accept_n(r, first ? "{" : ",", 1) || !accept_n(r, field->lead, field->lead_length)) {
		r->cur = before;
		return wrong_key(r, fields, count, at, first);
	}
	r->key = field->key;
	return SK_OK;
}

static enum sk_err read_section(struct reading *r, const struct field *section, struct sk_record *record)
{
	for (size_t i = 0; i < section->limit; i++) {
		SK_TRY(read_key(r, section->section, section->limit, i, i == 0));
		SK_TRY(read_value(r, &section->section[i], record));
	}
	return accept(r, "}") ? SK_OK : wrong(r, "} at the end of a section");
}

/* Interval and carry have a second version, which says how the rest must look; v stands last. */
static enum sk_err announced_version(enum sk_record_kind kind, const void *bytes, size_t length, unsigned *version, struct sk_fault *fault)
{
	static const char lead[] = "\"v\":";
	size_t tail = sizeof lead - 1 + 2; /* one digit, and the end */
	const char *text = (const char *)bytes + (length < tail ? 0 : length - tail);
	*version = SK_RECORD_VERSION;
	if ((kind != SK_RECORD_INTERVAL && kind != SK_RECORD_CARRY) || length < tail || memcmp(text, lead, sizeof lead - 1) != 0 || text[tail - 1] != '}')
		return SK_OK; /* the walk will say what is wrong */
	unsigned digit = (unsigned)(uint8_t)text[tail - 2] - '0';
	if (digit > 9)
		return SK_OK;
	*version = digit;
	return digit == SK_RECORD_VERSION || digit == SK_RECORD_VERSION_NAMED
		       ? SK_OK
		       : sk_fault_set(fault, SK_EMALFORMED, "%s record: version %u is not known, expected 1 or 2", kinds[kind].name, digit);
}

/* Is a field that may be left out there, and may it be? */
static bool is_there(const struct reading *r, const struct field *field, struct sk_record *record)
{
	struct reading ahead = *r;
	void *at = (uint8_t *)record + field->offset;
	bool there = r->version == SK_RECORD_VERSION_NAMED && accept(&ahead, ",") && accept_n(&ahead, field->lead, field->lead_length);
	if (field->form == SECTION)
		*(bool *)at = there;
	else if (!there)
		*(uint64_t *)at = 0;
	return there;
}

enum sk_err sk_record_parse(const void *bytes, size_t length, struct sk_record *out, struct sk_fault *fault)
{
	static const char kind_key[] = "\"kind\":\"";
	struct reading r = {.cur = sk_cur_of(bytes, length), .fault = fault, .kind = "a", .key = "kind"};
	size_t kind = SK_COUNT(kinds);
	if (length > SK_RECORD_MAX_BYTES)
		return sk_fault_set(fault, SK_ETOOBIG, "record: %zu bytes, at most %d are allowed", length, SK_RECORD_MAX_BYTES);
	/* No text of a record can hold a quote, so this can only be the key; the walk below checks its place. */
	const uint8_t *found = length != 0 ? memmem(bytes, length, kind_key, sizeof kind_key - 1) : NULL;
	if (found == NULL)
		return wrong(&r, "an object with a kind");
	struct reading at_kind = r;
	at_kind.cur = sk_seek(&r.cur, (size_t)(found - (const uint8_t *)bytes) + sizeof kind_key - 2);
	for (size_t i = 0; i < SK_COUNT(kinds) && kind == SK_COUNT(kinds); i++)
		if (accept_quoted(&at_kind, kinds[i].name))
			kind = i;
	if (kind == SK_COUNT(kinds))
		return wrong(&at_kind, "a known kind");
	out->kind = (enum sk_record_kind)kind;
	r.kind = kinds[kind].name;
	SK_TRY(announced_version(out->kind, bytes, length, &r.version, fault));
	for (size_t i = 0; i < kinds[kind].count; i++) {
		const struct field *field = &kinds[kind].fields[i];
		if ((field->form == SECTION || field->form == MORE) && !is_there(&r, field, out))
			continue;
		SK_TRY(read_key(&r, kinds[kind].fields, kinds[kind].count, i, i == 0));
		SK_TRY(field->form == SECTION ? read_section(&r, field, out) : read_value(&r, field, out));
	}
	r.key = "after v";
	if (sk_peek_u8(&r.cur, 0) == ',') {
		char more[SK_JSON_KEY_MAX] = "";
		struct reading ahead = r;
		ahead.fault = NULL;
		if (accept(&ahead, ",") && read_text(&ahead, is_word, 0, sizeof more, more) == SK_OK)
			return sk_fault_set(fault, SK_EMALFORMED, "%s record, byte %zu: unknown field %s (expected the end)", r.kind, sk_offset(&r.cur), more);
	}
	if (!accept(&r, "}") || sk_more(&r.cur))
		return wrong(&r, "} and the end");
	return SK_OK;
}
