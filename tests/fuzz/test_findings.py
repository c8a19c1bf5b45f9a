"""What was found once is found no more: seeds and findings of the fuzzer, by the targets it runs."""

from pathlib import Path

import pytest

from tests.fuzz.folders import CORPUS, FINDINGS, files_in
from tests.fuzz.targets import TARGETS, timed

SEEDS = [(target, path) for target in TARGETS for path in files_in(CORPUS, target)]


@pytest.mark.parametrize(("target", "path"), SEEDS, ids=lambda value: getattr(value, "stem", value))
def test_honest_seed_is_let_through_and_attack_is_not(target: str, path: Path) -> None:
    xml = path.read_bytes()
    assert TARGETS[target](xml) == path.name.startswith("honest-")


@pytest.mark.parametrize("target", TARGETS)
def test_what_was_found_is_found_no_more(target: str) -> None:
    for path in files_in(FINDINGS, target):
        timed(TARGETS[target], path.read_bytes())


def test_there_are_seeds_of_both_kinds_for_every_target() -> None:
    for target in TARGETS:
        kinds = {path.name.partition("-")[0] for path in files_in(CORPUS, target)}
        assert kinds == {"honest", "attack"}
        assert len(files_in(CORPUS, target)) <= 40
