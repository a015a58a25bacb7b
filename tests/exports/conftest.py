"""The executed demonstration, which several packages' tests share."""

from __future__ import annotations

from tests.executed import executed

__all__ = ["executed"]
