"""Groups in Python and in words: what is asked of them, and which members were moved."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection

import pyarrow as pa

from workbench.groupings import Grouping, GroupingCheck, GroupingRule, Requirements
from workbench.session.content.cells import count_text
from workbench.session.content.lanes import Lanes

__all__ = [
    "NOTHING_ASKED",
    "ask_beyond",
    "describe_groups",
    "describe_limits",
    "name_members",
    "shorten_python",
    "write_data_ids",
    "write_requirements",
]

NOTHING_ASKED = Requirements()

_LONGEST, _SHOWN = 4000, 160


def ask_beyond(rule: GroupingRule, asked: Requirements) -> Requirements:
    """Return what is asked, or nothing where the rule asks for as much itself.

    Parameters
    ----------
    rule : `~workbench.groupings.GroupingRule`
        The rule.
    asked : `~workbench.groupings.Requirements`
        What is asked.

    Returns
    -------
    asked : `~workbench.groupings.Requirements`
        What must be said beside the rule.
    """
    own: Requirements = getattr(rule, "requires", NOTHING_ASKED)
    return NOTHING_ASKED if own | asked == own else asked


def write_requirements(asked: Requirements) -> str:
    """Write what is asked as an argument of Python, after others.

    Parameters
    ----------
    asked : `~workbench.groupings.Requirements`
        What is asked.

    Returns
    -------
    code : `str`
        Empty where nothing is.
    """
    given = [
        f"{field.name}={value!r}"
        for field in dataclasses.fields(asked)
        if (value := getattr(asked, field.name)) != field.default
    ]
    return f", require=wb.Requirements({', '.join(given)})" if given else ""


def write_data_ids(members: pa.Table) -> str:
    """Write data IDs in Python.

    Parameters
    ----------
    members : `pyarrow.Table`
        Data IDs.

    Returns
    -------
    code : `str`
        A list of rows; visits in short.
    """
    if members.column_names == ["instrument", "visit"]:
        rows = members.to_pylist()
        parts = []
        for instrument in dict.fromkeys(item["instrument"] for item in rows):
            visits = [item["visit"] for item in rows if item["instrument"] == instrument]
            parts.append(f"[{{'instrument': {instrument!r}, 'visit': visit}} for visit in {visits!r}]")
        return " + ".join(parts)
    return repr(members.to_pylist())


def name_members(members: pa.Table) -> str:
    """Name data IDs in a few words.

    Parameters
    ----------
    members : `pyarrow.Table`
        Data IDs, one or more.

    Returns
    -------
    text : `str`
        Such as "visit 96954" or "3 visits".
    """
    if members.num_rows > 1:
        noun = "visit" if members.column_names[-1] == "visit" else "member"
        return count_text(members.num_rows, noun)
    told = members.to_pylist()[0]
    return " ".join(f"{name} {value}" for name, value in told.items() if name not in {"instrument", "skymap"})


def describe_groups(
    grouping: Grouping, check: GroupingCheck, lanes: Collection[str]
) -> list[tuple[str, str]]:
    """Say what holds of groups.

    Parameters
    ----------
    grouping : `~workbench.groupings.Grouping`
        The groups.
    check : `~workbench.groupings.GroupingCheck`
        What holds of them.
    lanes : `~collections.abc.Collection` [ `str` ]
        Their keys, and those of groups that were emptied.

    Returns
    -------
    sentences : `list` [ `tuple` [ `str`, `str` ] ]
        Sentence and kind: ``sentence``, ``fault``, ``muted``.
    """
    noun = "visit" if list(grouping.key_names) == ["instrument", "visit"] else "member"
    sizes = f"{check.smallest:,} to {check.largest:,} {noun}s"
    if check.smallest == check.largest:
        sizes = count_text(check.largest, noun)
    disjoint = f"no {noun} is in two groups" if check.disjoint else f"some {noun}s are in several groups"
    covering = "every row of the set is in a group" if check.covering else "some rows are in no group"
    label = grouping.label if grouping.version else "Tried"
    groups = count_text(len(grouping.keys), "group")
    said = [
        (
            f"{label}: {grouping.rule} of {grouping.parent.label}: {groups} "
            f"of {sizes}; {disjoint}, {covering}.",
            "sentence",
        )
    ]
    if empty := sorted(set(lanes).difference(grouping.keys)):
        said.append((f"Emptied, and not saved as they are: {', '.join(empty)}.", "sentence"))
    said += [(fault, "fault") for fault in check.faults]
    if not check.faults:
        said.append(("All that is asked of the groups holds.", "muted"))
    return said


def shorten_python(code: str) -> str:
    """Leave out what would fill pages, such as the numbers of a thousand visits.

    Parameters
    ----------
    code : `str`
        Lines of Python.

    Returns
    -------
    code : `str`
        The same, or with a comment in the place of what was left out of long
        lines; the exported session has all of it.
    """
    shown = [
        line
        if len(line) <= _LONGEST
        else f"# {line[:_SHOWN]} ... {line[-_SHOWN:]}  (shortened: the exported session has it all)"
        for line in code.split("\n")
    ]
    return "\n".join(shown)


def describe_limits(lanes: Lanes, *, on_sky: bool) -> str:
    """Say what the views of groups cannot show.

    Parameters
    ----------
    lanes : `~workbench.session.content.lanes.Lanes`
        The members.
    on_sky : `bool`
        Whether they are shown on the sky.

    Returns
    -------
    text : `str`
        Empty where the views show everything.
    """
    names, shown = lanes.grouping.key_names, lanes.shown
    if not shown.of_visits:
        return (
            f"The members are data IDs of {', '.join(names)}, and no visits: lanes and tables show them, "
            "sky and nights cannot."
        )
    if not on_sky:
        return "The visits have no regions: they cannot be shown on the sky."
    finer = ", ".join(name for name in names if name not in shown.names)
    if not finer:
        return ""
    return (
        f"A member is a visit in one {finer}; sky and nights show the visits, and selecting a visit "
        "selects all its members."
    )
