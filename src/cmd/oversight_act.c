/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/oversight_act.h"

#include <inttypes.h>
#include <string.h>

#include "text/json.h"
#include "text/text.h"

enum { LINE_MAX_BYTES = 8192, PAST_NS = 300 };

static enum sk_err keep(void *context, const struct sk_oversight_matter *matter, struct sk_fault *fault)
{
	(void)fault;
	*(struct sk_oversight_matter *)context = *matter;
	return SK_OK;
}

enum sk_err sk_oversight_find(struct sk_office *office, const char *matter, const char *id, struct sk_oversight_matter *out, struct sk_fault *fault)
{
	uint64_t ignored;
	memset(out, 0, sizeof *out);
	return sk_oversight_each(office->centre.docket, office->access, sk_policy_small_cell(), matter, id, keep, out, &ignored, fault);
}

/* A statement that was made elsewhere says when it was made; that must be about now. */
static enum sk_err check_time(const struct sk_office *office, const struct sk_act *act, struct sk_fault *fault)
{
	int64_t apart = act->time_ns > office->now_ns ? act->time_ns - office->now_ns : office->now_ns - act->time_ns;
	return apart <= (int64_t)PAST_NS * 1000000000 ? SK_OK : sk_fault_set(fault, SK_EUSAGE, "the statement says a time that is more than %d s from now; make it anew", PAST_NS);
}

enum sk_err sk_oversight_prepare(struct sk_office *office, const struct sk_actor *actor, const char *matter_name, const char *id, const char *event, const struct sk_buf *body,
				 struct sk_oversight_matter *matter, struct sk_buf *note, struct sk_act_facts *facts, bool *written, struct sk_fault *fault)
{
	struct sk_act act;
	if (body->failed != SK_OK)
		return sk_fault_set(fault, body->failed, "a text is too long, or no UTF-8");
	SK_TRY(sk_oversight_find(office, matter_name, id, matter, fault));
	SK_TRY(sk_centre_statement(&office->centre, actor, matter_name, id, event, sk_buf_text(body), office->now_ns, note, &act, written, fault));
	if (*written)
		return SK_OK;
	enum sk_err err = check_time(office, &act, fault);
	if (err == SK_OK)
		err = sk_oversight_judge(office->access, sk_buf_text(note), note->length, &act, sk_policy_small_cell(), matter, facts, fault);
	if (err != SK_OK)
		sk_buf_fini(note);
	return err;
}

void sk_oversight_say(struct sk_cmd *cmd, bool json, const struct sk_oversight_matter *matter, const char *event, uint64_t leaf)
{
	struct sk_buf line;
	struct sk_json_writer w;
	if (!json) {
		(void)fprintf(cmd->out, "%s %s: %s; it is %s (leaf %" PRIu64 ")\n", matter->matter, matter->id, event, matter->state, leaf);
		return;
	}
	sk_buf_init(&line, LINE_MAX_BYTES);
	sk_json_begin(&w, &line, false);
	sk_json_object(&w, NULL);
	sk_json_text(&w, "matter", matter->matter);
	sk_json_text(&w, "id", matter->id);
	sk_json_text(&w, "event", event);
	sk_json_text(&w, "state", matter->state);
	sk_json_u64(&w, "leaf", leaf);
	sk_json_end(&w);
	(void)fprintf(cmd->out, "%s\n", sk_buf_text(&line));
	sk_buf_fini(&line);
}

int sk_oversight_act(struct sk_cmd *cmd, const struct sk_office_args *args, const char *matter_name, const char *id, const char *event, const struct sk_buf *body)
{
	struct sk_office office;
	struct sk_fault fault;
	struct sk_buf note;
	struct sk_act_facts facts;
	struct sk_receipt receipt;
	struct sk_oversight_matter matter;
	bool written = false;
	enum sk_err err = sk_office_open(cmd, args->folder, true, &office, &fault);
	if (err == SK_OK)
		err = sk_oversight_prepare(&office, &args->actor, matter_name, id, event, body, &matter, &note, &facts, &written, &fault);
	if (err == SK_OK && !written) {
		err = sk_docket_add(office.centre.docket, sk_buf_text(&note), note.length, &facts, &receipt, &fault);
		sk_buf_fini(&note);
	}
	sk_office_close(&office);
	if (err != SK_OK)
		return sk_cmd_fail(cmd, &fault);
	if (written)
		return sk_office_tell_written(cmd, args);
	sk_oversight_say(cmd, args->json, &matter, event, receipt.index);
	return 0;
}
