"""The certification profiles of the OpenID Foundation's conformance suite, played by a hostile OP over real HTTP.

Each module is a test named after it. The suite sees an RP from outside: here each refusal also has its code, its
audit event and its trace, writes nothing else, and the honest twin of what was refused gets in.
"""
