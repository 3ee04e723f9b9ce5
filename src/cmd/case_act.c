/* SPDX-License-Identifier: Apache-2.0 */
/* The steps of a case from the command line: what the words mean for each, who may, one entry. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "case/playbook.h"
#include "cmd/case.h"
#include "text/text.h"

enum { WORDS_MAX = 2 };

/* What an event takes behind the case's id, and what a change needs to keep while it is made. */
struct step {
	const struct sk_case_args *args;
	enum sk_case_event event;
	const char *id, *words[WORDS_MAX];
	struct sk_case_change change;
	struct sk_buf text, file;
	struct sk_playbook *book;
	struct { const char *text; int64_t due_ns; } tasks[SK_CASE_TASKS_MAX];
	uint32_t items[SK_CASE_MANY];
	char digest[2 * SK_HASH_BYTES + 1];
	struct sk_case before;           /* edit and triage: what is not said stays */
	const char *norms[SK_CASE_MANY], *sectors[SK_CASE_MANY];
	char norm_text[SK_CASE_WORDS_TEXT_MAX], sector_text[SK_CASE_WORDS_TEXT_MAX];
};

static enum sk_err usage(struct sk_fault *fault, const char *text)
{
	return sk_fault_set(fault, SK_EUSAGE, "%s", text);
}

static enum sk_err severity_of(const struct sk_case_args *args, unsigned otherwise, unsigned *out, struct sk_fault *fault)
{
	static const char *const names[] = {"low", "medium", "high"};
	*out = otherwise;
	for (unsigned i = 0; args->severity != NULL && i < SK_COUNT(names); i++)
		if (strcmp(args->severity, names[i]) == 0 || (args->severity[0] == (char)('1' + i) && args->severity[1] == '\0')) {
			*out = i + 1;
			return SK_OK;
		}
	return args->severity == NULL ? SK_OK : usage(fault, "--severity: expected low, medium or high");
}

static enum sk_err kind_of(const struct sk_case_args *args, enum sk_case_kind otherwise, enum sk_case_kind *out, struct sk_fault *fault)
{
	*out = args->kind != NULL ? sk_case_kind_find(args->kind) : otherwise;
	return *out != SK_CASE_KIND_COUNT ? SK_OK : usage(fault, "--kind: expected a kind of case; sekisho case words lists them");
}

/* Words joined by blanks, apart. */
static size_t split_words(char *text, const char **out)
{
	size_t count = 0;
	for (char *save = NULL, *word = strtok_r(text, " ", &save); word != NULL && count < SK_CASE_MANY; word = strtok_r(NULL, " ", &save))
		out[count++] = word;
	return count;
}

static enum sk_err facts(struct step *s, struct sk_fault *fault)
{
	const struct sk_case_args *args = s->args;
	struct sk_case_change *c = &s->change;
	c->title = args->title != NULL ? args->title : s->before.head.title;
	c->summary = args->summary != NULL ? args->summary : s->before.summary;
	c->due_ns = s->before.head.due_ns;
	c->norms = args->norm_count != 0 ? args->norms : s->norms;
	c->sectors = args->sector_count != 0 ? args->sectors : s->sectors;
	memcpy(s->norm_text, s->before.head.norms, sizeof s->norm_text);
	memcpy(s->sector_text, s->before.head.sectors, sizeof s->sector_text);
	c->norm_count = args->norm_count != 0 ? args->norm_count : split_words(s->norm_text, s->norms);
	c->sector_count = args->sector_count != 0 ? args->sector_count : split_words(s->sector_text, s->sectors);
	SK_TRY(severity_of(args, s->before.entry_count != 0 ? s->before.head.severity : SK_SEVERITY_MEDIUM, &c->severity, fault));
	SK_TRY(kind_of(args, s->before.entry_count != 0 ? s->before.head.kind : SK_CASE_KIND_OTHER, &c->kind, fault));
	return sk_case_when(args, "--due", args->due, true, &c->due_ns, fault);
}

/* A path, or a name: of the centre's own, of what was installed with this program, or of the sources that it was built in. */
static enum sk_err find_playbook(const struct step *s, char path[SK_PATH_MAX], struct sk_fault *fault)
{
	static const char *const beside[] = {"../share/sekisho/playbooks", "../policy/playbooks"};
	const char *name = s->words[0];
	char program[SK_PATH_MAX / 2];
	if (strchr(name, '/') != NULL || strchr(name, '.') != NULL) {
		(void)snprintf(path, SK_PATH_MAX, "%s", name);
		return SK_OK;
	}
	(void)snprintf(path, SK_PATH_MAX, "%.2000s/centre/playbooks/%.200s.yaml", s->args->folder, name);
	if (sk_file_exists(path))
		return SK_OK;
	ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
	program[length > 0 ? length : 0] = '\0';
	char *slash = strrchr(program, '/');
	for (size_t i = 0; slash != NULL && i < SK_COUNT(beside); i++) {
		(void)snprintf(path, SK_PATH_MAX, "%.*s/%s/%.200s.yaml", (int)(slash - program), program, beside[i], name);
		if (sk_file_exists(path))
			return SK_OK;
	}
	return sk_fault_set(fault, SK_ENOENT, "playbook %.40s: neither in %.200s/centre/playbooks nor installed with this program; a path with a / names a file", name, s->args->folder);
}

static enum sk_err playbook(struct step *s, struct sk_fault *fault)
{
	char path[SK_PATH_MAX];
	bool japanese = s->args->lang != NULL && strcmp(s->args->lang, "ja") == 0;
	int64_t now = s->args->cmd->clock.unix_ns(s->args->cmd->clock.context);
	SK_TRY(find_playbook(s, path, fault));
	sk_buf_init(&s->file, SK_PLAYBOOK_FILE_MAX);
	SK_TRY(sk_file_read(path, &s->file, fault));
	SK_TRY(sk_playbook_parse(path, s->file.bytes, s->file.length, &s->book, fault));
	for (size_t i = 0; i < s->book->task_count; i++) {
		const struct sk_playbook_task *t = &s->book->tasks[i];
		s->tasks[i].text = japanese ? t->ja : t->en;
		s->tasks[i].due_ns = t->within_ns != 0 ? now + t->within_ns : 0;
	}
	sk_hex_encode(s->book->digest, SK_HASH_BYTES, s->digest);
	s->change.name = s->book->name;
	s->change.version = s->book->version;
	s->change.digest = s->digest;
	s->change.tasks = (const void *)s->tasks;
	s->change.task_count = s->book->task_count;
	return SK_OK;
}

static enum sk_err evidence(struct step *s, struct sk_fault *fault)
{
	const char *slash = strrchr(s->words[0], '/');
	sk_buf_init(&s->file, SK_CASE_EVIDENCE_MAX);
	SK_TRY(sk_file_read(s->words[0], &s->file, fault));
	s->change.name = s->args->name != NULL ? s->args->name : slash != NULL ? slash + 1 : s->words[0];
	s->change.bytes = s->file.bytes;
	s->change.length = s->file.length;
	return SK_OK;
}

static enum sk_err linked(struct step *s, struct sk_fault *fault)
{
	s->change.link = sk_case_link_find(s->words[0]);
	s->change.ref = s->words[1];
	return s->change.link != SK_CASE_LINK_COUNT ? SK_OK : sk_fault_set(fault, SK_EUSAGE, "'%.30s' is no kind of link; sekisho case words lists them", s->words[0]);
}

static enum sk_err split(struct step *s, struct sk_fault *fault)
{
	for (size_t i = 0; i < s->args->item_count; i++)
		SK_TRY(sk_case_number(s->args->items[i], &s->items[i], fault));
	s->change.items = s->items;
	s->change.item_count = s->args->item_count;
	s->change.title = s->args->title;
	return SK_OK;
}

/* Somebody of the register: an account that was never opened watches nothing. */
static enum sk_err somebody(const struct sk_case_desk *desk, const char *account, struct sk_fault *fault)
{
	struct sk_person person;
	return account[0] == '\0' ? SK_OK : sk_access_person_of(desk->office.access, account, desk->office.now_ns, &person, fault);
}

static enum sk_err watcher(struct step *s, const struct sk_case_desk *desk, struct sk_fault *fault)
{
	struct sk_fault ignored;
	s->change.who = s->words[0] != NULL ? s->words[0] : desk->person.account;
	if (strcmp(s->change.who, desk->person.account) == 0)
		return SK_OK;
	/* To make somebody else watch is work on the case; it also lets him read it. */
	if (sk_access_may(desk->office.access, &desk->person, "case.write", desk->office.now_ns, &ignored) != SK_OK)
		return sk_fault_set(fault, SK_EPERMIT, "%s may watch, and not make others watch", desk->person.account);
	return s->event == SK_CASE_EVENT_WATCH ? somebody(desk, s->change.who, fault) : SK_OK;
}

static enum sk_err fill(struct step *s, const struct sk_case_desk *desk, struct sk_fault *fault)
{
	enum sk_case_grade usual = s->event == SK_CASE_EVENT_NOTE || s->event == SK_CASE_EVENT_EVIDENCE ? SK_CASE_GRADE_A : s->event == SK_CASE_EVENT_LINK ? SK_CASE_GRADE_G3 : SK_CASE_GRADE_G2;
	s->change.org = s->args->org != NULL ? s->args->org : desk->person.org;
	s->change.due_ns = 0;
	SK_TRY(sk_case_grade_of(s->args, usual, &s->change.grade, fault));
	SK_TRY(sk_case_text(s->args, &s->text, &s->change.text, fault));
	switch (s->event) {
	case SK_CASE_EVENT_OPEN:
	case SK_CASE_EVENT_EDIT:
	case SK_CASE_EVENT_TRIAGE: return facts(s, fault);
	case SK_CASE_EVENT_TASK: return sk_case_when(s->args, "--due", s->args->due, true, &s->change.due_ns, fault);
	case SK_CASE_EVENT_DONE:
	case SK_CASE_EVENT_UNLINK:
	case SK_CASE_EVENT_REVIEW: return sk_case_number(s->words[0], &s->change.item, fault);
	case SK_CASE_EVENT_LINK: return linked(s, fault);
	case SK_CASE_EVENT_ASSIGN: s->change.who = strcmp(s->words[0], "-") == 0 ? "" : s->words[0]; return somebody(desk, s->change.who, fault);
	case SK_CASE_EVENT_WATCH:
	case SK_CASE_EVENT_UNWATCH: return watcher(s, desk, fault);
	case SK_CASE_EVENT_EVIDENCE: return evidence(s, fault);
	case SK_CASE_EVENT_PLAYBOOK: return playbook(s, fault);
	case SK_CASE_EVENT_MERGE: s->change.ref = s->words[0]; return SK_OK;
	case SK_CASE_EVENT_SPLIT: return split(s, fault);
	case SK_CASE_EVENT_HANDOVER:
		s->change.digest = s->words[0];
		s->change.who = s->args->to;
		return s->args->to != NULL ? SK_OK : usage(fault, "handover needs --to: who took it");
	default: return SK_OK;
	}
}

/* May this person do that with this case: the duty, and a case that he may read. A look is not asked for: nothing is shown. */
static enum sk_err may(const struct sk_case_desk *desk, struct sk_case *c, const char *id, enum sk_case_event event, struct sk_fault *fault)
{
	struct sk_access *access = desk->office.access;
	SK_TRY(sk_access_may(access, &desk->person, sk_case_event_duty(event), desk->office.now_ns, fault));
	if (event == SK_CASE_EVENT_OPEN)
		return SK_OK;
	SK_TRY(sk_cases_load(desk->cases, id, c, fault));
	return sk_case_may_read(access, &desk->person, &c->head, desk->office.now_ns, fault);
}

static enum sk_err act(struct step *s, struct sk_case_done *done, struct sk_fault *fault)
{
	struct sk_case_desk desk;
	struct sk_case_author author = {0};
	SK_TRY(sk_case_desk_open(s->args, true, &desk, fault));
	enum sk_err err = may(&desk, &s->before, s->id, s->event, fault);
	if (err == SK_OK)
		err = fill(s, &desk, fault);
	if (err == SK_OK && s->event == SK_CASE_EVENT_MERGE) {
		struct sk_case other = {0};
		err = may(&desk, &other, s->words[0], s->event, fault);
		sk_case_fini(&other);
	}
	memcpy(author.account, desk.person.account, sizeof author.account);
	memcpy(author.org, desk.person.org, sizeof author.org);
	if (err == SK_OK)
		err = sk_cases_add(desk.cases, &author, s->id, s->event, &s->change, desk.office.now_ns, done, fault);
	sk_case_desk_close(&desk);
	return err;
}

/* How many words stand behind the id of a case. */
static void word_counts(enum sk_case_event event, int *least, int *most)
{
	*least = *most = 0;
	switch (event) {
	case SK_CASE_EVENT_LINK: *least = *most = 2; return;
	case SK_CASE_EVENT_DONE:
	case SK_CASE_EVENT_UNLINK:
	case SK_CASE_EVENT_REVIEW:
	case SK_CASE_EVENT_ASSIGN:
	case SK_CASE_EVENT_EVIDENCE:
	case SK_CASE_EVENT_PLAYBOOK:
	case SK_CASE_EVENT_MERGE:
	case SK_CASE_EVENT_HANDOVER: *least = *most = 1; return;
	case SK_CASE_EVENT_WATCH:
	case SK_CASE_EVENT_UNWATCH: *most = 1; return;
	default: return;
	}
}

int sk_case_act(const struct sk_case_args *args, enum sk_case_event event)
{
	struct step *s = calloc(1, sizeof *s);
	struct sk_case_done done;
	struct sk_fault fault;
	int least, most, id = event != SK_CASE_EVENT_OPEN;
	word_counts(event, &least, &most);
	if (args->word_count < id + least || args->word_count > id + most) {
		free(s);
		return sk_cmd_usage(args->cmd, "case", "%s: expected %s%s", sk_case_event_name(event), id ? "the case's id" : "options alone", most == 0 ? "" : least == 2 ? ", a kind and what it refers to" : " and one word");
	}
	if (s == NULL) {
		(void)sk_fault_set(&fault, SK_ENOMEM, "out of memory");
		return sk_cmd_fail(args->cmd, &fault);
	}
	s->args = args;
	s->event = event;
	s->id = id ? args->words[0] : "";
	for (int i = 0; i < WORDS_MAX && id + i < args->word_count; i++)
		s->words[i] = args->words[id + i];
	enum sk_err err = act(s, &done, &fault);
	sk_case_fini(&s->before);
	sk_buf_fini(&s->text);
	sk_buf_fini(&s->file);
	free(s->book);
	free(s);
	return err == SK_OK ? sk_case_say(args, event, &done) : sk_cmd_fail(args->cmd, &fault);
}
