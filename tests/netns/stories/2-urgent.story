# There is no time. Two persons act, oversight is told at once, and what nobody ratifies is undone.

Ayu proposes "now", urgently: nobody resolves www.evil.test for 20 seconds.
Ayu may not approve "now".
Dan approves "now".
"now" is urgent_active.
Oversight has "now" in its list.
BIND and Unbound answer that www.evil.test does not exist.
# Nobody ratifies it.
BIND and Unbound resolve www.evil.test again.
Everything is byte for byte as it was before.
"now" is rolled_back.

# The same, and the quorum agrees afterwards.
Ayu proposes "then", urgently: nobody resolves www.evil.test for 40 seconds.
Dan approves "then".
BIND and Unbound answer that www.evil.test does not exist.
Dan approves "then".
"then" is urgent_active.
Fumi approves "then".
"then" is active.

# Oversight ends it, whatever others think of it.
Ayu may not halt "then".
The chair halts "then".
"then" is rolled_back.
BIND and Unbound resolve www.evil.test again.
Everything is byte for byte as it was before.
The centre's ledger proves all of it, and so does oversight's own program.
