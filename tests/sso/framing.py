"""Who may frame an answer of ours, as its headers say."""

from typing import Any


def frame_ancestors(response: Any) -> list[str]:
    policy: str = response["Content-Security-Policy"]
    directives = [part.split() for part in policy.split(";")]
    (sources,) = [words[1:] for words in directives if words[0] == "frame-ancestors"]
    return sources
