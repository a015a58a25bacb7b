"""The shared fixtures give working repositories."""

from __future__ import annotations

from pathlib import Path

from lsst.daf.butler import Butler


def test_repository_has_the_visits(any_repo: Path) -> None:
    with Butler.from_config(str(any_repo), writeable=False) as butler:
        assert len(butler.query_dimension_records("visit", instrument="HSC")) == 12
        refs = butler.query_datasets("raw", collections="HSC/defaults")
        assert len(refs) == 72
        assert butler.get(refs[0])["exposure"] == refs[0].dataId["exposure"]
