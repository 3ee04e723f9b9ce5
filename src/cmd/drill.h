/* SPDX-License-Identifier: Apache-2.0 */
/* The oversight drill: marked frames of chosen kinds are sent into a link at random moments while a sensor watches it; then its ledger must have counted each of them, and no mark may
   be found in any file, row or byte of memory. The result is a signed note (docs/drill.md).
     drill.c          the plan, the run, the verdict, the note
     drill_frames.c   the frames and their marks            drill.def   kinds
     drill_ledger.c   what the ledger says before and after
     drill_search.c   files, rows, the live process */
#ifndef SK_CMD_DRILL_H
#define SK_CMD_DRILL_H

#include "border/border.h"
#include "cmd/cmd.h"
#include "cmd/workspace.h"
#include "gate/gate.h"
#include "ledger/record_read.h"

enum sk_drill_kind {
#define SK_DRILL_KIND(id, name, source, destination, tunnel, prose) SK_DRILL_##id,
#include "cmd/drill.def"
	SK_DRILL_KINDS
};
enum {
	SK_DRILL_FRAMES_MAX = 10000, /* of one kind */
	SK_DRILL_FRAME_BYTES = 256, SK_DRILL_TAG_BYTES = 8, SK_DRILL_MARK_BYTES = 16, SK_DRILL_PATHS_MAX = 32, SK_DRILL_PLACES_MAX = 16, SK_DRILL_PLACE_MAX = 512
};

struct sk_drill_options {
	const char *interface;             /* where frames go in: the other end of the link, or a port of the same segment */
	const char *link;                  /* its name in the ledger */
	unsigned kinds;                    /* bits by enum sk_drill_kind */
	unsigned frames;                   /* of each kind */
	int64_t over_ns, wait_ns;          /* sent within so long; waited for the sensor to sign at most so long */
	bool has_home, has_abroad;         /* else addresses of documentation and benchmark prefixes, as the table has them */
	struct sk_prefix home, abroad;
	long pid;                          /* of the sensor; 0: who holds the workspace */
	const char *paths[SK_DRILL_PATHS_MAX]; /* searched beside the workspace */
	size_t path_count;
	bool exact;                        /* that other frames moved the same counts is not accepted */
	const char *key;                   /* signs the note; NULL: the workspace's approver key */
	const char *output;                /* NULL: DIR/drills/TIME.drill */
};

/* A mark that was found. */
struct sk_drill_place {
	char where[SK_DRILL_PLACE_MAX];
	int kind;                          /* enum sk_drill_kind; -1: only a part of a mark is there */
};

/* ---- drill_frames.c ---- */

/* Every mark begins with the same 8 bytes, which nothing else in the world holds; then the frame's number and kind, and 4 bytes that tell a mark from chance. */
struct sk_drill_marks {
	uint8_t seed[SK_HASH_BYTES];
	uint8_t tag[SK_DRILL_TAG_BYTES];
};
/* Random ones. */
void sk_drill_marks(struct sk_drill_marks *marks);
/* The mark of frame number, of that kind. */
void sk_drill_mark(const struct sk_drill_marks *marks, uint32_t number, enum sk_drill_kind kind, uint8_t mark[SK_DRILL_MARK_BYTES]);
/* The kind that stands in bytes where the tag was found (left of them); -1: they are no whole mark. */
int sk_drill_mark_kind(const struct sk_drill_marks *marks, const uint8_t *bytes, size_t left);

/* One address of each side. */
struct sk_drill_addresses {
	struct sk_addr of[3], second[3];   /* by enum sk_side; second: another one of that side */
};
/* Choose them. SK_EUSAGE: the table has no such address in the prefixes that may be used; says which option would name one. */
SK_MUST enum sk_err sk_drill_addresses(const struct sk_drill_options *options, const struct sk_border *border, struct sk_drill_addresses *out, struct sk_fault *fault);
/* Build a frame: Ethernet, IPv4 (in GRE where the kind asks for it), UDP to the discard port, the mark four times. Returns its length. */
size_t sk_drill_frame(const struct sk_drill_addresses *addresses, const struct sk_drill_marks *marks, uint32_t number, enum sk_drill_kind kind, uint8_t frame[SK_DRILL_FRAME_BYTES]);
/* What must become of such a frame under that table and coverage: its class, and the reason for which it is erased (ADMITTED: it is not, at the gate). */
enum sk_gate_reason sk_drill_fate(const struct sk_drill_addresses *addresses, const struct sk_border *border, unsigned covered, enum sk_drill_kind kind, enum sk_class *class_);
/* "DD", "inner" ... Static storage. */
const char *sk_drill_kind_name(int kind);

/* ---- drill_ledger.c ---- */

/* A ledger at one moment: its head, the last interval of the link, and what is held back behind it. */
struct sk_drill_head {
	uint64_t size;
	uint8_t root[SK_HASH_BYTES];
	bool any;                          /* an interval of the link */
	uint64_t number;
	struct sk_carry carry;
};
/* Read it. SK_ENOENT, SK_EMALFORMED. */
SK_MUST enum sk_err sk_drill_head(const struct sk_workspace *workspace, const char *link, struct sk_drill_head *out, struct sk_fault *fault);
/* The link of the sensor's present run: by its gate in the kernel, or an interval. SK_ENOENT: none yet. SK_EUSAGE: there are several. */
SK_MUST enum sk_err sk_drill_link(const struct sk_workspace *workspace, char link[SK_LINK_TEXT_MAX], struct sk_fault *fault);
/* Fill before, after and moved of *record: sums of the intervals of the link between the two, with what was held back. */
SK_MUST enum sk_err sk_drill_moved(const struct sk_workspace *workspace, const struct sk_drill_head *before, const struct sk_drill_head *after, struct sk_drill_record *record,
				   struct sk_fault *fault);

/* ---- drill_search.c ---- */

struct sk_drill_search {
	const struct sk_drill_marks *marks;
	unsigned strict;                   /* kinds of which a mark may not be there even now; a part of a mark counts always */
	uint64_t files, file_bytes, memory_bytes, memory_unread, rows;
	uint64_t found_files, found_memory, found_rows;
	size_t place_count;
	struct sk_drill_place places[SK_DRILL_PLACES_MAX];
};
/* Every readable byte of the process. SK_EPERM: it may not be read; SK_ENOENT: it is gone. */
SK_MUST enum sk_err sk_drill_search_memory(struct sk_drill_search *search, long pid, struct sk_fault *fault);
/* A file, or every file below a folder, as it is and in hexadecimal; never through a symbolic link. SK_EIO. */
SK_MUST enum sk_err sk_drill_search_path(struct sk_drill_search *search, const char *path, struct sk_fault *fault);
/* What the store keeps sealed, opened: observations, flows, findings. */
SK_MUST enum sk_err sk_drill_search_store(struct sk_drill_search *search, const struct sk_workspace *workspace, struct sk_fault *fault);

/* ---- drill.c ---- */

struct sk_drill_result {
	struct sk_drill_record record;
	struct sk_drill_search search;
	unsigned sent[SK_DRILL_KINDS];
	bool short_of;                     /* a count moved by less than was sent */
	char path[SK_PATH_MAX];            /* of the note */
	char key[SK_VKEY_TEXT_MAX];        /* that signed it */
};
/* Run it to the end. SK_OK also when it was not passed (result->record.passed). SK_EINTR, and what its parts refuse: then no note is written. */
SK_MUST enum sk_err sk_drill_run(struct sk_cmd *cmd, const struct sk_workspace *workspace, const struct sk_drill_options *options, struct sk_drill_result *result, struct sk_fault *fault);

#endif
