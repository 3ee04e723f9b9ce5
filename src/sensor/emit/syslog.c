/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 5424: <PRI>1 TIMESTAMP HOSTNAME APP-NAME PROCID MSGID [SD-ID NAME="VALUE" ...] BOM MSG. The time is that of the finding's first packet. */
#include "emit/syslog.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "text/text.h"

enum {
	FACILITY_LOCAL0 = 16, SEVERITY_WARNING = 4, SEVERITY_NOTICE = 5, SEVERITY_ALERT = 1,
	HOST_MAX = 256, TOLD_MAX = 4096 /* a power of two */, SEND_TIMEOUT_US = 200000
};
/* The number is the one that documentation and private use share (RFC 5612): no registered meaning is claimed. */
static const char element[] = "sekisho@32473";

struct sk_syslog {
	int fd;
	struct sockaddr_un address;
	char host[HOST_MAX], basis[SK_KEY_NAME_MAX];
	int process;
	bool simulated;
	bool slow;             /* the last line waited in vain: do not wait again before one has passed */
	uint64_t lost;
	int errnum;            /* of the first lost line */
	struct sk_buf line;
	bool told_any[TOLD_MAX];
	uint8_t told[TOLD_MAX][16]; /* ids by their first bits; one that is pushed out may be told twice */
};

/* HOSTNAME is printable ASCII without a space. */
static void copy_host(char to[HOST_MAX], const char *host)
{
	size_t length = 0;
	for (; host[length] != '\0' && length + 1 < HOST_MAX; length++)
		to[length] = host[length] > 0x20 && host[length] < 0x7f ? host[length] : '?';
	to[length] = '\0';
	if (length == 0)
		memcpy(to, "-", 2);
}

enum sk_err sk_syslog_open(const char *path, const char *host, int process, struct sk_syslog **out, struct sk_fault *fault)
{
	struct sk_syslog *syslog = calloc(1, sizeof *syslog);
	if (syslog == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "syslog: out of memory");
	if (strncmp(path, "unix:", 5) == 0)
		path += 5;
	syslog->address.sun_family = AF_UNIX;
	if (path[0] != '/' || strlen(path) >= sizeof syslog->address.sun_path) {
		free(syslog);
		return sk_fault_set(fault, SK_EUSAGE, "--syslog '%s': expected the path of a UNIX socket from '/', at most %zu bytes, such as /dev/log", path,
				    sizeof syslog->address.sun_path - 1);
	}
	memcpy(syslog->address.sun_path, path, strlen(path) + 1);
	copy_host(syslog->host, host);
	syslog->process = process;
	sk_buf_init(&syslog->line, SK_SYSLOG_LINE_MAX);
	syslog->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	const struct timeval patience = {.tv_usec = SEND_TIMEOUT_US};
	/* Connected only to learn now whether somebody listens; lines are sent by name, so a logger that starts anew gets them. */
	if (syslog->fd < 0 || connect(syslog->fd, (const struct sockaddr *)&syslog->address, sizeof syslog->address) != 0 ||
	    setsockopt(syslog->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) != 0) {
		int failed = errno;
		if (syslog->fd >= 0)
			(void)close(syslog->fd);
		free(syslog);
		return failed == ENOENT ? sk_fault_set(fault, SK_ENOENT, "%s: there is no socket; is the system's logger running?", path)
					: sk_fault_errno(fault, failed, "%s: no logger takes datagrams there", path);
	}
	*out = syslog;
	return SK_OK;
}

void sk_syslog_mark(struct sk_syslog *syslog, const char *basis_id, bool simulated)
{
	(void)snprintf(syslog->basis, sizeof syslog->basis, "%s", basis_id);
	syslog->simulated = simulated;
}

/* PARAM-VALUE: '"', '\' and ']' are escaped (RFC 5424 6.3.3); control bytes and what is no UTF-8 as \xHH, so that a line stays a line. */
static void add_parameter(struct sk_buf *out, const char *name, const char *value)
{
	struct sk_buf clean;
	sk_buf_init(&clean, SK_SYSLOG_LINE_MAX);
	sk_escape_line(&clean, value, strlen(value));
	sk_buf_addf(out, " %s=\"", name);
	for (const char *c = sk_buf_text(&clean); *c != '\0'; c++) {
		if (*c == '"' || *c == '\\' || *c == ']')
			sk_buf_add_u8(out, '\\');
		sk_buf_add_u8(out, (uint8_t)*c);
	}
	sk_buf_add_u8(out, '"');
	sk_buf_fini(&clean);
}

static void add_address(struct sk_buf *out, const char *name, const struct sk_addr *addr)
{
	char text[SK_ADDR_TEXT_MAX];
	if (addr->family != 0)
		add_parameter(out, name, sk_addr_format(addr, text));
}

void sk_syslog_format(const struct sk_syslog *syslog, const struct sk_finding *finding, struct sk_buf *out)
{
	static const uint8_t levels[] = {SEVERITY_NOTICE, SEVERITY_NOTICE, SEVERITY_WARNING, SEVERITY_ALERT};
	static const char *const names[] = {"none", "low", "medium", "high"};
	unsigned severity = finding->severity < SK_COUNT(levels) ? finding->severity : 0;
	char when[SK_TIME_TEXT_MAX], id[2 * sizeof finding->id + 1], number[8], text[SK_WORDS_TEXT_MAX];
	sk_hex_encode(finding->id, sizeof finding->id, id);
	/* MSGID is at most 32 bytes; kinds are shorter. A time outside 0001-9999 is "-", which RFC 5424 takes as no time. */
	sk_buf_addf(out, "<%u>1 %s %s sekisho %d %s [%s", FACILITY_LOCAL0 * 8u + levels[severity], sk_time_format(finding->first_ns, 6, when), syslog->host, syslog->process,
		    finding->kind[0] != '\0' ? finding->kind : "-", element);
	add_parameter(out, "id", id);
	add_parameter(out, "kind", finding->kind);
	add_parameter(out, "severity", names[severity]);
	(void)snprintf(number, sizeof number, "%u", (unsigned)finding->confidence_percent);
	add_parameter(out, "confidence", number);
	add_parameter(out, "class", sk_finding_class_name(finding));
	add_parameter(out, "matched", finding->matched);
	add_parameter(out, "origin", finding->origin);
	add_address(out, "subject", &finding->subject);
	add_address(out, "counterpart", &finding->counterpart);
	if (syslog->basis[0] != '\0')
		add_parameter(out, "basis", syslog->basis);
	if (syslog->simulated)
		add_parameter(out, "simulated", "true");
	sk_buf_add_text(out, "] \xef\xbb\xbf");
	(void)sk_words_text(&finding->sentence, SK_LANG_EN, text);
	sk_escape_line(out, text, strlen(text));
}

static bool told_before(struct sk_syslog *syslog, const uint8_t id[16])
{
	unsigned at = ((unsigned)id[0] << 8 | id[1]) & (TOLD_MAX - 1);
	if (syslog->told_any[at] && memcmp(syslog->told[at], id, sizeof syslog->told[at]) == 0)
		return true;
	syslog->told_any[at] = true;
	memcpy(syslog->told[at], id, sizeof syslog->told[at]);
	return false;
}

void sk_syslog_finding(struct sk_syslog *syslog, const struct sk_finding *finding)
{
	/* About ourselves and our links: each time, for each is an event of its own. */
	bool own = finding->class_ == SK_CLASS_UNKNOWN;
	if (!own && told_before(syslog, finding->id))
		return;
	sk_buf_reset(&syslog->line);
	sk_syslog_format(syslog, finding, &syslog->line);
	ssize_t sent = -1;
	errno = EMSGSIZE;
	if (syslog->line.failed == SK_OK)
		do
			sent = sendto(syslog->fd, syslog->line.bytes, syslog->line.length, MSG_NOSIGNAL | (syslog->slow ? MSG_DONTWAIT : 0),
				      (const struct sockaddr *)&syslog->address, sizeof syslog->address);
		while (sent < 0 && errno == EINTR);
	syslog->slow = sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
	if (sent >= 0)
		return;
	syslog->lost++;
	if (syslog->errnum == 0)
		syslog->errnum = errno;
}

uint64_t sk_syslog_lost(const struct sk_syslog *syslog)
{
	return syslog->lost;
}

enum sk_err sk_syslog_close(struct sk_syslog *syslog, struct sk_fault *fault)
{
	enum sk_err err = SK_OK;
	if (syslog->lost != 0)
		err = sk_fault_errno(fault, syslog->errnum, "%s: the logger did not take %llu of the findings; sekisho findings has them", syslog->address.sun_path,
				     (unsigned long long)syslog->lost);
	(void)close(syslog->fd);
	sk_buf_fini(&syslog->line);
	free(syslog);
	return err;
}
