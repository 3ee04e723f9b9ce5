/* SPDX-License-Identifier: Apache-2.0 */
/* EtherNet/IP encapsulation and the CIP service in it (ODVA: The CIP Networks Library, volumes 1 and 2), over TCP and UDP. All numbers are little
   endian.

   command (2)   length (2)   session (4)   status (4)   sender context (8)   options = 0 (4)
   SendRRData, SendUnitData:  interface = 0 (4)   timeout (2)   items (2)   item: type (2)   length (2) ...
   unconnected data:  CIP       connected data:  sequence (2)   CIP
   CIP request:  service (1)   path words (1)   path       CIP answer:  service | 0x80   0   general status (1)   more status words (1)

   Read: command, status, service, the class at the front of the path (it tells two services of one number apart). A service within Unconnected_Send
   is told instead of it; services packed together are looked through for a write. Sessions, contexts, instances, tag names and data are not read. */
#include "decode/command_priv.h"

enum {
	HEADER_BYTES = 24, CPF_HEAD_BYTES = 8, ITEMS_MAX = 8, ITEM_CONNECTED = 0x00b1, ITEM_UNCONNECTED = 0x00b2, SERVICES_MAX = 128,
	UNWRAPPED_MAX = 2,
	LOOKED_AT_MAX = 1024, /* of a message: a pack of services that is longer is looked through so far */
	SESSION_BYTES = 4
};

enum command {
	NOP = 0x0000, LIST_SERVICES = 0x0004, LIST_IDENTITY = 0x0063, LIST_INTERFACES = 0x0064, REGISTER_SESSION = 0x0065,
	UNREGISTER_SESSION = 0x0066, SEND_RR_DATA = 0x006f, SEND_UNIT_DATA = 0x0070, INDICATE_STATUS = 0x0072, CANCEL = 0x0073
};

enum service {
	SET_ATTRIBUTES_ALL = 0x02, SET_ATTRIBUTE_LIST = 0x04, RESET = 0x05, START = 0x06, STOP = 0x07, CREATE = 0x08, DELETE = 0x09,
	MULTIPLE_SERVICES = 0x0a, APPLY_ATTRIBUTES = 0x0d, SET_ATTRIBUTE_SINGLE = 0x10, RESTORE = 0x15, SAVE = 0x16, SET_MEMBER = 0x19,
	INSERT_MEMBER = 0x1a, REMOVE_MEMBER = 0x1b, WRITE_TAG = 0x4d, READ_MODIFY_WRITE_TAG = 0x4e /* of the connection manager: Forward_Close */,
	UNCONNECTED_SEND = 0x52 /* of the connection manager; else Read_Tag_Fragmented */, WRITE_TAG_FRAGMENTED = 0x53, ANSWER = 0x80
};

enum { CLASS_CONNECTION_MANAGER = 6, CLASS_8_BIT = 0x20, CLASS_16_BIT = 0x21, STATUS_PARTIAL = 6 };

static bool is_write(unsigned service, unsigned class_)
{
	switch (service) {
	case SET_ATTRIBUTES_ALL:
	case SET_ATTRIBUTE_LIST:
	case RESET:
	case START:
	case STOP:
	case CREATE:
	case DELETE:
	case APPLY_ATTRIBUTES:
	case SET_ATTRIBUTE_SINGLE:
	case RESTORE:
	case SAVE:
	case SET_MEMBER:
	case INSERT_MEMBER:
	case REMOVE_MEMBER:
	case WRITE_TAG:
	case WRITE_TAG_FRAGMENTED:
		return true;
	case READ_MODIFY_WRITE_TAG:
		return class_ != CLASS_CONNECTION_MANAGER;
	default:
		return false;
	}
}

/* Step over a request's path. Its class; 0 when it begins with none. */
static unsigned take_class(struct sk_cur *request)
{
	struct sk_cur path = sk_carve(request, 2u * sk_u8(request));
	switch (sk_u8(&path)) {
	case CLASS_8_BIT:
		return sk_u8(&path);
	case CLASS_16_BIT:
		sk_skip(&path, 1);
		return sk_le16(&path);
	default:
		return 0;
	}
}

/* Number (2), offsets (2 each) from the number on, the requests. */
static bool holds_write(struct sk_cur pack)
{
	struct sk_cur from_number = sk_rest(&pack), offsets = from_number;
	unsigned count = sk_le16(&offsets);
	for (unsigned i = 0; i < count && i < SERVICES_MAX; i++) {
		struct sk_cur request = sk_seek(&from_number, sk_le16(&offsets));
		uint8_t service = sk_u8(&request);
		unsigned class_ = take_class(&request);
		if (sk_alive(&offsets) == SK_OK && sk_alive(&request) == SK_OK && is_write(service, class_))
			return true;
	}
	return false;
}

static void read_cip(struct sk_cur cip, struct sk_command *out)
{
	for (unsigned wrapped = 0; wrapped < UNWRAPPED_MAX; wrapped++) {
		uint8_t service = sk_u8(&cip);
		if (sk_alive(&cip) != SK_OK)
			return;
		out->detail = (uint16_t)(service & ~(unsigned)ANSWER);
		out->response = (service & ANSWER) != 0;
		if (out->response) {
			sk_skip(&cip, 1);
			out->status = sk_u8(&cip);
			out->error = out->status != 0 && out->status != STATUS_PARTIAL;
			return;
		}
		unsigned class_ = take_class(&cip);
		if (service == MULTIPLE_SERVICES)
			out->write = holds_write(cip);
		else
			out->write = sk_alive(&cip) == SK_OK && is_write(service, class_);
		if (service != UNCONNECTED_SEND || class_ != CLASS_CONNECTION_MANAGER)
			return;
		sk_skip(&cip, 2); /* priority and time */
		cip = sk_carve_at_most(&cip, sk_le16(&cip));
	}
}

static void read_items(struct sk_cur c, struct sk_command *out)
{
	uint32_t interface = sk_le32(&c);
	sk_skip(&c, 2);
	unsigned count = sk_le16(&c);
	for (unsigned i = 0; i < count && i < ITEMS_MAX && interface == 0; i++) {
		uint16_t type = sk_le16(&c), length = sk_le16(&c);
		struct sk_cur item = sk_carve_at_most(&c, length);
		if (type == ITEM_CONNECTED)
			sk_skip(&item, 2);
		if (type == ITEM_CONNECTED || type == ITEM_UNCONNECTED) {
			read_cip(item, out);
			return;
		}
	}
}

static bool is_command(unsigned command, unsigned length)
{
	switch (command) {
	case NOP:
	case LIST_SERVICES:
	case LIST_IDENTITY:
	case LIST_INTERFACES:
	case INDICATE_STATUS:
	case CANCEL:
		return true;
	case REGISTER_SESSION:
		return length == SESSION_BYTES;
	case UNREGISTER_SESSION:
		return length == 0;
	case SEND_RR_DATA:
	case SEND_UNIT_DATA:
		return length >= CPF_HEAD_BYTES;
	default:
		return false;
	}
}

static bool is_status(uint32_t status)
{
	return status <= 3 || status == 0x64 || status == 0x65 || status == 0x69;
}

static enum sk_err read_message(struct sk_cur c, struct sk_command_context context, struct sk_command *out)
{
	bool trusted = context.hinted || context.known;
	uint16_t command = sk_le16(&c), length = sk_le16(&c);
	if (sk_alive(&c) == SK_OK && !is_command(command, length))
		return SK_EUNSUPPORTED;
	sk_skip(&c, 4);
	uint32_t status = sk_le32(&c);
	sk_skip(&c, 8);
	uint32_t options = sk_le32(&c);
	if (sk_alive(&c) != SK_OK)
		return trusted ? sk_command_short(context) : SK_EUNSUPPORTED;
	if (options != 0 || (!trusted && (command == NOP || !is_status(status) || sk_left(&c) != length)))
		return SK_EUNSUPPORTED;
	out->code = command;
	out->status = (uint16_t)status;
	out->error = status != 0;
	out->response = !context.to_server;
	out->bytes = HEADER_BYTES + (uint32_t)length;
	if (command != SEND_RR_DATA && command != SEND_UNIT_DATA)
		return SK_OK;
	size_t needed = length < LOOKED_AT_MAX ? length : LOOKED_AT_MAX;
	if (sk_left(&c) < needed)
		return sk_command_short(context);
	if (status == 0)
		read_items(sk_carve(&c, needed), out);
	return SK_OK;
}

enum sk_err sk_enip_head(struct sk_cur bytes, struct sk_command_context context, struct sk_command *out)
{
	*out = (struct sk_command){.app = SK_APP_NONE};
	return sk_command_settle(read_message(bytes, context, out), out);
}
