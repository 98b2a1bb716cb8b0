import pytest

from speaker_tracker.engine.plugins import BUILTIN_PLUGINS, PluginError, PluginManager
from speaker_tracker.events import AudioBlock, ClientMessage, PcmReceived
from speaker_tracker.hookspecs import hookimpl
from speaker_tracker.observer import Observer, ObserverSpec
from speaker_tracker.stage import LoadedStage, StageSpec

PLUGIN = """
from speaker_tracker import hookimpl
from speaker_tracker.events import AudioBlock, PcmReceived
from speaker_tracker.stage import StageSpec


@hookimpl
def speaker_tracker_stages():
    return [StageSpec(name="{name}", summary="", consumes=frozenset(), produces=frozenset(), load=lambda options: None)]
"""


class Offering:
    def __init__(self, *offers):
        self.offers = offers

    @hookimpl
    def speaker_tracker_stages(self):
        return self.offers


class OfferingObservers:
    def __init__(self, *offers):
        self.offers = offers

    @hookimpl
    def speaker_tracker_observers(self):
        return self.offers


def observer(name):
    return ObserverSpec(name=name, summary="", load=lambda _: Observer())


def spec(name):
    return StageSpec(
        name=name,
        summary="",
        consumes=frozenset({PcmReceived}),
        produces=frozenset({AudioBlock, ClientMessage}),
        load=lambda _: LoadedStage(open=lambda _: None),
    )


@pytest.fixture
def plugins():
    return PluginManager(blocked=BUILTIN_PLUGINS)


def sentence(plugins, plugin, name="acme"):
    with pytest.raises(PluginError) as raised:
        plugins.register(plugin, name)
    return str(raised.value)


def test_a_plugin_offers_its_stages_under_their_names(plugins):
    plugins.register(Offering(spec("one"), spec("two")), "acme")
    assert list(plugins.stages) == ["one", "two"]
    assert [provided.provider for provided in plugins] == ["acme", "acme"]


def test_a_later_plugin_does_not_offer_the_stages_of_an_earlier_one_again(plugins):
    plugins.register(Offering(spec("one")), "acme")
    plugins.register(Offering(spec("two")), "umbrella")
    assert plugins.stages["one"].provider == "acme"
    assert plugins.stages["two"].provider == "umbrella"


def test_a_name_that_two_plugins_offer_names_both(plugins):
    plugins.register(Offering(spec("one")), "acme")
    assert sentence(plugins, Offering(spec("one")), "umbrella") == (
        "stage 'one' is provided twice, by acme and by umbrella; uninstall one of them or name it in "
        "SPEAKER_TRACKER_BLOCKED_PLUGINS"
    )


def test_a_plugin_cannot_be_there_twice(plugins):
    plugins.register(Offering(spec("one")), "acme")
    assert sentence(plugins, Offering(spec("two"))) == "plugin acme is installed twice; uninstall one of them"


def test_what_is_no_specification_is_refused(plugins):
    assert sentence(plugins, Offering("one")) == (
        "plugin acme offers 'one' as a stage; speaker_tracker_stages must return StageSpec objects"
    )


def test_a_plugin_that_fails_to_list_its_stages_is_named(plugins):
    class Failing:
        @hookimpl
        def speaker_tracker_stages(self):
            raise ValueError("no licence")

    assert sentence(plugins, Failing()) == "plugin acme failed to list its stages: ValueError: no licence"


def test_a_misspelt_hook_names_the_plugin_and_the_right_one(plugins):
    class Misspelt:
        @hookimpl
        def speaker_tracker_stage(self):
            return [spec("one")]

    assert sentence(plugins, Misspelt()) == (
        "plugin acme implements a hook 'speaker_tracker_stage', which does not exist; did you mean 'speaker_tracker_stages'?"
    )


def test_a_hook_like_none_names_those_there_are(plugins):
    class Other:
        @hookimpl
        def register(self):
            return []

    assert sentence(plugins, Other()) == (
        "plugin acme implements a hook 'register', which does not exist; "
        "a plugin can implement speaker_tracker_stages and speaker_tracker_observers"
    )


def test_plugins_that_offer_nothing_are_known(plugins):
    plugins.register(Offering(spec("one")), "acme")
    plugins.register(OfferingObservers(observer("two")), "umbrella")
    plugins.register(Offering(), "hollow")
    plugins.register(object(), "unmarked")
    assert plugins.idle == ["hollow", "unmarked"]


def test_every_built_in_plugin_offers_something():
    assert PluginManager().idle == []


def test_blocked_built_ins_are_not_loaded():
    assert "silero_vad" not in PluginManager(blocked=["speaker_tracker_stages.silero_vad"]).stages


def test_entry_points_of_other_distributions_are_loaded(site):
    site.install("acme", PLUGIN.format(name="acme_vad"), distribution="acme-vad", entry_points={"acme": "acme"})
    plugins = PluginManager(blocked=BUILTIN_PLUGINS)
    assert plugins.stages["acme_vad"].provider == "acme (acme-vad 1.2)"


def test_blocked_entry_points_are_not_even_imported(site):
    site.install("acme", "raise ImportError('broken')", distribution="acme-vad", entry_points={"acme": "acme"})
    assert list(PluginManager(blocked=[*BUILTIN_PLUGINS, "acme"]).stages) == []


def test_an_entry_point_that_cannot_be_imported_says_how_to_go_on_without_it(site):
    site.install("acme", "import acme_is_not_there", distribution="acme-vad", entry_points={"acme": "acme"})
    with pytest.raises(PluginError) as raised:
        PluginManager(blocked=BUILTIN_PLUGINS)
    assert str(raised.value) == (
        "plugin acme (acme-vad 1.2) cannot be imported from 'acme': ModuleNotFoundError: No module named 'acme_is_not_there'; "
        "mend or uninstall it, or block it with SPEAKER_TRACKER_BLOCKED_PLUGINS='[\"acme\"]'"
    )


def test_two_distributions_that_offer_one_stage_are_both_named(site):
    site.install("acme", PLUGIN.format(name="fast_vad"), distribution="acme-vad", entry_points={"acme": "acme"})
    site.install("umbrella", PLUGIN.format(name="fast_vad"), distribution="umbrella-vad", entry_points={"umbrella": "umbrella"})
    with pytest.raises(PluginError, match=r"stage 'fast_vad' is provided twice, by .* and by .*") as raised:
        PluginManager(blocked=BUILTIN_PLUGINS)
    assert "acme (acme-vad 1.2)" in str(raised.value)
    assert "umbrella (umbrella-vad 1.2)" in str(raised.value)


def test_two_distributions_may_call_their_entry_points_alike(site):
    site.install("acme", PLUGIN.format(name="one"), distribution="acme-vad", entry_points={"vad": "acme"})
    site.install("umbrella", PLUGIN.format(name="two"), distribution="umbrella-vad", entry_points={"vad": "umbrella"})
    assert set(PluginManager(blocked=BUILTIN_PLUGINS).stages) == {"one", "two"}


def test_a_blocked_name_that_is_no_plugin_is_reported_with_the_existing_ones():
    with pytest.raises(
        PluginError, match=r"names 'silero', which is no plugin here; plugins: .*speaker_tracker_stages\.silero_vad"
    ):
        PluginManager(blocked=[*BUILTIN_PLUGINS, "silero"])


def test_a_built_in_that_cannot_be_imported_is_named(monkeypatch):
    monkeypatch.setattr("speaker_tracker.engine.plugins.BUILTIN_PLUGINS", ("speaker_tracker_stages.not_there",))
    with pytest.raises(PluginError, match=r"plugin speaker_tracker_stages\.not_there cannot be imported .*ModuleNotFoundError"):
        PluginManager()


@pytest.mark.parametrize("name", ["MyStage", "my-stage", "my__stage", "_mine", "2nd", ""])
def test_a_name_that_settings_could_not_write_is_refused(plugins, name):
    assert f"offers a stage named {name!r}" in sentence(plugins, Offering(spec(name)))


def test_what_is_absorbed_must_be_consumed(plugins):
    odd = StageSpec(
        name="odd", summary="", consumes=frozenset(), produces=frozenset(), absorbs=frozenset({PcmReceived}), load=lambda _: None
    )

    assert "absorbs what it does not consume" in sentence(plugins, Offering(odd))


# -- observers -------------------------------------------------------------------------------------------------------------------


def test_a_plugin_offers_its_observers_under_their_names(plugins):
    plugins.register(OfferingObservers(observer("one"), observer("two")), "acme")
    plugins.register(OfferingObservers(observer("three")), "umbrella")

    assert {name: provided.provider for name, provided in plugins.observers.items()} == {
        "one": "acme",
        "two": "acme",
        "three": "umbrella",
    }
    assert plugins.stages == {}


def test_a_plugin_may_offer_stages_and_observers_and_of_the_same_name(plugins):
    class Both(Offering, OfferingObservers):
        @hookimpl
        def speaker_tracker_observers(self):
            return [observer("one")]

    plugins.register(Both(spec("one")), "acme")

    assert list(plugins.stages) == list(plugins.observers) == ["one"]


def test_an_observer_that_two_plugins_offer_names_both(plugins):
    plugins.register(OfferingObservers(observer("one")), "acme")

    assert sentence(plugins, OfferingObservers(observer("one")), "umbrella") == (
        "observer 'one' is provided twice, by acme and by umbrella; uninstall one of them or name it in "
        "SPEAKER_TRACKER_BLOCKED_PLUGINS"
    )


@pytest.mark.parametrize("offer", ["one", spec("one")])
def test_what_is_no_specification_of_an_observer_is_refused(plugins, offer):
    told = sentence(plugins, OfferingObservers(offer))

    assert told.startswith(f"plugin acme offers {offer!r} as an observer; ")
    assert told.endswith("speaker_tracker_observers must return ObserverSpec objects")


def test_an_observer_is_no_stage(plugins):
    assert "speaker_tracker_stages must return StageSpec objects" in sentence(plugins, Offering(observer("one")))


def test_an_observer_whose_name_settings_could_not_write_is_refused(plugins):
    assert "offers an observer named 'MyMetrics'" in sentence(plugins, OfferingObservers(observer("MyMetrics")))


def test_a_plugin_that_fails_to_list_its_observers_is_named(plugins):
    class Failing:
        @hookimpl
        def speaker_tracker_observers(self):
            raise ValueError("no licence")

    assert sentence(plugins, Failing()) == "plugin acme failed to list its observers: ValueError: no licence"


def test_observers_of_other_distributions_are_found(site):
    source = """
from speaker_tracker import hookimpl
from speaker_tracker.observer import Observer, ObserverSpec


@hookimpl
def speaker_tracker_observers():
    return [ObserverSpec(name="acme_metrics", summary="", load=lambda options: Observer())]
"""
    site.install("acme", source, distribution="acme-metrics", entry_points={"acme": "acme"})

    assert PluginManager(blocked=BUILTIN_PLUGINS).observers["acme_metrics"].provider == "acme (acme-metrics 1.2)"
