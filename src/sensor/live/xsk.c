/* SPDX-License-Identifier: Apache-2.0 */
/* One AF_XDP socket with memory of its own for one queue of the interface. Every frame of that memory is either with the kernel (in the fill ring, or on its way through
   the receive ring) or in the batch that the caller holds. */
#include "live/live_priv.h"

#include <errno.h>
#include <linux/if_xdp.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <xdp/xsk.h>

enum {
	/* The kernel shows a new frame before it shows that it took the frame's place from the ring of free ones; so a place may come back while it still seems to be in there. */
	FILL_TIMES = 2,
	COMPLETION_FRAMES = 64,    /* nothing is sent */
	CHUNK_BYTES = 2048, CHUNK_JUMBO_BYTES = 4096,
	KERNEL_HEADROOM_BYTES = 256, /* XDP_PACKET_HEADROOM, in front of each frame: the mark lies in it */
	LINK_BYTES = 14 + 3 * 4
};

struct live_xsk {
	struct xsk_umem *umem;
	struct xsk_socket *socket;
	struct xsk_ring_prod fill;
	struct xsk_ring_cons completion, receive;
	uint8_t *area;
	size_t area_bytes;
	uint32_t frames, chunk_bytes;
	bool zero_copy;
	/* the batch that the caller holds */
	size_t held;
	uint64_t address[SK_BATCH_MAX];
	uint32_t length[SK_BATCH_MAX];
};

/* Locked, in no core file, in no child. */
static enum sk_err make_area(struct live_xsk *xsk, struct sk_fault *fault)
{
	void *area = mmap(NULL, xsk->area_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (area == MAP_FAILED)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory for the frames of a queue (%zu bytes)", xsk->area_bytes);
	xsk->area = area;
	if (mlock(area, xsk->area_bytes) != 0 || madvise(area, xsk->area_bytes, MADV_DONTDUMP) != 0 || madvise(area, xsk->area_bytes, MADV_DONTFORK) != 0)
		return sk_fault_errno(fault, errno, "the memory for frames cannot be locked (%zu bytes)", xsk->area_bytes);
	return SK_OK;
}

static enum sk_err fill_all(struct live_xsk *xsk, struct sk_fault *fault)
{
	uint32_t at = 0;
	if (xsk_ring_prod__reserve(&xsk->fill, xsk->frames, &at) != xsk->frames)
		return sk_fault_set(fault, SK_EIO, "the ring of free frames is shorter than asked for");
	for (uint32_t i = 0; i < xsk->frames; i++)
		*xsk_ring_prod__fill_addr(&xsk->fill, at + i) = (uint64_t)i * xsk->chunk_bytes;
	xsk_ring_prod__submit(&xsk->fill, xsk->frames);
	return SK_OK;
}

static enum sk_err bind_socket(struct live_xsk *xsk, const struct live_nic *nic, unsigned queue, bool zero_copy, struct sk_fault *fault)
{
	const struct xsk_umem_config memory = {.fill_size = FILL_TIMES * xsk->frames, .comp_size = COMPLETION_FRAMES, .frame_size = xsk->chunk_bytes};
	const struct xsk_socket_config config = {.rx_size = xsk->frames, .libbpf_flags = XSK_LIBBPF_FLAGS__INHIBIT_PROG_LOAD,
						 .bind_flags = (uint16_t)(XDP_USE_NEED_WAKEUP | (zero_copy ? XDP_ZEROCOPY : XDP_COPY))};
	int error = -xsk_umem__create(&xsk->umem, xsk->area, xsk->area_bytes, &xsk->fill, &xsk->completion, &memory);
	if (error != 0)
		return sk_fault_errno(fault, error, "%s: no AF_XDP memory for queue %u", nic->name, queue);
	error = -xsk_socket__create(&xsk->socket, nic->name, queue, xsk->umem, &xsk->receive, NULL, &config);
	if (error == EOPNOTSUPP || error == ENOTSUP)
		return sk_fault_set(fault, SK_EUNSUPPORTED, "%s: its driver offers no %s AF_XDP socket on queue %u%s", nic->name, zero_copy ? "zero-copy" : "copying", queue,
				    zero_copy ? "; leave --zero-copy away" : "");
	if (error == EBUSY)
		return sk_fault_set(fault, SK_EUSAGE, "%s: queue %u has an AF_XDP socket of another program", nic->name, queue);
	if (error != 0)
		return sk_fault_errno(fault, error, "%s: no AF_XDP socket on queue %u", nic->name, queue);
	struct xdp_options options = {0};
	socklen_t length = sizeof options;
	if (getsockopt(xsk_socket__fd(xsk->socket), SOL_XDP, XDP_OPTIONS, &options, &length) != 0)
		return sk_fault_errno(fault, errno, "%s: the socket on queue %u does not say whether it copies", nic->name, queue);
	xsk->zero_copy = (options.flags & XDP_OPTIONS_ZEROCOPY) != 0;
	return SK_OK;
}

enum sk_err live_xsk_open(const struct live_nic *nic, unsigned queue, uint32_t frames, bool zero_copy, struct live_xsk **out, struct sk_fault *fault)
{
	size_t longest = nic->mtu + LINK_BYTES;
	if (longest > CHUNK_JUMBO_BYTES - KERNEL_HEADROOM_BYTES)
		return sk_fault_set(fault, SK_EUNSUPPORTED, "%s: an MTU of %u is more than a frame of AF_XDP holds (%d); use --mode packet", nic->name, nic->mtu,
				    CHUNK_JUMBO_BYTES - KERNEL_HEADROOM_BYTES - LINK_BYTES);
	struct live_xsk *xsk = calloc(1, sizeof *xsk);
	if (xsk == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	xsk->chunk_bytes = longest > CHUNK_BYTES - KERNEL_HEADROOM_BYTES ? CHUNK_JUMBO_BYTES : CHUNK_BYTES;
	xsk->frames = frames;
	xsk->area_bytes = (size_t)frames * xsk->chunk_bytes;
	enum sk_err err = make_area(xsk, fault);
	if (err == SK_OK)
		err = bind_socket(xsk, nic, queue, zero_copy, fault);
	if (err == SK_OK)
		err = fill_all(xsk, fault);
	if (err != SK_OK) {
		live_xsk_close(xsk);
		return err;
	}
	*out = xsk;
	return SK_OK;
}

void live_xsk_close(struct live_xsk *xsk)
{
	if (xsk == NULL)
		return;
	if (xsk->socket != NULL)
		xsk_socket__delete(xsk->socket);
	if (xsk->umem != NULL)
		(void)xsk_umem__delete(xsk->umem);
	if (xsk->area != NULL) {
		sk_wipe(xsk->area, xsk->area_bytes);
		(void)munmap(xsk->area, xsk->area_bytes);
	}
	free(xsk);
}

int live_xsk_fd(const struct live_xsk *xsk)
{
	return xsk_socket__fd(xsk->socket);
}

bool live_xsk_zero_copy(const struct live_xsk *xsk)
{
	return xsk->zero_copy;
}

/* What was written of a frame's memory is the mark and the frame: both are overwritten before the kernel gets the place back. rule: LIVE-3 */
void live_xsk_release(struct live_xsk *xsk)
{
	uint32_t at = 0;
	if (xsk->held == 0)
		return;
	/* Room for every frame, and once more for every frame that was taken and still seems to be in the ring. */
	uint32_t room = xsk_ring_prod__reserve(&xsk->fill, (uint32_t)xsk->held, &at);
	SK_INVARIANT(room == xsk->held);
	for (size_t i = 0; i < xsk->held; i++) {
		sk_wipe(xsk->area + xsk->address[i] - sizeof(struct live_mark), xsk->length[i] + sizeof(struct live_mark));
		*xsk_ring_prod__fill_addr(&xsk->fill, at + (uint32_t)i) = xsk->address[i] / xsk->chunk_bytes * xsk->chunk_bytes;
	}
	xsk_ring_prod__submit(&xsk->fill, (uint32_t)xsk->held);
	xsk->held = 0;
}

size_t live_xsk_take(struct live_xsk *xsk, struct sk_frame frames[SK_BATCH_MAX], int64_t now_ns, int64_t unix_minus_monotonic_ns)
{
	uint32_t at = 0;
	live_xsk_release(xsk);
	size_t count = xsk_ring_cons__peek(&xsk->receive, SK_BATCH_MAX, &at);
	for (size_t i = 0; i < count; i++) {
		const struct xdp_desc *place = xsk_ring_cons__rx_desc(&xsk->receive, at + (uint32_t)i);
		struct live_mark mark;
		/* The kernel hands out places of ours with room for its mark in front; anything else would be a broken kernel, and no frame is read outside. */
		SK_INVARIANT(place->addr >= sizeof mark && place->addr < xsk->area_bytes && place->len <= xsk->area_bytes - place->addr);
		memcpy(&mark, xsk->area + place->addr - sizeof mark, sizeof mark);
		bool marked = mark.magic == LIVE_MARK_MAGIC && mark.time_ns != 0;
		xsk->address[i] = place->addr;
		xsk->length[i] = place->len;
		frames[i] = (struct sk_frame){.bytes = xsk->area + place->addr, .captured_bytes = place->len, .wire_bytes = place->len,
					      .time_ns = marked ? (int64_t)mark.time_ns + unix_minus_monotonic_ns : now_ns, .link = SK_LINK_ETHERNET};
	}
	xsk_ring_cons__release(&xsk->receive, (uint32_t)count);
	xsk->held = count;
	return count;
}

enum sk_err live_xsk_counts(const struct live_xsk *xsk, struct live_ring_counts *out, struct sk_fault *fault)
{
	struct xdp_statistics said = {0};
	socklen_t length = sizeof said;
	if (getsockopt(xsk_socket__fd(xsk->socket), SOL_XDP, XDP_STATISTICS, &said, &length) != 0)
		return sk_fault_errno(fault, errno, "an AF_XDP socket does not tell its losses");
	/* rx_fill_ring_empty_descs tells the cause of rx_dropped and is the same loss: it is not added. */
	*out = (struct live_ring_counts){.lost = said.rx_dropped + said.rx_ring_full, .full = said.rx_ring_full, .empty = said.rx_fill_ring_empty_descs,
					 .invalid = said.rx_invalid_descs};
	return SK_OK;
}

size_t live_xsk_residue(const struct live_xsk *xsk)
{
	return sk_count_nonzero(xsk->area, xsk->area_bytes);
}

unsigned live_xsk_fill(const struct live_xsk *xsk)
{
	uint32_t waiting = __atomic_load_n(xsk->receive.producer, __ATOMIC_RELAXED) - xsk->receive.cached_cons;
	return waiting < xsk->frames ? (unsigned)((uint64_t)waiting * SK_SOURCE_FULL / xsk->frames) : SK_SOURCE_FULL;
}
