#!/bin/sh
# Make the seeds of the border fuzzers again. Usage: make_seeds.sh SEKISHO (a built program)
set -eu
sekisho=$1
cd "$(dirname "$0")"
rm -rf seeds
for target in table list geoipdb rir csv; do mkdir -p "seeds/fz_border_$target"; done
printf '# own\r\n1.2.3.0/24\r\n1.2.4.1 - 1.2.4.9\n2001:db8::/32 # documentation\n0.0.0.0/0\n::/0\n' >seeds/fz_border_list/good
printf '\357\273\2771.2.3.4\n2002:102:304::/48\n::ffff:1.2.3.4\n64:ff9b::1-64:ff9b::7\n' >seeds/fz_border_list/embedded
printf '10.1.2.3/8\n' >seeds/fz_border_list/host-bits
printf '1.2.3.9 - 1.2.3.4\n' >seeds/fz_border_list/backwards
printf '# Generated: Thu, 25 Jun 2026 04:33:59 GMT\n16777216,16777471,AU\n16777472,16778239,JP\n0,4294967295,??\n' >seeds/fz_border_geoipdb/v4
printf '2a00::,2a00:ffff:ffff:ffff:ffff:ffff:ffff:ffff,JP\n2001::,2001:0:ffff:ffff:ffff:ffff:ffff:ffff,US\n::,ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff,EU\n' >seeds/fz_border_geoipdb/v6
printf '16777216,16777471\n' >seeds/fz_border_geoipdb/short
printf '2.3|apnic|20260622|3|19830613|20260619|+1000\napnic|*|ipv4|*|1|summary\napnic|JP|ipv4|1.0.16.0|4352|20110412|allocated|A9\napnic|JP|ipv6|2001:200::|35|19990813|assigned|A9\napnic||ipv4|1.5.0.0|256||available|\napnic|JP|asn|173|1|20020801|allocated\n' >seeds/fz_border_rir/good
printf '2|x|1|1|1|20260619|0\nx|JP|ipv4|255.255.255.0|257|1|allocated\n' >seeds/fz_border_rir/too-far
printf '1.0.0.0,1.0.0.255,JP\n"1.0.1.0","1.0.1.255","US"\n1.0.2.0,1.0.2.255,\n1.0.0.128,1.0.1.9,A1\n' >seeds/fz_border_csv/good
printf '2a00::,2a00::ffff,jp\n0.0.0.0,255.255.255.255,EU\n1.0.0.0,1.0.0.9,J\n' >seeds/fz_border_csv/mixed
"$sekisho" border build --domestic 1.2.3.0/25 --unknown 1.2.0.0/16 --foreign 2001:db8:1::/48 --domestic 2002:102:304::/48 --rest unknown --build-date @0 \
	--country XA=1.2.3.0/24 --country XB=2001:db8:1::/48 --country XC=2001:db8::/32 \
	-o seeds/fz_border_table/lists.skb >/dev/null
"$sekisho" border build --home JP --csv seeds/fz_border_csv/good --build-date @0 -o seeds/fz_border_table/countries.skb >/dev/null
