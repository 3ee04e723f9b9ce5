/* SPDX-License-Identifier: Apache-2.0 */
/* One address tells a machine of an industrial protocol to change its state, and the command crosses the border: Modbus, DNP3, S7, IEC 104, EtherNet/IP, BACnet.
   Of a message only its function is known (decode/industrial.def): what was written where is not. Who sends the command is told, whoever opened the connection. */
#include <stdio.h>

#include "base/app.h"
#include "decode/command.h"
#include "detect/detector.h"
#include "text/text.h"

enum { TCP = 6, UDP = 17, FOREIGN_PATIENCE = 2 };
enum { COMMANDS, QUIET };

static const struct sk_threshold thresholds[] = {
	[COMMANDS] = {"commands", "commands", 1, 10000, 1, "so many commands of one kind from one address to one machine (at a port that is not the protocol's two more)"},
	[QUIET] = {"quiet", "s", 60, 3600, 600, "commands that rest for so long are over"},
};

/* What a function does to the machine. */
enum kind { WRITE, OPERATE, PROGRAM, MODE, KIND_COUNT };
static const char *const kind_names[KIND_COUNT] = {"write", "operate", "program", "mode"};
static const enum sk_word kind_words[KIND_COUNT] = {[WRITE] = SK_WORD_ICS_WRITE, [OPERATE] = SK_WORD_ICS_OPERATE, [PROGRAM] = SK_WORD_ICS_PROGRAM, [MODE] = SK_WORD_ICS_MODE};

/* Functions that do more than write values; code, or of EtherNet/IP the CIP service. Ranges are of one kind. */
static const struct { uint8_t app, kind; uint16_t first, last; } functions[] = {
	{SK_APP_MODBUS, OPERATE, 5, 5}, {SK_APP_MODBUS, OPERATE, 15, 15}, {SK_APP_MODBUS, MODE, 8, 8}, {SK_APP_MODBUS, PROGRAM, 21, 21},
	{SK_APP_DNP3, OPERATE, 3, 6}, {SK_APP_DNP3, MODE, 13, 18}, {SK_APP_DNP3, PROGRAM, 19, 19}, {SK_APP_DNP3, MODE, 20, 21}, {SK_APP_DNP3, PROGRAM, 22, 22},
	{SK_APP_DNP3, PROGRAM, 25, 31},
	{SK_APP_S7, PROGRAM, 0x1a, 0x1c}, {SK_APP_S7, MODE, 0x28, 0x29}, {SK_APP_S7, PROGRAM, 0x701, 0x701},
	{SK_APP_IEC104, OPERATE, 45, 64}, {SK_APP_IEC104, MODE, 105, 105}, {SK_APP_IEC104, PROGRAM, 110, 127},
	{SK_APP_ENIP, MODE, 0x05, 0x07}, {SK_APP_ENIP, PROGRAM, 0x08, 0x09}, {SK_APP_ENIP, PROGRAM, 0x15, 0x16},
	{SK_APP_BACNET, PROGRAM, 7, 11}, {SK_APP_BACNET, MODE, 17, 17}, {SK_APP_BACNET, MODE, 20, 20}, {SK_APP_BACNET, OPERATE, 27, 27},
	{SK_APP_BACNET, PROGRAM, 0x201, 0x201}, {SK_APP_BACNET, PROGRAM, 0x208, 0x208},
};

struct entry {
	struct sk_entry kit;
	struct sk_contact last;
	uint8_t kind;
	bool foreign;               /* neither port is the protocol's */
	uint64_t commands;
	struct sk_episode episode;
};

static bool is_industrial(unsigned app)
{
	return app >= SK_APP_MODBUS && app <= SK_APP_BACNET;
}

static enum kind kind_of(const struct sk_command *command)
{
	unsigned function = command->app == SK_APP_ENIP ? command->detail : command->code;
	for (size_t i = 0; i < SK_COUNT(functions); i++)
		if (functions[i].app == command->app && function >= functions[i].first && function <= functions[i].last)
			return (enum kind)functions[i].kind;
	return WRITE;
}

static bool is_port_of(unsigned app, uint8_t ip_proto, uint16_t port)
{
#define SK_COMMAND_PORT(symbol, of, number) \
	if (app == SK_APP_##symbol && ip_proto == (of) && port == (number)) \
		return true;
#include "decode/command.def"
	return false;
}

/* The event as the sender of the command sees it. */
static void turn(struct sk_event *event)
{
	struct sk_event before = *event;
	event->initiator = before.responder;
	event->responder = before.initiator;
	event->initiator_port = before.responder_port;
	event->responder_port = before.initiator_port;
	event->from = before.to;
	event->to = before.from;
	event->class_ = before.class_ == SK_CLASS_FD ? SK_CLASS_DF : before.class_ == SK_CLASS_DF ? SK_CLASS_FD : before.class_;
	event->bits &= (uint8_t)~SK_EVENT_BACK;
}

/* numbers[0]: the kind. */
static bool head(const struct sk_run *run, const struct sk_head *head, const struct sk_packet *packet, struct sk_event *event)
{
	(void)run;
	(void)packet;
	const struct sk_command *command = &head->as.command;
	if (!is_industrial(command->app) || !command->write || command->response)
		return false;
	if (!head->from_initiator)
		turn(event);
	event->head.numbers[0] = kind_of(command);
	return true;
}

static uint64_t key(const struct sk_run *run, const struct sk_event *event)
{
	(void)run;
	return sk_mix(sk_mix(event->from, event->to), (uint64_t)event->app << 16 | event->head.numbers[0] << 8 | 17);
}

static void event(struct sk_run *run, const struct sk_event *event, uint64_t hash)
{
	bool fresh;
	struct entry *entry = sk_run_take(run, hash, (uint32_t)run->threshold[QUIET] / 4, &fresh);
	bool foreign = !is_port_of(event->app, event->ip_proto, event->responder_port) && !is_port_of(event->app, event->ip_proto, event->initiator_port);
	sk_contact_see(&entry->last, event);
	entry->kind = (uint8_t)(event->head.numbers[0] % KIND_COUNT);
	entry->foreign = fresh ? foreign : entry->foreign && foreign;
	if (++entry->commands >= 2)
		sk_run_want(run, entry, (uint32_t)run->threshold[QUIET]);
	sk_run_touch(run, entry);
}

static bool say(struct sk_run *run, struct entry *entry)
{
	struct sk_episode before = entry->episode;
	struct sk_detection detection = sk_contact_detection(&entry->last);
	char machine[SK_ADDR_TEXT_MAX];
	detection.half_view = false; /* a command is one direction's own */
	detection.contacts = detection.value = entry->commands;
	detection.limit = run->threshold[COMMANDS] + (entry->foreign ? FOREIGN_PATIENCE : 0);
	detection.peers = detection.ports = 1;
	detection.severity = detection.class_ == SK_CLASS_FF ? 1 : detection.class_ == SK_CLASS_FD || entry->kind == PROGRAM || entry->kind == MODE ? 3 : 2;
	detection.percent = entry->foreign ? 60 : 95;
	detection.added = sk_episode_told(&entry->episode, entry->commands, run);
	(void)snprintf(detection.matched, sizeof detection.matched, "%s/%s@%s", sk_app_name(detection.app), kind_names[entry->kind],
		       sk_addr_format(&detection.responder, machine));
	if (sk_run_say(run, &detection))
		return true;
	entry->episode = before;
	return false;
}

static bool settle(struct sk_run *run, void *at)
{
	struct entry *entry = at;
	bool over = sk_contact_rests(&entry->last, run, run->threshold[QUIET]);
	if (!entry->episode.open && entry->commands < run->threshold[COMMANDS] + (entry->foreign ? FOREIGN_PATIENCE : 0))
		return false;
	sk_run_want(run, entry, (uint32_t)run->threshold[QUIET] * 2);
	bool due = sk_episode_due(&entry->episode, entry->commands, run) || (over && entry->commands > entry->episode.told);
	if (due && !say(run, entry))
		return true;
	if (over)
		sk_table_drop(&run->table, entry);
	return !over;
}

/* The words of "modbus/write@192.0.2.1". */
static enum sk_word words_of(const char *matched)
{
	const char *slash = strchr(matched, '/');
	for (unsigned kind = 0; slash != NULL && kind < KIND_COUNT; kind++)
		if (strncmp(slash + 1, kind_names[kind], strlen(kind_names[kind])) == 0)
			return kind_words[kind];
	return kind_words[WRITE];
}

static void tell(const struct sk_detection *d, const uint64_t *threshold, struct sk_telling *out)
{
	(void)threshold;
	sk_say(&out->sentence, SK_SAY(ICS), sk_arg_addr(&d->initiator), sk_tell_place(d, false), sk_arg_addr(&d->responder), sk_tell_place(d, true),
	       sk_arg_int(d->contacts), sk_arg_word(words_of(d->matched)), sk_arg_app(d->app), sk_arg_service(d->ip_proto, d->responder_port), sk_tell_when(d));
	sk_say(&out->why, SK_SAY(ICS_WHY), sk_arg_int(d->value), sk_arg_int(d->limit));
	sk_say(&out->doubt, SK_SAY(ICS_DOUBT));
	if (d->percent < 90)
		sk_say(&out->doubt, SK_SAY(ICS_PORT_DOUBT));
}

const struct sk_detector sk_detector_ics_command = {
	.name = "ics.command", .thresholds = thresholds, .threshold_count = SK_COUNT(thresholds), .events = SK_EVENT_BIT(SK_EVENT_HEAD), .heads = 1u << SK_HEAD_COMMAND,
	.subject = SK_SUBJECT_PAIR, .scale = SK_SCALE_PAIRS, .share = 4, .entry_bytes = SK_ENTRY_BYTES(struct entry),
	.key = key, .event = event, .settle = settle, .head = head, .tell = tell,
};
