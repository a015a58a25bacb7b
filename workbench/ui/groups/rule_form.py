"""The fields of the rules of groupings: each rule with its own, and what may stand in them."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Sequence
from typing import Any

import panel as pn
import pyarrow as pa

from workbench.bench import Bench
from workbench.errors import GroupingError
from workbench.groupings import RULES, GroupingRule, Requirements, by_table
from workbench.sets import DataIdSet
from workbench.ui.elements.number_field import RealField, WholeField, read_number
from workbench.ui.elements.pieces import row, text_html, typed
from workbench.ui.elements.prose import Prose

__all__ = ["BY_TABLE", "RuleForm"]

BY_TABLE = "by_table"

_LABELS = {
    "best seeing: deep and sharp": "best_seeing",
    "folds, for cross-validation": "folds",
    "even and odd": "even_odd",
    "quantiles of a metric": "quantiles",
    "classes by limits of a metric": "thresholds",
    "years": "years",
    "seasons": "seasons",
    "lunations": "lunations",
    "nights": "nights",
    "pairs": "pairs",
    "focus sweeps": "sweeps",
    "each value of a column": "by_value",
    "the Butler's own exposure groups": "exposure_groups",
    "bands of a campaign": "campaign_bands",
    "table of a file": BY_TABLE,
}
_NAMES = {
    "best_seeing": "seeing",
    "folds": "fold",
    "even_odd": "half",
    "quantiles": "quantile",
    "thresholds": "class",
    "by_value": "value",
    "exposure_groups": "exposure-group",
    "campaign_bands": "band",
    BY_TABLE: "mine",
}
_ASKED = {
    "no data ID in two groups": "disjoint",
    "every data ID in a group": "covering",
    "sizes differ by at most one": "balanced",
}
_PERIODS = {"years", "seasons", "lunations", "nights"}
_NO_FOCUS = "none: first and second"


class RuleForm:
    """A chooser of rules, with the fields that the chosen one needs.

    Parameters
    ----------
    changed : `~collections.abc.Callable`
        Called when a rule was chosen, or something was entered for it.
    asked : `~collections.abc.Callable`
        Called when something else is asked of the groups.
    """

    def __init__(self, changed: Callable[[], None], asked: Callable[[], None]):
        self._changed = changed
        self._asked = asked
        self._filling = False
        self._columns: dict[str, list[str]] = {"number": [], "time": [], "any": [], "metric": []}
        self._filters: dict[str, str] = {}
        self.table: pa.Table | None = None
        self.table_python = ""
        self.table_name = ""
        self.rule = pn.widgets.Select(name="Rule", options=_LABELS, value="folds", margin=0, width=230)
        self._make_fields()
        self.help = Prose(live=False)
        self.view = row(self.rule, *self.fields.values())
        self.asked = row(*self.requirements.values())
        self.rule.param.watch(lambda *_: self._choose(), "value")
        for widget in self.fields.values():
            widget.param.watch(lambda *_: self._tell(), "value")
        for widget in self.requirements.values():
            widget.param.watch(lambda *_: self._filling or self._asked(), "value")
        self._filling = True
        self._choose()
        self._filling = False

    def _make_fields(self) -> None:
        number, text, choice = WholeField, pn.widgets.TextInput, pn.widgets.Select
        real = RealField
        self.fields: dict[str, Any] = {
            "n": number(name="Number", value=2, margin=0, width=90),
            "seed": number(name="Seed", value=42, margin=0, width=90),
            "fraction": real(name="Sharpest fraction", value=0.5, step=0.05, margin=0, width=120),
            "column": choice(name="Column", margin=0, width=220),
            "edges": text(name="Limits, rising, with commas", placeholder="0.6, 0.8", margin=0, width=190),
            "of": choice(name="Even is", options=["place", "value"], margin=0, width=90),
            "since": number(name="From the night (YYYYMMDD)", value=20000101, margin=0, width=180),
            "focus": choice(name="Focus position", margin=0, width=220),
            "max_gap": real(name="Longest gap (s)", value=300.0, margin=0, width=120),
            "max_separation": real(name="Separation (arcsec)", value=60.0, margin=0, width=140),
            "max_rotation": real(name="Rotation (deg)", value=1.0, margin=0, width=110),
            "focus_offset": real(name="Focus offset (mm)", value=1.5, margin=0, width=130),
            "tolerance": real(name="Tolerance (fraction)", value=0.1, margin=0, width=130),
            "minimum": number(name="Exposures at least", value=3, margin=0, width=130),
            "max_step": number(name="Largest step", value=1, margin=0, width=110),
            "bands": text(name="Band of each filter", placeholder="HSC-I: i, HSC-R: r", margin=0, width=360),
            "by": text(name="Within each (columns with commas)", placeholder="band", margin=0, width=240),
        }
        self.requirements: dict[str, Any] = {
            "all": pn.widgets.CheckBoxGroup(
                name="What is asked of the groups", options=dict(_ASKED), inline=True, margin=(0, 6, 8, 6)
            ),
            "minimum": number(name="Smallest group", value=1, margin=0, width=120),
            "roles": text(
                name="One of each role (with commas)", placeholder="extra, intra", margin=0, width=220
            ),
        }

    @property
    def default_name(self) -> str:
        """A name for what the rule makes (`str`)."""
        name = str(self.rule.value)
        return _NAMES.get(name, name.removesuffix("s"))

    def offer(self, bench: Bench, rows: DataIdSet) -> None:
        """Offer the columns that there are for a set.

        Parameters
        ----------
        bench : `~workbench.bench.Bench`
            The repository.
        rows : `~workbench.sets.DataIdSet`
            What is to be grouped.
        """
        self._columns = _list_columns(bench, rows)
        records = bench.dimensions.records("physical_filter").to_pylist()
        self._filters = {item["physical_filter"]: item["band"] for item in records}
        self._choose(keep=True)

    def make_rule(self) -> tuple[GroupingRule, str]:
        """Make the rule of what was chosen and entered.

        Returns
        -------
        rule : `~workbench.groupings.GroupingRule`
            The rule.
        python : `str`
            It in Python, after lines that it needs.

        Raises
        ------
        workbench.errors.WorkbenchError
            Raised if something does not fit.
        """
        name = self.rule.value
        if name == BY_TABLE:
            if self.table is None:
                raise GroupingError(
                    "Drop a file of groups below: group_key and data IDs, perhaps role and ordinal."
                )
            asked = "disjoint" in self.requirements["all"].value
            rule = by_table(self.table, disjoint=asked, source=self.table_name)
            call = f"wb.by_table({self.table_python}, disjoint={asked}, source={self.table_name!r})"
            return rule, f"from workbench.metrics.files import read_metrics_file\n{call}"
        made = RULES[name](**{field: self._read(field) for field in _list_fields(name)})
        return made, f"wb.{made.describe()}"

    def put_in_words(self, error: str) -> str:
        """Say what is wrong with a rule by the fields of this form, and not as Python.

        Parameters
        ----------
        error : `str`
            As the rule says it: ``folds(n=0): ...``.

        Returns
        -------
        error : `str`
            The same of the field: ``Number: ...``; as it is, if it is of
            something else.
        """
        call = re.match(rf"{re.escape(str(self.rule.value))}\((?:(\w+)=)?.*?\): ", error)
        if call is None:
            return error
        fault = re.sub(r" \(\w+='?\w+'?\)", "", error[call.end() :])
        for field in (name for name in _list_fields(self.rule.value) if "_" in name):
            fault = re.sub(rf"\b{field}\b", repr(self.fields[field].name), fault)
        is_of_one = call[0].count("=") == 1 and call[1] in self.fields
        return f"{self.fields[call[1]].name}: {fault}" if is_of_one else fault[:1].upper() + fault[1:]

    def make_requirements(self) -> Requirements:
        """Return what is asked of the groups.

        Returns
        -------
        asked : `~workbench.groupings.Requirements`
            As it was entered.
        """
        told = self.requirements
        return Requirements(
            **{name: name in told["all"].value for name in _ASKED.values()},
            minimum=max(1, read_number(told["minimum"]) or 1),
            roles=tuple(_split(typed(told["roles"]))),
        )

    def show_requirements(self, asked: Requirements) -> None:
        """Show what is asked of groups.

        Parameters
        ----------
        asked : `~workbench.groupings.Requirements`
            All of it.
        """
        before, self._filling = self._filling, True
        told = self.requirements
        told["all"].value = [name for name in _ASKED.values() if getattr(asked, name)]
        told["minimum"].value = asked.minimum
        told["roles"].value = ", ".join(asked.roles)
        self._filling = before

    def _tell(self) -> None:
        if not self._filling:
            self._changed()

    def _choose(self, *, keep: bool = False) -> None:
        """Show the fields of the rule, with its defaults; or only what may stand in them."""
        name = self.rule.value
        fields = _list_fields(name)
        before, self._filling = self._filling, True
        try:
            if not keep:
                self.show_requirements(Requirements())
            for field, widget in self.fields.items():
                widget.visible = field in fields
                if field in {"column", "focus"} and widget.visible:
                    self._offer_columns(field, name, keep=keep)
                elif field in fields and not keep:
                    self._fill(field, fields[field])
            if "bands" in fields and not typed(self.fields["bands"]):
                assigned = ", ".join(f"{key}: {band}" for key, band in self._filters.items())
                self.fields["bands"].value = assigned
        finally:
            self._filling = before
        self.help.object = text_html(_describe(name), css="muted")
        if not keep:
            self._tell()

    def _fill(self, field: str, default: Any) -> None:
        widget = self.fields[field]
        if field == "by":
            widget.value = ", ".join(default)
        elif field not in {"edges", "bands"}:
            widget.value = {"n": 2, "seed": 42}.get(field) if default is dataclasses.MISSING else default

    def _offer_columns(self, field: str, name: str, *, keep: bool) -> None:
        widget, columns = self.fields[field], self._columns
        if field == "focus":
            options = [*([_NO_FOCUS] if name == "pairs" else []), *columns["metric"]]
        elif name in _PERIODS:
            options = columns["time"]
        elif name == "by_value":
            options = columns["any"]
        elif name == "even_odd":
            options = [*columns["key"], *columns["number"]] if "key" in columns else []
        else:
            options = columns["number"]
        default = _list_fields(name)[field]
        first = default if default in options else next(iter(options), None)
        if name in {"sweeps", "pairs"}:
            first = next((item for item in options if "focus" in item), first)
        widget.param.update(
            options=options, value=widget.value if keep and widget.value in options else first
        )

    def _read(self, field: str) -> Any:
        widget = self.fields[field]
        if field == "by":
            return tuple(_split(typed(widget)))
        if field == "edges":
            try:
                return tuple(float(item) for item in _split(typed(widget)))
            except ValueError as error:
                raise GroupingError(f"{typed(widget)!r}: write limits as numbers: 0.6, 0.8.") from error
        if field == "bands":
            pairs = [item.rpartition(":") for item in _split(typed(widget))]
            return {key.strip(): band.strip() for key, _, band in pairs if key.strip() and band.strip()}
        value = read_number(widget) if isinstance(widget, WholeField | RealField) else widget.value
        if value is None:
            raise GroupingError(f"{widget.name}: there is nothing in this field, or no such column here.")
        return "" if value == _NO_FOCUS else value


def _list_fields(name: str) -> dict[str, Any]:
    made: Any = RULES.get(name)
    if not dataclasses.is_dataclass(made):
        return {}
    return {field.name: field.default for field in dataclasses.fields(made)}


def _describe(name: str) -> str:
    if name == BY_TABLE:
        return (
            "Groups of your own: a file with the columns group_key and data IDs, perhaps role and ordinal. "
            "A function of your own is given in Python: wb.by_function."
        )
    return (RULES[name].__doc__ or "").strip().partition("\n")[0]


def _split(text: str) -> list[str]:
    return [item.strip() for item in text.split(",") if item.strip()]


def _list_columns(bench: Bench, rows: DataIdSet) -> dict[str, list[str]]:
    """Sort the columns that a rule can read of a set by what they are good for."""
    dimensions = set(rows.dimensions.names)
    elements = [name for name in ("visit", "exposure") if name in dimensions]
    known = dimensions | ({"visit", "exposure"} if elements else set())
    metrics = [
        f"{item['table']}.{item['column']}"
        for item in bench.metrics.tables().to_pylist()
        if set(item["dimensions"]) <= known and item["type"] in {"float", "int"} and item["values"]
    ]
    numbers, times, texts = [], [], []
    for element in elements:
        for field in bench.dimensions.records(element, limit=1).schema:
            name = f"{element}.{field.name}"
            if field.name.startswith("timespan_"):
                times.append(name)
            elif pa.types.is_floating(field.type) or field.name == "seq_num":
                numbers.append(name)
            elif pa.types.is_string(field.type) and field.name not in {"instrument", "name"}:
                texts.append(name if field.name not in dimensions else field.name)
    nights: Sequence[str] = ["day_obs"] if "day_obs" in dimensions else []
    keys = [name for name in rows.key_names if name not in rows.dimensions.governors]
    return {
        "metric": metrics,
        "number": [*metrics, *numbers],
        "time": [*nights, *times],
        "key": [*keys, *nights],
        "any": list(dict.fromkeys([*texts, *nights, *keys, *numbers, *metrics])),
    }
