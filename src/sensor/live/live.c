/* SPDX-License-Identifier: Apache-2.0 */
/* One interface: which way its frames are taken, and everything in the order that leaves no frame unjudged: program, table, self-test, rings, and the gate opens last. */
#include "live/live_priv.h"

#include <errno.h>
#include <poll.h>
#include <linux/if_arp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <unistd.h>

enum { SPARE_NODES = 65536, NOT_OPEN = -1, SHUT_TRIES = 1000 };

struct sk_live {
	struct live_nic nic;
	int netlink, promiscuous;
	struct live_program *program;
	struct live_xsk *xsk[LIVE_QUEUES_MAX];   /* XDP: one a queue */
	struct live_ring *ring[SK_LIVE_PORTS_MAX]; /* AF_PACKET: one a port */
	struct live_port port[SK_LIVE_PORTS_MAX];
	struct sk_clock clock;
	struct sk_live_facts facts;
	bool shut, discard, kept, up;
	uint64_t before_start;
};

/* ---- open ---- */

/* Working memory of the programs belongs to a CPU: nothing else may run there while a frame is judged. Kernels of this kind let it. */
static enum sk_err check_kernel(struct sk_fault *fault)
{
	struct utsname kernel;
	if (uname(&kernel) == 0 && strstr(kernel.version, "PREEMPT_RT") != NULL)
		return sk_fault_set(fault, SK_EUNSUPPORTED, "this kernel is built with PREEMPT_RT, where one frame may interrupt another in the gate; use another kernel, or a capture through a pipe");
	return SK_OK;
}

/* Why not XDP? XDP takes an interface's frames away from the host: not where the host itself talks. NULL: nothing against it. */
static const char *against_xdp(const struct live_nic *nic)
{
	if (nic->hardware != ARPHRD_ETHER)
		return "it is no Ethernet";
	if (nic->addressed)
		return "it has an address of this host, whose traffic XDP would take away";
	if (nic->master != 0)
		return "it belongs to a bridge or bond, whose traffic XDP would take away";
	if (nic->upper)
		return "another interface of this host stands upon it (VLAN, macvlan), whose traffic XDP would take away";
	if (nic->other_xdp != 0)
		return "another XDP program is attached";
	if (nic->queues > LIVE_QUEUES_MAX)
		return "it has more than 64 receive queues";
	return NULL;
}

static enum sk_err load(struct sk_live *live, const struct sk_live_options *options, struct sk_fault *fault)
{
	struct live_program_options program = {.object = live_object, .object_bytes = live_object_bytes, .xdp = live->facts.xdp, .ifindex = live->nic.index,
					       .sockets = live->facts.ports, .nodes = live_table_nodes(options->border) * 2};
	if (program.nodes < SPARE_NODES)
		program.nodes = SPARE_NODES;
	SK_TRY(live_program_load(&program, &live->program, fault));
	SK_TRY(live_program_write(live->program, options->border, options->covered_classes, fault));
	return live_selftest(live->program, options->border, options->covered_classes, &live->facts.vectors, fault);
}

/* Undo what one attempt made. */
static void unload(struct sk_live *live)
{
	for (unsigned i = 0; i < LIVE_QUEUES_MAX; i++) {
		live_xsk_close(live->xsk[i]);
		live->xsk[i] = NULL;
	}
	for (unsigned i = 0; i < SK_LIVE_PORTS_MAX; i++) {
		live_ring_close(live->ring[i]);
		live->ring[i] = NULL;
	}
	live_program_free(live->program);
	live->program = NULL;
}

static uint32_t ring_frames(const struct sk_live_options *options)
{
	return options->ring_frames != 0 ? options->ring_frames : SK_LIVE_RING_FRAMES;
}

static enum sk_err open_xdp(struct sk_live *live, const struct sk_live_options *options, bool native, struct sk_fault *fault)
{
	live->facts.xdp = true;
	live->facts.native = native;
	live->facts.queues = live->nic.queues;
	live->facts.zero_copy = false;
	SK_TRY(load(live, options, fault));
	SK_TRY(live_program_attach(live->program, live->nic.name, native, fault));
	for (unsigned i = 0; i < live->nic.queues; i++) {
		SK_TRY(live_xsk_open(&live->nic, i, ring_frames(options), options->zero_copy, &live->xsk[i], fault));
		SK_TRY(live_program_socket(live->program, i, live_xsk_fd(live->xsk[i]), fault));
		live->facts.zero_copy = live->facts.zero_copy || live_xsk_zero_copy(live->xsk[i]);
	}
	return SK_OK;
}

static enum sk_err open_packet(struct sk_live *live, const struct sk_live_options *options, struct sk_fault *fault)
{
	live->facts.xdp = live->facts.native = live->facts.zero_copy = false;
	live->facts.queues = live->facts.ports;
	if (options->zero_copy)
		return sk_fault_set(fault, SK_EUSAGE, "%s: zero-copy is a matter of XDP; --mode packet has none", live->nic.name);
	if (live->nic.hardware != ARPHRD_ETHER && live->nic.hardware != ARPHRD_LOOPBACK)
		return sk_fault_set(fault, SK_EUNSUPPORTED, "%s: frames of this kind of interface (ARPHRD %u) are not read, only Ethernet's", live->nic.name, live->nic.hardware);
	SK_TRY(load(live, options, fault));
	for (unsigned i = 0; i < live->facts.ports; i++)
		SK_TRY(live_ring_open(&live->nic, live_program_filter_fd(live->program), ring_frames(options), &live->ring[i], fault));
	uint16_t group;
	sk_random(&group, sizeof group);
	for (unsigned i = 0; i < live->facts.ports && live->facts.ports > 1; i++)
		SK_TRY(live_ring_join(live->ring[i], group, live_program_steer_fd(live->program), fault));
	for (unsigned i = 0; i < live->facts.ports; i++)
		SK_TRY(live_ring_lock(live->ring[i], fault));
	return SK_OK;
}

/* Native, else generic. A wrong verdict, or a program of somebody else, is no reason to try another way. */
static enum sk_err open_some_xdp(struct sk_live *live, const struct sk_live_options *options, struct sk_fault *fault)
{
	enum sk_err err = SK_EUNSUPPORTED;
	if (options->mode != SK_LIVE_XDP_GENERIC)
		err = open_xdp(live, options, true, fault);
	if (err == SK_EUNSUPPORTED && options->mode != SK_LIVE_XDP_NATIVE && !options->zero_copy) {
		unload(live);
		err = open_xdp(live, options, false, fault);
	}
	return err;
}

static enum sk_err open_best(struct sk_live *live, const struct sk_live_options *options, struct sk_fault *fault)
{
	const char *against = against_xdp(&live->nic);
	if (options->mode == SK_LIVE_PACKET)
		return open_packet(live, options, fault);
	if (against != NULL && options->mode != SK_LIVE_AUTO)
		return sk_fault_set(fault, SK_EUNSUPPORTED, "%s: %s; use --mode packet, or mirror its traffic to a veth (docs/kernel-gate.md)", live->nic.name, against);
	if (against == NULL) {
		enum sk_err err = open_some_xdp(live, options, fault);
		if (err != SK_EUNSUPPORTED || options->mode != SK_LIVE_AUTO || options->zero_copy)
			return err;
		unload(live);
		against = fault->line;
	}
	(void)snprintf(live->facts.why, sizeof live->facts.why, "%.*s", (int)sizeof live->facts.why - 1, against);
	return open_packet(live, options, fault);
}

static enum sk_err open_all(struct sk_live *live, const struct sk_live_options *options, struct sk_fault *fault)
{
	uint64_t before;
	SK_TRY(check_kernel(fault));
	SK_TRY(live_nic_open(options->interface, &live->netlink, &live->nic, fault));
	(void)snprintf(live->facts.interface, sizeof live->facts.interface, "%s", live->nic.name);
	(void)snprintf(live->facts.driver, sizeof live->facts.driver, "%s", live->nic.kind[0] != '\0' ? live->nic.kind : live->nic.driver);
	if (!live->nic.up)
		return sk_fault_set(fault, SK_EUSAGE, "%s: the interface is down; ip link set %s up", live->nic.name, live->nic.name);
	SK_TRY(open_best(live, options, fault));
	if (!options->not_promiscuous)
		SK_TRY(live_nic_promiscuous(&live->nic, &live->promiscuous, fault));
	live->kept = options->kept;
	live->up = live->nic.running;
	SK_TRY(live_program_digests(live->program, live->facts.program_digest, live->facts.table_digest, fault));
	live->facts.before_known = live->facts.xdp && live_nic_before(&live->nic, live->facts.native, 0, &before);
	return SK_OK;
}

enum sk_err sk_live_open(const struct sk_live_options *options, struct sk_live **out, struct sk_fault *fault)
{
	void *memory = NULL;
	unsigned ports = options->ports != 0 ? options->ports : 1;
	if (ports > SK_LIVE_PORTS_MAX)
		return sk_fault_set(fault, SK_EUSAGE, "at most %d readers share an interface", SK_LIVE_PORTS_MAX);
	if (posix_memalign(&memory, _Alignof(struct sk_live), sizeof(struct sk_live)) != 0)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	struct sk_live *live = memory;
	memset(live, 0, sizeof *live);
	live->netlink = live->promiscuous = NOT_OPEN;
	live->clock = options->clock;
	live->facts.ports = ports;
	for (unsigned i = 0; i < ports; i++) {
		live->port[i].live = live;
		live->port[i].number = i;
		live->port[i].clock = options->clock;
	}
	enum sk_err err = open_all(live, options, fault);
	if (err != SK_OK) {
		sk_live_close(live);
		return err;
	}
	*out = live;
	return SK_OK;
}

void sk_live_close(struct sk_live *live)
{
	if (live == NULL)
		return;
	unload(live);
	if (live->promiscuous >= 0)
		(void)close(live->promiscuous);
	if (live->netlink >= 0)
		(void)close(live->netlink);
	free(live);
}

/* ---- the gate's state ---- */

enum sk_err sk_live_start(struct sk_live *live, struct sk_fault *fault)
{
	SK_TRY(live_nic_again(live->netlink, &live->nic, fault));
	(void)live_nic_before(&live->nic, live->facts.native, 0, &live->before_start);
	SK_TRY(live_program_commit(live->program, fault));
	return live_program_digests(live->program, live->facts.program_digest, live->facts.table_digest, fault);
}

enum sk_err sk_live_swap(struct sk_live *live, const struct sk_border *border, unsigned covered_classes, struct sk_fault *fault)
{
	SK_TRY(live_program_write(live->program, border, covered_classes, fault));
	SK_TRY(live_selftest(live->program, border, covered_classes, &live->facts.vectors, fault));
	SK_TRY(live_program_commit(live->program, fault));
	return live_program_digests(live->program, live->facts.program_digest, live->facts.table_digest, fault);
}

enum sk_err sk_live_shut(struct sk_live *live, struct sk_fault *fault)
{
	if (live_is_shut(live))
		return SK_OK;
	SK_TRY(live_program_shut(live->program, fault));
	__atomic_store_n(&live->shut, true, __ATOMIC_RELEASE);
	return SK_OK;
}

enum sk_err sk_live_discard(struct sk_live *live, struct sk_fault *fault)
{
	__atomic_store_n(&live->discard, true, __ATOMIC_RELEASE);
	return live_is_shut(live) ? SK_OK : sk_live_shut(live, fault);
}

bool sk_live_is_up(const struct sk_live *live)
{
	return __atomic_load_n(&live->up, __ATOMIC_RELAXED);
}

int sk_live_asks(const struct sk_live *live)
{
	return live->netlink;
}

void sk_live_facts(const struct sk_live *live, struct sk_live_facts *out)
{
	*out = live->facts;
}

struct live_port *live_port(struct sk_live *live, unsigned number)
{
	SK_INVARIANT(number < live->facts.ports);
	return &live->port[number];
}

bool live_is_shut(const struct sk_live *live)
{
	return __atomic_load_n(&live->shut, __ATOMIC_ACQUIRE);
}

void live_discard_once(struct sk_live *live)
{
	struct sk_fault ignored;
	if (!__atomic_exchange_n(&live->discard, true, __ATOMIC_ACQ_REL) && !live->kept) {
		if (sk_live_shut(live, &ignored) != SK_OK)
			__atomic_store_n(&live->shut, true, __ATOMIC_RELEASE); /* what the kernel still passes is overwritten as it comes, and counted */
		return;
	}
	/* Another thread is at it; the kernel answers within some ten milliseconds. */
	for (unsigned tries = 0; tries < SHUT_TRIES && !live_is_shut(live); tries++)
		(void)poll(NULL, 0, 1);
}

bool live_discards(const struct sk_live *live)
{
	return __atomic_load_n(&live->discard, __ATOMIC_ACQUIRE);
}

void live_discarded(const struct sk_live *live, struct sk_live_cell *sum)
{
	*sum = (struct sk_live_cell){0};
	for (unsigned i = 0; i < live->facts.ports; i++) {
		sum->frames += __atomic_load_n(&live->port[i].discarded.frames, __ATOMIC_RELAXED);
		sum->bytes += __atomic_load_n(&live->port[i].discarded.bytes, __ATOMIC_RELAXED);
	}
}

bool live_all_empty(const struct sk_live *live)
{
	for (unsigned i = 0; i < live->facts.ports; i++)
		if (!__atomic_load_n(&live->port[i].empty, __ATOMIC_ACQUIRE))
			return false;
	return true;
}

unsigned live_backlog(const struct sk_live *live, unsigned number)
{
	unsigned most = 0;
	if (!live->facts.xdp)
		return live_ring_fill(live->ring[number]);
	for (unsigned queue = number; queue < live->facts.queues; queue += live->facts.ports) {
		unsigned fill = live_xsk_fill(live->xsk[queue]);
		most = fill > most ? fill : most;
	}
	return most;
}

/* ---- frames ---- */

static size_t take_xdp(struct sk_live *live, unsigned port, struct sk_frame *frames)
{
	unsigned ports = live->facts.ports, queues = live->facts.queues, own = port < queues ? (queues - port + ports - 1) / ports : 0;
	int64_t now_ns = live->clock.unix_ns(live->clock.context), minus_ns = now_ns - live->clock.monotonic_ns(live->clock.context);
	for (unsigned i = 0; i < own; i++) {
		unsigned turn = (live->port[port].next + i) % own;
		size_t count = live_xsk_take(live->xsk[port + turn * ports], frames, now_ns, minus_ns);
		if (count != 0) {
			/* The others' last batches were handed back when it was their turn; this one's is the caller's until it comes again. */
			live->port[port].next = turn + 1;
			return count;
		}
	}
	return 0;
}

/* The batch that the caller held is overwritten before anything else, whichever queue it came from. */
static size_t take(struct sk_live *live, unsigned port, struct sk_frame *frames)
{
	if (!live->facts.xdp)
		return live_ring_take(live->ring[port], frames);
	for (unsigned queue = port; queue < live->facts.queues; queue += live->facts.ports)
		live_xsk_release(live->xsk[queue]);
	return take_xdp(live, port, frames);
}

static enum sk_err wait_for(struct sk_live *live, unsigned port, int wait_ms, struct sk_fault *fault)
{
	struct pollfd set[LIVE_QUEUES_MAX];
	nfds_t count = 0;
	if (live->facts.xdp)
		for (unsigned queue = port; queue < live->facts.queues; queue += live->facts.ports)
			set[count++] = (struct pollfd){.fd = live_xsk_fd(live->xsk[queue]), .events = POLLIN};
	else
		set[count++] = (struct pollfd){.fd = live_ring_fd(live->ring[port]), .events = POLLIN};
	if (poll(set, count, wait_ms) < 0)
		return errno == EINTR ? SK_OK : sk_fault_errno(fault, errno, "%s: cannot wait for frames", live->nic.name);
	for (nfds_t i = 0; i < count; i++) {
		int error = 0;
		socklen_t length = sizeof error;
		/* An interface that goes down is told once, and may come back; one that is gone is noticed when counters are taken. */
		if ((set[i].revents & (POLLERR | POLLNVAL)) != 0 && getsockopt(set[i].fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0)
			return sk_fault_errno(fault, errno, "%s: a ring is broken", live->nic.name);
	}
	return SK_OK;
}

enum sk_err sk_live_next(struct sk_live *live, unsigned port, struct sk_frame frames[SK_BATCH_MAX], size_t *count, int wait_ms, struct sk_fault *fault)
{
	SK_INVARIANT(port < live->facts.ports);
	*count = take(live, port, frames);
	if (*count == 0 && wait_ms != 0) {
		SK_TRY(wait_for(live, port, wait_ms, fault));
		*count = take(live, port, frames);
	}
	uint64_t bytes = 0;
	for (size_t i = 0; i < *count; i++)
		bytes += frames[i].wire_bytes;
	__atomic_store_n(&live->port[port].bytes, live->port[port].bytes + bytes, __ATOMIC_RELAXED);
	__atomic_store_n(&live->port[port].frames, live->port[port].frames + *count, __ATOMIC_RELEASE);
	return SK_OK;
}

size_t sk_live_residue(const struct sk_live *live)
{
	size_t found = 0, working = 0;
	for (unsigned i = 0; i < LIVE_QUEUES_MAX; i++)
		found += live->xsk[i] != NULL ? live_xsk_residue(live->xsk[i]) : 0;
	for (unsigned i = 0; i < SK_LIVE_PORTS_MAX; i++)
		found += live->ring[i] != NULL ? live_ring_residue(live->ring[i]) : 0;
	return live_program_residue(live->program, &working, NULL) == SK_OK ? found + working : found + 1;
}

/* ---- counters ---- */

static struct sk_live_cell cell_of(const struct live_cell *cell)
{
	return (struct sk_live_cell){.frames = cell->frames, .bytes = cell->bytes};
}

static enum sk_err count_rings(struct sk_live *live, struct sk_live_counters *out, struct sk_fault *fault)
{
	for (unsigned i = 0; i < live->facts.queues; i++) {
		struct live_ring_counts ring;
		SK_TRY(live->facts.xdp ? live_xsk_counts(live->xsk[i], &ring, fault) : live_ring_counts(live->ring[i], &ring, fault));
		out->ring_lost += ring.lost;
		out->ring_full += ring.full;
		out->fill_empty += ring.empty;
		out->invalid += ring.invalid;
		out->freezes += ring.freezes;
	}
	return SK_OK;
}

/* Read against the stream: what is furthest from the wire first. So nothing is seen to come out that was not seen to go in, and what is between is pending. */
enum sk_err sk_live_counters(struct sk_live *live, struct sk_live_counters *out, struct sk_fault *fault)
{
	struct live_counters kernel;
	uint64_t outcomes = 0, before;
	*out = (struct sk_live_counters){0};
	for (unsigned i = 0; i < live->facts.ports; i++) {
		out->delivered.frames += __atomic_load_n(&live->port[i].frames, __ATOMIC_ACQUIRE);
		out->delivered.bytes += __atomic_load_n(&live->port[i].bytes, __ATOMIC_RELAXED);
	}
	SK_TRY(count_rings(live, out, fault));
	SK_TRY(live_program_counts(live->program, LIVE_LANE_LIVE, &kernel, fault));
	SK_TRY(live_nic_again(live->netlink, &live->nic, fault));
	out->carrier = live->nic.up && live->nic.running;
	__atomic_store_n(&live->up, out->carrier, __ATOMIC_RELAXED);
	for (unsigned class_ = 0; class_ < SK_CLASS_COUNT; class_++)
		for (unsigned reason = 0; reason < SK_GATE_REASON_COUNT; reason++) {
			out->erased[class_][reason] = cell_of(&kernel.erased[class_][reason]);
			outcomes += out->erased[class_][reason].frames;
		}
	out->passed = cell_of(&kernel.passed);
	out->unfinished = cell_of(&kernel.unfinished);
	out->no_socket = cell_of(&kernel.no_socket);
	out->in = cell_of(&kernel.in);
	outcomes += out->no_socket.frames + out->delivered.frames + out->ring_lost;
	out->pending = out->in.frames > outcomes ? out->in.frames - outcomes : 0;
	/* Nothing is on its way only if nothing came while the counters were read. */
	if (out->pending == 0) {
		SK_TRY(live_program_counts(live->program, LIVE_LANE_LIVE, &kernel, fault));
		out->pending = kernel.in.frames - out->in.frames;
	}
	/* Frames that went in, and after the end are neither anywhere nor counted as lost, are lost: the kernel dropped them behind the program without a count. */
	if (live_is_shut(live) && live_all_empty(live)) {
		out->ring_lost += out->pending;
		out->pending = 0;
	}
	if (live->facts.before_known && live_nic_before(&live->nic, live->facts.native, out->ring_lost, &before))
		out->before_lost = before > live->before_start ? before - live->before_start : 0;
	return SK_OK;
}
