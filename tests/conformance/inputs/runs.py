"""Tries inputs on a router, one after the other, and takes down what came of them."""

import asyncio
import gc
import random
import time
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from starlette.types import ASGIApp

from tests.conformance.inputs.answers_over_http import problem_of
from tests.conformance.inputs.answers_over_sockets import talk_problem
from tests.conformance.inputs.asgi import exchanged
from tests.conformance.inputs.graph import create_router
from tests.conformance.inputs.requests import draw_exchange
from tests.conformance.inputs.shapes import Problem
from tests.conformance.inputs.single import draw_session, shared
from tests.conformance.inputs.sockets import draw_script
from tests.conformance.inputs.talk import talked
from tests.conformance.inputs.watch import Pauses, Watch, handles, resident_megabytes, tasks

PROMPT_SECONDS: Final = 0.05
"""Of the event loop's thread: what nobody's request may take from all others."""

SETTLED: Final = 5
"""Turns of the event loop after which nothing is left of an input."""


class Outcome(NamedTuple):
    """What came of an input, or of a row of messages on one connection.

    Attributes:
        inputs: how many requests or messages it were.
        seconds: of the event loop's thread, that one turn took at most.
        answer: a short word for what kind of answer it was.
    """

    inputs: int
    seconds: float
    problem: Problem
    answer: str


@dataclass(frozen=True, slots=True)
class Counterexample:
    """An input that something is wrong with."""

    seed: int
    problem: str

    def __str__(self) -> str:
        return f"input {self.seed}: {self.problem}"


@dataclass(slots=True)
class Window:
    """What there was after so many inputs."""

    inputs: int
    megabytes: float
    handles: int
    tasks: int


@dataclass(slots=True)
class Tally:
    """What has been tried.

    Attributes:
        seconds: of processor time, in all threads.
        answers: how many of each kind.
        longest: that an input has kept the event loop's thread busy, in seconds.
        late: inputs that kept it busy for more than `PROMPT_SECONDS`, and how long.
    """

    inputs: int = 0
    seconds: float = 0.0
    answers: dict[str, int] = field(default_factory=dict[str, int])
    longest: float = 0.0
    late: dict[int, float] = field(default_factory=dict[int, float])
    windows: list[Window] = field(default_factory=list[Window])

    def add(self, seed: int, outcome: Outcome) -> None:
        """Count an input."""
        self.inputs += outcome.inputs
        self.answers[outcome.answer] = self.answers.get(outcome.answer, 0) + 1
        self.longest = max(self.longest, outcome.seconds)
        if outcome.seconds > PROMPT_SECONDS:
            self.late[seed] = outcome.seconds

    def __str__(self) -> str:
        answers = ", ".join(f"{count} {answer}" for answer, count in sorted(self.answers.items()))
        return (
            f"{self.inputs} inputs in {self.seconds:.0f} s of processor time ({self.inputs / self.seconds:.0f}/s); "
            f"longest {self.longest * 1e3:.0f} ms, {len(self.late)} over {PROMPT_SECONDS * 1e3:.0f} ms; {answers}; "
            f"{self.windows[-1] if self.windows else ''}"
        )


class Trials:
    """Inputs for one router; the same for the same seeds."""

    def __init__(self) -> None:
        self.tally = Tally()
        self._watch = Watch()
        self._pauses = Pauses()
        self._router = create_router()

    async def run(self, seeds: range, *, inputs: int, window: int) -> Counterexample | None:
        """Try the inputs of the seeds until there were as many as that, up to the first that something is wrong with.

        Memory is looked at each time so many inputs have been tried.
        """
        began, looked = time.process_time(), 0
        with self._watch.looking(), _rarely_collected(), self._pauses.counted():
            for seed in seeds:
                outcome = await self._try(seed)
                self.tally.add(seed, outcome)
                self.tally.seconds = time.process_time() - began
                if outcome.problem is not None:
                    return Counterexample(seed, outcome.problem)
                if self.tally.inputs - looked >= window:
                    looked = self.tally.inputs
                    self._look()
                if self.tally.inputs >= inputs:
                    break
            await asyncio.sleep(0)
            problem = self._watch.problem()
        return None if problem is None else Counterexample(seeds.stop, problem)

    async def held(self, seed: int) -> float:
        """How long an input keeps the event loop's thread busy on a router of its own, at best, in seconds."""
        times: list[float] = []
        for _ in range(3):
            self._router = create_router()
            gc.collect()
            times.append((await _outcome(self._router.app, seed)).seconds)
        return min(times)

    async def _try(self, seed: int) -> Outcome:
        before = self._pauses.seconds
        outcome = await _outcome(self._router.app, seed)
        paused = self._pauses.seconds - before
        for _ in range(SETTLED):
            await asyncio.sleep(0)
        problem = outcome.problem or self._watch.problem()
        return outcome._replace(seconds=max(0, outcome.seconds - paused), problem=problem)

    def _look(self) -> None:
        """Look at what is left when nothing waits to be collected, as that is done rarely."""
        gc.collect()
        self.tally.windows.append(Window(self.tally.inputs, resident_megabytes(), handles(), tasks()))


@contextmanager
def _rarely_collected() -> Generator[None]:
    """Collect garbage as a router does that is served."""
    thresholds = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(1_000, 10, 10_000)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        gc.unfreeze()


async def _outcome(app: ASGIApp, seed: int) -> Outcome:
    """Try one input, as its seed says."""
    chance = random.Random(seed)
    roll = chance.random()
    kinds: tuple[tuple[float, Callable[..., Awaitable[Outcome]]], ...] = (
        (0.9, _request),
        (0.99, _talk),
        (1.0, _session),
    )
    return await next(run for share, run in kinds if roll < share)(app, chance)


async def _request(app: ASGIApp, chance: random.Random) -> Outcome:
    exchange = draw_exchange(chance)
    taken = await exchanged(app, exchange)
    problem = problem_of(exchange, taken)
    return Outcome(1, taken.seconds, problem and f"{problem}\n{exchange}\n{taken.messages}", str(taken.status))


async def _talk(app: ASGIApp, chance: random.Random) -> Outcome:
    script = draw_script(chance)
    talk = await talked(app, script)
    problem = talk_problem(talk)
    last = next((each["code"] for each in reversed(talk.said) if "code" in each), None)
    return Outcome(script.messages, talk.seconds, problem and f"{problem}\n{script}\n{talk.said}", f"close {last}")


async def _session(app: ASGIApp, chance: random.Random) -> Outcome:
    session = draw_session(chance)
    problem, seconds = await shared(app, session)
    return Outcome(len(session) + 1, seconds, problem and f"{problem}\n{session}", "shared stream")
