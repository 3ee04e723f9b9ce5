/* SPDX-License-Identifier: Apache-2.0 */
/* listener: flow exports off the network: UDP datagrams, and IPFIX over TCP. It listens where the operator said and connects nowhere; it answers nothing.
   Promises: fixed memory; at most SK_LISTENER_STREAMS connections, each with one message in hand; what the kernel dropped is counted; every buffer is
   overwritten when it was read. Thread rule: as the export's. */
#ifndef SK_EXPORT_LISTENER_H
#define SK_EXPORT_LISTENER_H

#include "export/carrier.h"
#include "peer/peer.h"

enum {
	SK_LISTENER_PLACES = 16,        /* that are listened at */
	SK_LISTENER_STREAMS = 64,       /* connections at once; a further one is closed, unless another was silent for ten minutes */
	SK_LISTENER_BATCH = 64,         /* datagrams a system call */
	SK_LISTENER_ROUNDS = 8,         /* such batches a place and call, so that one exporter cannot hold up the others */
	SK_LISTENER_RECEIVE_BYTES = 16 << 20 /* asked of the kernel for each UDP socket, unless told otherwise; what it grants is in the totals */
};

struct sk_listener_config {
	struct sk_export *export_;      /* borrowed */
	struct sk_clock clock;
	uint32_t receive_bytes;         /* of each UDP socket's buffer; 0: SK_LISTENER_RECEIVE_BYTES */
	size_t exporter_count;          /* senders that are read; 0: all */
	struct sk_prefix exporters[SK_EXPORTERS_MAX];
};

struct sk_listener_totals {
	uint64_t datagrams, bytes;
	uint64_t kernel_dropped;        /* datagrams that found no room in a socket (SO_RXQ_OVFL): lost before us */
	uint64_t senders_refused;       /* datagrams and connections of senders that are not named */
	uint64_t streams, streams_refused, streams_broken; /* connections: taken; beyond the limit; that were no IPFIX */
	uint32_t streams_now;
	uint32_t receive_bytes;         /* least receive buffer that the kernel granted */
};

struct sk_listener; /* opaque */

/* Make one; allocates and touches everything. SK_ENOMEM. */
SK_MUST enum sk_err sk_listener_new(const struct sk_listener_config *config, struct sk_listener **out);
/* Close all, wipe and free (NULL is fine). */
void sk_listener_free(struct sk_listener *listener);
/* Listen at a place too. Before the first poll. SK_EIO with the host's reason, SK_ETOOBIG: too many places. */
SK_MUST enum sk_err sk_listener_add(struct sk_listener *listener, const struct sk_peer *where, struct sk_fault *fault);
/* Read these senders alone from now on (count 0: all). */
void sk_listener_senders(struct sk_listener *listener, const struct sk_prefix *exporters, size_t count);
/* Its sockets that are waited for, into fds, their number. */
size_t sk_listener_descriptors(const struct sk_listener *listener, int fds[SK_LISTENER_PLACES]);
/* Wait up to timeout_ms for something and read what is there, within bounds. SK_OK also when nothing came. SK_EINTR: a signal. Errors as
   sk_export_message; SK_EIO: a socket that was listened at broke. */
SK_MUST enum sk_err sk_listener_poll(struct sk_listener *listener, int timeout_ms, struct sk_fault *fault);
/* Sums so far. */
void sk_listener_totals(const struct sk_listener *listener, struct sk_listener_totals *out);
/* Bytes of its buffers that are not zero: a test's canary count. */
size_t sk_listener_residue(const struct sk_listener *listener);

#endif
