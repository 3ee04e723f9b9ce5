/* SPDX-License-Identifier: Apache-2.0 */
/* One backend, moved by hand: what the enforcer calls, as words on standard input. usage: drive CONFIG FOLDER KEY (made when it is not there)
   CONFIG is one target of an enforcer's configuration ("backend: gobgp" and its keys). Words: item ACTION TARGET [rate=N] [tag=HEX] [order=ID] [until=TIME]
   [document=HEX], forget (the items), named ADDRESS, text, check, read, set, clear, canary, effect, state, turn. Each answer ends with a line "= ok" or "= CODE why". */
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "target/target.h"
#include "text/text.h"

enum { ITEMS = 64, LINE = 4096 };

struct drive {
	const struct sk_backend *backend;
	void *self;
	struct sk_item items[ITEMS];
	char targets[ITEMS][SK_ORDER_TARGET_MAX];
	size_t count;
	struct sk_addr named;
};

static bool named(void *context, const struct sk_addr *addr)
{
	const struct drive *drive = context;
	return sk_addr_equal(&drive->named, addr);
}

static void tell(void *context, size_t item, const char *where, const char *seen, bool good)
{
	const struct drive *drive = context;
	printf("%s | %s | %s | %s\n", drive->items[item].target, where, seen, good ? "good" : "not good");
}

static bool take_word(struct drive *drive, struct sk_item *item, const char *word)
{
	const char *value = strchr(word, '=');
	if (value == NULL)
		return false;
	value++;
	if (strncmp(word, "rate=", 5) == 0)
		item->rate_bytes_per_s = strtoull(value, NULL, 10);
	else if (strncmp(word, "tag=", 4) == 0)
		(void)snprintf(item->tag, sizeof item->tag, "%s", value);
	else if (strncmp(word, "order=", 6) == 0)
		(void)snprintf(item->order, sizeof item->order, "%s", value);
	else if (strncmp(word, "until=", 6) == 0)
		return sk_time_parse(value, &item->until_ns) == SK_OK;
	else
		return strncmp(word, "document=", 9) == 0 && sk_hex_decode(value, item->document, sizeof item->document) == SK_OK;
	(void)drive;
	return true;
}

static bool take_item(struct drive *drive, char *words)
{
	char *place = NULL, *action = strtok_r(words, " ", &place), *target = strtok_r(NULL, " ", &place);
	if (drive->count == ITEMS || action == NULL || target == NULL)
		return false;
	struct sk_item *item = &drive->items[drive->count];
	*item = (struct sk_item){.target = drive->targets[drive->count], .action = SK_ACTION_COUNT, .tag = "0123456789abcdef", .order = "o-1"};
	(void)snprintf(drive->targets[drive->count], SK_ORDER_TARGET_MAX, "%s", target);
	for (unsigned i = 0; i < SK_ACTION_COUNT; i++) {
		char name[64];
		(void)snprintf(name, sizeof name, "%s.%s", sk_measure_name(sk_action_measure((enum sk_action)i)), sk_action_name((enum sk_action)i));
		if (strcmp(name, action) == 0)
			item->action = (enum sk_action)i;
	}
	for (char *word = strtok_r(NULL, " ", &place); word != NULL; word = strtok_r(NULL, " ", &place))
		if (!take_word(drive, item, word))
			return false;
	drive->count += item->action != SK_ACTION_COUNT;
	return item->action != SK_ACTION_COUNT;
}

static enum sk_err each_text(struct drive *drive, bool read, struct sk_fault *fault)
{
	struct sk_buf texts[ITEMS];
	enum sk_err err = SK_OK;
	for (size_t i = 0; i < drive->count; i++)
		sk_buf_init(&texts[i], 1 << 20);
	if (read)
		err = drive->backend->read(drive->self, drive->items, drive->count, texts, fault);
	for (size_t i = 0; err == SK_OK && !read && i < drive->count; i++)
		err = drive->backend->text(drive->self, &drive->items[i], &texts[i], fault);
	for (size_t i = 0; i < drive->count; i++) {
		printf("%s", sk_buf_text(&texts[i]));
		sk_buf_fini(&texts[i]);
	}
	return err;
}

static enum sk_err state(struct drive *drive, struct sk_fault *fault)
{
	struct sk_buf text;
	sk_buf_init(&text, 1 << 20);
	enum sk_err err = drive->backend->state(drive->self, &text, fault);
	printf("%s", sk_buf_text(&text));
	sk_buf_fini(&text);
	return err;
}

static enum sk_err obey(struct drive *drive, char *line, struct sk_fault *fault)
{
	const struct sk_backend *backend = drive->backend;
	if (strncmp(line, "item ", 5) == 0)
		return take_item(drive, line + 5) ? SK_OK : sk_fault_set(fault, SK_EBUG, "drive: not an item");
	if (strncmp(line, "named ", 6) == 0)
		return sk_addr_parse(line + 6, &drive->named);
	if (strcmp(line, "forget") == 0) {
		drive->count = 0;
		return SK_OK;
	}
	if (strcmp(line, "state") == 0)
		return state(drive, fault);
	if (strcmp(line, "turn") == 0)
		return backend->turn != NULL ? backend->turn(drive->self, fault) : SK_OK;
	if (strcmp(line, "text") == 0 || strcmp(line, "read") == 0)
		return each_text(drive, line[0] == 'r', fault);
	if (strcmp(line, "check") == 0)
		return backend->check(drive->self, drive->items, drive->count, fault);
	if (strcmp(line, "set") == 0)
		return backend->set(drive->self, drive->items, drive->count, fault);
	if (strcmp(line, "clear") == 0)
		return backend->clear(drive->self, drive->items, drive->count, fault);
	if (strcmp(line, "effect") == 0 || strcmp(line, "canary") == 0)
		return backend->effect(drive->self, drive->items, drive->count, line[0] == 'c' ? SK_REACH_CANARY : SK_REACH_ALL, tell, drive, fault);
	return sk_fault_set(fault, SK_EBUG, "drive: '%s'?", line);
}

static enum sk_err serve(struct drive *drive)
{
	char line[LINE];
	while (fgets(line, sizeof line, stdin) != NULL) {
		struct sk_fault fault = {.line = ""};
		line[strcspn(line, "\n")] = '\0';
		enum sk_err err = obey(drive, line, &fault);
		if (err == SK_OK)
			printf("= ok\n");
		else
			printf("= %d %s\n", (int)err, fault.line);
		(void)fflush(stdout);
	}
	return SK_OK;
}

static enum sk_err open_drive(struct drive *drive, char **argv, struct sk_buf *yaml, struct sk_settings_file **file, struct sk_sign_key **key, struct sk_settings *settings,
			      struct sk_fault *fault)
{
	SK_TRY(sk_seal_start());
	SK_TRY(sk_file_read(argv[1], yaml, fault));
	if (!sk_file_exists(argv[3])) {
		SK_TRY(sk_sign_key_new("enforcer.example", key));
		SK_TRY(sk_sign_key_save(*key, argv[3], fault));
	} else {
		SK_TRY(sk_sign_key_load(argv[3], key, fault));
	}
	SK_TRY(sk_settings_parse(argv[1], sk_buf_text(yaml), yaml->length, file, fault));
	*settings = (struct sk_settings){.file = *file, .prefix = ""};
	drive->backend = sk_backend_find(sk_settings_text(settings, "backend", ""));
	if (drive->backend == NULL)
		return sk_fault_set(fault, SK_EBUG, "drive: no such backend");
	/* Its members live on, the place does not. */
	struct sk_backend_place place = {.name = sk_settings_text(settings, "name", "here"), .folder = argv[2], .settings = settings, .clock = sk_clock_system(), .key = *key,
					 .named = named, .named_context = drive};
	SK_TRY(drive->backend->open(&place, &drive->self, fault));
	place = (struct sk_backend_place){.name = NULL};
	return sk_settings_all_known(*file, fault);
}

int main(int argc, char **argv)
{
	static struct drive drive;
	struct sk_fault fault = {.line = ""};
	struct sk_settings_file *file = NULL;
	struct sk_sign_key *key = NULL;
	struct sk_settings settings;
	struct sk_buf yaml;
	if (argc != 4)
		return 2;
	sk_buf_init(&yaml, SK_SETTINGS_BYTES_MAX);
	enum sk_err err = open_drive(&drive, argv, &yaml, &file, &key, &settings, &fault);
	if (err == SK_OK)
		printf("= ok\n");
	else
		printf("= %d %s\n", (int)err, fault.line);
	(void)fflush(stdout);
	if (err == SK_OK)
		(void)serve(&drive);
	if (drive.self != NULL)
		drive.backend->close(drive.self);
	sk_settings_free(file);
	sk_sign_key_free(key);
	sk_buf_fini(&yaml);
	return err == SK_OK ? 0 : 1;
}
