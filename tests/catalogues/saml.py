"""Attacks on a SAML service provider."""

from tests.catalogues.rows import Catalogue, Row

CATALOGUE = Catalogue(
    name="SAML: attacks on the service provider",
    source=(
        "SAML 2.0 Profiles 4.1.4.3, Somorovsky et al. (USENIX Security 2012), and the advisories of other "
        "service providers and XML libraries since."
    ),
    rows=(
        Row(
            "SAML-01",
            "Signature wrapping: the eight classic permutations and a ninth, under new IDs and under the same ones",
            "read only from the element that was verified",
        ),
        Row(
            "SAML-02",
            "The IdP's own signature of another document, moved into a forged assertion of the same ID",
            "let a signature count only for the element it stands in",
        ),
        Row("SAML-03", "Signature stripped", "refuse what is not signed"),
        Row(
            "SAML-04",
            "Only the response or only the assertion is signed",
            "ask for the assertion's signature always, and check the response's where there is one",
        ),
        Row("SAML-05", "A comment splits the NameID (CVE-2017-11427)", "refuse every comment"),
        Row(
            "SAML-06",
            "A processing instruction in the NameID, or an element in an attribute's value",
            "refuse the one, and never read half of the other",
        ),
        Row("SAML-07", "One ID for two elements", "refuse it, however the attribute is spelt"),
        Row(
            "SAML-08",
            "Destination is wrong, missing or begins like ours",
            "require it, and compare it exactly",
        ),
        Row("SAML-09", "Recipient is wrong, missing or contains ours", "require it, and compare it exactly"),
        Row(
            "SAML-10",
            "Audience is missing, or one of several restrictions does not name us",
            "require it, and hold every restriction",
        ),
        Row(
            "SAML-11",
            "InResponseTo is wrong, missing, or differs between response and assertion",
            "hold the signed one against the request of this login attempt",
        ),
        Row(
            "SAML-12",
            "The same assertion again, later or at the same moment",
            "let an assertion and a login attempt count once each",
        ),
        Row("SAML-13", "Expired, or not yet valid", "allow 60 seconds of skew and not one more"),
        Row(
            "SAML-14",
            "Valid for ever: no NotOnOrAfter, or ten years of it",
            "require both ends, and take nothing later than ten minutes after it was issued",
        ),
        Row("SAML-15", "SubjectConfirmation is missing or not bearer", "take bearer only"),
        Row("SAML-16", "Another issuer", "compare the issuer of assertion and response exactly"),
        Row(
            "SAML-17",
            "Another key, with its certificate in KeyInfo",
            "verify with the configured certificates alone",
        ),
        Row(
            "SAML-18",
            "One organisation's assertion at another's ACS",
            "give each connection an entity ID and an ACS of its own",
        ),
        Row("SAML-19", "HMAC keyed with the IdP's public certificate", "allow asymmetric algorithms only"),
        Row(
            "SAML-20",
            "SHA-1, MD5, RIPEMD-160, in signature or digest",
            "allow RSA and ECDSA with SHA-256 or better",
        ),
        Row(
            "SAML-21",
            "The IdP's certificate has expired or its key is short",
            "refuse an expired one, and take no RSA key under 2048 bits",
        ),
        Row(
            "SAML-22",
            "External entities, DTDs, entity expansion",
            "refuse every document type declaration unparsed",
        ),
        Row(
            "SAML-23",
            "XSLT and XPath transforms in a signature of nobody",
            "allow the enveloped signature and exclusive canonicalisation only",
        ),
        Row(
            "SAML-24",
            "A second reference, to a file, a device or a URL",
            "take exactly one reference, to the element the signature stands in",
        ),
        Row(
            "SAML-25",
            "Encrypted data that is to be fetched from elsewhere (CipherReference, RetrievalMethod)",
            "refuse both before anything is decrypted",
        ),
        Row(
            "SAML-26",
            "Encrypted for another key, tampered with, unsigned inside, weakly encrypted, or beside a signed one",
            "answer all with one refusal, and ask for the signature inside",
        ),
        Row(
            "SAML-27",
            "Two parsers that read one document in two ways (CVE-2025-25291, -25292, -66567)",
            "parse once, and verify and read the same tree",
        ),
        Row(
            "SAML-28",
            "Canonicalisation that fails, so that the digest of nothing counts (CVE-2025-66568)",
            "treat the failure as a broken signature",
        ),
        Row(
            "SAML-29",
            "Two SignedInfo, or a comment in a digest (CVE-2025-29774, -29775, -47949)",
            "take one shape of signature",
        ),
        Row(
            "SAML-30",
            "RelayState as an open redirect",
            "take RelayState as the name of a login attempt, and never as an address",
        ),
        Row(
            "SAML-31",
            "NameID in other letters, with blanks or invisible characters",
            "compare it exactly, and refuse what nobody can see",
        ),
        Row(
            "SAML-32",
            "Huge or deep documents, and bombs",
            "refuse them by size and shape, at a bounded cost",
        ),
        Row(
            "SAML-33",
            "Bad base64, bad XML, another kind of form",
            "answer with a page and an audit event, never with an error of ours",
        ),
        Row("SAML-34", "A poisoned Host header", "build every address from the configured origin"),
        Row("SAML-35", "Unsigned or foreign logout requests", "end nothing without a signature"),
        Row(
            "SAML-36",
            "Metadata from a file, by redirect into the house, endless, or never",
            "fetch by the one egress module",
        ),
        Row(
            "SAML-37",
            "Metadata that is out of date, holds many IdPs, or names a script as its address",
            "respect validUntil, let the admin choose, and take web addresses only",
        ),
        Row(
            "SAML-38",
            "The connection is switched off or changed on the way, or nobody asked",
            "look at the configuration again at the ACS and at the last step; drop what nobody asked for",
        ),
    ),
)
