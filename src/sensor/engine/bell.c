/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/bell_priv.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum sk_err sk_bell_init(struct sk_bell *bell, struct sk_fault *fault)
{
	atomic_init(&bell->asleep, 0);
	bell->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return bell->fd >= 0 ? SK_OK : sk_fault_errno(fault, errno, "the workers cannot be woken: no eventfd");
}

void sk_bell_fini(struct sk_bell *bell)
{
	if (bell->fd >= 0)
		(void)close(bell->fd);
	bell->fd = -1;
}

void sk_bell_ring(struct sk_bell *bell)
{
	static const uint64_t once = 1;
	if (SK_LIKELY(atomic_load(&bell->asleep) == 0) || atomic_exchange(&bell->asleep, 0) == 0)
		return;
	/* Fails only when its counter is full: then it is awake. */
	(void)!write(bell->fd, &once, sizeof once);
}

void sk_bell_doze(struct sk_bell *bell)
{
	atomic_store(&bell->asleep, 1);
}

void sk_bell_stay(struct sk_bell *bell)
{
	atomic_store(&bell->asleep, 0);
}

void sk_bells_sleep(struct sk_bell *const *bells, size_t count, int descriptor, int longest_ms)
{
	struct pollfd wait[SK_BELLS_MAX + 1];
	uint64_t rings;
	SK_INVARIANT(count <= SK_BELLS_MAX);
	for (size_t i = 0; i < count; i++)
		wait[i] = (struct pollfd){.fd = bells[i]->fd, .events = POLLIN};
	wait[count] = (struct pollfd){.fd = descriptor, .events = POLLIN};
	(void)poll(wait, (nfds_t)(descriptor >= 0 ? count + 1 : count), longest_ms);
	for (size_t i = 0; i < count; i++) {
		sk_bell_stay(bells[i]);
		if ((wait[i].revents & POLLIN) != 0)
			(void)!read(bells[i]->fd, &rings, sizeof rings);
	}
}

void sk_bell_sleep(struct sk_bell *bell, int descriptor, int longest_ms)
{
	sk_bells_sleep(&bell, 1, descriptor, longest_ms);
}
