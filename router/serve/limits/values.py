"""How many values a client's variables hold, and how deep, before they are looked at one by one."""

from collections.abc import Mapping
from itertools import chain
from typing import Any

from router.serve.errors import BAD_USER_INPUT, Refused
from router.serve.limits.bounds import Limits


def check_variables(variables: Mapping[str, Any], limits: Limits) -> None:
    """Refuse variables that are too many or nested too deep; level by level, so that no depth is too deep to see.

    Raises:
        Refused: they are.
    """
    values, depth, level = len(variables), 0, _nested(variables.values())
    while level:
        depth += 1
        values += sum(map(len, level))
        if depth > limits.variable_depth:
            raise Refused.because(
                f"The variables are nested deeper than {limits.variable_depth} levels.", BAD_USER_INPUT
            )
        if values > limits.variable_values:
            break
        level = _nested(chain.from_iterable(each.values() if isinstance(each, dict) else each for each in level))
    if values > limits.variable_values:
        raise Refused.because(f"The variables have more than {limits.variable_values} values.", BAD_USER_INPUT)


def _nested(values: Any) -> list[dict[str, Any] | list[Any]]:
    return [each for each in values if isinstance(each, dict | list)]
