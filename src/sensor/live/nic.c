/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel knows of an interface, over rtnetlink and ethtool. */
#include "live/live_priv.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h> /* before the kernel's headers, which then leave out what it has */
#include <linux/ethtool.h>
#include <linux/if_arp.h>
#include <linux/if_packet.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ANSWER_BYTES = 32768, ANSWERS_MAX = 4096 };

/* ---- rtnetlink: one link ---- */

/* Numbers stand in this machine's byte order. */
static uint16_t native16(struct sk_cur *c)
{
	uint16_t value;
	sk_copy(c, &value, sizeof value);
	return value;
}

static uint32_t native32(struct sk_cur *c)
{
	uint32_t value;
	sk_copy(c, &value, sizeof value);
	return value;
}

/* The next attribute: length 2 with this head, type 2, content, padding to 4. False at the end. */
static bool next_attribute(struct sk_cur *c, unsigned *type, struct sk_cur *content)
{
	if (sk_left(c) < 4)
		return false;
	unsigned length = native16(c);
	*type = native16(c) & NLA_TYPE_MASK;
	*content = sk_carve(c, length >= 4 ? length - 4u : 0);
	sk_skip(c, sk_left(c) < -length % 4 ? sk_left(c) : -length % 4);
	return length >= 4 && sk_alive(c) == SK_OK;
}

static void copy_text(struct sk_cur *c, char *out, size_t room)
{
	size_t length = sk_left(c) < room - 1 ? sk_left(c) : room - 1;
	memset(out, 0, room);
	sk_copy(c, out, length);
}

static void take_nested(struct sk_cur *c, unsigned attribute, struct live_nic *out)
{
	struct sk_cur content;
	if (attribute == IFLA_XDP)
		out->other_xdp = 0;
	for (unsigned type; next_attribute(c, &type, &content);)
		if (attribute == IFLA_LINKINFO && type == IFLA_INFO_KIND)
			copy_text(&content, out->kind, sizeof out->kind);
		else if (attribute == IFLA_XDP && type == IFLA_XDP_PROG_ID)
			out->other_xdp = native32(&content);
}

static void take_attribute(unsigned type, struct sk_cur *content, struct live_nic *out)
{
	switch (type) {
	case IFLA_MTU: out->mtu = native32(content); break;
	case IFLA_MASTER: out->master = native32(content); break;
	case IFLA_NUM_RX_QUEUES: out->queues = native32(content); break;
	case IFLA_LINKINFO:
	case IFLA_XDP: take_nested(content, type, out); break;
	case IFLA_STATS64:
		sk_skip(content, offsetof(struct rtnl_link_stats64, rx_dropped));
		sk_copy(content, &out->rx_dropped, sizeof out->rx_dropped);
		break;
	default: break;
	}
}

/* Behind the header of a message about a link: does it stand upon the link of that index (VLAN, macvlan, ...)? The other end of a veth pair names it too, and does not. */
static bool stands_upon(struct sk_cur *c, unsigned index)
{
	struct live_nic upper = {.kind = ""};
	struct sk_cur content;
	unsigned lower = 0;
	bool elsewhere = false;
	sk_skip(c, sizeof(struct ifinfomsg));
	for (unsigned type; next_attribute(c, &type, &content);) {
		if (type == IFLA_LINK)
			lower = native32(&content);
		else if (type == IFLA_LINK_NETNSID)
			elsewhere = true;
		else if (type == IFLA_LINKINFO)
			take_nested(&content, type, &upper);
	}
	return lower == index && !elsewhere && strcmp(upper.kind, "veth") != 0;
}

/* One answer of a list of links: messages, each length 4 with this head, type 2, ...; *done at the end of the list. */
static bool any_upon(struct sk_cur *answer, unsigned index, bool *done)
{
	bool found = false;
	while (sk_left(answer) >= sizeof(struct nlmsghdr) && !*done) {
		struct sk_cur head = *answer;
		size_t length = native32(&head);
		unsigned type = native16(&head);
		struct sk_cur message = sk_carve(answer, length);
		sk_skip(answer, sk_left(answer) < -length % 4 ? sk_left(answer) : -length % 4);
		sk_skip(&message, sizeof(struct nlmsghdr));
		*done = type == NLMSG_DONE || type == NLMSG_ERROR || length < sizeof(struct nlmsghdr) || sk_alive(&message) != SK_OK;
		found = found || (!*done && type == RTM_NEWLINK && stands_upon(&message, index));
	}
	return found;
}

/* struct nlmsghdr: length 4, type 2, flags 2, sequence 4, port 4; struct ifinfomsg: family 1, padding 1, ARPHRD 2, index 4, flags 4, change 4. */
static enum sk_err take_answer(const void *bytes, size_t length, struct live_nic *out)
{
	struct sk_cur c = sk_cur_of(bytes, length), content;
	size_t stated = native32(&c);
	unsigned message = native16(&c);
	sk_skip(&c, 10 + 2);
	out->hardware = native16(&c);
	unsigned index = native32(&c);
	unsigned flags = native32(&c);
	out->up = (flags & IFF_UP) != 0;
	out->running = (flags & IFF_RUNNING) != 0;
	sk_skip(&c, 4);
	if (sk_alive(&c) != SK_OK || stated > length || message != RTM_NEWLINK || index != out->index)
		return SK_EIO;
	out->master = 0;
	for (unsigned type; next_attribute(&c, &type, &content);)
		take_attribute(type, &content, out);
	return SK_OK;
}

enum sk_err live_nic_again(int netlink, struct live_nic *nic, struct sk_fault *fault)
{
	struct {
		struct nlmsghdr head;
		struct ifinfomsg link;
	} ask = {.head = {.nlmsg_len = sizeof ask, .nlmsg_type = RTM_GETLINK, .nlmsg_flags = NLM_F_REQUEST}, .link = {.ifi_family = AF_UNSPEC, .ifi_index = (int)nic->index}};
	_Alignas(struct nlmsghdr) uint8_t answer[ANSWER_BYTES];
	ssize_t got = -1;
	if (send(netlink, &ask, sizeof ask, 0) == (ssize_t)sizeof ask)
		do
			got = recv(netlink, answer, sizeof answer, 0);
		while (got < 0 && errno == EINTR);
	if (got <= 0 || take_answer(answer, (size_t)got, nic) != SK_OK)
		return sk_fault_set(fault, SK_EIO, "%s: the interface is gone", nic->name);
	return SK_OK;
}

static bool has_upper(unsigned index)
{
	const struct {
		struct nlmsghdr head;
		struct ifinfomsg link;
	} ask = {.head = {.nlmsg_len = sizeof ask, .nlmsg_type = RTM_GETLINK, .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP}, .link = {.ifi_family = AF_UNSPEC}};
	uint8_t answer[ANSWER_BYTES];
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	bool found = false, done = fd < 0 || send(fd, &ask, sizeof ask, 0) != (ssize_t)sizeof ask;
	for (unsigned turn = 0; !done && turn < ANSWERS_MAX; turn++) {
		ssize_t got = recv(fd, answer, sizeof answer, 0);
		if (got <= 0)
			break;
		struct sk_cur c = sk_cur_of(answer, (size_t)got);
		found = any_upon(&c, index, &done) || found;
	}
	if (fd >= 0)
		(void)close(fd);
	return found;
}

/* ---- ethtool, addresses ---- */

static bool ask_ethtool(int fd, const char *name, void *data)
{
	struct ifreq request = {0};
	(void)snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
	request.ifr_data = data;
	return ioctl(fd, SIOCETHTOOL, &request) == 0;
}

static void ask_driver(int fd, struct live_nic *out)
{
	struct ethtool_drvinfo driver = {.cmd = ETHTOOL_GDRVINFO};
	struct ethtool_channels channels = {.cmd = ETHTOOL_GCHANNELS};
	if (ask_ethtool(fd, out->name, &driver))
		(void)snprintf(out->driver, sizeof out->driver, "%.31s", driver.driver);
	/* Queues in use; rtnetlink tells how many there may be. */
	if (ask_ethtool(fd, out->name, &channels) && channels.rx_count + channels.combined_count != 0)
		out->queues = channels.rx_count + channels.combined_count;
}

static bool has_address(const char *name)
{
	struct ifaddrs *all, *each;
	bool found = false;
	if (getifaddrs(&all) != 0)
		return false;
	for (each = all; each != NULL && !found; each = each->ifa_next) {
		if (strcmp(each->ifa_name, name) != 0 || each->ifa_addr == NULL)
			continue;
		if (each->ifa_addr->sa_family == AF_INET)
			found = true;
		else if (each->ifa_addr->sa_family == AF_INET6)
			found = !IN6_IS_ADDR_LINKLOCAL(&((const struct sockaddr_in6 *)(const void *)each->ifa_addr)->sin6_addr);
	}
	freeifaddrs(all);
	return found;
}

enum sk_err live_nic_open(const char *name, int *netlink, struct live_nic *out, struct sk_fault *fault)
{
	*out = (struct live_nic){.queues = 1};
	*netlink = -1;
	unsigned index = strlen(name) < sizeof out->name ? if_nametoindex(name) : 0;
	if (index == 0)
		return sk_fault_set(fault, SK_EUSAGE, "%s: no such interface here; ip link lists them", name);
	out->index = index;
	(void)snprintf(out->name, sizeof out->name, "%s", name);
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (fd < 0)
		return sk_fault_errno(fault, errno, "%s: the kernel cannot be asked about it", name);
	enum sk_err err = live_nic_again(fd, out, fault);
	if (err != SK_OK) {
		(void)close(fd);
		return err;
	}
	int any = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (any >= 0) {
		ask_driver(any, out);
		(void)close(any);
	}
	out->addressed = has_address(name);
	out->upper = has_upper(index);
	*netlink = fd;
	return SK_OK;
}

enum sk_err live_nic_promiscuous(const struct live_nic *nic, int *fd, struct sk_fault *fault)
{
	struct packet_mreq wish = {.mr_ifindex = (int)nic->index, .mr_type = PACKET_MR_PROMISC};
	*fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0); /* protocol 0: it gets no frame */
	if (*fd >= 0 && setsockopt(*fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &wish, sizeof wish) == 0)
		return SK_OK;
	return sk_fault_errno(fault, errno, "%s: cannot be made promiscuous (root, or CAP_NET_RAW and CAP_NET_ADMIN, is needed)", nic->name);
}

/* ---- losses in front of the program ---- */

bool live_nic_before(const struct live_nic *nic, bool native, uint64_t ring_lost, uint64_t *lost)
{
	static const struct {
		const char *kind;
		bool with_ring_losses;
	} rules[] = {
#define LIVE_DRIVER(kind, with_ring_losses, prose) {kind, with_ring_losses},
#include "live/driver.def"
#undef LIVE_DRIVER
	};
	for (size_t i = 0; i < SK_COUNT(rules); i++) {
		if (strcmp(nic->kind, rules[i].kind) != 0)
			continue;
		uint64_t off = native && rules[i].with_ring_losses ? ring_lost : 0;
		*lost = nic->rx_dropped > off ? nic->rx_dropped - off : 0;
		return true;
	}
	*lost = 0;
	return false;
}
