/* SPDX-License-Identifier: Apache-2.0 */
/* What a run says of flow exports. */
#include <inttypes.h>

#include "cmd/exports.h"
#include "cmd/summary.h"
#include "text/json.h"
#include "text/text.h"

static uint64_t sum(const uint64_t *counts, size_t first, size_t count)
{
	uint64_t total = 0;
	for (size_t i = first; i < count; i++)
		total += counts[i];
	return total;
}

static void print_count(FILE *out, const char *name, uint64_t count, const char *unit, const char *words)
{
	char number[SK_UNIT_TEXT_MAX];
	if (count != 0)
		(void)fprintf(out, "  %-20s %14s %-12s %s\n", name, sk_number_format(count, number), unit, words);
}

static void print_senders(FILE *out, const struct sk_exports_result *result)
{
	const struct sk_export_totals *t = &result->totals;
	char number[SK_UNIT_TEXT_MAX];
	(void)fprintf(out, "\nFlow exports: %s messages", sk_number_format(t->count[SK_EXPORT_MESSAGES], number));
	for (unsigned meter = 1; meter < SK_METER_COUNT; meter++)
		if (t->messages_by[meter] != 0)
			(void)fprintf(out, ", %s %s", sk_meter_name(meter), sk_number_format(t->messages_by[meter], number));
	(void)fprintf(out, "; %u exporter%s known at the end", t->domains, t->domains == 1 ? "" : "s");
	if (t->sampling_most == t->sampling_least && t->sampling_most > 1)
		(void)fprintf(out, ", sampling one packet in %u", t->sampling_most);
	else if (t->sampling_most > 1)
		(void)fprintf(out, ", sampling one packet in %u to %u", t->sampling_least, t->sampling_most);
	(void)fprintf(out, "\n");
}

static void print_listener(FILE *out, const struct sk_listener_totals *l)
{
	char text[SK_UNIT_TEXT_MAX];
	print_count(out, "kernel_dropped", l->kernel_dropped, "messages", "found no room in our sockets: lost before us");
	print_count(out, "senders_refused", l->senders_refused, "messages", "of senders that --exporter does not name");
	print_count(out, "streams", l->streams, "connections", "of IPFIX over TCP");
	print_count(out, "streams_refused", l->streams_refused, "connections", "beyond the limit");
	print_count(out, "streams_broken", l->streams_broken, "connections", "that were no IPFIX: closed");
	if (l->receive_bytes != 0 && l->receive_bytes < SK_LISTENER_RECEIVE_BYTES)
		(void)fprintf(out, "  The kernel grants sockets of %s instead of %d MiB; net.core.rmem_max or CAP_NET_ADMIN gives more.\n", sk_bytes_format(l->receive_bytes, text),
			      SK_LISTENER_RECEIVE_BYTES >> 20);
}

void sk_exports_print(FILE *out, const struct sk_exports_result *result)
{
	const struct sk_export_totals *t = &result->totals;
	char number[5][SK_UNIT_TEXT_MAX];
	uint64_t gate = sum(t->gate, 1, SK_EXPORT_GATE_REASONS), select = sum(t->select, 0, SK_EXPORT_SELECT_REASONS);
	if (!result->read)
		return;
	print_senders(out, result);
	for (unsigned class_ = 0; class_ < SK_CLASS_COUNT; class_++)
		print_count(out, sk_class_name((enum sk_class)class_), t->classes[class_], "records", sk_summary_class_words((enum sk_class)class_));
	for (unsigned reason = 1; reason < SK_EXPORT_GATE_REASONS; reason++)
		print_count(out, sk_export_gate_reason_name(reason), t->gate[reason], "erased",
			    reason == SK_EXPORT_NO_PAIR ? "the record names no two addresses; erased unread" : sk_gate_reason_prose((enum sk_gate_reason)reason));
	(void)fprintf(out, "  Their equation %s: received %s = gate erased %s + select erased %s + selected %s + malformed %s\n",
		      t->received == gate + select + t->selected + t->malformed ? "closes" : "DOES NOT CLOSE", sk_number_format(t->received, number[0]),
		      sk_number_format(gate, number[1]), sk_number_format(select, number[2]), sk_number_format(t->selected, number[3]), sk_number_format(t->malformed, number[4]));
	for (unsigned counter = SK_EXPORT_MESSAGES + 1; counter < SK_EXPORT_COUNTERS; counter++)
		print_count(out, sk_export_counter_name((enum sk_export_counter)counter), t->count[counter], sk_export_counter_unit((enum sk_export_counter)counter),
			    sk_export_counter_prose((enum sk_export_counter)counter));
	if (result->listened)
		print_listener(out, &result->listener);
}

static void json_listener(struct sk_json_writer *json, const struct sk_listener_totals *l)
{
	sk_json_object(json, "listener");
	sk_json_u64(json, "datagrams", l->datagrams);
	sk_json_u64(json, "bytes", l->bytes);
	sk_json_u64(json, "kernel_dropped", l->kernel_dropped);
	sk_json_u64(json, "senders_refused", l->senders_refused);
	sk_json_u64(json, "streams", l->streams);
	sk_json_u64(json, "streams_refused", l->streams_refused);
	sk_json_u64(json, "streams_broken", l->streams_broken);
	sk_json_u64(json, "receive_bytes", l->receive_bytes);
	sk_json_end(json);
}

void sk_exports_json(struct sk_json_writer *json, const struct sk_exports_result *result)
{
	const struct sk_export_totals *t = &result->totals;
	if (!result->read)
		return;
	sk_json_object(json, "exports");
	sk_json_object(json, "account");
	sk_json_u64(json, "received", t->received);
	sk_json_u64(json, "gate_erased", sum(t->gate, 1, SK_EXPORT_GATE_REASONS));
	sk_json_u64(json, "select_erased", sum(t->select, 0, SK_EXPORT_SELECT_REASONS));
	sk_json_u64(json, "selected", t->selected);
	sk_json_u64(json, "malformed", t->malformed);
	sk_json_end(json);
	sk_json_object(json, "classes");
	for (unsigned class_ = 0; class_ < SK_CLASS_COUNT; class_++)
		sk_json_u64(json, sk_class_name((enum sk_class)class_), t->classes[class_]);
	sk_json_end(json);
	sk_json_object(json, "erased");
	for (unsigned reason = 1; reason < SK_EXPORT_GATE_REASONS; reason++)
		sk_json_u64(json, sk_export_gate_reason_name(reason), t->gate[reason]);
	for (unsigned reason = 0; reason < SK_EXPORT_SELECT_REASONS; reason++)
		sk_json_u64(json, sk_export_select_reason_name(reason), t->select[reason]);
	sk_json_end(json);
	sk_json_object(json, "messages");
	for (unsigned meter = 1; meter < SK_METER_COUNT; meter++)
		sk_json_u64(json, sk_meter_name(meter), t->messages_by[meter]);
	sk_json_end(json);
	sk_json_object(json, "beside");
	for (unsigned counter = 0; counter < SK_EXPORT_COUNTERS; counter++)
		sk_json_u64(json, sk_export_counter_name((enum sk_export_counter)counter), t->count[counter]);
	sk_json_end(json);
	sk_json_u64(json, "sampling_least", t->sampling_least);
	sk_json_u64(json, "sampling_most", t->sampling_most);
	sk_json_u64(json, "exporters", t->domains);
	sk_json_u64(json, "templates", t->templates);
	if (result->listened)
		json_listener(json, &result->listener);
	sk_json_end(json);
}
