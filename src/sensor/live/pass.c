/* SPDX-License-Identifier: Apache-2.0 */
/* Frames out of an interface as they are, through an AF_PACKET socket that receives none. */
#include "live/live_priv.h"

#include <errno.h>
#include <linux/if_arp.h>
#include <linux/if_packet.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FULL_WAIT_MS = 10, SEND_BUFFER_BYTES = 8 << 20 };

struct sk_live_pass {
	int fd;
	char name[SK_LIVE_NAME_MAX];
};

enum sk_err sk_live_pass_open(const char *interface, struct sk_live_pass **out, struct sk_fault *fault)
{
	struct live_nic nic;
	int netlink;
	const int buffer = SEND_BUFFER_BYTES;
	SK_TRY(live_nic_open(interface, &netlink, &nic, fault));
	(void)close(netlink);
	if (nic.hardware != ARPHRD_ETHER)
		return sk_fault_set(fault, SK_EUSAGE, "%s: not an Ethernet interface; ip tuntap add dev NAME mode tap, or ip link add NAME type veth, makes one", interface);
	if (!nic.up)
		return sk_fault_set(fault, SK_EUSAGE, "%s: the interface is down; ip link set %s up", interface, interface);
	struct sk_live_pass *pass = calloc(1, sizeof *pass);
	if (pass == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	memcpy(pass->name, nic.name, sizeof pass->name);
	const struct sockaddr_ll where = {.sll_family = AF_PACKET, .sll_ifindex = (int)nic.index};
	pass->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (pass->fd < 0 || bind(pass->fd, (const struct sockaddr *)(const void *)&where, sizeof where) != 0) {
		int error = errno;
		sk_live_pass_close(pass);
		return sk_fault_errno(fault, error, "%s: cannot send on it (root, or CAP_NET_RAW, is needed)", interface);
	}
	(void)setsockopt(pass->fd, SOL_SOCKET, SO_SNDBUFFORCE, &buffer, sizeof buffer);
	*out = pass;
	return SK_OK;
}

enum sk_err sk_live_pass_put(struct sk_live_pass *pass, const struct sk_frame *frame, struct sk_fault *fault)
{
	for (;;) {
		if (send(pass->fd, frame->bytes, frame->captured_bytes, 0) == (ssize_t)frame->captured_bytes)
			return SK_OK;
		if (errno == EMSGSIZE || errno == EINVAL)
			return sk_fault_set(fault, SK_ETOOBIG, "%s: a frame of %u bytes is more (or less) than it takes; raise its MTU", pass->name, frame->captured_bytes);
		if (errno != EINTR && errno != ENOBUFS && errno != EAGAIN)
			return sk_fault_errno(fault, errno, "%s: cannot send", pass->name);
		if (errno != EINTR)
			(void)poll(NULL, 0, FULL_WAIT_MS);
	}
}

void sk_live_pass_close(struct sk_live_pass *pass)
{
	if (pass == NULL)
		return;
	if (pass->fd >= 0)
		(void)close(pass->fd);
	free(pass);
}
