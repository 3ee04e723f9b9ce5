/* SPDX-License-Identifier: Apache-2.0 */
/* Acts of the register that several people sign, and security keys on their way into it: what the files of `sekisho access` share for them. */
#ifndef SK_CMD_ACCESS_JOINT_H
#define SK_CMD_ACCESS_JOINT_H

#include "access/list.h"
#include "cmd/access.h"

/* Put the signatures of those who signed the same statement earlier under note. SK_EINCONSISTENT (what waits was changed), SK_ETOOBIG. */
SK_MUST enum sk_err sk_joint_merge(const struct sk_register *reg, struct sk_buf *note, struct sk_fault *fault);
/* The judge refused with that verdict: is it only that others must sign too, and is who signed one of them? */
bool sk_joint_could(struct sk_register *reg, const struct sk_buf *note, const struct sk_act *act, enum sk_err verdict);
/* Let it wait in DIR/centre/joint; reg->waits gets its id. SK_ETOOBIG (too many wait), SK_EIO, SK_ENOSPC. */
SK_MUST enum sk_err sk_joint_keep(struct sk_register *reg, const struct sk_buf *note, struct sk_fault *fault);
/* It was entered: it waits no longer. */
void sk_joint_done(const struct sk_register *reg, const struct sk_buf *note);

/* waiting: what waits for signatures; under a session, what concerns its person. */
int sk_access_waiting_cmd(const struct sk_access_args *args);
/* sign ID: one more signature; with the last it is entered. */
int sk_access_sign_cmd(const struct sk_access_args *args);
/* drop ID: nothing comes of it. */
int sk_access_drop_cmd(const struct sk_access_args *args);
/* enrol ACCOUNT: a security key for somebody else, under the session of whoever administers. */
int sk_access_enrol_cmd(const struct sk_access_args *args);
/* The register changed: enrolled keys that it holds now sign in, revoked ones no longer. */
SK_MUST enum sk_err sk_register_settle(struct sk_register *reg, struct sk_fault *fault);

#endif
