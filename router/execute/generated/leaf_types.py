"""Types of msgspec for the leaves of an answer: its decoder checks them while it reads."""

from typing import Annotated, Any, Literal, cast

import msgspec

from router.execute.generated.source import Unsuitable
from router.execute.leaves import (
    MAX_INT,
    EnumAdmission,
    admit_anything,
    admit_boolean,
    admit_float,
    admit_id,
    admit_int,
    admit_string,
)
from router.execute.shapes import Shape

_LEAVES: dict[Any, Any] = {
    admit_string: str,
    admit_id: str,
    admit_boolean: bool,
    admit_int: Annotated[int, msgspec.Meta(ge=-MAX_INT - 1, le=MAX_INT)],
    admit_float: int | float,
    # A custom scalar is mostly a text. A number of any length or an object must not be read and written anew.
    admit_anything: str | bool,
}


def leaf_type(shape: Shape) -> Any:
    """The type that admits what a leaf admits as it is; null aside.

    Raises:
        Unsuitable: there is none.
    """
    admit = getattr(shape, "admit", None)
    if isinstance(admit, EnumAdmission) and admit.shown:
        return cast("Any", Literal)[tuple(sorted(admit.shown))]
    if admit in _LEAVES:
        return _LEAVES[admit]
    raise Unsuitable
