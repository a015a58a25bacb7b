"""The text of a Butler's dimension configuration, with dynamic dimensions and without."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from workbench.errors import DimensionError
from workbench.registry.dimensions.dynamic import LEDGER, DynamicDimension, order_dimensions

__all__ = ["extend_text", "list_dimensions", "read_base_version"]

_LONGEST = 65_535
"""What the column of the Butler's attributes holds, in characters."""

_VERSION_BITS = 52
"""Universes are cached by version and namespace, so two that differ must not share a version.

Of 2^52 contents none will meet another by chance, and with the bit above
them set, a version is still a number that every reader of JSON keeps
(RFC 8259 section 6), and never one of the Butler's own.
"""


def list_dimensions(text: str) -> list[DynamicDimension]:
    """List the dynamic dimensions in a configuration.

    Parameters
    ----------
    text : `str`
        JSON of the configuration.

    Returns
    -------
    dimensions : `list` [ `DynamicDimension` ]
        Ordered by name.
    """
    ledger = json.loads(text).get(LEDGER)
    return [] if ledger is None else [DynamicDimension.from_mapping(one) for one in ledger["dimensions"]]


def read_base_version(text: str) -> int:
    """Read the version that the Butler itself gave the dimensions.

    Parameters
    ----------
    text : `str`
        JSON of the configuration.

    Returns
    -------
    version : `int`
        Such as 8.
    """
    config = json.loads(text)
    return int(config.get(LEDGER, {}).get("base_version", config["version"]))


def extend_text(base: str, dimensions: Iterable[DynamicDimension]) -> str:
    """Add dynamic dimensions to a configuration.

    Parameters
    ----------
    base : `str`
        JSON of the configuration without any.
    dimensions : `~collections.abc.Iterable` [ `DynamicDimension` ]
        All that it shall have.

    Returns
    -------
    text : `str`
        JSON; ``base`` itself where there is nothing to add.  Its version
        is derived from all of its content.

    Raises
    ------
    workbench.errors.DimensionError
        Raised if the text is longer than the Butler can store.
    """
    ordered = order_dimensions(dimensions)
    if not ordered:
        return base
    config: dict[str, Any] = json.loads(base)
    for dimension in ordered:
        config["elements"].update(dimension.to_elements())
    config[LEDGER] = {
        "base_version": config["version"],
        "dimensions": [dimension.to_mapping() for dimension in ordered],
    }
    config["version"] = _derive_version(config)
    text = json.dumps(config)
    if len(text) > _LONGEST:
        raise DimensionError(
            f"Nothing was changed: with {len(ordered)} dynamic dimensions the configuration has {len(text)} "
            f"characters, and the Butler stores at most {_LONGEST}. Revert those that nobody uses."
        )
    return text


def _derive_version(config: dict[str, Any]) -> int:
    content = json.dumps({**config, "version": None}, sort_keys=True, separators=(",", ":"))
    digest = int.from_bytes(hashlib.sha256(content.encode()).digest(), "big")
    return (1 << _VERSION_BITS) | (digest >> (256 - _VERSION_BITS))
