/* SPDX-License-Identifier: Apache-2.0 */
/* Notices by mail: a takedown notice as a feedback report (RFC 5965), advisories and requests as plain mail, through a mail server of our own. What was sent cannot be
   taken back, so undoing before its time is a correction to the same party; when its time is over nothing more is sent. docs/notices.md. */
#include "target/notice_priv.h"
#include "target/target_priv.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "text/text.h"

enum { PARTIES_BYTES_MAX = 4 << 20 };
static const uint32_t carried = 1u << SK_MEASURE_TAKEDOWN_NOTICE | 1u << SK_MEASURE_OPERATOR_ADVISORY | 1u << SK_MEASURE_VENDOR_REQUEST;

struct notice {
	struct sk_backend_place place;
	struct sk_notice_kit kit;
	struct sk_peer server;
	char from[SK_MAIL_ADDRESS_MAX], helo[SK_MAIL_ADDRESS_MAX];
	char parties_path[SK_PATH_MAX];
	struct sk_smtp *smtp; /* of the call at hand */
};

/* ---- settings ---- */

static enum sk_err take_setting(const struct sk_settings *settings, const char *key, char *out, size_t size, bool (*valid)(const char *), const char *expected, struct sk_fault *fault)
{
	const char *value = NULL;
	SK_TRY(sk_settings_need(settings, key, &value, fault));
	if (strlen(value) >= size || !valid(value))
		return sk_settings_fault(settings, key, fault, "expected %s", expected);
	memcpy(out, value, strlen(value) + 1);
	return SK_OK;
}

static bool is_absolute(const char *path)
{
	return path[0] == '/';
}

/* Read anew for each call: people come and go. */
static enum sk_err read_parties(const struct notice *self, struct sk_parties *out, struct sk_fault *fault)
{
	struct sk_buf text;
	sk_buf_init(&text, PARTIES_BYTES_MAX);
	*out = (struct sk_parties){.parties = NULL};
	enum sk_err err = sk_file_read(self->parties_path, &text, fault);
	if (err == SK_OK)
		err = sk_parties_parse(self->parties_path, text.bytes, text.length, out, fault);
	sk_buf_fini(&text);
	return err;
}

static void close_notice(void *context)
{
	struct notice *self = context;
	sk_notice_kit_fini(&self->kit);
	free(self);
}

static enum sk_err read_settings(struct notice *self, const struct sk_backend_place *place, struct sk_fault *fault)
{
	const struct sk_settings *settings = place->settings;
	struct sk_parties parties;
	const char *server = sk_settings_text(settings, "server", "tcp:127.0.0.1:25");
	SK_TRY(sk_notice_kit_open(&self->kit, place, carried, fault));
	if (sk_peer_parse(server, &self->server, NULL) != SK_OK || self->server.transport != SK_PEER_TCP)
		return sk_settings_fault(settings, "server", fault, "expected tcp:ADDRESS:PORT of your mail server; names are not resolved");
	if (!sk_mail_name_valid(self->kit.sender))
		return sk_settings_fault(settings, "sender", fault, "it stands before the address of every mail: no quotes, brackets, commas, colons, dots");
	SK_TRY(take_setting(settings, "from", self->from, sizeof self->from, sk_mail_address_valid, "a mail address, local@domain", fault));
	SK_TRY(take_setting(settings, "helo", self->helo, sizeof self->helo, sk_mail_host_valid, "this host's name", fault));
	SK_TRY(take_setting(settings, "parties", self->parties_path, sizeof self->parties_path, is_absolute, "the absolute path of the register of parties", fault));
	enum sk_err err = read_parties(self, &parties, fault);
	sk_parties_fini(&parties);
	return err == SK_OK || err == SK_ENOMEM ? err : SK_EINPUT;
}

static enum sk_err open_notice(const struct sk_backend_place *place, void **out, struct sk_fault *fault)
{
	struct notice *self = calloc(1, sizeof *self);
	if (self == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "%s: out of memory", place->name);
	self->place = *place;
	enum sk_err err = read_settings(self, &self->place, fault);
	if (err == SK_OK)
		*out = self;
	else
		close_notice(self);
	return err;
}

/* ---- one message ---- */

static enum sk_err check_item(const struct notice *self, const struct sk_item *item, struct sk_fault *fault)
{
	if ((carried & 1u << sk_action_measure(item->action)) == 0)
		return sk_fault_set(fault, SK_EUSAGE, "%s: mail does not carry %s", self->kit.place->name, sk_action_name(item->action));
	return SK_OK;
}

/* The same for the same item, so that a message sent twice (a crash between sending and noting it) is one for whoever gets it. */
static void message_id(const struct notice *self, const struct sk_item *item, enum sk_notice_turn turn, char out[SK_MAIL_ID_MAX])
{
	uint8_t digest[SK_HASH_BYTES];
	char hex[2 * SK_HASH_BYTES + 1], what[SK_ORDER_TARGET_MAX + SK_ORDER_ID_MAX + 64];
	int length = snprintf(what, sizeof what, "%s %s %s %s", sk_measure_name(sk_action_measure(item->action)), item->target, item->order, item->tag);
	SK_INVARIANT(length > 0 && length < (int)sizeof what);
	sk_sha256(what, (size_t)length, digest);
	sk_hex_encode(digest, sizeof digest, hex);
	(void)snprintf(out, SK_MAIL_ID_MAX, "<%s.%.32s@%s>", turn == SK_NOTICE_CORRECTION ? "correction" : "notice", hex, self->helo);
}

static enum sk_err write_mail(const struct notice *self, const struct sk_item *item, const struct sk_notice *notice, const struct sk_party *party, enum sk_notice_turn turn,
			      int64_t now_ns, struct sk_buf *out)
{
	char ids[SK_NOTICE_TURNS][SK_MAIL_ID_MAX], hex[2 * SK_HASH_BYTES + 1];
	struct sk_buf subject, body;
	sk_buf_init(&subject, SK_MAIL_SUBJECT_MAX);
	sk_buf_init(&body, SK_MAIL_MESSAGE_MAX / 4);
	for (unsigned i = 0; i < SK_NOTICE_TURNS; i++)
		message_id(self, item, (enum sk_notice_turn)i, ids[i]);
	sk_hex_encode(item->document, sizeof item->document, hex);
	enum sk_err err = sk_notice_kit_write(&self->kit, item, notice, turn, party->language, &subject, &body);
	const struct sk_mail mail = {
		.from = self->from, .from_name = self->kit.sender, .to = party->address, .subject = sk_buf_text(&subject), .message_id = ids[turn],
		.in_reply_to = turn == SK_NOTICE_CORRECTION ? ids[SK_NOTICE_FIRST] : NULL, .language = sk_notice_language_name(party->language), .text = sk_buf_text(&body),
		.order = item->order, .document = hex, .date_ns = now_ns,
		.report = sk_action_measure(item->action) == SK_MEASURE_TAKEDOWN_NOTICE && turn == SK_NOTICE_FIRST,
		.about = {.values = (const char *const *)notice->about, .count = notice->about_count},
	};
	if (err == SK_OK)
		err = sk_mail_write(&mail, out);
	sk_buf_fini(&subject);
	sk_buf_fini(&body);
	return err;
}

/* Make an item's message. Nothing is sent. SK_EUSAGE: its party is in no register, its document may not go out. */
static enum sk_err make_message(const struct notice *self, const struct sk_item *item, const struct sk_parties *parties, enum sk_notice_turn turn, const struct sk_party **party,
				struct sk_buf *out, struct sk_fault *fault)
{
	struct sk_notice notice;
	SK_TRY(check_item(self, item, fault));
	*party = sk_parties_find(parties, item->target);
	if (*party == NULL)
		return sk_fault_set(fault, SK_EUSAGE, "%s: %s has no party '%s'; addressees come from there alone (rule NOTICE-1)", self->kit.place->name, self->parties_path, item->target);
	SK_TRY(sk_notice_kit_notice(&self->kit, item, &notice, fault));
	int64_t now = self->kit.place->clock.unix_ns(self->kit.place->clock.context);
	enum sk_err err = write_mail(self, item, &notice, *party, turn, now, out);
	if (err != SK_OK)
		err = sk_fault_set(fault, err == SK_ENOMEM ? err : SK_EUSAGE, "%s: the message to %s cannot be written: %s", self->kit.place->name, item->target, sk_err_text(err));
	sk_notice_fini(&notice);
	return err;
}

static enum sk_err send_item(struct notice *self, const struct sk_item *item, const struct sk_parties *parties, enum sk_notice_turn turn, struct sk_smtp_reply *reply,
			     struct sk_fault *fault)
{
	const struct sk_party *party = NULL;
	struct sk_buf message;
	sk_buf_init(&message, SK_MAIL_MESSAGE_MAX);
	enum sk_err err = make_message(self, item, parties, turn, &party, &message, fault);
	if (err == SK_OK && self->smtp == NULL)
		err = sk_smtp_open(self->kit.place, &self->server, self->helo, &self->smtp, fault);
	if (err == SK_OK)
		err = sk_smtp_send(self->smtp, self->from, party->address, message.bytes, message.length, reply, fault);
	sk_buf_fini(&message);
	return err;
}

/* ---- the backend ---- */

static enum sk_err text(void *context, const struct sk_item *item, struct sk_buf *out, struct sk_fault *fault)
{
	const struct notice *self = context;
	SK_TRY(check_item(self, item, fault));
	sk_notice_line(sk_measure_name(sk_action_measure(item->action)), item->target, item->order, item->tag, out);
	return out->failed;
}

/* Writes every message, and greets the mail server. */
static enum sk_err check(void *context, const struct sk_item *items, size_t count, struct sk_fault *fault)
{
	struct notice *self = context;
	struct sk_parties parties;
	enum sk_err err = read_parties(self, &parties, fault);
	for (size_t i = 0; err == SK_OK && i < count; i++) {
		const struct sk_party *party = NULL;
		struct sk_buf message;
		sk_buf_init(&message, SK_MAIL_MESSAGE_MAX);
		err = make_message(self, &items[i], &parties, SK_NOTICE_FIRST, &party, &message, fault);
		sk_buf_fini(&message);
	}
	sk_parties_fini(&parties);
	if (err != SK_OK)
		return err == SK_EUSAGE || err == SK_ENOMEM ? err : SK_ETARGET;
	SK_TRY(sk_smtp_open(self->kit.place, &self->server, self->helo, &self->smtp, fault));
	sk_smtp_close(self->smtp);
	self->smtp = NULL;
	return SK_OK;
}

/* The record of an item that stands: none, ended, or of another tag. */
static enum sk_err standing(const struct notice *self, const struct sk_item *item, struct sk_notice_record *record, bool *stands, struct sk_fault *fault)
{
	SK_TRY(check_item(self, item, fault));
	enum sk_err err = sk_notice_record_read(self->kit.place, item, record, fault);
	*stands = err == SK_OK && !record->ended;
	return err == SK_ENOENT ? SK_OK : err;
}

static enum sk_err read_items(void *context, const struct sk_item *items, size_t count, struct sk_buf *texts, struct sk_fault *fault)
{
	const struct notice *self = context;
	for (size_t i = 0; i < count; i++) {
		struct sk_notice_record record;
		bool stands = false;
		SK_TRY(standing(self, &items[i], &record, &stands, fault));
		if (stands)
			sk_notice_line(record.measure, record.party, record.order, record.tag, &texts[i]);
		SK_TRY(texts[i].failed);
	}
	return SK_OK;
}

static enum sk_err set_item(struct notice *self, const struct sk_item *item, const struct sk_parties *parties, struct sk_fault *fault)
{
	struct sk_notice_record record;
	struct sk_smtp_reply reply;
	bool stands = false;
	SK_TRY(standing(self, item, &record, &stands, fault));
	if (!stands || strcmp(record.tag, item->tag) != 0) {
		SK_TRY(send_item(self, item, parties, SK_NOTICE_FIRST, &reply, fault));
		record = (struct sk_notice_record){.sent_ns = self->kit.place->clock.unix_ns(self->kit.place->clock.context)};
		(void)snprintf(record.measure, sizeof record.measure, "%s", sk_measure_name(sk_action_measure(item->action)));
		(void)snprintf(record.party, sizeof record.party, "%s", item->target);
		memcpy(record.order, item->order, sizeof record.order);
		memcpy(record.tag, item->tag, sizeof record.tag);
		message_id(self, item, SK_NOTICE_FIRST, record.message);
		(void)snprintf(record.reply, sizeof record.reply, "%u %.240s", reply.code, reply.text);
	}
	record.until_ns = item->until_ns;
	return sk_notice_record_write(self->kit.place, item, &record, fault);
}

typedef enum sk_err (*each)(struct notice *self, const struct sk_item *item, const struct sk_parties *parties, struct sk_fault *fault);

/* One after another in one session. What went out is noted at once, so that a step that fails sends nothing twice. */
static enum sk_err for_each(struct notice *self, const struct sk_item *items, size_t count, each do_it, struct sk_fault *fault)
{
	struct sk_parties parties;
	enum sk_err err = read_parties(self, &parties, fault);
	if (err != SK_OK)
		err = err == SK_ENOMEM ? err : SK_ETARGET;
	for (size_t i = 0; err == SK_OK && i < count; i++)
		err = do_it(self, &items[i], &parties, fault);
	sk_smtp_close(self->smtp);
	self->smtp = NULL;
	sk_parties_fini(&parties);
	return err;
}

static enum sk_err set(void *context, const struct sk_item *items, size_t count, struct sk_fault *fault)
{
	return for_each(context, items, count, set_item, fault);
}

static enum sk_err clear_item(struct notice *self, const struct sk_item *item, const struct sk_parties *parties, struct sk_fault *fault)
{
	struct sk_notice_record record;
	struct sk_smtp_reply reply;
	bool stands = false;
	SK_TRY(standing(self, item, &record, &stands, fault));
	if (!stands || strcmp(record.tag, item->tag) != 0)
		return SK_OK;
	if (self->kit.place->clock.unix_ns(self->kit.place->clock.context) < record.until_ns) {
		SK_TRY(send_item(self, item, parties, SK_NOTICE_CORRECTION, &reply, fault));
		(void)snprintf(record.reply, sizeof record.reply, "corrected: %u %.230s", reply.code, reply.text);
	}
	record.ended = true;
	return sk_notice_record_write(self->kit.place, item, &record, fault);
}

static enum sk_err clear(void *context, const struct sk_item *items, size_t count, struct sk_fault *fault)
{
	return for_each(context, items, count, clear_item, fault);
}

/* The receipt: what the mail server said when it took the message. */
static enum sk_err effect(void *context, const struct sk_item *items, size_t count, enum sk_reach reach, sk_effect_tell tell, void *tell_context, struct sk_fault *fault)
{
	const struct notice *self = context;
	char server[SK_PEER_TEXT_MAX], where[SK_WHERE_MAX];
	(void)reach; /* one place */
	(void)snprintf(where, sizeof where, "mail server %s", sk_peer_format(&self->server, server));
	for (size_t i = 0; i < count; i++) {
		struct sk_notice_record record;
		bool stands = false;
		SK_TRY(standing(self, &items[i], &record, &stands, fault));
		bool ours = stands && strcmp(record.tag, items[i].tag) == 0;
		tell(tell_context, i, where, ours ? record.reply : "not sent", ours);
	}
	return SK_OK;
}

static enum sk_err state(void *context, struct sk_buf *out, struct sk_fault *fault)
{
	const struct notice *self = context;
	return sk_notice_records(self->kit.place, out, fault);
}

const struct sk_backend sk_backend_mail = {
	.name = "mail",
	.measures = 1u << SK_MEASURE_TAKEDOWN_NOTICE | 1u << SK_MEASURE_OPERATOR_ADVISORY | 1u << SK_MEASURE_VENDOR_REQUEST,
	.forgets = true, /* a message that was sent needs nobody to hold it up */
	.tagged = true,
	.each_order = true,
	.sentence = "takedown notices, advisories and requests by mail, corrected when they are taken back",
	.open = open_notice,
	.close = close_notice,
	.text = text,
	.check = check,
	.read = read_items,
	.set = set,
	.clear = clear,
	.effect = effect,
	.state = state,
};
