/* SPDX-License-Identifier: Apache-2.0 */
/* SNMP (RFC 1157, RFC 3416, RFC 3412; BER).

   v1, v2c:  SEQUENCE { version 0 or 1, community OCTET STRING, PDU }
   v3:       SEQUENCE { version 3, SEQUENCE { id, size, flags OCTET STRING (1), model }, security OCTET STRING,
                        SEQUENCE { engine, context, PDU } or OCTET STRING (encrypted) }
   PDU:      [type] { request id, error status, error index, ... }, a trap of v1: [4] { enterprise, address, generic, specific, ... }

   The community, the security parameters and every variable are stepped over unread. */
#include "decode/ber_priv.h"
#include "decode/command_priv.h"

enum {
	VERSION_1 = 0, VERSION_2C = 1, VERSION_3 = 3, PDU_RESPONSE = 2, PDU_SET = 3, PDU_TRAP_V1 = 4, PDU_BULK = 5, PDU_REPORT = 8, PDU_TYPES = 9,
	CODE_ENCRYPTED = 255, ERROR_STATUS_MAX = 18, BER_OID = 0x06, BER_IP_ADDRESS = 0x40, TRAP_GENERIC_MAX = 6, SECURITY_FLAGS_MAX = 7
};

/* False: not as it should be. */
static bool read_pdu(struct sk_cur c, struct sk_command *out, bool *cut)
{
	uint8_t type = (uint8_t)(sk_peek_u8(&c, 0) ^ SK_BER_CONTEXT);
	if (!sk_more(&c) || type >= PDU_TYPES)
		return false;
	struct sk_cur pdu = sk_ber_take_cut(&c, (uint8_t)(SK_BER_CONTEXT | type), cut);
	out->code = type;
	out->response = type == PDU_RESPONSE || type == PDU_REPORT;
	out->write = type == PDU_SET;
	if (type == PDU_TRAP_V1) {
		(void)sk_ber_take(&pdu, BER_OID);
		(void)sk_ber_take(&pdu, BER_IP_ADDRESS);
		int32_t generic = sk_ber_integer(&pdu);
		out->detail = (uint16_t)generic;
		return sk_alive(&pdu) == SK_OK && generic >= 0 && generic <= TRAP_GENERIC_MAX;
	}
	(void)sk_ber_integer(&pdu);
	int32_t status = sk_ber_integer(&pdu);
	(void)sk_ber_integer(&pdu);
	if (sk_alive(&pdu) != SK_OK)
		return false;
	if (type == PDU_BULK) /* non-repeaters stand there */
		return status >= 0;
	out->status = (uint16_t)status;
	out->error = status != 0;
	return status >= 0 && status <= ERROR_STATUS_MAX;
}

static bool read_version_3(struct sk_cur c, struct sk_command *out, bool *cut)
{
	struct sk_cur global = sk_ber_take(&c, SK_BER_SEQUENCE);
	(void)sk_ber_integer(&global);
	(void)sk_ber_integer(&global);
	struct sk_cur flags = sk_ber_take(&global, SK_BER_OCTETS);
	out->detail = sk_u8(&flags);
	(void)sk_ber_integer(&global);
	if (sk_done(&flags) != SK_OK || sk_done(&global) != SK_OK || out->detail > SECURITY_FLAGS_MAX)
		return false;
	(void)sk_ber_take(&c, SK_BER_OCTETS);
	if (sk_peek_u8(&c, 0) == SK_BER_OCTETS) {
		out->code = CODE_ENCRYPTED;
		return true;
	}
	struct sk_cur scoped = sk_ber_take_cut(&c, SK_BER_SEQUENCE, cut);
	(void)sk_ber_take(&scoped, SK_BER_OCTETS);
	(void)sk_ber_take(&scoped, SK_BER_OCTETS);
	return read_pdu(scoped, out, cut);
}

static enum sk_err read_message(struct sk_cur c, struct sk_command_context context, struct sk_command *out)
{
	bool cut = false;
	struct sk_cur message = sk_ber_take_cut(&c, SK_BER_SEQUENCE, &cut);
	int32_t version = sk_ber_integer(&message);
	if (sk_alive(&message) != SK_OK || (version != VERSION_1 && version != VERSION_2C && version != VERSION_3) ||
	    (!context.hinted && (cut || sk_more(&c))))
		return SK_EUNSUPPORTED;
	out->version = (uint16_t)(version == VERSION_3 ? 3 : version + 1);
	if (version == VERSION_3)
		return read_version_3(message, out, &cut) ? SK_OK : SK_EMALFORMED;
	(void)sk_ber_take(&message, SK_BER_OCTETS); /* the community is a password */
	return read_pdu(message, out, &cut) ? SK_OK : SK_EMALFORMED;
}

enum sk_err sk_snmp_head(struct sk_cur bytes, struct sk_command_context context, struct sk_command *out)
{
	*out = (struct sk_command){.app = SK_APP_NONE};
	if (sk_peek_u8(&bytes, 0) != SK_BER_SEQUENCE)
		return SK_EUNSUPPORTED;
	return sk_command_settle(read_message(bytes, context, out), out);
}
