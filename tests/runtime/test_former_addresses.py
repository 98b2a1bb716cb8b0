"""Import paths that the documentation of 0.1 named still lead to the same objects."""

import importlib

import pytest

import speaker_tracker.client
from speaker_tracker import errors
from speaker_tracker.client import SpeakerUpdate, TimelineUpdate
from speaker_tracker.engine.plugins import PluginManager


@pytest.mark.parametrize(
    ("module", "name", "same"),
    [
        ("speaker_tracker.plugins", "PluginManager", PluginManager),
        ("speaker_tracker.protocol", "BadInput", errors.BadInput),
    ],
)
def test_a_name_that_moved_is_found_where_it_was(module, name, same):
    assert getattr(importlib.import_module(module), name) is same


@pytest.mark.parametrize(("former", "event"), [("SpeakerNow", SpeakerUpdate), ("TimelineChanged", TimelineUpdate)])
def test_a_client_event_is_found_by_its_former_name_with_a_warning(former, event):
    with pytest.warns(DeprecationWarning, match=f"{former} is called {event.__name__} now"):
        assert getattr(speaker_tracker.client, former) is event


@pytest.mark.parametrize("module", ["speaker_tracker.client", "speaker_tracker.protocol", "speaker_tracker.stagekit"])
def test_a_package_with_lazy_names_has_no_others(module):
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        importlib.import_module(module).nothing  # noqa: B018 - asking is the test


def test_every_public_name_of_the_stage_kit_is_there():
    kit = importlib.import_module("speaker_tracker.stagekit")
    for name in kit.__all__:
        assert getattr(kit, name).__name__ == name
