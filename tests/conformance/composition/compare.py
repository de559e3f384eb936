"""Compare our composer with the reference: `python -m tests.conformance.composition.compare [--every N] [--all]`.

Prints how often the two agree, and each set on which they do not, with the reason where it is known.
"""

import argparse
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field

from router.compose import Composed, compose
from tests.conformance.composition.corpus import Case, cases
from tests.conformance.composition.deviations import reason
from tests.conformance.composition.facts import facts


@dataclass
class Tally:
    """How many sets could agree on something, and how many do."""

    of: int = 0
    agreeing: int = 0

    def add(self, *, agrees: bool) -> None:
        self.of += 1
        self.agreeing += agrees

    @property
    def share(self) -> float:
        return self.agreeing / self.of if self.of else 1.0

    def __str__(self) -> str:
        return f"{self.agreeing} of {self.of} ({100 * self.share:.2f} %)"


@dataclass
class Comparison:
    """What came of comparing sets."""

    outcomes: Tally = field(default_factory=Tally)
    """Composed or refused."""
    codes: Tally = field(default_factory=Tally)
    """The codes of errors, where both refuse."""
    hints: Tally = field(default_factory=Tally)
    """The codes of hints, where both compose."""
    supergraphs: Tally = field(default_factory=Tally)
    """What the supergraphs say, where both compose."""
    differences: list[tuple[Case, str]] = field(default_factory=list[tuple[Case, str]])

    def __str__(self) -> str:
        return (
            f"composed or refused alike  {self.outcomes}\n"
            f"same error codes           {self.codes}\n"
            f"same hint codes            {self.hints}\n"
            f"same supergraph            {self.supergraphs}"
        )


def compare(found: Iterable[Case]) -> Comparison:
    """Compose each set and hold the outcome against the reference's."""
    comparison = Comparison()
    for case in found:
        outcome = compose(case.subgraphs)
        reference = case.reference
        refused = not isinstance(outcome, Composed)
        codes = frozenset[str]() if not refused else frozenset(error.code.value for error in outcome.errors)
        comparison.outcomes.add(agrees=refused != reference.ok)
        if refused == reference.ok:
            comparison.differences.append((case, f"{_shown(codes)} for {_shown(reference.codes)}"))
        elif isinstance(outcome, Composed):
            hints = frozenset(hint.code.value for hint in outcome.hints)
            _note(comparison, case, comparison.hints, "hints", hints, reference.hints)
            if reference.supergraph is not None:
                ours, theirs = facts(outcome.supergraph_sdl), facts(reference.supergraph)
                _note(comparison, case, comparison.supergraphs, "supergraph", ours - theirs, theirs - ours)
        else:
            _note(comparison, case, comparison.codes, "codes", codes, reference.codes)
    return comparison


def _note(
    comparison: Comparison, case: Case, tally: Tally, what: str, ours: frozenset[str], theirs: frozenset[str]
) -> None:
    tally.add(agrees=ours == theirs)
    if ours != theirs:
        comparison.differences.append((case, f"{what}: {_shown(ours - theirs)} for {_shown(theirs - ours)}"))


def _shown(found: frozenset[str]) -> str:
    return "; ".join(sorted(found)[:5]) or "nothing"


def main() -> int:
    """Run the comparison and print it."""
    parser = argparse.ArgumentParser(description="Compare our composer with the reference.")
    parser.add_argument("--every", type=int, default=1, help="look at each N-th set only")
    parser.add_argument("--all", action="store_true", help="list known deviations, too")
    arguments = parser.parse_args()
    comparison = compare(cases(every=arguments.every))
    sys.stdout.write(f"{comparison}\n")
    for case, difference in comparison.differences:
        why = reason(case)
        if why is None or arguments.all:
            sys.stdout.write(f"\n{case.id} {case.test}\n  {difference}\n  {why or 'not known to differ'}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
