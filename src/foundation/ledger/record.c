/* SPDX-License-Identifier: Apache-2.0 */
/* One table a record kind: its fields in ascending order of keys. */
#include <stddef.h>

#include "ledger/record_priv.h"

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

/* rule: COUNTRY-1 */
static const struct field countries_fields[] = {
	PLAIN("carried_after", TALLY, interval.countries.carried_after),
	PLAIN("carried_before", TALLY, interval.countries.carried_before),
	PLAIN("cells", COUNTRIES, interval.countries.cells),
	PLAIN("few", TALLY, interval.countries.few),
	PLAIN("settled", TALLY, interval.countries.settled),
	PLAIN("unnamed", TALLY, interval.countries.unnamed),
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
	{KEY("countries"), SECTION, AT(interval.has_countries), SK_COUNT(countries_fields), NULL, countries_fields},
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

static const struct field counts_fields[] = {
	NUMBER("active", counts.active),
	PLAIN("commitment", HASH, counts.commitment),
	KIND("counts"),
	PLAIN("stated_ns", I64, counts.stated_ns),
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

static const struct field carried_countries_fields[] = {
	PLAIN("few", TALLY, carry.countries.few),
	PLAIN("unnamed", TALLY, carry.countries.unnamed),
};

static const struct field carry_fields[] = {
	PLAIN("capture_lost", LOSSES, carry.capture_lost),
	PLAIN("classes", CLASS_TALLIES, carry.classes),
	{KEY("countries"), SECTION, AT(carry.has_countries), SK_COUNT(carried_countries_fields), NULL, carried_countries_fields},
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

const struct record_form sk_forms[SK_RECORD_KIND_COUNT] = {
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
	[SK_RECORD_COUNTS] = {"counts", counts_fields, SK_COUNT(counts_fields)},
	[SK_RECORD_DETECTORS] = {"detectors", detectors_fields, SK_COUNT(detectors_fields)},
	[SK_RECORD_KERNEL_GATE] = {"kernel_gate", kernel_gate_fields, SK_COUNT(kernel_gate_fields)},
	[SK_RECORD_ACT] = {"act", act_fields, SK_COUNT(act_fields)},
	[SK_RECORD_CARRY] = {"carry", carry_fields, SK_COUNT(carry_fields)},
	[SK_RECORD_DRILL] = {"drill", drill_fields, SK_COUNT(drill_fields)},
};

const char *const sk_form_classes[SK_CLASS_COUNT] = {"FF", "FD", "DF", "DD", "UNKNOWN"};
const uint8_t sk_form_class_order[SK_CLASS_COUNT] = {SK_CLASS_DD, SK_CLASS_DF, SK_CLASS_FD, SK_CLASS_FF, SK_CLASS_UNKNOWN};
const char *const sk_form_selectors[SELECTOR_KINDS] = {"address", "prefix", "domain", "ja3", "ja4", "flow.all", "url", "hassh", "hassh_server", "ja3s", "cert_sha1", "cert_sha256", "command"};

const char *sk_record_kind_name(enum sk_record_kind kind)
{
	return sk_forms[kind].name;
}
