"""Organisations and their connections as a file says they should be: read, compared, and brought about.

`reader` reads YAML with the line of every value, `wanted` knows the keys, `plan` finds what differs and `drafts` what
of a connection's configuration does, `applying` brings it about by what the pages use: revisions, stamps, audit
entries, and every rule. What the file does not name stays as it is, and nothing is ever deleted.
"""

OPERATOR = "operator"  # who did it, in audit entries and as the maker of drafts
