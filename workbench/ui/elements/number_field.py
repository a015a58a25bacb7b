"""Fields for numbers that take whatever is typed: what is no such number is said where it is read."""

from __future__ import annotations

import sys
from typing import Any, ClassVar

import panel as pn
import param

from workbench.errors import GroupingError

__all__ = ["RealField", "WholeField", "read_number"]

_MOST_WHOLE = 2**53 - 1
"""Above it the browser has no whole numbers: what comes is not what was typed."""


class _NumberField(pn.widgets.base.Widget):
    """Keeps what cannot be a value, which would otherwise end as an error in the log of the server alone."""

    refused: Any = None
    _takes: ClassVar[str]
    _kinds: ClassVar[tuple[type[float], ...]]
    _most: ClassVar[float]

    def _process_property_change(self, props: dict[str, Any]) -> dict[str, Any]:
        given = props.get("value")
        is_wrong = given is not None and not self._is_taken(given)
        if "value" in props:
            self.refused = given if is_wrong else None
        for name in ("value", "value_throttled"):
            if props.get(name) is not None and not self._is_taken(props[name]):
                props[name] = None
        taken: dict[str, Any] = super()._process_property_change(props)
        return taken

    def _process_events(self, events: dict[str, Any]) -> None:
        before = self.value, self.refused
        super()._process_events(events)
        if before[0] is None and self.value is None and self.refused != before[1]:
            self.param.trigger("value")  # the value is as it was, and what stands in the field is not

    def _is_taken(self, given: Any) -> bool:
        return isinstance(given, self._kinds) and not abs(given) > self._most  # an empty field is no number


class WholeField(_NumberField, pn.widgets.IntInput):
    """A field for a whole number; as `panel.widgets.IntInput`.

    In Bokeh's mode for integers the browser drops what it does not like: 1.5
    becomes 15, and 1e9 becomes 19, and nobody says so.
    """

    mode = param.String(default="float", constant=True)

    _takes = f"a whole number of at most {_MOST_WHOLE:,}"
    _kinds = (int,)
    _most = _MOST_WHOLE


class RealField(_NumberField, pn.widgets.FloatInput):
    """A field for a real number; as `panel.widgets.FloatInput`."""

    _takes = "a number"
    _kinds = (int, float)
    _most = sys.float_info.max


def read_number(field: WholeField | RealField) -> Any:
    """Return the number in a field.

    Parameters
    ----------
    field : `WholeField` or `RealField`
        The field.

    Returns
    -------
    number : `int` or `float` or `None`
        `None` where nothing stands in it.

    Raises
    ------
    workbench.errors.GroupingError
        Raised if what stands in it is no such number.
    """
    if field.value is None and field.refused is not None:
        raise GroupingError(f"{field.name} takes {field._takes}; there is {field.refused}.")  # noqa: SLF001
    return field.value
