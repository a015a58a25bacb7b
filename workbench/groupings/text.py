"""Rules as text: a Python call of a rule with plain arguments, and nothing else."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Mapping

from workbench.errors import GroupingError, UnknownNameError
from workbench.groupings.calendar import lunations, nights, seasons, years
from workbench.groupings.folds import even_odd, folds
from workbench.groupings.pairs import pairs
from workbench.groupings.quantiles import best_seeing, quantiles, thresholds
from workbench.groupings.rule import Rule
from workbench.groupings.sweeps import sweeps
from workbench.groupings.values import by_value, campaign_bands, exposure_groups

__all__ = ["RULES", "describe_call", "parse_rule"]

RULES: Mapping[str, Callable[..., Rule]] = {
    rule.__name__: rule
    for rule in (
        best_seeing,
        by_value,
        campaign_bands,
        even_odd,
        exposure_groups,
        folds,
        lunations,
        nights,
        pairs,
        quantiles,
        seasons,
        sweeps,
        thresholds,
        years,
    )
}
"""The rules that a text can name."""


def parse_rule(text: str) -> Rule:
    """Make the rule that a text describes.

    Parameters
    ----------
    text : `str`
        As `Rule.describe` writes it, such as ``folds(2, seed=42)``; the name
        of a rule alone stands for its defaults.

    Returns
    -------
    rule : `Rule`
        The rule.

    Raises
    ------
    workbench.errors.UnknownNameError
        Raised if there is no such rule; lists those there are.
    workbench.errors.GroupingError
        Raised if the text is no such call, or the arguments do not fit.
    """
    try:
        node = ast.parse(text.strip(), mode="eval").body
    except SyntaxError as error:
        raise GroupingError(f"{text!r} is no rule: write a call such as 'folds(2, seed=42)'.") from error
    call = ast.Call(node, [], []) if isinstance(node, ast.Name) else node
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
        raise GroupingError(f"{text!r} is no rule: write a call such as 'folds(2, seed=42)'.")
    if call.func.id not in RULES:
        raise UnknownNameError(f"There is no rule {call.func.id!r}; there are {', '.join(RULES)}.")
    try:
        positional = [ast.literal_eval(argument) for argument in call.args]
        named: dict[str, object] = {}
        for argument in call.keywords:
            if str(argument.arg) in named:
                raise TypeError(f"'{argument.arg}' is given twice")
            named[str(argument.arg)] = ast.literal_eval(argument.value)
        return RULES[call.func.id](*positional, **named)
    except (TypeError, ValueError) as error:
        if isinstance(error, GroupingError):
            raise
        said = str(error).replace(f"{call.func.id}.__init__()", "it").rstrip(".")
        raise GroupingError(
            f"{text!r} does not fit the rule {describe_call(call.func.id)}: {said}."
        ) from error


def describe_call(name: str) -> str:
    """Write how a rule is called.

    Parameters
    ----------
    name : `str`
        The rule, one of `RULES`.

    Returns
    -------
    call : `str`
        With the names of its arguments, and the defaults of those that may
        be left out.
    """
    fields = inspect.signature(RULES[name]).parameters.values()
    given = (
        field.name if field.default is field.empty else f"{field.name}={field.default!r}" for field in fields
    )
    return f"{name}({', '.join(given)})"
