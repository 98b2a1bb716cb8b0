"""Modules of the page that need a browser, apart from the application; tests/web has those of the others."""

import numpy as np
import pytest

pytestmark = pytest.mark.e2e


def amplitude(samples, frequency):
    """Amplitude of a tone in samples at 16 kHz."""
    settled = samples[1000:-200]
    angle = 2 * np.pi * frequency * np.arange(len(settled)) / 16_000
    fit, *_ = np.linalg.lstsq(np.stack([np.sin(angle), np.cos(angle)], axis=1), settled, rcond=None)
    return np.hypot(*fit)


CAPTURE = """async ({rate, frequencies}) => {
  const context = new OfflineAudioContext(2, rate, rate);
  await context.audioWorklet.addModule("./web/audio/capture-worklet.js");
  const merger = context.createChannelMerger(2);
  frequencies.forEach((frequency, channel) => {
    const oscillator = context.createOscillator();
    oscillator.frequency.value = frequency;
    oscillator.connect(merger, 0, channel);
    oscillator.start();
  });
  const node = new AudioWorkletNode(context, "capture");
  const frames = [];
  const flushed = new Promise((resolve) => {
    node.port.onmessage = ({data}) => data.flushed ? resolve() : frames.push({samples: [...data.samples], peak: data.peak});
  });
  merger.connect(node).connect(context.destination);
  const silence = await context.startRendering();
  node.port.postMessage("flush");
  await flushed;
  return {frames, output: Math.max(...silence.getChannelData(0))};
}"""


@pytest.mark.parametrize("rate", [44_100, 48_000, 96_000])
def test_the_worklet_mixes_both_channels_into_frames_and_is_not_heard_itself(page, rate):
    captured = page.page.evaluate(CAPTURE, {"rate": rate, "frequencies": [500, 1250]})
    lengths = [len(frame["samples"]) for frame in captured["frames"]]
    samples = np.concatenate([frame["samples"] for frame in captured["frames"]]) / 32_768

    assert set(lengths[:-1]) == {1600}
    assert sum(lengths) == pytest.approx(16_000, abs=50)  # whole blocks of 128 samples are rendered
    for frequency in (500, 1250):
        assert amplitude(samples, frequency) == pytest.approx(0.5, rel=0.01)
    assert captured["frames"][5]["peak"] == pytest.approx(np.abs(samples[8000:9600]).max(), abs=0.001)
    assert captured["output"] == 0


BARS = """async (hours) => {
  const {Conversation} = await import("./web/conversation.js");
  const {TimelineView} = await import("./web/view/timeline-view.js");
  document.getElementById("session").hidden = false;
  const end = hours * 3_600_000;
  const conversation = new Conversation({source: {kind: "microphone", positionMs: () => end}, numSpeakers: 5, token: ""});
  conversation.timeline.beginPart(0);
  for (let ms = 0, index = 0; ms < end; ms += 2000, index++) {
    const segments = [{startMs: ms, endMs: ms + 1700, speakerId: index % 5}];
    conversation.timeline.update(0, {audioMs: ms + 2000, segments});
  }
  const {roundRect} = CanvasRenderingContext2D.prototype;
  let bars = 0;
  CanvasRenderingContext2D.prototype.roundRect = function (...given) {
    bars++;
    roundRect.apply(this, given);
  };
  new TimelineView(() => {}).render(conversation.scene(conversation.speakers), false);
  return bars;
}"""


def test_after_hours_as_much_is_drawn_as_after_minutes(page):
    minutes, hours = (page.page.evaluate(BARS, hours) for hours in (0.05, 4))
    assert 15 < minutes <= hours < 30


BEHIND = """async (behindMs) => {
  const {LiveView} = await import("./web/view/live-view.js");
  const {People} = await import("./web/model/people.js");
  const source = {kind: "microphone", positionMs: () => 0};
  const tracking = {state: "running", isPaused: false, positionMs: 60_000, behindMs, source};
  new LiveView().render({tracking, people: new People()});
  return document.getElementById("behind").textContent;
}"""


def test_a_server_that_cannot_keep_up_is_told_of(page):
    assert [page.page.evaluate(BEHIND, ms) for ms in (0, 4900, 12_000)] == [
        "",
        "",
        "The server is 10 seconds behind; what is said now is shown later.",
    ]


AT_ONCE = """async () => {
  const {Conversation} = await import("./web/conversation.js");
  const {CorrectionsView} = await import("./web/view/corrections-view.js");
  const {LiveView} = await import("./web/view/live-view.js");
  const {ReportView} = await import("./web/view/report-view.js");
  const {TimelineView} = await import("./web/view/timeline-view.js");
  document.getElementById("session").hidden = false;
  const source = {kind: "microphone", positionMs: () => 10_000};
  const conversation = new Conversation({source, numSpeakers: 2, token: ""});
  const {people, timeline, tracking} = conversation;
  tracking.state = "running";
  timeline.beginPart(0);
  const view = new LiveView();
  const seen = {shown: []};
  const show = (message) => {
    const corrections = timeline.update(0, message);
    view.update(1);
    view.render(conversation);
    const badges = [...document.querySelectorAll("#now-badges .badge")].map((badge) => badge.textContent).join();
    seen.shown.push([document.getElementById("now-name").textContent, badges, document.title.replace(/ . Speaker Tracker$/, "")]);
    return corrections;
  };
  show({audioMs: 5500, segments: [{startMs: 1000, endMs: 5000, speakerId: 0}, {startMs: 2000, endMs: 2500, speakerId: 1}]});
  people.rename(1, "Anna");
  people.rename(2, "Ben");
  const both = [{startMs: 4000, endMs: 5500, speakerId: 0}, {startMs: 4000, endMs: 5500, speakerId: 1}];
  const corrections = show({audioMs: 6000, segments: both});
  new CorrectionsView().show(conversation.named(corrections), people);
  seen.correction = document.getElementById("corrections").textContent;

  const bars = [];
  const {roundRect} = CanvasRenderingContext2D.prototype;
  CanvasRenderingContext2D.prototype.roundRect = function (...given) {
    bars.push(given);
    roundRect.apply(this, given);
  };
  new TimelineView(() => {}).render(conversation.scene(conversation.speakers), false);
  const right = ([left, , width]) => left + width;
  seen.rows = new Set(bars.map(([, top]) => top)).size;
  seen.endTogether = new Set(bars.map(right)).size < bars.length;
  seen.totals = conversation.speakers.map(({totalMs}) => totalMs);

  show({audioMs: 6500, segments: [{startMs: 5500, endMs: 6000, speakerId: 0}]});
  new ReportView().render(conversation.speakers, 6500, true, conversation.togetherMs, timeline.others);
  seen.report = document.getElementById("report-summary").textContent;
  return seen;
}"""


def test_two_who_speak_at_once_are_both_shown(page):
    seen = page.page.evaluate(AT_ONCE)
    assert seen["shown"] == [
        ["Speaker 1", "1", "Speaker 1"],
        ["Anna and Ben", "1,2", "Anna and Ben"],
        ["Anna", "1", "Anna"],
    ]
    assert seen["correction"] == "1 correction; the latest: 0:04.0 to 0:05.0 is Anna and Ben, not Anna alone."
    assert (seen["rows"], seen["endTogether"], seen["totals"]) == (2, True, [4500, 2000])
    assert seen["report"] == (
        "7 seconds. 2 people spoke, Anna most: 5 seconds, 71\u00a0% of all speech. Two or more spoke at once for 2 seconds."
    )


RENAMED = """async () => {
  const {SpeakersView} = await import("./web/view/speakers-view.js");
  const view = new SpeakersView();
  const speaker = (number, name) => ({number, name, label: name || `Speaker ${number}`, totalMs: 1000, share: 0.5});
  const seen = [];
  for (const name of ["", "Zoe"]) {
    const lateVoices = [{key: "1:0", number: 2, own: 2, isFoundAgain: false}];
    view.render([speaker(1, ""), speaker(2, name)], {lateVoices, breaks: [1000], isAcrossBreaks: false, keepingOf: null});
    seen.push(document.querySelector(".same label").firstChild.textContent);
  }
  return seen;
}"""


def test_who_is_asked_about_after_a_break_is_called_by_the_latest_name(page):
    assert page.page.evaluate(RENAMED) == ["Speaker 2 is ", "Zoe is "]
