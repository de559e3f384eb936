"""The demo tenants: who is there, and what they teach. The seed writes it, the welcome shows it."""

from dataclasses import dataclass
from typing import Final

PASSWORD: Final = "learn-by-doing"  # noqa: S105 - published on purpose, see below
"""Of every demo account. They are seeded into the embedded database, which only this machine reaches."""


@dataclass(frozen=True, slots=True)
class DemoPerson:
    name: str
    email: str
    role: str


@dataclass(frozen=True, slots=True)
class DemoLesson:
    title: str
    text: str
    minutes: int
    code: str | None = None


@dataclass(frozen=True, slots=True)
class DemoModule:
    title: str
    lessons: tuple[DemoLesson, ...]


@dataclass(frozen=True, slots=True)
class DemoCourse:
    """`published` False leaves it a draft."""

    slug: str
    title: str
    summary: str
    modules: tuple[DemoModule, ...]
    published: bool = True


@dataclass(frozen=True, slots=True)
class DemoTenant:
    """The first person is the owner, who founds the tenant; learners are enrolled in its first course."""

    slug: str
    name: str
    people: tuple[DemoPerson, ...]
    courses: tuple[DemoCourse, ...]

    @property
    def owner(self) -> DemoPerson:
        return self.people[0]

    def of_role(self, role: str) -> tuple[DemoPerson, ...]:
        return tuple(person for person in self.people if person.role == role)


TENANTS: Final = (
    DemoTenant(
        "aurora",
        "Aurora College",
        (
            DemoPerson("Ada Okafor", "owner@aurora.example", "OWNER"),
            DemoPerson("Ines Duarte", "instructor@aurora.example", "INSTRUCTOR"),
            DemoPerson("Leo Marsh", "learner@aurora.example", "LEARNER"),
        ),
        (
            DemoCourse(
                "linear-algebra",
                "Linear algebra by drawing",
                "Vectors, maps and eigenvectors, each first as a picture.",
                (
                    DemoModule(
                        "Vectors",
                        (
                            DemoLesson("Arrows and lists", "A vector is an arrow, and also a list of numbers.", 12),
                            DemoLesson(
                                "Adding arrows",
                                "Put the second arrow at the tip of the first.",
                                9,
                                "def add(a, b):\n    return [x + y for x, y in zip(a, b)]",
                            ),
                        ),
                    ),
                    DemoModule(
                        "Maps",
                        (
                            DemoLesson("A matrix moves the plane", "Each column says where an axis goes.", 15),
                            DemoLesson("Eigenvectors", "Some arrows keep their direction under a map.", 18),
                        ),
                    ),
                ),
            ),
            DemoCourse(
                "stargazing",
                "Stargazing without a telescope",
                "Find your way in the night sky with bare eyes.",
                (
                    DemoModule(
                        "The sky tonight",
                        (DemoLesson("Finding north", "The Pole Star stands above the north point.", 7),),
                    ),
                ),
            ),
            DemoCourse("writing-clearly", "Writing clearly", "Still being written.", (), published=False),
        ),
    ),
    DemoTenant(
        "borealis",
        "Borealis Kitchen School",
        (
            DemoPerson("Bea Lindqvist", "owner@borealis.example", "OWNER"),
            DemoPerson("Igor Halim", "instructor@borealis.example", "INSTRUCTOR"),
            DemoPerson("Lin Tran", "learner@borealis.example", "LEARNER"),
        ),
        (
            DemoCourse(
                "bread",
                "Bread from four things",
                "Flour, water, salt and time.",
                (
                    DemoModule(
                        "The dough",
                        (
                            DemoLesson("Mixing and resting", "Rest does most of the kneading.", 10),
                            DemoLesson("Reading the dough", "It is ready when it slowly springs back.", 8),
                        ),
                    ),
                ),
            ),
        ),
    ),
)
