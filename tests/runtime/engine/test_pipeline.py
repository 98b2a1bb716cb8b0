"""Stages in a row: the order of what they answer, inferences, the flush, and failures."""

import sys
import time
from dataclasses import dataclass
from itertools import repeat

import pytest

from speaker_tracker.engine.pipeline import EventFilter, OpenStage, Pipeline, StageFailure
from speaker_tracker.events import AudioGap, Event
from speaker_tracker.protocol import BadInput, ErrorCode
from speaker_tracker.stage import Inference, StageBase, StatelessStage


@dataclass(frozen=True, slots=True)
class Word(Event):
    text: str


class Appending(StatelessStage):
    """Answers a word with as many as it has endings, each the word and one ending; at the flush with ``last``."""

    def __init__(self, *endings, last=()):
        self.endings = endings
        self.last = last

    def feed(self, event):
        return (Word(event.text + ending) for ending in self.endings)

    def flush(self):
        return [Word(text) for text in self.last]


class Holding(StageBase):
    """Keeps the newest word back until another comes; what it keeps is its state."""

    def __init__(self):
        self.held = []

    def feed(self, event):
        out, self.held = self.held, [event]
        return out

    def flush(self):
        return self.held

    def snapshot(self):
        return {"held": [event.text for event in self.held]}

    def restore(self, state):
        self.held = [Word(text) for text in state["held"]]


class Asking(StatelessStage):
    """Asks the model about a word, between two words of its own; ``then`` may say more than one word."""

    def feed(self, event):
        yield Word("before")
        yield Inference(event.text, lambda result: [Word(result), Word(result + "!")])
        yield Word("between")
        yield Inference(event.text + event.text, lambda result: [Word(result)])


class Failing(StatelessStage):
    def __init__(self, error, *, only_at_flush=False):
        self.error = error
        self.only_at_flush = only_at_flush

    def feed(self, event):
        yield event
        if not self.only_at_flush:
            raise self.error

    def flush(self):
        raise self.error


def pipeline(*stages, infer=None, on_stage_time=None):
    return Pipeline([OpenStage(f"stage{number}", stage, infer) for number, stage in enumerate(stages)], on_stage_time)


def words(events):
    return [event.text for event in events]


def shout(inputs):
    return [text.upper() for text in inputs]


def test_each_answer_passes_the_next_stage_in_order():
    assert words(pipeline(Appending("a", "b"), Appending("1", "2")).feed(Word("x"))) == ["xa1", "xa2", "xb1", "xb2"]


def test_stage_without_answer_ends_the_way():
    assert pipeline(Appending(), Failing(AssertionError("never fed"))).feed(Word("x")) == []


def test_an_inference_is_replaced_by_the_events_of_its_result():
    assert words(pipeline(Asking(), infer=shout).feed(Word("x"))) == ["before", "X", "X!", "between", "XX"]


def test_inferences_of_one_answer_go_into_one_call():
    calls = []

    def note(inputs):
        calls.append(list(inputs))
        return inputs

    pipeline(Asking(), infer=note).feed(Word("x"))

    assert calls == [["x", "xx"]]


def test_results_reach_the_stage_before_its_next_event():
    class Numbering(StatelessStage):
        answers = 0

        def feed(self, event):
            seen = self.answers
            return [Inference(event.text, lambda result: self.note(f"{result} after {seen}"))]

        def note(self, text):
            self.answers += 1
            return [Word(text)]

    out = pipeline(Appending("a", "b"), Numbering(), infer=shout).feed(Word("x"))

    assert words(out) == ["XA after 0", "XB after 1"]


def test_inference_at_the_flush_is_run_too():
    class AskingLast(StatelessStage):
        def feed(self, event):
            return [event]

        def flush(self):
            return [Inference("end", lambda result: [Word(result)])]

    assert words(pipeline(AskingLast(), infer=shout).flush()) == ["END"]


def test_flushed_events_pass_the_later_stages_before_these_are_flushed():
    out = pipeline(Appending("a", last=["first"]), Holding(), Appending("c", last=["last"]))
    out.feed(Word("x"))

    assert words(out.flush()) == ["xac", "firstc", "last"]


def test_failing_stage_is_named_with_its_cause():
    error = ZeroDivisionError()

    with pytest.raises(StageFailure, match="'stage1'") as caught:
        pipeline(Appending("a"), Failing(error)).feed(Word("x"))

    assert caught.value.stage == "stage1"
    assert caught.value.__cause__ is error


@pytest.mark.parametrize("at_flush", [True, False])
def test_blame_on_the_client_is_passed_on_as_it_is(at_flush):
    blame = BadInput(ErrorCode.ODD_LENGTH, "odd")
    failing = pipeline(Failing(blame, only_at_flush=at_flush), Appending("a"))

    with pytest.raises(BadInput) as caught:
        failing.flush() if at_flush else failing.feed(Word("x"))

    assert caught.value is blame


def test_failing_flush_names_the_stage():
    with pytest.raises(StageFailure, match="'stage1'"):
        pipeline(Appending("a"), Failing(OSError(), only_at_flush=True)).flush()


def test_failing_model_is_the_failure_of_the_stage_that_asked():
    def broken(_inputs):
        raise OSError("weights are gone")

    with pytest.raises(StageFailure, match="'stage0'"):
        pipeline(Asking(), infer=broken).feed(Word("x"))


class Answering(StatelessStage):
    """Answers what ``answers`` gives."""

    def __init__(self, answers):
        self.answers = answers

    def feed(self, _event):
        return self.answers()


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        (lambda: ["text"], "a stage answered with str, which is neither an event nor an Inference"),
        (lambda: repeat(Word("again")), "more than 100000 answers at once; they must end"),
        (lambda: [Inference(1, lambda _: repeat(Word("again")))], "more than 100000 answers at once; they must end"),
        (lambda: [Inference(1, lambda _: [7])], "a stage answered with int"),
        (lambda: None, "not iterable"),
        (lambda: sys.exit("no weights"), "no weights"),
    ],
)
def test_answers_that_are_no_events_or_never_end_and_an_exit_are_failures_of_the_stage(answers, said):
    pipeline = Pipeline([OpenStage("answering", Answering(answers), infer=lambda inputs: inputs)])
    with pytest.raises(StageFailure, match="'answering' failed") as failure:
        pipeline.feed(Word("a"))
    assert said in str(failure.value.__cause__)


def test_an_inference_without_a_model_is_reported():
    with pytest.raises(StageFailure) as caught:
        pipeline(Asking()).feed(Word("x"))

    assert "no infer" in str(caught.value.__cause__)


def test_restored_pipeline_goes_on_from_the_snapshot():
    first = pipeline(Appending("a"), Holding())
    first.feed(Word("x"))

    second = pipeline(Appending("a"), Holding())
    second.restore(first.snapshot())

    assert words(second.feed(Word("y"))) == words(first.feed(Word("y"))) == ["xa"]
    assert words(second.flush()) == words(first.flush()) == ["ya"]


def test_every_stage_is_closed_even_after_one_that_fails(caplog):
    closed = []

    class Closing(Appending):
        def __init__(self, name):
            super().__init__()
            self.name = name

        def close(self):
            closed.append(self.name)
            if self.name == "first":
                raise OSError("cannot close")

    Pipeline([OpenStage(name, Closing(name), None) for name in ("first", "second")]).close()

    assert closed == ["first", "second"]
    assert "stage 'first' failed to close" in caplog.text


def test_an_observer_gets_every_event_that_comes_out():
    seen = []
    pipeline = Pipeline([OpenStage("one", Appending("a", "b", last=["end"]), None)]).observed(seen.append)

    assert pipeline.feed(Word("x")) == seen == [Word("xa"), Word("xb")]
    assert pipeline.flush() == [Word("end")] == seen[2:]


# -- the time of stages ----------------------------------------------------------------------------------------------------------


class Took(list):
    """Notes what it is told; ``names`` are those of the stages."""

    def __call__(self, name, seconds):
        assert seconds >= 0
        self.append((name, seconds))

    @property
    def names(self):
        return [name for name, _ in self]


def test_the_time_of_every_stage_is_reported_once_a_step():
    took = Took()
    timed = pipeline(Appending("a", "b"), Appending("1"), on_stage_time=took)

    assert words(timed.feed(Word("x"))) == ["xa1", "xb1"]
    assert took.names == ["stage0", "stage1"]

    timed.flush()
    assert took.names[2:] == ["stage0", "stage1"]


def test_the_time_of_a_stage_holds_its_inference_and_what_it_does_with_the_result():
    took, spent = Took(), []

    def compute(inputs):
        begin = time.thread_time()
        while time.thread_time() - begin < 0.02:
            pass
        spent.append(time.thread_time() - begin)
        return inputs

    pipeline(Asking(), Appending("a"), infer=compute, on_stage_time=took).feed(Word("x"))

    assert took.names == ["stage0", "stage1"]
    assert took[0][1] >= spent[0]


def test_the_time_between_a_model_call_and_its_answer_is_nobodys():
    took = Took()
    steps = pipeline(Asking(), infer=shout, on_stage_time=took).feeding(Word("x"))
    call = next(steps)
    begin = time.thread_time()
    while time.thread_time() - begin < 0.05:
        pass
    call.answer_alone()
    call.seconds = 0.0
    with pytest.raises(StopIteration):
        next(steps)

    assert took[0][1] < 0.05


class Together(Appending):
    """Notes how many events it is fed at once."""

    def __init__(self):
        super().__init__("a")
        self.fed = []

    def feed(self, event):
        self.fed.append(1)
        return [event] if isinstance(event, AudioGap) else super().feed(event)

    def feed_all(self, events):
        self.fed.append(len(events))
        return [answer for event in events for answer in super(Together, self).feed(event)]


def test_a_stage_that_can_take_many_events_is_fed_them_together():
    together = Together()

    assert words(pipeline(Appending("1", "2", "3"), together).feed(Word("x"))) == ["x1a", "x2a", "x3a"]
    assert together.fed == [3]


def test_a_single_event_and_a_gap_are_fed_by_themselves():
    class Interrupting(StatelessStage):
        def feed(self, event):
            return [event, AudioGap(0, 1), event]

    together = Together()
    pipeline(together).feed(Word("x"))
    pipeline(Interrupting(), together).feed(Word("x"))

    assert together.fed == [1, 1, 1, 1]


def test_events_that_a_stage_does_not_read_pass_it_by():
    @dataclass(frozen=True, slots=True)
    class Loud(Word):
        pass

    @dataclass(frozen=True, slots=True)
    class Sound(Event):
        text: str

    read = OpenStage("reads words", Appending("a"), None, EventFilter({Word}))
    out = Pipeline([read])

    assert words(out.feed(Loud("x"))) == ["xa"]
    assert out.feed(Sound("y")) == [Sound("y")]


@pytest.mark.parametrize("error", [ZeroDivisionError(), BadInput(ErrorCode.ODD_LENGTH, "odd")])
def test_the_time_of_a_failed_call_is_reported(error):
    took = Took()

    with pytest.raises((StageFailure, BadInput)):
        pipeline(Failing(error), on_stage_time=took).feed(Word("x"))

    assert took.names == ["stage0"]


def test_an_observed_pipeline_tells_times_too():
    took = Took()
    pipeline(Appending("a"), on_stage_time=took).observed(lambda _event: None).feed(Word("x"))

    assert took.names == ["stage0"]
