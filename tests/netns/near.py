# SPDX-License-Identifier: Apache-2.0
"""Hosts at home that talk with networks abroad (far.py), eight hosts in each: a connection to each, again and again, and a steady stream. usage: near.py NETWORKS PAUSE"""
import socket, sys, threading, time

networks, pause = int(sys.argv[1]), float(sys.argv[2])


def connect(i):
    turn = 0
    while True:
        s = socket.socket()
        s.settimeout(5)
        turn += 1
        try: s.connect((f"198.18.{i}.{80 + turn % 8}", 80))
        except OSError: pass
        s.close()
        time.sleep(pause)


def sink():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(("", 9999))
    while True: s.recv(2048)


for i in range(networks): threading.Thread(target=connect, args=(i,), daemon=True).start()
threading.Thread(target=sink, daemon=True).start()
out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
while True:
    for _ in range(6): out.sendto(b"y" * 100, ("198.18.0.1", 9))
    time.sleep(0.02)
