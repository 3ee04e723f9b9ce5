# SPDX-License-Identifier: Apache-2.0
"""The sample border as data: who is where, and what each actor's traffic is. Read by `record` (which builds it) and `truth` (which labels it)."""

#   hosts inland --- agg ===up===> border (tcpdump records here)
#   hosts abroad ---  |  <==down== border
#
# Each packet between two hosts goes once up to the border and once down again, also transit (abroad to abroad) and hairpin (inland to inland).

#        name      IPv4              IPv6                  what it is
HOSTS = {
    "dns":    ("192.0.2.53",     "2001:db8:d::53"),       # BIND: corp.example, resolver of the inland hosts
    "web":    ("192.0.2.80",     "2001:db8:d::80"),       # nginx: www.corp.example
    "ssh":    ("192.0.2.22",     "2001:db8:d::22"),       # sshd
    "pc":     ("192.0.2.100",    "2001:db8:d::100"),      # a person at work: curl, Chromium, ping
    "sick":   ("198.18.5.20",    "2001:db8:d:5::20"),     # an infected host: beacon, DNS tunnel
    "plant":  ("198.18.9.1",     "2001:db8:d:9::1"),      # gateway of a plant: SNMP, NTP client; 198.18.9.0/24 behind it is empty
    "fweb":   ("198.51.100.80",  "2001:db8:f::80"),       # nginx: www.shop.example; HTTP/3 on 8443; iperf3
    "fdns":   ("198.51.100.53",  "2001:db8:f::53"),       # BIND: shop.example, news.example, update-check.test
    "ftime":  ("198.51.100.123", "2001:db8:f::123"),      # chrony
    "fuser":  ("198.51.100.7",   "2001:db8:f::7"),        # a customer and administrator abroad
    "fwest":  ("198.19.4.4",     "2001:db8:f:4::4"),      # another network abroad: the far end of transit
    "scan":   ("203.0.113.99",   "2001:db8:f:113::99"),   # nmap, password guessing
    "c2":     ("203.0.113.66",   "2001:db8:f:113::66"),   # command server; iodine server
    "flood":  ("203.0.113.200",  "2001:db8:f:113::200"),  # hping3; also forges 203.0.113.201-220
}
FORGED = ["203.0.113.%d" % n for n in range(201, 221)]
PLANT_NET = "198.18.9.0/24"
DOMESTIC4, DOMESTIC6 = ["192.0.2.0/24", "198.18.0.0/16"], ["2001:db8:d::/48"]
FOREIGN4, FOREIGN6 = ["198.51.100.0/24", "203.0.113.0/24", "198.19.0.0/16"], ["2001:db8:f::/48"]

# First match labels a flow: initiator, responder (names, "*" = any), protocol, responder port, label. Each actor has its own address, so that
# this is truth by construction.
LABELS = [
    ("sick", "c2", 6, 443, "beacon"),
    ("sick", "dns", 17, 53, "dns_tunnel_inland_part"),
    ("dns", "c2", 17, 53, "dns_tunnel"),
    ("scan", "ssh", 6, 22, "password_guessing_or_scan"),
    ("scan", "fwest", 6, 22, "password_guessing_transit"),
    ("scan", "*", 1, None, "scan"),
    ("scan", "*", 6, None, "scan"),
    ("scan", "*", 17, None, "scan"),
    ("flood", "*", 6, None, "syn_flood"),
    ("flood", "*", 17, None, "udp_flood"),
    ("pc", "fweb", 17, 8443, "benign_http3"),
    ("pc", "fweb", 17, 5201, "benign_iperf3"),
    ("pc", "fweb", 6, 5201, "benign_iperf3"),
    ("*", "*", 17, 53, "benign_dns"),
    ("*", "*", 6, 53, "benign_dns"),
    ("*", "*", 17, 123, "benign_ntp"),
    ("*", "*", 17, 161, "benign_snmp"),
    ("*", "*", 6, 22, "benign_ssh"),
    ("*", "*", 6, 80, "benign_http"),
    ("*", "*", 6, 443, "benign_https"),
    ("*", "*", 1, None, "benign_icmp"),
    ("*", "*", 58, None, "benign_icmp"),
]

# Marks that must never be found in anything that Sekisho keeps (docs/design.md, promise 2).
CANARY_PAYLOAD = "SEKISHO-CANARY-PAYLOAD-5d1c"                   # in HTTP bodies and headers, of every class
CANARY_FIELD = "sekisho-canary-field-82ae.news.example"          # a DNS name and a TLS server name of a flow that no selector selects
