#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What does Prometheus itself say of /metrics? The golden text must pass without a remark; each twin, broken in one place, must not. Usage: promtool.sh SOURCE_ROOT
set -eu
golden=$1/tests/golden/emit/metrics.txt
command -v promtool >/dev/null || { echo 'SKIP: promtool (Debian: prometheus) is not installed'; exit 77; }
remarks() { promtool check metrics 2>&1; }
said=$(remarks <"$golden") || { echo "$said"; exit 1; }
[ -z "$said" ] || { echo "promtool remarks: $said"; exit 1; }
refused() {
	if sed "$1" "$golden" | remarks >/dev/null; then echo "the twin was not refused: $1"; exit 1; fi
}
refused 's/^sekisho_collecting .*/sekisho_collecting one/'
refused 's/^# TYPE sekisho_intervals_total counter/# TYPE sekisho_intervals_total gauge/'
refused '/^# HELP sekisho_flows /d'
refused 's/link="border-1"/link="border"1"/'
echo "promtool: no remark on $(grep -vc '^#' "$golden") series"
