"""One target under atheris: `python -m tests.fuzz.fuzzing TARGET SECONDS`. Needs what `requirements/fuzz.lock` names.

New inputs that reach new code are kept in `var/fuzz/TARGET/` for the next run. What breaks the oracle is written to
`findings/TARGET/`, one file for each place in the code, and the run goes on; it ends with exit code 1 then.
"""

import hashlib
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

import atheris
import django
from lxml import etree

from tests.fuzz.folders import CORPUS, FINDINGS, files_in

EXIT_FINDINGS = 1
MAX_INPUT_BYTES = 64 * 1024


def main() -> None:
    name, seconds = sys.argv[1], int(sys.argv[2])
    os.environ.setdefault("HUBSSO_ENV", "test")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hubsso.settings")
    with atheris.instrument_imports(include=["sso.saml", "sso.oidc.errors", "hubsso.net.targets"]):
        django.setup()
        from tests.fuzz import targets  # noqa: PLC0415 - what it imports is to be instrumented

    kept = Path("var/fuzz") / name
    kept.mkdir(parents=True, exist_ok=True)
    atheris.Setup(
        [
            sys.argv[0],
            f"-max_total_time={seconds}",
            f"-max_len={MAX_INPUT_BYTES}",
            "-timeout=10",
            "-rss_limit_mb=2048",
            "-print_final_stats=1",
            str(kept),
            str(CORPUS / name),
        ],
        _catching(targets.TARGETS[name], FINDINGS / name, targets.timed),
        custom_mutator=_mutator(name),
        internal_libfuzzer=True,
    )
    atheris.Fuzz()


def _catching(
    target: Callable[[bytes], bool],
    findings: Path,
    timed: Callable[[Callable[[bytes], bool], bytes], bool],
) -> Callable[[bytes], None]:
    """The target, whose findings are written down and forgiven, so that one does not hide the next."""

    def run(xml: bytes) -> None:
        try:
            timed(target, xml)
        except Exception as error:
            findings.mkdir(parents=True, exist_ok=True)
            path = findings / f"{_place_of(error)}.xml"
            if not path.exists():
                path.write_bytes(xml)
                print(f"FINDING {path}: {type(error).__name__}: {error}", file=sys.stderr, flush=True)

    return run


def _place_of(error: Exception) -> str:
    """A name for where it was raised: the same fault found twice is one finding."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{type(error).__name__}:{frames[-1].filename}:{frames[-1].lineno}"
    return f"{type(error).__name__.lower()}-{hashlib.sha256(place.encode()).hexdigest()[:8]}"


def _mutator(name: str) -> Callable[[bytes, int, int], bytes]:
    """Two of three times a change of the tree, else one of libFuzzer's own of the bytes."""
    from tests.fuzz import mutate  # noqa: PLC0415 - Django is ready only now

    donors = [
        etree.fromstring(path.read_bytes(), etree.XMLParser(resolve_entities=False, recover=True))
        for path in files_in(CORPUS, name)
    ]

    def change(data: bytes, max_size: int, seed: int) -> bytes:
        if seed % 3:
            return mutate.mutate(data, seed=seed, donors=donors)[:max_size]
        return bytes(atheris.Mutate(data, max_size))

    return change


if __name__ == "__main__":
    main()
