/* SPDX-License-Identifier: Apache-2.0 */
/* The gate for records whose frames are gone: a line of a log, a flow of an export. */
#include "gate/gate.h"

enum sk_gate_reason sk_gate_judge_pair(const struct sk_border *table, unsigned covered_classes, const struct sk_addr *source, const struct sk_addr *destination,
				       enum sk_class *class_)
{
	/* No basis can cover what is domestic or unknown, whatever it says. */
	unsigned covered = covered_classes & (SK_CLASS_BIT(SK_CLASS_FF) | SK_CLASS_BIT(SK_CLASS_FD) | SK_CLASS_BIT(SK_CLASS_DF));
	*class_ = sk_class_of(sk_border_side(table, source), sk_border_side(table, destination));
	if ((covered & SK_CLASS_BIT(*class_)) != 0)
		return SK_GATE_ADMITTED;
	return *class_ == SK_CLASS_DD ? SK_GATE_DOMESTIC : *class_ == SK_CLASS_UNKNOWN ? SK_GATE_UNKNOWN : SK_GATE_NOT_COVERED;
}
