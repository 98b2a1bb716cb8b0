"""Stages that keep the contract pass, and each way of breaking it is told by its own sentence."""

import threading
from dataclasses import dataclass, replace

import numpy as np
import pytest
from pydantic import ConfigDict, Field

from speaker_tracker.engine.plugins import PluginManager
from speaker_tracker.events import AudioBlock, Event, SpeakerNow, SpeechEnded, SpeechStarted
from speaker_tracker.stage import Inference, LoadedStage, StageBase, StageOptions, StageSpec, StatelessStage
from speaker_tracker.testing import StageViolation, check_stage

pytestmark = pytest.mark.filterwarnings("ignore")

NEEDED = {"cloudevents_reporter": {"sink": "http://localhost/"}}
"""Options that have no default, by stage."""
OF_ANOTHER_FORMAT = "telephone_decoder"
"""Its bytes are not those of the sample events; its own test checks it with what a telephone line has."""

WITH_A_MODEL = (
    "silero_vad",
    "speechbrain_embedding",
    "onnx_embedding",
    "campplus_embedding",
    "pyannote_segmentation",
    "ray_embedding",  # tests/e2e/ray
)


class Meter(StageBase):
    """Adds up power and says at the end of each second that nobody speaks: a good stage, which others here break."""

    def __init__(self):
        self.start, self.power, self.count = 0, 0.0, 0

    def feed(self, event):
        if isinstance(event, AudioBlock):
            self.power += float(np.square(event.samples).sum())
            self.count += len(event.samples)
            yield from self.ready()
        yield event

    def ready(self):
        while self.count >= 16_000:
            self.count -= 16_000
            self.start += 16_000
            yield SpeakerNow(self.start, ())

    def snapshot(self):
        return {"start": self.start, "power": self.power, "count": self.count}

    def restore(self, state):
        self.start, self.power, self.count = state["start"], state["power"], state["count"]


def spec(stage=Meter, **changes):
    whole = {
        "name": "meter",
        "summary": "measures",
        "consumes": frozenset({AudioBlock}),
        "produces": frozenset({SpeakerNow}),
        "load": lambda _options: LoadedStage(lambda _session: stage()),
    }
    return StageSpec(**(whole | changes))


def violations(*arguments, **more):
    with pytest.raises(StageViolation) as caught:
        check_stage(*arguments, minutes=2, **more)
    return str(caught.value)


def test_a_stage_that_keeps_the_contract_passes():
    check_stage(spec(), minutes=2)


@pytest.mark.parametrize("name", [name for name in PluginManager().stages if name not in (*WITH_A_MODEL, OF_ANOTHER_FORMAT)])
def test_our_own_stages_keep_it(name):
    check_stage(PluginManager().stages[name].spec, options=NEEDED.get(name))


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("silero_vad", {}),
        ("silero_vad", {"backend": "onnx"}),
        ("speechbrain_embedding", {}),
    ],
)
def test_our_own_stages_with_a_model_keep_it(name, options):
    check_stage(PluginManager().stages[name].spec, options=options, minutes=3)


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_our_own_stage_with_an_exported_model_keeps_it(precision, exported_cache):
    options = {"model_cache": exported_cache, "precision": precision}
    check_stage(PluginManager().stages["onnx_embedding"].spec, options=options, minutes=3)


class Loose(StageOptions):
    model_config = ConfigDict(extra="ignore", frozen=False)

    silent: int = 1


class Needy(StageOptions):
    place: str = Field(description="where")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": "Meter-1"}, "its name must be lower case words with underscores, not 'Meter-1'"),
        ({"summary": "two\nlines"}, "its summary must be one line"),
        ({"options": dict}, "its options must be a subclass of StageOptions, not <class 'dict'>"),
        ({"produces": frozenset({int})}, "produces must hold event types, not <class 'int'>"),
        ({"absorbs": frozenset({SpeechStarted})}, "it absorbs SpeechStarted, which it does not consume"),
        ({"produces": frozenset({AudioBlock})}, "it consumes and produces AudioBlock, so it must absorb it"),
        ({"options": Loose}, "option 'silent' has no description"),
        ({"options": Loose}, "it takes options that it does not have"),
        ({"options": Loose}, "its options can be changed"),
        ({"options": Needy}, "its options do not validate"),
        ({"load": lambda _options: Meter()}, "load must give a LoadedStage"),
        ({"load": lambda _options: LoadedStage(lambda _session: object())}, "has no feed, flush, snapshot, restore, close"),
        ({"load": lambda _options: LoadedStage(lambda _session: Meter(), info={"model": 1})}, "info must map words to words"),
    ],
)
def test_a_wrong_specification_is_reported(changes, said):
    assert said in violations(spec(**changes))


def test_options_that_are_needed_can_be_given():
    check_stage(spec(options=Needy), options={"place": "here"}, minutes=2)


class Swallows(Meter):
    def feed(self, event):
        yield from (answer for answer in super().feed(event) if isinstance(answer, SpeakerNow))


class Copies(Meter):
    def feed(self, event):
        for answer in super().feed(event):
            yield replace(answer) if isinstance(answer, AudioBlock) else answer


class Early(Meter):
    def feed(self, event):
        yield event
        yield from (answer for answer in super().feed(event) if answer is not event)


class Mutates(Meter):
    def feed(self, event):
        if isinstance(event, AudioBlock):
            np.multiply(event.samples, np.float32(0.5), out=event.samples)
        yield from super().feed(event)


class Undeclared(Meter):
    def ready(self):
        yield from (SpeechEnded(now.position) for now in super().ready())


class ByFrame(Meter):
    def ready(self):
        yield SpeakerNow(self.count, ())


class Talkative(Meter):
    def flush(self):
        yield SpeakerNow(self.start, ())


class Shared(Meter):
    heard = [0]  # noqa: RUF012 - what this is about

    def ready(self):
        self.heard[0] += 1
        yield SpeakerNow(self.heard[0], ())


class OneThread(Meter):
    def __init__(self):
        super().__init__()
        self.thread = threading.local()
        self.thread.count = 0

    def ready(self):
        self.thread.count += 1
        yield from super().ready()


class Unplain(Meter):
    def snapshot(self):
        return {**super().snapshot(), "lock": threading.Lock}


class Forgetful(Meter):
    def restore(self, state):
        self.start = state["start"] + 1


class Remembers(Meter):
    def __init__(self):
        super().__init__()
        self.all = []

    def feed(self, event):
        if isinstance(event, AudioBlock):
            self.all.append(event.samples)
        yield from super().feed(event)


class Fails(Meter):
    def ready(self):
        raise ZeroDivisionError("by zero")
        yield


@pytest.mark.parametrize(
    ("stage", "said"),
    [
        (Swallows, "it must pass on AudioBlock, the very event, once and behind what it led to"),
        (Copies, "it must pass on AudioBlock"),
        (Early, "it must pass on AudioBlock"),
        (Mutates, "it changed an event that it was fed: AudioBlock("),
        (Undeclared, "it produces SpeechEnded, which its specification does not declare"),
        (ByFrame, "how audio is cut changes what it answers: in pieces of 160 samples, "),
        (Talkative, "a second flush must answer nothing, not SpeakerNow("),
        (Shared, "a second session answers otherwise than the first: event 0 is "),
        (OneThread, "it raised AttributeError"),
        (Unplain, "the snapshot['lock'] is "),
        (Forgetful, "a fresh stage that was given a snapshot has another one"),
        (Remembers, "a session grows by "),
        (Fails, "it raised ZeroDivisionError: by zero"),
    ],
)
def test_a_broken_stage_is_reported(stage, said):
    assert f"stage 'meter': {said}" in violations(spec(stage))


class Asks(StatelessStage):
    """Has the shared model double the first sample of each block."""

    def feed(self, event):
        if isinstance(event, AudioBlock):
            yield Inference(float(event.samples[0]), lambda _result: [SpeechStarted(event.start)] if event.start == 0 else [])
        yield event


def shared_model(infer):
    return spec(
        load=lambda _options: LoadedStage(lambda _session: Asks(), infer=infer), produces=frozenset({SpeechStarted}), name="asks"
    )


def test_shared_inference_gives_each_input_what_it_gives_it_alone():
    check_stage(shared_model(lambda inputs: [2 * one for one in inputs]), minutes=2)
    said = violations(shared_model(lambda inputs: [one - np.mean(inputs) for one in inputs]))
    assert said == "stage 'asks': infer gives other results for several inputs together than for each alone"


@dataclass(frozen=True, slots=True)
class Bark(Event):
    position: int


class Dog(StatelessStage):
    def feed(self, event):
        if isinstance(event, Bark):
            yield SpeakerNow(event.position, (0,))
        yield event


def test_events_of_ones_own_have_to_be_given():
    dog = spec(Dog, consumes=frozenset({Bark}))

    assert violations(dog) == "stage 'meter': there are no samples of Bark; give check_stage a stream of events"
    check_stage(dog, events=[Bark(position) for position in range(0, 160_000, 1600)], minutes=2)
