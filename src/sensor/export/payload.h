/* SPDX-License-Identifier: Apache-2.0 */
/* payload: flow exports in files: the payload of one datagram (NetFlow, sFlow, IPFIX), or IPFIX messages one after the other (RFC 5655).
   Thread rule: as the export's. */
#ifndef SK_EXPORT_PAYLOAD_H
#define SK_EXPORT_PAYLOAD_H

#include "capture/stream.h"
#include "export/export.h"

/* Do these first bytes of a file begin a message? No capture begins so. */
bool sk_payload_is(const uint8_t *head, size_t length);
/* Read it to the end. All files of a run are one exporter, so that a file of templates serves those after it. Times are the messages' own. SK_EDAMAGED: the last message is cut off,
   or the stream cannot be read on (the fault has its code); what stood before was read. SK_ETOOBIG: more than a datagram, and not IPFIX. SK_EINTR. Errors of sk_export_message.
   rule: EXPORT-1 */
SK_MUST enum sk_err sk_payload_read(struct sk_export *export_, struct sk_stream *stream, const char *name, struct sk_fault *fault);

#endif
