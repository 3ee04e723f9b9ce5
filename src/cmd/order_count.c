/* SPDX-License-Identifier: Apache-2.0 */
/* sekisho order count: ask a sensor how many hosts of our own talk to a target, and read the number. The question is on record before the sensor may take it up. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "access/list.h"
#include "access/purpose.h"
#include "cmd/access.h"
#include "cmd/counts.h"
#include "cmd/look.h"
#include "cmd/order.h"
#include "cmd/signer.h"
#include "text/text.h"

enum { BODY_MAX = 65536 };
static const int64_t second_ns = 1000000000, hour_ns = INT64_C(3600) * 1000000000;

/* The widest measures by prefix and the widest counts are one limit. */
enum {
#define SK_MEASURE(symbol, name, target, life_s, v4, v6, targets) V4_OF_##symbol = (v4), V6_OF_##symbol = (v6),
#include "warrant/measure.def"
#undef SK_MEASURE
};
_Static_assert((int)SK_COUNT_V4_MIN == (int)V4_OF_NFTABLES && (int)SK_COUNT_V6_MIN == (int)V6_OF_NFTABLES, "basis/count.h states the limits of warrant/measure.def");

/* ---- what may be asked ---- */

struct asked {
	const struct sk_access *access;
	struct sk_verify_key key;
	const struct sk_workspace *workspace;
	int64_t since_ns;
	uint64_t count;
};

static enum sk_err count_act(void *context, const struct sk_entry *entry, struct sk_fault *fault)
{
	struct asked *asked = context;
	struct sk_note note;
	(void)fault;
	if (strcmp(entry->act.event, "count") != 0 || entry->act.time_ns < asked->since_ns || sk_note_parse(entry->note, entry->note_length, &note, NULL) != SK_OK)
		return SK_OK;
	asked->count += sk_access_same_person(asked->access, &asked->key, note.signatures[0].name, note.signatures[0].id);
	return SK_OK;
}

static enum sk_err count_file(void *context, const char *id, const struct stat *file, struct sk_fault *fault)
{
	struct asked *asked = context;
	struct sk_count_request request;
	bool ended;
	(void)file;
	if (sk_counts_request(asked->workspace, id, &request, &ended, fault) == SK_OK)
		asked->count += request.from_ns >= asked->since_ns;
	return SK_OK;
}

static enum sk_err too_often(const struct asked *asked, struct sk_fault *fault)
{
	return asked->count < SK_BLAST_PER_HOUR ? SK_OK : sk_fault_set(fault, SK_ERATE, "count: asked %d times in an hour; wait", SK_BLAST_PER_HOUR);
}

static enum sk_err check_targets(const struct sk_workspace *workspace, const struct sk_count_request *request, struct sk_fault *fault)
{
	for (size_t i = 0; i < request->target_count; i++) {
		const struct sk_prefix *prefix = &request->targets[i].prefix;
		for (size_t j = 0; prefix->addr.family != 0 && j < workspace->own_count; j++)
			if (sk_prefix_holds(&workspace->own[j], &prefix->addr) || sk_prefix_holds(prefix, &workspace->own[j].addr))
				return sk_fault_set(fault, SK_EUSAGE, "%s: it is, or touches, a prefix of our own; a count asks who talks to somebody abroad", request->targets[i].text);
	}
	return SK_OK;
}

static void make_id(char id[SK_COUNT_ID_MAX])
{
	uint8_t random[4];
	char hex[2 * sizeof random + 1];
	sk_random(random, sizeof random);
	sk_hex_encode(random, sizeof random, hex);
	(void)snprintf(id, SK_COUNT_ID_MAX, "count-%s", hex);
}

static bool take_text(const struct sk_json_value *top, const char *member, char *out, size_t size)
{
	const char *text = sk_json_get_text(top, member);
	return text != NULL && (size_t)snprintf(out, size, "%s", text) < size;
}

static enum sk_err take_body(const struct sk_act *act, struct sk_count_request *r, uint8_t digest[SK_HASH_BYTES], struct sk_fault *fault)
{
	struct sk_json_doc *doc = NULL;
	uint64_t duration_s = 0;
	SK_TRY(sk_json_parse(act->body, act->body_length, &doc, fault));
	const struct sk_json_value *top = sk_json_top(doc), *targets = sk_json_get(top, "targets");
	bool good = sk_json_get_u64(top, "duration_s", &duration_s) == SK_OK && duration_s <= SK_COUNT_LIFE_MAX_S && take_text(top, "purpose", r->purpose, sizeof r->purpose) &&
		    take_text(top, "scope", r->basis, sizeof r->basis) && take_text(top, "why", r->why, sizeof r->why) && sk_json_get_hex(top, "request", digest, SK_HASH_BYTES) == SK_OK &&
		    targets != NULL && targets->kind == SK_JSON_ARRAY;
	enum sk_err err = good ? SK_OK : sk_fault_set(fault, SK_EMALFORMED, "--statement: expected what order count request --to-sign wrote");
	for (const struct sk_json_value *target = good ? targets->child : NULL; err == SK_OK && target != NULL; target = target->next)
		err = sk_count_request_add(r, target->text != NULL ? target->text : "", fault);
	r->until_ns = r->from_ns + (int64_t)duration_s * second_ns;
	sk_json_free(doc);
	return err;
}

/* What somebody signed elsewhere says what is asked, and since when: the request is made of it again, and digest is that of the one that was signed. */
static enum sk_err fill_from_statement(const struct sk_order_args *args, struct sk_count_request *r, uint8_t digest[SK_HASH_BYTES], struct sk_fault *fault)
{
	struct sk_buf text;
	struct sk_act act;
	if (args->actor.statement == NULL)
		return sk_fault_set(fault, SK_EUSAGE, "--signature also needs --statement FILE (what was signed) and --by KEY (whose signature it is)");
	sk_buf_init(&text, SK_ACT_TEXT_MAX);
	enum sk_err err = sk_file_read(args->actor.statement, &text, fault);
	if (err == SK_OK)
		err = sk_act_read(sk_buf_text(&text), text.length, &act, fault);
	if (err == SK_OK && strlen(act.id) >= sizeof r->id)
		err = sk_fault_set(fault, SK_EMALFORMED, "--statement: the id of a count has at most %d characters", SK_COUNT_ID_MAX - 1);
	if (err == SK_OK && args->word_count == 2 && strcmp(act.id, args->words[1]) != 0)
		err = sk_fault_set(fault, SK_EUSAGE, "--statement: it is of count '%s', and the command says '%s'", act.id, args->words[1]);
	if (err == SK_OK) {
		memcpy(r->id, act.id, strlen(act.id) + 1);
		r->from_ns = act.time_ns / second_ns * second_ns;
		err = take_body(&act, r, digest, fault);
	}
	sk_buf_fini(&text);
	return err;
}

static enum sk_err fill(const struct sk_order_args *args, const struct sk_workspace *workspace, struct sk_count_request *r, uint8_t signed_digest[SK_HASH_BYTES], struct sk_fault *fault)
{
	const struct sk_clock *clock = &args->cmd->clock;
	struct sk_basis basis;
	int64_t now_ns = clock->unix_ns(clock->context);
	SK_TRY(sk_workspace_basis(workspace, now_ns, &basis, fault));
	if (args->actor.signature != NULL) {
		SK_TRY(fill_from_statement(args, r, signed_digest, fault));
		SK_TRY(check_targets(workspace, r, fault));
		return sk_count_request_runs(r, &basis, now_ns, fault);
	}
	if (args->word_count == 2)
		(void)snprintf(r->id, sizeof r->id, "%s", args->words[1]);
	else
		make_id(r->id);
	(void)snprintf(r->basis, sizeof r->basis, "%s", basis.id);
	(void)snprintf(r->purpose, sizeof r->purpose, "%s", "damage_prevention");
	(void)snprintf(r->why, sizeof r->why, "%s", args->why);
	r->from_ns = now_ns / second_ns * second_ns;
	r->until_ns = r->from_ns + args->for_ns / second_ns * second_ns;
	for (size_t i = 0; i < args->target_count; i++)
		SK_TRY(sk_count_request_add(r, args->targets[i], fault));
	SK_TRY(check_targets(workspace, r, fault));
	return sk_count_request_runs(r, &basis, now_ns, fault);
}

/* ---- on record ---- */

static void body_of(const struct sk_count_request *r, struct sk_buf *body)
{
	struct sk_json_writer w;
	sk_buf_init(body, BODY_MAX);
	sk_json_begin(&w, body, true);
	sk_json_object(&w, NULL);
	sk_json_u64(&w, "duration_s", (uint64_t)((r->until_ns - r->from_ns) / second_ns));
	sk_json_text(&w, "purpose", r->purpose);
	sk_json_hex(&w, "request", r->digest, sizeof r->digest);
	sk_json_text(&w, "scope", r->basis);
	sk_json_array(&w, "targets");
	for (size_t i = 0; i < r->target_count; i++)
		sk_json_text(&w, NULL, r->targets[i].text);
	sk_json_end(&w);
	sk_json_text(&w, "why", r->why);
	sk_json_end(&w);
}

/* Where the centre of this workspace is: tied to it, or where --dir says. */
static const char *centre_of(const struct sk_order_args *args, const struct sk_workspace *workspace)
{
	char path[SK_PATH_MAX];
	return sk_file_exists(sk_workspace_path(workspace, "centre/centre.json", path)) ? workspace->folder : args->folder;
}

static bool same_key(const struct sk_verify_key *a, const struct sk_verify_key *b)
{
	char first[SK_VKEY_TEXT_MAX], second[SK_VKEY_TEXT_MAX];
	return strcmp(sk_verify_key_format(a, first), sk_verify_key_format(b, second)) == 0;
}

/* The request under the centre's key, which its sensor obeys. What was signed elsewhere must be this very request. */
static enum sk_err encode(const struct sk_order_args *args, const struct sk_register *reg, struct sk_count_request *r, const uint8_t signed_digest[SK_HASH_BYTES], struct sk_buf *note, struct sk_fault *fault)
{
	if (args->actor.signature == NULL) {
		int64_t life_ns = r->until_ns - r->from_ns;
		r->from_ns = reg->now_ns / second_ns * second_ns; /* the statement's own time, so that both can be made again from it */
		r->until_ns = r->from_ns + life_ns;
	}
	SK_TRY(sk_count_request_encode(r, reg->centre.key, note, fault));
	if (args->actor.signature != NULL && memcmp(r->digest, signed_digest, SK_HASH_BYTES) != 0)
		return sk_fault_set(fault, SK_EMALFORMED, "--statement: the request's digest is not that of what it asks for");
	return SK_OK;
}

/* The act first; then the centre signs what its sensor may take up. *written: the statement was written out, and nothing is asked yet. */
static enum sk_err enter(const struct sk_order_args *args, const struct sk_workspace *workspace, struct sk_count_request *r, const uint8_t signed_digest[SK_HASH_BYTES], struct sk_buf *note,
			 bool *written, struct sk_fault *fault)
{
	struct sk_access_args access = {.cmd = args->cmd, .folder = centre_of(args, workspace), .actor = args->actor};
	struct asked asked = {.since_ns = r->from_ns - hour_ns};
	struct sk_register reg;
	struct sk_buf body;
	uint64_t leaf = 0;
	SK_TRY(args->actor.by != NULL ? sk_access_key_of(args->actor.by, &asked.key, fault) : sk_order_actor_key(args, &asked.key, fault));
	SK_TRY(sk_register_open(&access, true, &reg, fault));
	enum sk_err err = same_key(&reg.centre.public_key, &workspace->approver)
				  ? SK_OK
				  : sk_fault_set(fault, SK_EPERMIT, "%s belongs to another centre than %s", workspace->folder, access.folder);
	asked.access = reg.access;
	if (err == SK_OK)
		err = sk_docket_walk(reg.centre.docket, "access", NULL, 0, count_act, &asked, fault);
	if (err == SK_OK)
		err = too_often(&asked, fault);
	if (err == SK_OK)
		err = encode(args, &reg, r, signed_digest, note, fault);
	body_of(r, &body);
	if (err == SK_OK && body.failed != SK_OK)
		err = sk_fault_set(fault, SK_EUSAGE, "what is asked is too long for one act");
	if (err == SK_OK)
		err = sk_register_act(&reg, &access, "access", r->id, "count", sk_buf_text(&body), written, &leaf, fault);
	sk_buf_fini(&body);
	sk_register_close(&reg);
	return err;
}

/* Whoever approves for himself signs with that key, and no other. */
static enum sk_err approve_self(const struct sk_order_args *args, const struct sk_workspace *workspace, struct sk_count_request *r, struct sk_buf *note, struct sk_fault *fault)
{
	char path[SK_PATH_MAX];
	struct asked asked = {.workspace = workspace, .since_ns = r->from_ns - hour_ns};
	struct sk_sign_key *key = NULL;
	SK_TRY(sk_counts_each(workspace, "request", count_file, &asked, fault));
	SK_TRY(sk_counts_each(workspace, "ended", count_file, &asked, fault));
	SK_TRY(too_often(&asked, fault));
	const char *from = args->actor.key != NULL ? args->actor.key : sk_workspace_path(workspace, "keys/approver.key", path);
	SK_TRY(sk_sign_key_load(from, &key, fault));
	enum sk_err err = same_key(sk_sign_key_public(key), &workspace->approver)
				  ? sk_count_request_encode(r, key, note, fault)
				  : sk_fault_set(fault, SK_EPERMIT, "%s: it is not the key that approves the basis of this workspace (keys/approver.key)", from);
	sk_sign_key_free(key);
	return err;
}

/* The sensor may be another user than whoever asks as root: what it must read, and where it writes, belongs to whom the workspace does. */
static enum sk_err give_over(const struct sk_workspace *workspace, const char *path, struct sk_fault *fault)
{
	struct stat owner;
	if (geteuid() != 0)
		return SK_OK;
	if (stat(workspace->folder, &owner) != 0 || chown(path, owner.st_uid, owner.st_gid) != 0)
		return sk_fault_errno(fault, errno, "%s: cannot be given to the workspace's owner", path);
	return SK_OK;
}

static enum sk_err write_request(const struct sk_workspace *workspace, const struct sk_count_request *r, const struct sk_buf *note, struct sk_fault *fault)
{
	char path[SK_PATH_MAX];
	SK_TRY(sk_file_make_folder(sk_workspace_path(workspace, "counts", path), 0700, fault));
	SK_TRY(give_over(workspace, path, fault));
	SK_TRY(sk_file_replace(sk_counts_path(workspace, r->id, "request", path), note->bytes, note->length, 0600, fault));
	return give_over(workspace, path, fault);
}

static enum sk_err is_new(const struct sk_workspace *workspace, const char *id, struct sk_fault *fault)
{
	char path[SK_PATH_MAX], other[SK_PATH_MAX];
	if (sk_file_exists(sk_counts_path(workspace, id, "request", path)) || sk_file_exists(sk_counts_path(workspace, id, "ended", other)))
		return sk_fault_set(fault, SK_EEXIST, "count %s: there is one already; choose another id", id);
	return SK_OK;
}

static void tell_written(const struct sk_order_args *args, const char *id)
{
	const char *file = args->actor.to_sign;
	(void)fprintf(args->cmd->out, "count %s: written to %s; sign it (ssh-keygen -Y sign -n sekisho-act -f KEY %s) and hand it in with --statement, --signature and --by\n", id, file, file);
}

static void tell_asked(const struct sk_order_args *args, const struct sk_workspace *workspace, const struct sk_count_request *r, bool free_one)
{
	char life[SK_UNIT_TEXT_MAX];
	if (args->json)
		(void)fprintf(args->cmd->out, "{\"id\":\"%s\",\"targets\":%zu,\"seconds\":%" PRIi64 ",\"self_approved\":%s}\n", r->id, r->target_count, (r->until_ns - r->from_ns) / second_ns,
			      free_one ? "true" : "false");
	else
		(void)fprintf(args->cmd->out, "count %s: asked for %s; the sensor of %s takes it up at its next look. The number:\n  sekisho order count show %s --workspace %s\n", r->id,
			      sk_duration_format(r->until_ns - r->from_ns, life), workspace->folder, r->id, workspace->folder);
}

static enum sk_err request(const struct sk_order_args *args, struct sk_workspace *workspace, struct sk_fault *fault)
{
	struct sk_count_request *r = calloc(1, sizeof *r);
	uint8_t signed_digest[SK_HASH_BYTES];
	struct sk_buf note;
	bool written = false, free_one = sk_look_free(workspace);
	if (r == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	sk_buf_init(&note, SK_COUNT_TEXT_MAX);
	enum sk_err err = free_one && (args->actor.to_sign != NULL || args->actor.signature != NULL)
				  ? sk_fault_set(fault, SK_EUSAGE, "%s approves for itself, with its own key: there is nobody else to sign; leave --to-sign and --signature out", workspace->folder)
				  : fill(args, workspace, r, signed_digest, fault);
	if (err == SK_OK)
		err = is_new(workspace, r->id, fault);
	if (err == SK_OK)
		err = free_one ? approve_self(args, workspace, r, &note, fault) : enter(args, workspace, r, signed_digest, &note, &written, fault);
	if (err == SK_OK && !written)
		err = write_request(workspace, r, &note, fault);
	if (err == SK_OK && written)
		tell_written(args, r->id);
	else if (err == SK_OK)
		tell_asked(args, workspace, r, free_one);
	sk_buf_fini(&note);
	free(r);
	return err;
}

/* ---- end ---- */

static enum sk_err end_act(const struct sk_order_args *args, const struct sk_workspace *workspace, const struct sk_count_request *r, bool *written, struct sk_fault *fault)
{
	struct sk_access_args access = {.cmd = args->cmd, .folder = centre_of(args, workspace), .actor = args->actor};
	struct sk_register reg;
	struct sk_buf body;
	struct sk_json_writer w;
	uint64_t leaf = 0;
	SK_TRY(sk_register_open(&access, true, &reg, fault));
	sk_buf_init(&body, BODY_MAX);
	sk_json_begin(&w, &body, true);
	sk_json_object(&w, NULL);
	sk_json_hex(&w, "request", r->digest, sizeof r->digest);
	sk_json_text(&w, "scope", r->basis);
	sk_json_end(&w);
	enum sk_err err = sk_register_act(&reg, &access, "access", r->id, "count_end", sk_buf_text(&body), written, &leaf, fault);
	sk_buf_fini(&body);
	sk_register_close(&reg);
	return err;
}

/* It can only take away: the request gets another name, and the sensor overwrites what it has. */
static enum sk_err end(const struct sk_order_args *args, struct sk_workspace *workspace, struct sk_fault *fault)
{
	struct sk_count_request r;
	char from[SK_PATH_MAX], to[SK_PATH_MAX];
	bool ended, written = false;
	SK_TRY(sk_counts_request(workspace, args->words[1], &r, &ended, fault));
	if (ended)
		return sk_fault_set(fault, SK_EEXIST, "count %s: it is ended", r.id);
	if (!sk_look_free(workspace))
		SK_TRY(end_act(args, workspace, &r, &written, fault));
	if (written) {
		tell_written(args, r.id);
		return SK_OK;
	}
	if (rename(sk_counts_path(workspace, r.id, "request", from), sk_counts_path(workspace, r.id, "ended", to)) != 0)
		return sk_fault_set(fault, SK_EIO, "%s: cannot be renamed", from);
	SK_TRY(sk_file_sync_folder(sk_workspace_path(workspace, "counts", from), fault));
	if (args->json)
		(void)fprintf(args->cmd->out, "{\"id\":\"%s\",\"state\":\"ended\"}\n", r.id);
	else
		(void)fprintf(args->cmd->out, "count %s: ended; the sensor overwrites what it has at its next look\n", r.id);
	return SK_OK;
}

/* ---- looks ---- */

/* What there is to say of one: the sensor's word as long as its time, or what it waits for. */
static const char *state_of(const struct sk_count_request *r, bool ended, bool told, const struct sk_count_told *t, int64_t now_ns)
{
	if (ended)
		return "ended";
	if (told && strcmp(t->state, "counting") != 0)
		return t->state;
	if (now_ns >= r->until_ns)
		return told ? "stopped" : "not counted";
	return told ? "counting" : "asked";
}

static void write_json(const struct sk_order_args *args, const struct sk_count_request *r, const char *state, bool told, const struct sk_count_told *t)
{
	struct sk_json_writer w;
	struct sk_buf out;
	char time[SK_TIME_TEXT_MAX], band[SK_BAND_MAX];
	sk_buf_init(&out, BODY_MAX);
	sk_json_begin(&w, &out, false);
	sk_json_object(&w, NULL);
	sk_json_text(&w, "id", r->id);
	sk_json_text(&w, "state", state);
	sk_json_text(&w, "band", told ? sk_band_of(t->hosts, band) : SK_BAND_UNKNOWN);
	if (told && !t->small)
		sk_json_u64(&w, "hosts", t->hosts);
	sk_json_u64(&w, "targets", r->target_count);
	sk_json_text(&w, "from", sk_time_format(r->from_ns, 0, time));
	sk_json_text(&w, "until", sk_time_format(r->until_ns, 0, time));
	sk_json_u64(&w, "seconds", told ? t->seconds : 0);
	sk_json_u64(&w, "begun", told ? t->begun : 0);
	sk_json_text(&w, "why", r->why);
	sk_json_end(&w);
	if (out.failed == SK_OK)
		(void)fprintf(args->cmd->out, "%s\n", sk_buf_text(&out));
	sk_buf_fini(&out);
}

static void number_text(bool told, const struct sk_count_told *t, char text[SK_UNIT_TEXT_MAX + 16])
{
	char number[SK_UNIT_TEXT_MAX];
	if (!told)
		(void)snprintf(text, SK_UNIT_TEXT_MAX + 16, SK_BAND_UNKNOWN);
	else if (t->small)
		(void)snprintf(text, SK_UNIT_TEXT_MAX + 16, "fewer than %" PRIu64, (uint64_t)sk_policy_small_cell());
	else
		(void)snprintf(text, SK_UNIT_TEXT_MAX + 16, "about %s", sk_number_format(t->hosts, number));
}

struct list {
	const struct sk_order_args *args;
	struct sk_workspace *workspace;
	size_t count;
	bool whole;
};

static enum sk_err show_one(void *context, const char *id, const struct stat *file, struct sk_fault *fault)
{
	struct list *list = context;
	const struct sk_clock *clock = &list->args->cmd->clock;
	FILE *out = list->args->cmd->out;
	struct sk_count_request r;
	struct sk_count_told t;
	char number[SK_UNIT_TEXT_MAX + 16], life[SK_UNIT_TEXT_MAX], counted[SK_UNIT_TEXT_MAX], from[SK_TIME_TEXT_MAX], until[SK_TIME_TEXT_MAX];
	bool ended;
	(void)file;
	enum sk_err err = sk_counts_request(list->workspace, id, &r, &ended, fault);
	if (err != SK_OK && !list->whole) {
		(void)fprintf(list->args->cmd->err, "sekisho: %s\n", fault->line);
		return SK_OK;
	}
	SK_TRY(err);
	err = sk_counts_told(list->workspace, &r, &t, fault);
	bool told = err == SK_OK && t.seconds != 0;
	if (err != SK_OK && err != SK_ENOENT)
		return err;
	const char *state = state_of(&r, ended, told, &t, clock->unix_ns(clock->context));
	number_text(told, &t, number);
	list->count++;
	if (list->args->json) {
		write_json(list->args, &r, state, told, &t);
	} else if (!list->whole) {
		(void)fprintf(out, "%-24s %-12s %-20s %-10s %s\n", r.id, state, number, sk_duration_format(r.until_ns - r.from_ns, life), sk_time_format(r.until_ns, 0, until));
	} else {
		(void)fprintf(out, "count      %s: %s\nhosts      %s of our own talk to %s\n", r.id, state, number, r.target_count == 1 ? "the target" : "any of the targets");
		(void)fprintf(out, "counted    for %s of %s%s\nasked      %s to %s, %s\n", told ? sk_duration_format((int64_t)t.seconds * second_ns, counted) : "no time", sk_duration_format(r.until_ns - r.from_ns, life),
			      told && t.begun > 1 ? "; it began anew, and says nothing of the time before" : "", sk_time_format(r.from_ns, 0, from), sk_time_format(r.until_ns, 0, until), r.purpose);
		for (size_t i = 0; i < r.target_count; i++)
			(void)fprintf(out, "target     %s\n", r.targets[i].text);
		(void)fprintf(out, "why        %s\n", r.why);
	}
	return SK_OK;
}

static enum sk_err show(const struct sk_order_args *args, struct sk_workspace *workspace, struct sk_fault *fault)
{
	struct list list = {.args = args, .workspace = workspace, .whole = true};
	return show_one(&list, args->words[1], NULL, fault);
}

static enum sk_err list(const struct sk_order_args *args, struct sk_workspace *workspace, struct sk_fault *fault)
{
	struct list list = {.args = args, .workspace = workspace};
	if (!args->json)
		(void)fprintf(args->cmd->out, "%-24s %-12s %-20s %-10s %s\n", "count", "state", "hosts", "for", "until");
	SK_TRY(sk_counts_each(workspace, "request", show_one, &list, fault));
	return sk_counts_each(workspace, "ended", show_one, &list, fault);
}

/* ---- for an order ---- */

/* Do the order's targets, each as it is counted, make the same list? */
static bool same_targets(const struct sk_order *order, const struct sk_count_request *counted)
{
	struct sk_count_request wanted = {.target_count = 0};
	struct sk_fault ignored;
	for (size_t i = 0; i < order->target_count; i++)
		if (sk_count_request_add(&wanted, order->targets[i], &ignored) != SK_OK)
			return false;
	bool same = wanted.target_count == counted->target_count;
	for (size_t i = 0; same && i < wanted.target_count; i++)
		same = strcmp(wanted.targets[i].text, counted->targets[i].text) == 0;
	return same;
}

enum sk_err sk_order_counted(const struct sk_order_args *args, const struct sk_order *order, struct sk_order_blast *out, struct sk_fault *fault)
{
	struct sk_workspace workspace;
	struct sk_count_request r;
	struct sk_count_told t;
	char counted[SK_UNIT_TEXT_MAX], life[SK_UNIT_TEXT_MAX];
	bool ended;
	if (args->workspace == NULL)
		return sk_fault_set(fault, SK_EUSAGE, "--count: --workspace says whose sensor counted");
	SK_TRY(sk_workspace_open(args->workspace, false, &workspace, fault));
	enum sk_err err = sk_counts_request(&workspace, args->count, &r, &ended, fault);
	if (err == SK_OK && !same_targets(order, &r))
		err = sk_fault_set(fault, SK_EUSAGE, "count %s: it counted other targets than this order has", r.id);
	bool told = false;
	if (err == SK_OK) {
		err = sk_counts_told(&workspace, &r, &t, fault);
		told = err == SK_OK && t.seconds != 0;
		err = err == SK_ENOENT ? SK_OK : err;
	}
	sk_workspace_close(&workspace);
	SK_TRY(err);
	if (!told) {
		(void)snprintf(out->hosts, sizeof out->hosts, "%s", SK_BAND_UNKNOWN);
		(void)snprintf(out->source, sizeof out->source, "count %s: the sensor has told no number", args->count);
		return SK_OK;
	}
	(void)sk_band_of(t.hosts, out->hosts);
	(void)snprintf(out->source, sizeof out->source, "count %s: counted for %s of %s%s%s", r.id, sk_duration_format((int64_t)t.seconds * second_ns, counted),
		       sk_duration_format(r.until_ns - r.from_ns, life), strcmp(t.state, "counting") == 0 ? ", and goes on" : "", t.begun > 1 ? ", begun anew" : "");
	return SK_OK;
}

/* ---- the command ---- */

static int usage_of_request(const struct sk_order_args *args)
{
	struct sk_fault fault;
	if (args->actor.signature != NULL)
		return 0; /* the statement says it all */
	if (args->target_count == 0 || args->for_ns == 0 || args->why == NULL || *args->why == '\0')
		return sk_order_usage(args, "count request: expected --target (once or more), --for and --why");
	if (args->for_ns > SK_COUNT_LIFE_MAX_S * second_ns || args->for_ns < second_ns)
		return sk_order_usage(args, "--for: expected a duration up to 24h");
	if (strlen(args->why) >= SK_COUNT_WHY_MAX)
		return sk_order_usage(args, "--why: at most %d bytes", SK_COUNT_WHY_MAX - 1);
	if (args->word_count == 2 && strlen(args->words[1]) >= SK_COUNT_ID_MAX)
		return sk_order_usage(args, "the id of a count has at most %d characters", SK_COUNT_ID_MAX - 1);
	if (args->purpose == NULL)
		return sk_order_usage(args, "count request: expected --purpose damage_prevention");
	return sk_purpose_check(args->purpose, &fault) == SK_OK ? 0 : sk_cmd_fail(args->cmd, &fault);
}

int sk_order_count(const struct sk_order_args *args)
{
	static const struct {
		const char *verb;
		int words;
		enum sk_err (*run)(const struct sk_order_args *args, struct sk_workspace *workspace, struct sk_fault *fault);
	} verbs[] = {{"request", 2, request}, {"request", 1, request}, {"list", 1, list}, {"show", 2, show}, {"end", 2, end}};
	struct sk_workspace workspace;
	struct sk_fault fault;
	size_t i = 0;
	while (i < SK_COUNT(verbs) && (args->word_count != verbs[i].words || strcmp(args->words[0], verbs[i].verb) != 0))
		i++;
	if (i == SK_COUNT(verbs))
		return sk_order_usage(args, "count: expected request [ID], list, show ID or end ID");
	int code = verbs[i].run == request ? usage_of_request(args) : 0;
	if (code != 0)
		return code;
	if (sk_seal_start() != SK_OK) {
		(void)sk_fault_set(&fault, SK_EIO, "the cryptographic library does not start");
		return sk_cmd_fail(args->cmd, &fault);
	}
	if (sk_workspace_open(args->workspace != NULL ? args->workspace : args->folder, false, &workspace, &fault) != SK_OK)
		return sk_cmd_fail(args->cmd, &fault);
	enum sk_err err = verbs[i].run(args, &workspace, &fault);
	sk_workspace_close(&workspace);
	return err == SK_OK ? 0 : sk_cmd_fail(args->cmd, &fault);
}
