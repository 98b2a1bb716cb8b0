"""Observers: how they are configured and loaded, and that one of them harms nobody when it fails."""

import logging
from pathlib import Path

import pytest
from pydantic import Field, SecretStr

from speaker_tracker.engine.observers import ObserverConfigurationError, Observers, configure_observers, load_observers
from speaker_tracker.engine.plugins import BUILTIN_PLUGINS, PluginManager
from speaker_tracker.hookspecs import hookimpl
from speaker_tracker.observer import Observer, ObserverLoadError, ObserverOptions, ObserverSpec, ServerProcessInfo
from support.recording_observer import TOLD, RecordingObserver

PROCESS = ServerProcessInfo(("one",), {"one": {"model": "small"}}, 5, Path("/shared"))
ARGUMENTS = {
    "started": (PROCESS,),
    "session_opened": (),
    "session_ended": (),
    "refused": ("token",),
    "failed": ("odd_length",),
    "audio_handled": (0.5, 0.01),
    "stage_took": ("one", 0.002),
    "stage_counted": ("one", "lost", 3),
    "close": (),
}


class GaugeOptions(ObserverOptions):
    period: float = Field(1.0, gt=0)
    key: SecretStr = Field(SecretStr("none"), min_length=4)


class Gauge(Observer):
    def __init__(self, options):
        self.options = options


def failing(error):
    def load(_):
        raise error

    return load


class Offering:
    @hookimpl
    def speaker_tracker_observers(self):
        return [
            ObserverSpec(name="gauge", summary="", options=GaugeOptions, load=Gauge),
            ObserverSpec(name="silent", summary="", load=lambda _: Observer()),
            ObserverSpec(name="unloadable", summary="", load=failing(ObserverLoadError("its socket is not there"))),
            ObserverSpec(name="needy", summary="", load=failing(ImportError("No module named 'statsd'"))),
            ObserverSpec(name="clumsy", summary="", load=failing(ZeroDivisionError("division by zero"))),
            ObserverSpec(name="empty", summary="", load=lambda _: None),
        ]


ALL = "gauge, silent, unloadable, needy, clumsy, empty"


@pytest.fixture
def plugins():
    manager = PluginManager(blocked=BUILTIN_PLUGINS)
    manager.register(Offering(), "acme")
    return manager


def sentence(plugins, names, options=None):
    with pytest.raises(ObserverConfigurationError) as raised:
        load_observers(configure_observers(plugins, names, options or {}))
    return str(raised.value)


# -- configuration ---------------------------------------------------------------------------------------------------------------


def test_observers_are_configured_as_named_with_their_options_validated(plugins):
    configured = configure_observers(plugins, ["silent", "gauge"], {"gauge": {"period": "0.5"}})

    assert [observer.name for observer in configured] == ["silent", "gauge"]
    assert configured[1].options == GaugeOptions(period=0.5)


def test_no_observer_is_needed(plugins):
    assert configure_observers(plugins, [], {}) == []
    assert not load_observers([])


def test_an_unknown_observer_is_named_with_those_on_offer(plugins):
    assert (
        sentence(plugins, ["gage"])
        == f"SPEAKER_TRACKER_OBSERVERS names an unknown observer 'gage'; did you mean 'gauge'? observers on offer: {ALL}"
    )


def test_a_missing_offer_is_reported():
    assert sentence(PluginManager(blocked=BUILTIN_PLUGINS), ["gauge"]).endswith("observers on offer: none")


def test_an_observer_cannot_be_named_twice(plugins):
    assert sentence(plugins, ["gauge", "silent", "gauge"]) == "SPEAKER_TRACKER_OBSERVERS names 'gauge' twice"


def test_options_of_an_unknown_observer_are_not_lost(plugins):
    assert sentence(plugins, [], {"gage": {"period": 1}}) == (
        "SPEAKER_TRACKER_OBSERVER_OPTIONS sets options of an unknown observer 'gage'; "
        f"did you mean 'gauge'? observers on offer: {ALL}"
    )


@pytest.mark.parametrize("named", [["gauge"], []])
def test_an_unknown_option_is_named_whether_or_not_its_observer_is_in_use(plugins, named):
    assert sentence(plugins, named, {"gauge": {"periode": 1}}) == (
        "observer 'gauge' has no option 'periode' (set by SPEAKER_TRACKER_OBSERVER_OPTIONS__GAUGE__PERIODE); "
        "its options: period, key"
    )


@pytest.mark.parametrize("named", [["gauge"], []])
def test_a_wrong_value_is_named_whether_or_not_its_observer_is_in_use(plugins, named):
    assert sentence(plugins, named, {"gauge": {"period": 0}}) == (
        "option 'period' of observer 'gauge' (set by SPEAKER_TRACKER_OBSERVER_OPTIONS__GAUGE__PERIOD) cannot be 0: "
        "Input should be greater than 0"
    )


def test_a_wrong_secret_is_not_shown(plugins):
    told = sentence(plugins, ["gauge"], {"gauge": {"key": "abc"}})

    assert "abc" not in told
    assert told.startswith("option 'key' of observer 'gauge'")
    assert "cannot be what it is (not shown): Value should have at least 4 items" in told


# -- loading ---------------------------------------------------------------------------------------------------------------------


def test_an_observer_is_loaded_with_its_options(plugins):
    assert load_observers(configure_observers(plugins, ["gauge", "silent"], {"gauge": {"period": 2}}))


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("unloadable", "observer 'unloadable' cannot be loaded: its socket is not there"),
        (
            "needy",
            (
                "observer 'needy' needs a package that is not installed or does not load: No module named 'statsd'; "
                "install what acme asks for or take the observer out of SPEAKER_TRACKER_OBSERVERS"
            ),
        ),
        (
            "clumsy",
            (
                "observer 'clumsy' of acme cannot be loaded: ZeroDivisionError: division by zero; "
                "mend it or take it out of SPEAKER_TRACKER_OBSERVERS"
            ),
        ),
        (
            "empty",
            (
                "observer 'empty' of acme was loaded as None, which is no Observer; "
                "mend it or take it out of SPEAKER_TRACKER_OBSERVERS"
            ),
        ),
    ],
)
def test_a_failed_load_is_reported_in_one_sentence(plugins, name, wanted):
    assert sentence(plugins, [name]) == wanted


# -- telling ---------------------------------------------------------------------------------------------------------------------


def tell_all(observers):
    for method in TOLD:
        getattr(observers, method)(*ARGUMENTS[method])


def test_the_base_takes_everything_in_silence():
    tell_all(Observer())
    assert Observer().endpoints() == {}


def test_every_observer_gets_every_notification():
    first, second = RecordingObserver(), RecordingObserver()

    tell_all(Observers([("first", first), ("second", second)]))

    assert first.told == second.told == [(method, ARGUMENTS[method]) for method in TOLD]


def test_a_failure_of_one_does_not_affect_the_others_and_is_logged_once(caplog):
    broken, sound = RecordingObserver(), RecordingObserver()
    observers = Observers([("broken", broken), ("sound", sound)])
    observers.started(PROCESS)
    broken.broken = True

    for _ in range(3):
        observers.session_opened()
        observers.stage_took("one", 0.1)

    assert len(sound.of("session_opened")) == len(sound.of("stage_took")) == len(broken.of("stage_took")) == 3
    assert [record.getMessage() for record in caplog.records] == [
        "observer 'broken' failed in session_opened; that is logged once",
        "observer 'broken' failed in stage_took; that is logged once",
    ]
    assert all(record.levelno == logging.ERROR and record.exc_info for record in caplog.records)


def test_one_that_fails_to_start_gets_no_further_notifications(caplog):
    broken, sound = RecordingObserver("/broken", broken=True), RecordingObserver("/sound")
    observers = Observers([("broken", broken), ("sound", sound)])

    tell_all(observers)

    assert broken.told == [("started", (PROCESS,))]
    assert list(observers.endpoints()) == ["/sound"]
    assert [method for method, _ in sound.told] == [*TOLD, "endpoints"]
    assert len(caplog.records) == 1


def test_endpoints_of_all_are_gathered():
    observers = Observers([("first", RecordingObserver("/a", "/b")), ("second", RecordingObserver("/c")), ("none", Observer())])

    assert list(observers.endpoints()) == ["/a", "/b", "/c"]


def test_one_that_cannot_tell_its_endpoints_has_none(caplog):
    observers = Observers([("broken", RecordingObserver("/a", broken=True)), ("sound", RecordingObserver("/b"))])

    assert list(observers.endpoints()) == ["/b"]
    assert "observer 'broken' failed in endpoints; it answers none" in caplog.text


def test_a_path_that_two_observers_answer_names_both():
    observers = Observers([("first", RecordingObserver("/a")), ("second", RecordingObserver("/b", "/a"))])

    with pytest.raises(ObserverConfigurationError) as raised:
        observers.endpoints()

    assert str(raised.value) == "observers 'first' and 'second' both answer /a; give one of them another path"
