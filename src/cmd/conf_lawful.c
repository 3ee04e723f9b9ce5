/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/conf_lawful.h"

enum sk_err sk_conf_lawful(const struct sk_conf *conf, enum sk_profile profile, struct sk_fault *fault)
{
	if (profile == SK_PROFILE_LAB)
		return SK_OK;
	if (!conf->sandbox)
		return sk_fault_set(fault, SK_EPERMIT, "sandbox: false is accepted in a workspace of profile lab alone; this one is '%s'", sk_profile_name(profile));
	if (conf->memory_lock == SK_CONF_LOCK_OFF)
		return sk_fault_set(fault, SK_EPERMIT, "memory.lock: off is accepted in a workspace of profile lab alone; this one is '%s'", sk_profile_name(profile));
	return SK_OK;
}
