# Machines fail, and people meddle. Nothing outlives its warrant, and nothing of others is overwritten.

The enforcer is killed.
Ayu proposes "late": nobody resolves www.evil.test for 20 seconds.
Everybody agrees on "late".
The operator hands "late" to the enforcer.
BIND and Unbound resolve www.evil.test again.
The enforcer is started.
BIND and Unbound answer that www.evil.test does not exist.
# It dies with the measure in force, and is back when its time is over.
The enforcer is killed.
BIND and Unbound answer that www.evil.test does not exist.
20 seconds go by.
The enforcer is started.
BIND and Unbound resolve www.evil.test again.
Everything is byte for byte as it was before.
"late" is expired.

# Somebody else changes the same name meanwhile: told, left as it is.
Ayu proposes "taken": nobody resolves www.evil.test for 15 seconds.
Everybody agrees on "taken".
The operator hands "taken" to the enforcer.
BIND and Unbound answer that www.evil.test does not exist.
Somebody else lets www.evil.test pass in the policy zone.
The enforcer tells of a conflict about "taken".
"taken" is expired.
What somebody else did about www.evil.test still stands.
Somebody else takes that back.
Everything is byte for byte as it was before.

# The centre's machine loses power between two steps; its ledger and its docket agree afterwards.
Ayu proposes "power": nobody resolves www.evil.test for 15 seconds.
The centre is killed again and again while Ben finds that the evidence of "power" stands.
"power" is evidence_ok.
The centre's ledger proves all of it, and so does oversight's own program.
