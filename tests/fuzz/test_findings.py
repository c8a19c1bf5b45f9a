"""What was found once is found no more: seeds and findings of the fuzzer, by the targets it runs."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from tests.fuzz.folders import CORPUS, FINDINGS, files_in
from tests.fuzz.mutate import mutate
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


@pytest.mark.parametrize("target", TARGETS)
@settings(max_examples=200)
@given(data=st.data(), seed=st.integers(min_value=0, max_value=2**32))
def test_changed_seed_breaks_no_rule(target: str, data: st.DataObject, seed: int) -> None:
    """A taste of `make fuzz`, without its sense for code that was not reached yet."""
    seeds = [path.read_bytes() for path in files_in(CORPUS, target) if "dtd" not in path.name]
    donors = [etree.fromstring(xml) for xml in seeds]
    TARGETS[target](mutate(data.draw(st.sampled_from(seeds)), seed=seed, donors=donors))
