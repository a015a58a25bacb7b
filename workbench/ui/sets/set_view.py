"""The set view: put a set together, say what is known of its visits, combine sets, follow versions."""

from __future__ import annotations

import panel as pn

from workbench.session.content.selection import SharedSelection
from workbench.session.curation.curation import Curation
from workbench.session.desk.desk import Desk
from workbench.ui.elements.steps import Steps
from workbench.ui.elements.tables.page_turner import PageTurner
from workbench.ui.notes.notes_view import NotesView
from workbench.ui.sets.choose_view import ChooseView
from workbench.ui.sets.combination_view import CombinationView
from workbench.ui.sets.members_view import MembersView
from workbench.ui.sets.saving_view import SavingView
from workbench.ui.sets.versions_view import VersionsView

__all__ = ["SetView"]


class SetView:
    """Everything about sets, in tabs.

    Parameters
    ----------
    desk : `~workbench.session.desk.desk.Desk`
        Theme and messages.
    curation : `~workbench.session.curation.curation.Curation`
        The set.
    selection : `~workbench.session.content.selection.SharedSelection`
        What is selected in the linked views.
    """

    def __init__(self, desk: Desk, curation: Curation, selection: SharedSelection):
        self.curation = curation
        self.choose = ChooseView(desk, curation)
        self.members = MembersView(desk, curation)
        self.saving = SavingView(desk, curation, self.choose.files)
        self.notes = NotesView(desk, curation, selection)
        self.combination = CombinationView(desk, curation)
        self.versions = VersionsView(desk, curation)
        self.tabs = Steps(title="Parts of the set editor", numbered=False)
        editor = pn.Column(
            self.choose.view,
            self.members.view,
            self.saving.view,
            sizing_mode="stretch_width",
            margin=0,
            styles={"gap": "14px"},
        )
        pages = {
            "This set": editor,
            "Notes": self.notes.view,
            "Combine sets": self.combination.view,
            "Versions": self.versions.view,
        }
        self.tabs.param.update(labels=list(pages), notes=[""] * len(pages))
        # What was told of one part does not stand above another.
        self.tabs.param.watch(lambda *_: desk.tell(""), "active")
        self._pages = PageTurner(self.tabs, list(pages.values()))
        self.view = pn.Column(
            self.tabs, self._pages.view, sizing_mode="stretch_width", margin=0, styles={"gap": "14px"}
        )

    def turn_to(self, label: str) -> None:
        """Show one of the parts.

        Parameters
        ----------
        label : `str`
            What its tab says.
        """
        self.tabs.active = self.tabs.labels.index(label)

    def refresh(self) -> None:
        """Read the repository again."""
        self.curation.refresh()
        self.choose.refresh()
        self.combination.list_sets()
        self.versions.list_sets()
