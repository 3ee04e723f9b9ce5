/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SK_REPORT_EXPORT_PRIV_H
#define SK_REPORT_EXPORT_PRIV_H

#include "report/export.h"

/* A STIX 2.1 bundle (stix.c). */
void sk_report_stix(const struct sk_report_copy *copy, struct sk_buf *out);

#endif
