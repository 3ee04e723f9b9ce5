# SPDX-License-Identifier: Apache-2.0
"""Networks abroad out of nothing: answers every SYN to 198.18.0.0/15 that reaches this interface, from where it was sent to, and sends a steady stream home. Only within namespaces that the
test made. Takes orders from standard input, a line each: ttl N, latency SECONDS, loss SHARE, gone N (of each two
networks the second answers no more: 1; all do: 0)."""
import heapq, os, random, select, socket, struct, sys, threading, time

INTERFACE, HOME = sys.argv[1:3]
now = {"ttl": 56.0, "latency": 0.002, "loss": 0.0, "gone": 0.0}


def orders():
    for line in sys.stdin:
        name, value = line.split()
        now[name] = float(value)
    os._exit(0)


def stream():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    while True:
        for _ in range(2): s.sendto(b"x" * 100, (HOME, 9999))
        time.sleep(0.02)


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16: total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def answer(frame):
    """To a SYN a SYN-ACK; to whatever follows a reset, so that the client is rid of it."""
    ihl = (frame[14] & 15) * 4
    source, destination = frame[26:30], frame[30:34]
    if frame[23] != 6 or destination[0] != 198 or destination[1] not in (18, 19): return None
    if now["gone"] and destination[2] % 2: return None
    t = frame[14 + ihl:]
    sport, dport, seq, ack = struct.unpack("!HHII", t[:12])
    flags = t[13]
    if flags == 2: if_flags, mine, acked = 0x12, 1000, seq + 1
    elif flags & 1: if_flags, mine, acked = 0x14, ack, seq + 1
    else: return None
    tcp = struct.pack("!HHIIBBHHH", dport, sport, mine & 0xffffffff, acked & 0xffffffff, 0x50, if_flags, 65535, 0, 0)
    tcp = tcp[:16] + struct.pack("!H", checksum(destination + source + struct.pack("!HH", 6, len(tcp)) + tcp)) + tcp[18:]
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 40, 0, 0, int(now["ttl"]), 6, 0, destination, source)
    ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
    return frame[6:12] + frame[0:6] + frame[12:14] + ip + tcp


def main():
    threading.Thread(target=orders, daemon=True).start()
    threading.Thread(target=stream, daemon=True).start()
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
    s.bind((INTERFACE, 0))
    due = []
    while True:
        wait = max(0, due[0][0] - time.monotonic()) if due else 1
        if select.select([s], [], [], min(wait, 1))[0]:
            frame, where = s.recvfrom(4096)
            if where[2] != socket.PACKET_OUTGOING and random.random() >= now["loss"]:
                reply = answer(frame)
                if reply: heapq.heappush(due, (time.monotonic() + now["latency"], reply))
        while due and due[0][0] <= time.monotonic(): s.send(heapq.heappop(due)[1])


main()
