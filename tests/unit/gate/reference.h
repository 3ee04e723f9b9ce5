/* SPDX-License-Identifier: Apache-2.0 */
/* The reference judge: the same rules as docs/gate.md, written a second time, slowly, by absolute offsets and plain recursion.
   It shares no code with the gate. */
#ifndef GATE_REFERENCE_H
#define GATE_REFERENCE_H

#include "gate/gate.h"

struct reference_verdict {
	enum sk_class class_, inner_class;
	enum sk_gate_reason reason;
	unsigned layers;
	unsigned tunnels;
	size_t packet_at, packet_captured, packet_wire; /* the innermost IP packet */
};

/* Lies that the reference can be told to tell, so that the model test can be seen to fail. */
enum reference_lie {
	REFERENCE_HONEST, REFERENCE_NO_QUOTE, REFERENCE_NO_GRE, REFERENCE_NO_GENEVE_OPTIONS, REFERENCE_FRAGMENTS_PASS, REFERENCE_SLICE_IS_PLAIN,
	REFERENCE_LONG_CHAINS_PASS,
	REFERENCE_LIES
};

/* Judge a frame with the sides of fake_border.h. */
struct reference_verdict reference_judge(const struct sk_frame *frame, unsigned covered, enum reference_lie lie);

#endif
