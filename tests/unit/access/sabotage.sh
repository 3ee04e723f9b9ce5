#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The tests of this room must be able to fail: break one place each time and expect the test that is named to go red.
# Usage: sabotage.sh SOURCE_ROOT BUILD_ROOT CC...   (the build holds the libraries of the rooms below)
set -eu
root=$1 build=$2
shift 2
cc="$*"
room=$root/src/centre/access tests=$root/tests/unit/access
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
flags="$(pkg-config --cflags liboath libfido2 json-c) -std=gnu17 -D_GNU_SOURCE -O0 -w -I$root/src/foundation -I$root/src/contract -I$root/src/centre -I$root/src -DSK_SHARED_DATA=\"$root/../shared/data\""
libraries="$build/src/centre/docket/libsk_docket.a $build/src/foundation/ledger/libsk_ledger.a $build/src/foundation/text/libsk_text.a $build/src/foundation/seal/libsk_seal.a
$build/src/foundation/base/libsk_base.a"
extra=$(grep -o '"name": "b_sanitize", "value": "[^"]*"' "$build/meson-info/intro-buildoptions.json" 2>/dev/null | sed 's/.*"value": "//; s/"//; s/^none$//; s/^\(..*\)$/-fsanitize=\1/' || true)
mkdir "$work/good"
for f in "$room"/*.c; do $cc $flags $extra -c "$f" -o "$work/good/$(basename "$f" .c).o"; done
for t in test_register test_activities test_factors; do $cc $flags $extra -c "$tests/$t.c" -o "$work/$t.o"; done

# red TEST[:PATTERN] FILE: does this test catch what lies in $work/FILE.o instead of the good one? FILE "-": all are good.
red() {
	objects='' pattern=''
	case $1 in *:*) pattern=${1#*:} ;; esac
	for o in "$work"/good/*.o; do
		if [ "$(basename "$o" .o)" = "$2" ]; then objects="$objects $work/$2.o"; else objects="$objects $o"; fi
	done
	$cc $extra "$work/${1%%:*}.o" $objects -Wl,--start-group $libraries -Wl,--end-group -lcrypto -lsodium -lsqlite3 -ljson-c -loath -lfido2 -lm -lcmocka -o "$work/run" || { echo "does not link"; exit 1; }
	! timeout 300 "$work/run" $pattern >"$work/log" 2>&1
}

failures=0 count=0
for t in test_register test_activities test_factors; do
	if red $t -; then echo "red without sabotage: $t"; tail -5 "$work/log"; exit 1; fi
done
# TEST|FILE|what is broken|sed expression. An expression that changes nothing is stale, and that is an error too.
while IFS='|' read -r test file name expression; do
	[ -n "$file" ] || continue
	sed "$expression" "$room/$file.c" >"$work/$file.c"
	if cmp -s "$room/$file.c" "$work/$file.c"; then
		echo "stale: $name"; failures=$((failures + 1))
	elif ! $cc $flags $extra -c "$work/$file.c" -o "$work/$file.o"; then
		echo "does not compile: $name"; failures=$((failures + 1))
	elif red "$test" "$file"; then
		echo "caught by $test: $name"
	else
		echo "NOT CAUGHT: $name"; failures=$((failures + 1))
	fi
	count=$((count + 1))
done <<'LIST'
test_register|change|an administrator changes oversight|s/if (access->orgs\[org\].kind == SK_ORG_OVERSIGHT)$/if (false)/
test_register|change|the panel's quorum needs no chair|s/if (!led || hands < least)/if (hands < least)/
test_register|change|one hand is a panel|s/size_t least = panel \/ 2 + 1, present/size_t least = 0, present/; s/if (present > least)/if (false)/
test_register|change|a second panel may be founded|s/if (access->orgs\[i\].kind == SK_ORG_OVERSIGHT)$/if (false)/
test_register|change|one key on two accounts|s/if (holder != SK_NOBODY)$/if (false)/; s/if (access->accounts\[i\].keys\[k\].key.id == key->id/if (false/
test_register|change|a key without its holder's word|s/if (!holder)$/if (false)/
test_register|change|whoever likes administers|s/if (sk_access_may(access, person, "access.grant", sk_access_moment(access, change), &why) != SK_OK)/if (false)/
test_register|change|an administrator of one organisation in all|s/if (access->orgs\[home\].host || (org != SK_NOBODY \&\& home == org))/if (true)/
test_register|change|a closed account opens again|s/if (account->until_ns != INT64_MAX)$/if (false)/
test_register|change|a role for oneself|s/if (grant \&\& org->kind != SK_ORG_OVERSIGHT \&\& sk_access_signed_by(change, account->id) != NULL)/if (false)/
test_register|register|what was not allowed is carried out|s/err = sk_access_weigh(access, change, fault);/{ struct sk_fault f; (void)sk_access_weigh(access, change, \&f); }/
test_register|register|signatures are not verified|s/if (sk_note_verify(&parsed, &span->key) != SK_OK)/if (false)/
test_register|register|two keys of one person are two people|s/again = again || strcmp(out\[k\].account/again = false \&\& strcmp(out[k].account/
test_register|register|a closed account signs|s/ || row->from_ns > now_ns || now_ns >= row->until_ns)/)/; s/if (span->from_ns > now_ns || now_ns >= span->until_ns/if (false/
test_register|register|time goes back|s/return clock_ns > access->latest_ns ? clock_ns : access->latest_ns;/return clock_ns;/
test_register|register|a lease has no end|s/ \&\& at_ns < lease->until_ns \&\&/ \&\&/
test_register|lease|a lease for oneself|s/if (strcmp(granter->account, asker->id) == 0)/if (false)/; s/SK_TRY(sk_access_may(access, granter, "lease.grant", sk_access_moment(access, change), fault));/(void)0;/
test_register|lease|every activity is leased|s/if (!sk_duty_leasable(activity))/if (false)/
test_register|lease|a lease for a year|s/seconds == 0 || seconds > SK_ACCESS_LEASE_S_MAX/seconds == 0/
test_register|lease|what ran out is used|s/return lease->state == SK_LEASE_GRANTED \&\& at_ns >= lease->until_ns/return false \&\& at_ns >= lease->until_ns/
test_register|lease|a revocation is not heard|s/if (strcmp(event, "revoke") == 0 \&\& lease->granted_ns != 0/if (false \&\& lease->granted_ns != 0/
test_register|look|any lease for any place|s/, scope, sk_access_moment/, NULL, sk_access_moment/
test_register|look|a look for any purpose|s/SK_TRY(sk_purpose_check(purpose, fault));/(void)0;/
test_register|look|the log for everybody|s/return sk_access_may(access, &change->signers\[0\], "access.log"/return SK_OK; return sk_access_may(access, \&change->signers[0], "access.log"/
test_register|tables|roles do not exclude each other|s/if (groups > 1)/if (false)/
test_register|tables|oversight's roles for everybody|s/if (kind == SK_ORG_OVERSIGHT ? other : oversight)/if (false)/
test_activities|tables|letters are not looked at|s/if (strpbrk(letters, duty->letters) == NULL || /if (false || /
test_activities|tables|nobody is asked for membership|s/if (\*effect == MEMBER)/if (false)/
test_activities|tables|leases are not asked for|s/if (role \&\& !(duty->g1 \&\& effect == LEASE))/if (role)/
test_activities|tables|who holds no G1 may have it|s/if (duty->g1 \&\& !kinds\[person->kind\].g1)/if (false)/
test_activities|tables|every role will do|s/bool role = (duty->roles & person->roles) != 0;/bool role = true;/
test_activities|purpose|every purpose will do|s/if (strcmp(purposes\[i\], name) == 0)/if (true)/
test_factors:codes|password|a code counts twice|s/return err == SK_OK \&\& \*step > tried->last_step ? SK_OK : SK_EFACTOR;/return err;/
test_factors:codes_change|password|a new secret takes the old one's place at once|s/if (counts)$/if (false)/
test_factors:codes_change|password|the old secret goes on beside the new one|s/SK_TRY(write_tried(factors, "totp", account, tried, fault));/SK_TRY(write_tried(factors, waiting, account, tried, fault));/
test_factors:codes_wait|password|what waits waits for ever|s/return now_ns - tried->since_ns >= SK_TOTP_WAITS_S \* second_ns;/return false;/
test_factors:other_sessions|session|the session that asks ends too|s/others->kept = token != NULL/others->kept = false/
test_factors:codes|password|guessing is free|s/if (++tried->failures >= SK_FACTOR_FAILURES_MAX)/if (false)/
test_factors:breached_file|password|breached ones are fine|s/if (count != 0)$/if (false)/
test_factors:breached_file|breached|the list is not halved rightly|s/low = next;/low = next + 41;/
test_factors:sessions|session|no second factor|s/if (session.stepped_ns == 0 || .*$/if (false)/
test_factors:sessions|session|a step-up for anything|s/ || sodium_memcmp(session.stepped, digest, SK_HASH_BYTES) != 0)/)/
test_factors:sessions|session|a step-up for ever|s/ || now_ns - session.stepped_ns >= SK_STEP_UP_S \* second_ns//
test_factors:sessions|session|a session without an end|s/now_ns - session->begun_ns >= SK_SESSION_LIFE_S \* second_ns/false/
test_factors:token*|webauthn|an answer counts twice|s/SK_TRY(sk_vault_delete(factors, "challenge", account, hash, sizeof hash, &gone, fault));/(void)gone;/; s/count <= credential.count/false/
test_factors:token*|webauthn|a challenge has no end|s/if (now_ns < from_ns || now_ns - from_ns >= SK_CHALLENGE_S \* second_ns)/if (false)/
test_factors:token*|webauthn|every page will do|s/if (strcmp(response->origin, party->origin) != 0 || response->cross_origin)/if (false)/
test_factors:token*|webauthn|every kind of answer will do|s/if (strcmp(response->type, type) != 0)/if (false)/
test_factors:token*|webauthn|the counter is not looked at|s/ \&\& count <= credential.count)/ \&\& false)/
test_factors:token*|webauthn|signatures are not verified|s/return verdict == FIDO_OK;/return true;/
test_factors:token_enrolled|enrolled|a key that no act named signs in|s/^\treturn false;$/\treturn !notes->revoked;/
test_factors:token_enrolled|enrolled|a revoked key signs in|s/return notes->revoked == (.*;/return !notes->revoked;/
test_factors:token_enrolled|enrolled|what was enrolled waits for ever|s/notes->now_ns - since_ns >= forgotten_ns/false/
test_factors:sessions|session|who comes second turns the time back|s/return now_ns > session->seen_ns ? now_ns : session->seen_ns;/return now_ns;/
test_factors:changed_rows|vault|a row of another account|s/return kind_size + account_size + name_length;/memset(aad, 0, kind_size + account_size + name_length); return 1;/
test_factors:credentials|credential|an old secret for ever|s/ || (err == SK_OK \&\& now_ns >= until_ns))/)/
test_factors:credentials|credential|a rotation prolongs|s/if (until_ns > ones.one\[i\].until_ns)/if (false)/
LIST
echo "$count sabotages, $failures not caught or stale"
[ $failures = 0 ]
