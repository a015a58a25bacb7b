"""What the main job must give, by whichever way it is done: Python, commands or notebook."""

from __future__ import annotations

SET_DIGEST = "9a2f1250fd16f87115a778bedd1164581519a69a16025d9c83d2c8aacd3fe86b"
"""Key digest of the visits that pass the seeing cut and are not on the bad list."""

QUANTA = {
    "calibrate": 54,
    "summarizeVisit": 9,
    "selectSharpVisits": 14,
    "selectVisits": 21,
    "warp": 44,
    "coadd": 21,
    "patchMetrics": 21,
    "sharpCoadd": 14,
}
"""Quanta of each task in the graph of the campaign after the exclusion."""
