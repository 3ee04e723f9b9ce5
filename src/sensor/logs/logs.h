/* SPDX-License-Identifier: Apache-2.0 */
/* logs: records that other tools already wrote (Suricata's EVE, Zeek's logs, flow CSV, nfdump's output), read line by line, the gate first: a line's address
   pair is judged, and only an admitted line is read any further; what is then read is the fields of field.def and nothing else.
   Promises: every line has one outcome; what is read is bounded and overwritten (sk_log_chunk_wipe); the pair of an enclosing tunnel that a line names is
   judged too. Never: reads another field of a line whose pair was not admitted; keeps a line. Thread rule: a file gives chunks to one thread at a time;
   one reader per thread over shared chunks' schemas. */
#ifndef SK_LOGS_H
#define SK_LOGS_H

#include "capture/stream.h"
#include "gate/gate.h"
#include "indicator/indicator.h"

enum sk_log_format {
	SK_LOG_JSON,     /* one object a line: EVE, Zeek's JSON; told apart line by line */
	SK_LOG_ZEEK,     /* Zeek's own, with # headers */
	SK_LOG_CSV,      /* with a header line; separated by comma, tab, semicolon or bar */
	SK_LOG_NFDUMP,   /* what SK_LOG_NFDUMP_FORM makes nfdump print */
	SK_LOG_CAPTURE,  /* pcap or pcapng: not read here, sk_log_file_stream */
	SK_LOG_NFCAPD,   /* nfdump's binary file: not read here, nfdump does */
	SK_LOG_FORMAT_COUNT
};
/* The output format to ask of nfdump (with -q -6 -N) for SK_LOG_NFDUMP. */
#define SK_LOG_NFDUMP_FORM "fmt:%sa,%da,%sp,%dp,%pr,%tsr"

enum {
	SK_LOG_CHUNK_BYTES = 1 << 20, /* lines read at once; a longer line is malformed */
	SK_LOG_COLUMNS_MAX = 256,
	SK_LOG_VALUES_MAX = 64,       /* fields of one line that may be read */
	SK_LOG_VALUE_MAX = 8192,      /* bytes of one value that is escaped */
	SK_LOG_DEPTH_MAX = 32,        /* of JSON */
	SK_LOG_HITS_MAX = 16          /* different indicators that one line can name */
};

/* What may be read of a line; field.def has names. */
enum sk_log_field {
#define SK_LOG_FIELD(name, text, once) SK_LOG_##name,
#include "logs/field.def"
#undef SK_LOG_FIELD
	SK_LOG_FIELD_COUNT
};

/* "json", "zeek", "csv", "nfdump", "capture", "nfcapd". Static storage. */
const char *sk_log_format_name(enum sk_log_format format);
/* Name of a field as output says it, e.g. "dns name". Static storage. */
const char *sk_log_field_name(enum sk_log_field field);

/* ---- files ---- */

struct sk_log_file;   /* opaque */
struct sk_log_schema; /* opaque: which column is which; belongs to its file */

/* Open path ("-": standard input), find out the format by content. SK_ENOENT, SK_EIO, SK_ENOTCAPTURE (nothing that hunt reads: says what was expected),
   SK_EINPUT (a CSV header without an address pair: says which names are known), SK_EDAMAGED, SK_EINTR, SK_ENOMEM. Caller closes. */
SK_MUST enum sk_err sk_log_open(const char *path, struct sk_log_file **out, struct sk_fault *fault);
/* What nfdump prints in our form (SK_LOG_NFDUMP_FORM), from path (/dev/fd/N of a pipe), called name in messages. Errors as sk_log_open. */
SK_MUST enum sk_err sk_log_open_nfdump(const char *path, const char *name, struct sk_log_file **out, struct sk_fault *fault);
/* Overwrite, close (NULL is fine). No chunk of it may be in use. */
void sk_log_close(struct sk_log_file *file);
/* Its format. */
enum sk_log_format sk_log_file_format(const struct sk_log_file *file);
/* The stream under a file of format CAPTURE, to open a capture over. Belongs to the file. */
struct sk_stream *sk_log_file_stream(struct sk_log_file *file);
/* Bytes read so far and size (0: not known), of the file as it lies there. */
void sk_log_progress(const struct sk_log_file *file, uint64_t *read_bytes, uint64_t *source_bytes);

/* Whole lines. */
struct sk_log_chunk {
	char *bytes;                        /* owned; some slack follows the content */
	size_t length, used;                /* used: bytes that may not be zero */
	size_t at;                          /* next line */
	uint64_t next_line;                 /* its number in the file, from 1 */
	uint64_t long_line;                 /* not 0: a line before these was longer than a chunk, and this is its number */
	const struct sk_log_schema *schema; /* borrowed from the file */
};

/* SK_ENOMEM. */
SK_MUST enum sk_err sk_log_chunk_init(struct sk_log_chunk *chunk);
/* Overwrite and free. */
void sk_log_chunk_fini(struct sk_log_chunk *chunk);
/* Overwrite what was read. */
void sk_log_chunk_wipe(struct sk_log_chunk *chunk);
/* The next lines of a file into a wiped chunk. SK_OK with *more false: end. SK_EDAMAGED: everything before the damage was given. SK_EIO, SK_EINTR (call again). */
SK_MUST enum sk_err sk_log_next(struct sk_log_file *file, struct sk_log_chunk *chunk, bool *more, struct sk_fault *fault);

/* ---- lines ---- */

enum sk_log_outcome {
	SK_LOG_ADMITTED,
	SK_LOG_ERASED,    /* by the gate; reason says why */
	SK_LOG_NO_PAIR,   /* it names no two addresses: nothing can be judged, so nothing is read */
	SK_LOG_MALFORMED, /* what says why */
	SK_LOG_PASSED,    /* no record: an empty line, a comment, a header, a trailer */
	SK_LOG_OUTCOME_COUNT
};

struct sk_log_verdict {
	uint8_t outcome;  /* enum sk_log_outcome */
	uint8_t reason;   /* enum sk_gate_reason, for ERASED */
	uint8_t class_;   /* of the outermost pair, for ADMITTED and ERASED */
	const char *what; /* MALFORMED: one phrase, static storage */
	uint64_t line;    /* its number */
};

struct sk_log_reader;   /* opaque */
struct sk_log_admitted; /* only the judge can make one */

/* A reader under a table and the classes (SK_CLASS_BITs) that may be looked at. Borrows the table. SK_ENOMEM. */
SK_MUST enum sk_err sk_log_reader_new(const struct sk_border *table, unsigned covered_classes, struct sk_log_reader **out);
/* Overwrite and free (NULL is fine). */
void sk_log_reader_free(struct sk_log_reader *reader);
/* Take the next line of the chunk and judge it by its pair. False: the chunk has no more. *admitted is NULL unless the outcome is ADMITTED, and valid until
   the next call. rule: GATE-3 */
bool sk_log_judge(struct sk_log_reader *reader, struct sk_log_chunk *chunk, struct sk_log_verdict *verdict, const struct sk_log_admitted **admitted);

/* What is said of a record that hit. */
struct sk_log_details {
	struct sk_addr source, destination;
	uint16_t source_port, destination_port; /* 0: none or not said */
	bool has_time;
	int64_t time_ns;                        /* unix */
};
/* Fill *out from an admitted line. What cannot be read is left out. */
void sk_log_details(const struct sk_log_admitted *admitted, struct sk_log_details *out);

struct sk_log_hit {
	struct sk_indicator_hit indicator;
	uint8_t field; /* enum sk_log_field in which it stood */
};
/* Ask the set for both addresses and every value of an admitted line; each indicator once. Returns the number, at most SK_LOG_HITS_MAX. */
size_t sk_log_match(const struct sk_log_admitted *admitted, const struct sk_indicator_set *set, struct sk_log_hit hits[SK_LOG_HITS_MAX]);

#endif
