"""String keys of groups: unique for ever, and legal wherever a data ID is written."""

from __future__ import annotations

import hashlib
import re

from workbench.errors import BadNameError
from workbench.registry.dimensions.dynamic import KEY_LENGTH, METADATA_LENGTH

__all__ = ["mint_key"]

_GROUPING = re.compile(r"[a-z][a-z0-9_-]*@[1-9][0-9]*")
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_+-]*")
"""What a key may hold besides the ``@`` of its grouping.

Not ``:``, ``/`` and the like, which file templates turn into ``_``; not a
dot, behind which a datastore takes the rest of a file's name, the run
included, for its ending; not ``,`` and ``=``, which separate data IDs on
command lines.
"""
_DIGITS = 8


def mint_key(grouping: str, label: str) -> str:
    """Make the string key of a group.

    Parameters
    ----------
    grouping : `str`
        Name and version, such as ``folds@3``.
    label : `str`
        Key of the group in it, such as ``fold0``.

    Returns
    -------
    key : `str`
        ``folds@3-fold0``: at most 64 characters, legal in file names, on
        command lines and in expressions.  No two groups share one: what
        cannot be in a key is replaced, with digits of the label's SHA-256
        behind it.

    Raises
    ------
    workbench.errors.BadNameError
        Raised if the grouping is no name and version, or the label empty or
        longer than 128 characters.
    """
    if not _GROUPING.fullmatch(grouping):
        raise BadNameError(
            f"{grouping!r} is no name and version of a grouping, such as 'folds@3'; records are permanent, "
            "so their keys must belong to one version."
        )
    if not 0 < len(label) <= METADATA_LENGTH:
        raise BadNameError(f"{label!r} is no key of a group: use 1 to {METADATA_LENGTH} characters.")
    plain = label if _PLAIN.fullmatch(label) else re.sub(r"[^A-Za-z0-9_+-]+", "_", label)
    key = f"{grouping}-{plain}"
    if plain == label and len(key) <= KEY_LENGTH and not re.fullmatch(rf".*-[0-9a-f]{{{_DIGITS}}}", plain):
        return key
    # A label that ends like a digest gets one too, so that it is never taken for another's.
    digest = hashlib.sha256(label.encode()).hexdigest()[:_DIGITS]
    room = KEY_LENGTH - len(grouping) - _DIGITS - 2
    if room < 1:
        raise BadNameError(f"The name of {grouping!r} is too long for keys of {KEY_LENGTH} characters.")
    return f"{grouping}-{plain[:room]}-{digest}"
