# A beacon is found. Two organisations and oversight agree. Names, routers and gateways are changed for a while, and in the end everything is as it was.

A machine inside is found to call 198.51.100.9 at regular times.

Ayu proposes "name", because of what was found: nobody resolves www.evil.test for 45 seconds.
Ayu proposes "route", because of what was found: our routers discard what comes from 198.51.100.0/24 for 45 seconds.
Ayu proposes "gate", because of what was found: our gateways drop 198.51.100.9 for 45 seconds.

# Nobody decides about his own proposal, and nothing happens before everybody has signed.
Ayu may not approve "name".
Ben finds that the evidence of "name", "route" and "gate" stands.
Fumi finds "name", "route" and "gate" lawful.
Ayu lays "name", "route" and "gate" before their quorum.
Ayu may not approve "name".
Fumi approves "name", "route" and "gate".
"name" is voting.
Nothing has changed.
Dan approves "name", "route" and "gate".
"name" is approved.
"gate" is approved.

# What routers do for everybody needs three, and one of them is of oversight.
"route" is voting.
M1 approves "route".
"route" is approved.
Nothing has changed.

The operator hands "name", "route" and "gate" to the enforcer.
BIND and Unbound answer that www.evil.test does not exist.
The neighbour's router holds a rule that discards 198.51.100.0/24.
The kernel of the gateway drops 198.51.100.9.
"name", "route" and "gate" are active.
Whoever looks sees bands, and no address of a machine inside.

# Time is over.
BIND and Unbound resolve www.evil.test again.
The neighbour's router holds no rule.
Everything is byte for byte as it was before.
"name", "route" and "gate" are expired.
The enforcer has proved that it undid "name", "route" and "gate".
The centre's ledger proves all of it, and so does oversight's own program.
