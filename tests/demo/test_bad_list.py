"""The exclusion list made by hand."""

from __future__ import annotations

from astropy.table import Table

from workbench.demo import BAD_LIST, modelled_metrics
from workbench.demo.model import HSC
from workbench.demo.observations import read_hsc_observations


def test_file_has_the_format_of_excluded_visits() -> None:
    lines = BAD_LIST.read_text().splitlines()
    assert lines[0] == "# %ECSV 1.0"
    assert "exposure,comment" in lines
    table = Table.read(BAD_LIST, format="ascii.ecsv")
    assert table.colnames == ["exposure", "comment"]
    assert table["exposure"].dtype == "uint64"
    assert list(table["exposure"]) == sorted(table["exposure"])


def test_lists_what_the_model_made_bad() -> None:
    listed = {int(exposure) for exposure in Table.read(BAD_LIST, format="ascii.ecsv")["exposure"]}
    assert listed == set(HSC.defects)
    assert listed <= {observation.id for observation in read_hsc_observations()}


def test_a_cut_on_quick_look_metrics_keeps_what_the_list_removes() -> None:
    widths = dict(zip(*modelled_metrics().select(["visit", "psf_fwhm"]).to_pydict().values(), strict=True))
    kept = {visit for visit, width in widths.items() if width < 0.9}
    assert set(HSC.defects) < kept
    assert kept < set(widths)
