/* SPDX-License-Identifier: Apache-2.0 */
/* live, inside: the parts of the room. */
#ifndef SK_LIVE_PRIV_H
#define SK_LIVE_PRIV_H

#include "live/kernel_priv.h"
#include "live/live.h"

/* ---- the object file, built in (scripts/embed) ---- */

extern const unsigned char live_object[];
extern const unsigned live_object_bytes;

/* ---- table.c ---- */

/* Nodes that a table needs. */
size_t live_table_nodes(const struct sk_border *border);
/* Write the nodes from nodes[first] on, and the head. */
void live_table_write(const struct sk_border *border, unsigned covered, struct live_node *nodes, size_t first, struct live_table_head *head);
/* SHA-256 of what decides in a table, wherever it stands. */
void live_table_digest(const struct live_node *nodes, const struct live_table_head *head, uint8_t digest[SK_HASH_BYTES]);

/* ---- program.c: the object in the kernel ---- */

struct live_program; /* opaque */

/* What an object is loaded with. */
struct live_program_options {
	const void *object;
	size_t object_bytes;
	bool xdp;               /* else the filter, and the steering program when there are several sockets */
	unsigned ifindex, sockets;
	size_t nodes;           /* room for a table, in nodes; twice that is made */
};
/* Load. SK_EUNSUPPORTED with the verifier's last words, SK_EIO. */
SK_MUST enum sk_err live_program_load(const struct live_program_options *options, struct live_program **out, struct sk_fault *fault);
/* Detach and unload (NULL is fine). */
void live_program_free(struct live_program *program);
/* Write a table into the half that is not in force and show it to the test's lane. SK_ETOOBIG, SK_EIO. */
SK_MUST enum sk_err live_program_write(struct live_program *program, const struct sk_border *border, unsigned covered, struct sk_fault *fault);
/* Put the table that was written last in force. When it returns no CPU judges by the old one any more. SK_EIO. */
SK_MUST enum sk_err live_program_commit(struct live_program *program, struct sk_fault *fault);
/* Put a closed table in force: nothing passes, nothing is counted. SK_EIO. */
SK_MUST enum sk_err live_program_shut(struct live_program *program, struct sk_fault *fault);
/* Run one Ethernet frame through the program, in the test's lane: the verdict as in machine_priv.h. SK_ETOOBIG: the kernel does not run a frame of this length. SK_EIO. */
SK_MUST enum sk_err live_program_run(const struct live_program *program, const uint8_t *frame, size_t length, uint32_t *verdict, struct sk_fault *fault);
/* Sum of a lane's counters over all CPUs. SK_EIO. */
SK_MUST enum sk_err live_program_counts(const struct live_program *program, unsigned lane, struct live_counters *out, struct sk_fault *fault);
/* Attach to the interface, native or generic. SK_EUNSUPPORTED: not so here; SK_EUSAGE: another program is attached; SK_EIO. */
SK_MUST enum sk_err live_program_attach(struct live_program *program, const char *interface, bool native, struct sk_fault *fault);
/* Let a queue's frames go to this AF_XDP socket. SK_EIO. */
SK_MUST enum sk_err live_program_socket(struct live_program *program, unsigned queue, int fd, struct sk_fault *fault);
/* Digests of the program, read back when it was loaded, and of the table in force, read back now (sk_live_facts). SK_EIO; SK_EINCONSISTENT when the table in the kernel's slot is not the one that was put there. */
SK_MUST enum sk_err live_program_digests(const struct live_program *program, uint8_t code[SK_HASH_BYTES], uint8_t table[SK_HASH_BYTES], struct sk_fault *fault);
/* Descriptors of the filter and of the steering program. */
int live_program_filter_fd(const struct live_program *program);
int live_program_steer_fd(const struct live_program *program);
/* Bytes of frames left in the maps' working memory: 0, or a canary count for a test. SK_EIO. */
SK_MUST enum sk_err live_program_residue(const struct live_program *program, size_t *residue, struct sk_fault *fault);
/* The nodes of both halves, as mapped; for sabotage in tests. */
struct live_node *live_program_nodes(struct live_program *program);
/* Head of the table that was written last. */
const struct live_table_head *live_program_written(const struct live_program *program);

/* ---- selftest.c ---- */

/* Run the built-in frames through the program against the table written last; *frames gets how many. SK_EKERNELGATE names the first that came out wrong. rule: LIVE-2 */
SK_MUST enum sk_err live_selftest(const struct live_program *program, const struct sk_border *border, unsigned covered, unsigned *frames, struct sk_fault *fault);

/* ---- nic.c: what the kernel knows of an interface ---- */

struct live_nic {
	char name[SK_LIVE_NAME_MAX];
	char kind[32];     /* of a virtual interface: "veth", "bridge"; "" for a card */
	char driver[32];
	unsigned index, mtu, queues, master, hardware;
	bool up, running;  /* asked to be up; and something is at the other end */
	bool addressed;    /* it has an address of its own, beyond link-local */
	bool upper;         /* another interface stands upon it: VLAN, macvlan */
	uint32_t other_xdp; /* id of an XDP program that is attached; 0 none */
	uint64_t rx_dropped;
};
/* Ask. SK_EUSAGE (no such interface), SK_EIO. */
SK_MUST enum sk_err live_nic_open(const char *name, int *netlink, struct live_nic *out, struct sk_fault *fault);
/* Ask again on the same descriptor. SK_EIO: it is gone. */
SK_MUST enum sk_err live_nic_again(int netlink, struct live_nic *nic, struct sk_fault *fault);
/* Promiscuous for as long as the descriptor lives. SK_EIO. */
SK_MUST enum sk_err live_nic_promiscuous(const struct live_nic *nic, int *fd, struct sk_fault *fault);
/* Which counter of the interface tells losses in front of an XDP program (driver.def)? Frames so far; false: not known. */
bool live_nic_before(const struct live_nic *nic, bool native, uint64_t ring_lost, uint64_t *lost);

/* ---- live.c ---- */

/* A reader. What it was handed is counted by its thread and read by the one that reads counters. */
struct live_port {
	_Alignas(64) uint64_t frames, bytes;
	unsigned next;                  /* which of its queues comes first */
	/* source.c */
	struct sk_live *live;
	unsigned number, tries;
	bool empty;                     /* after the gate was shut */
	bool gone;                      /* the interface is; fault says it */
	struct sk_fault fault;
	struct sk_live_cell discarded;  /* overwritten unread after the end of the basis; of delivered */
	struct sk_clock clock;
	int64_t counted_ns;
	struct sk_live_told told;
	struct sk_source_counts counts; /* as last read */
};

struct live_port *live_port(struct sk_live *live, unsigned number);
bool live_is_shut(const struct sk_live *live);
bool live_all_empty(const struct sk_live *live);
bool live_discards(const struct sk_live *live);
/* sk_live_discard by whichever thread is the first; on return the gate is shut, or cannot be. */
void live_discard_once(struct sk_live *live);
/* Of all ports. */
void live_discarded(const struct sk_live *live, struct sk_live_cell *sum);
/* How full the fullest ring of the port is, in thousandths. */
unsigned live_backlog(const struct sk_live *live, unsigned number);

/* ---- the two rings; a port has one AF_PACKET ring or some AF_XDP sockets ---- */

struct live_xsk;   /* xsk.c */
struct live_ring;  /* packet.c */

/* Counts that the kernel keeps of a ring. */
struct live_ring_counts {
	uint64_t lost, full, empty, invalid, freezes;
};

/* Make an AF_XDP socket with memory for so many frames, a power of two, for one queue. SK_EUNSUPPORTED, SK_EIO, SK_ENOMEM. */
SK_MUST enum sk_err live_xsk_open(const struct live_nic *nic, unsigned queue, uint32_t frames, bool zero_copy, struct live_xsk **out, struct sk_fault *fault);
void live_xsk_close(struct live_xsk *xsk);
int live_xsk_fd(const struct live_xsk *xsk);
bool live_xsk_zero_copy(const struct live_xsk *xsk);
/* Give back the last batch, take the next; unix_minus_monotonic_ns turns the program's times into dates, now_ns stands in where there are none. Never waits. */
size_t live_xsk_take(struct live_xsk *xsk, struct sk_frame frames[SK_BATCH_MAX], int64_t now_ns, int64_t unix_minus_monotonic_ns);
/* Overwrite the last batch. */
void live_xsk_release(struct live_xsk *xsk);
SK_MUST enum sk_err live_xsk_counts(const struct live_xsk *xsk, struct live_ring_counts *out, struct sk_fault *fault);
size_t live_xsk_residue(const struct live_xsk *xsk);
/* How full, in thousandths. */
unsigned live_xsk_fill(const struct live_xsk *xsk);

/* Make an AF_PACKET ring with the filter on it, of the length that an AF_XDP one would have for so many frames. SK_EIO, SK_ENOMEM. */
SK_MUST enum sk_err live_ring_open(const struct live_nic *nic, int filter_fd, uint32_t frames, struct live_ring **out, struct sk_fault *fault);
/* Join the group of rings that share the interface's frames. SK_EIO. */
SK_MUST enum sk_err live_ring_join(struct live_ring *ring, unsigned group, int steer_fd, struct sk_fault *fault);
/* From now on nobody can take the filter off, or put the ring into a group. SK_EIO. */
SK_MUST enum sk_err live_ring_lock(struct live_ring *ring, struct sk_fault *fault);
void live_ring_close(struct live_ring *ring);
int live_ring_fd(const struct live_ring *ring);
size_t live_ring_take(struct live_ring *ring, struct sk_frame frames[SK_BATCH_MAX]);
void live_ring_release(struct live_ring *ring);
SK_MUST enum sk_err live_ring_counts(struct live_ring *ring, struct live_ring_counts *out, struct sk_fault *fault);
size_t live_ring_residue(const struct live_ring *ring);
/* How full, in thousandths. */
unsigned live_ring_fill(const struct live_ring *ring);

#endif
