"""The page's modules without their views, run where they run: in Chromium."""

import numpy as np
import pytest

pytestmark = pytest.mark.e2e

RESAMPLE = """async ({rate, samples, blocks}) => {
  const {Resampler} = await import("./web/audio/resampler.js");
  const resampler = new Resampler(rate, 16000);
  const input = Float32Array.from(samples);
  const output = [];
  for (let start = 0, block = 0; start < input.length; block++) {
    const part = input.subarray(start, start + blocks[block % blocks.length]);
    const room = new Float32Array(resampler.room(part.length));
    const written = resampler.process(part, room);
    output.push(...room.subarray(0, written));
    start += part.length;
  }
  return output;
}"""


def resampled(page, rate, samples, blocks=(128,)):
    given = {"rate": rate, "samples": np.asarray(samples, np.float32).tolist(), "blocks": list(blocks)}
    return np.array(page.page.evaluate(RESAMPLE, given))


def tone(rate, frequency, seconds=0.5):
    return 0.5 * np.sin(2 * np.pi * frequency * np.arange(int(rate * seconds)) / rate)


def amplitude_and_rest(samples, frequency):
    """Amplitude of a tone in samples at 16 kHz, and the RMS of all else."""
    settled = samples[1000:-200]
    angle = 2 * np.pi * frequency * np.arange(len(settled)) / 16_000
    basis = np.stack([np.sin(angle), np.cos(angle)], axis=1)
    fit, *_ = np.linalg.lstsq(basis, settled, rcond=None)
    return np.hypot(*fit), np.sqrt(np.mean((settled - basis @ fit) ** 2))


def decibels(ratio):
    return 20 * np.log10(ratio + 1e-12)


@pytest.mark.parametrize("rate", [44_100, 48_000, 96_000, 32_000, 22_050])
def test_resampling_keeps_what_is_heard_and_lets_nothing_fold_back(page, rate):
    for frequency in (50, 440, 3000, 6900):
        amplitude, rest = amplitude_and_rest(resampled(page, rate, tone(rate, frequency)), frequency)
        assert abs(decibels(amplitude / 0.5)) < 0.05
        assert decibels(rest / 0.5) < -70
    for frequency in (8100, 9100, 10_700, 0.49 * rate):
        loudest = np.abs(resampled(page, rate, tone(rate, frequency))[1000:-200]).max()
        assert decibels(loudest / 0.5) < -75


def test_a_telephone_headset_s_rate_is_raised_without_images(page):
    for frequency in (300, 3300):
        amplitude, rest = amplitude_and_rest(resampled(page, 8000, tone(8000, frequency)), frequency)
        assert abs(decibels(amplitude / 0.5)) < 0.05
        assert decibels(rest / 0.5) < -70


@pytest.mark.parametrize("rate", [8000, 16_000, 44_100, 48_000])
def test_resampling_does_not_depend_on_blocks_and_neither_loses_nor_adds_time(page, rate):
    noise = np.random.default_rng(3).uniform(-1, 1, rate // 4)
    whole = resampled(page, rate, noise, [len(noise)])
    pieces = resampled(page, rate, noise, [1, 7, 128, 1000, 3])

    np.testing.assert_array_equal(whole, pieces)
    assert abs(len(whole) - 4000) <= 1


def test_sound_of_the_right_rate_is_left_as_it_is(page):
    noise = np.random.default_rng(4).uniform(-1, 1, 1000).astype(np.float32)
    np.testing.assert_array_equal(resampled(page, 16_000, noise), noise)


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
        assert amplitude_and_rest(samples, frequency)[0] == pytest.approx(0.5, rel=0.01)
    assert captured["frames"][5]["peak"] == pytest.approx(np.abs(samples[8000:9600]).max(), abs=0.001)
    assert captured["output"] == 0


TIMELINE = """async (steps) => {
  const {Timeline} = await import("./web/model/timeline.js");
  const timeline = new Timeline();
  const segments = (list) => list.map(([startMs, endMs, speakerId]) => ({startMs, endMs, speakerId}));
  const corrections = [];
  for (const step of steps) {
    if ("begin" in step) timeline.beginPart(step.begin);
    if ("take" in step) corrections.push(...timeline.take(step.part, {audioMs: step.audio, segments: segments(step.take)}));
    if ("report" in step) corrections.push(...timeline.takeReport(step.part, {segments: segments(step.report)}));
  }
  return {
    voices: Object.fromEntries(timeline.voices.map(({key}) => [key, timeline.stretches(key)])),
    totals: Object.fromEntries(timeline.voices.map(({key}) => [key, timeline.totalMs(key)])),
    corrections: corrections.map(({startMs, endMs, was, is}) => [startMs, endMs, was, is]),
    gaps: timeline.gaps,
    said: timeline.saidMs,
    heard: timeline.heardMs,
  };
}"""


def timeline(page, *steps):
    return page.page.evaluate(TIMELINE, list(steps))


def test_later_segments_replace_earlier_ones_where_they_cover_them_and_only_there(page):
    state = timeline(
        page,
        {"begin": 0},
        {"part": 0, "audio": 3000, "take": [[0, 1000, 0], [1000, 2000, None], [2000, 2500, 1]]},
        {"part": 0, "audio": 4000, "take": [[500, 1500, 1], [2500, 3000, 0]]},
    )

    assert state["voices"] == {"0:0": [[0, 500], [2500, 3000]], "0:1": [[500, 1500], [2000, 2500]]}
    assert state["totals"] == {"0:0": 1000, "0:1": 1500}
    assert (state["said"], state["heard"]) == (3000, 4000)


def test_corrections_are_what_changed_of_what_had_been_said(page):
    state = timeline(
        page,
        {"begin": 0},
        {"part": 0, "audio": 2000, "take": [[0, 1000, 0], [1000, 1500, None]]},
        {"part": 0, "audio": 3000, "take": [[600, 1000, 1], [1000, 1500, 1], [1500, 2000, 1]]},
        {"part": 0, "audio": 3000, "take": [[0, 100, 1]]},
    )
    assert state["corrections"] == [[600, 1000, ["0:0"], ["0:1"]], [1000, 1500, [], ["0:1"]]]


def test_speakers_may_speak_at_once(page):
    state = timeline(page, {"begin": 0}, {"part": 0, "audio": 2000, "take": [[0, 1000, 0], [400, 1500, 1]]})
    assert state["voices"] == {"0:0": [[0, 1000]], "0:1": [[400, 1500]]}


def test_the_report_has_the_last_word(page):
    state = timeline(
        page,
        {"begin": 0},
        {"part": 0, "audio": 2000, "take": [[0, 1000, 0], [1000, 2000, 1]]},
        {"part": 0, "report": [[0, 2300, 0]]},
    )
    assert state["voices"] == {"0:0": [[0, 2300]], "0:1": []}
    assert state["corrections"] == [[1000, 2000, ["0:1"], ["0:0"]]]


def test_a_second_session_stands_behind_the_first_with_voices_of_its_own(page):
    state = timeline(
        page,
        {"begin": 0},
        {"part": 0, "audio": 5000, "take": [[0, 2000, 0], [2000, 4200, 1]]},
        {"begin": 4000},
        {"part": 1, "audio": 1000, "take": [[0, 800, 0]]},
        {"begin": 9000},
    )
    assert state["voices"] == {"0:0": [[0, 2000]], "0:1": [[2000, 4000]], "1:0": [[4000, 4800]]}
    assert state["gaps"] == [[5000, 9000]]
    assert state["corrections"] == []


def test_a_long_session_is_corrected_quickly(page):
    segments = [[300 * index, 300 * index + 200, index % 5] for index in range(50_000)]
    took = page.page.evaluate(
        f"""async (steps) => {{
          const run = {TIMELINE};
          const begin = performance.now();
          await run(steps);
          return performance.now() - begin;
        }}""",
        [{"begin": 0}, {"part": 0, "audio": 15_000_000, "take": segments}, {"part": 0, "report": segments[::2]}],
    )
    assert took < 20_000


OUTBOX = """async () => {
  const {LiveOutbox, MAX_KEPT_MS} = await import("./web/model/live-outbox.js");
  const outbox = new LiveOutbox();
  const frame = () => new Int16Array(1600);
  const seen = {};
  for (let count = 0; count < 10; count++) outbox.push(frame());
  for (let count = 0; count < 8; count++) outbox.next();
  outbox.acknowledge(350);
  seen.begin = outbox.rewind();
  let again = 0;
  while (outbox.next()) again++;
  seen.again = again;
  for (let count = 0; count < 2000; count++) outbox.push(frame());
  seen.kept = outbox.positionMs - outbox.rewind();
  seen.most = MAX_KEPT_MS;
  outbox.close();
  seen.overBefore = outbox.isOver;
  while (outbox.next());
  seen.over = outbox.isOver;
  return seen;
}"""


def test_what_was_not_acknowledged_is_sent_again_and_what_is_too_old_is_dropped(page):
    seen = page.page.evaluate(OUTBOX)
    assert (seen["begin"], seen["again"]) == (300, 7)
    assert seen["kept"] == seen["most"] == 120_000
    assert (seen["overBefore"], seen["over"]) == (False, True)


PACED = """async () => {
  const {FileOutbox} = await import("./web/model/file-outbox.js");
  let now = 1000;
  const outbox = new FileOutbox(new Int16Array(16000), true, () => now);
  const taken = () => { let count = 0; while (outbox.next()) count++; return count; };
  const seen = [taken()];
  outbox.run();
  for (const step of [0, 250, 100]) { now += step; seen.push(taken()); }
  outbox.pause(); now += 5000; seen.push(taken());
  outbox.run(); now += 100; seen.push(taken());
  outbox.acknowledge(250); seen.push(outbox.rewind());
  outbox.run(); now += 10000; seen.push(taken(), outbox.isOver);
  return seen;
}"""


def test_a_file_is_given_out_at_the_pace_of_speech(page):
    assert page.page.evaluate(PACED) == [0, 0, 2, 1, 0, 1, 250, 8, True]


TABLES = """async (segments) => {
  const {csv, rttm} = await import("./web/export/tables.js");
  return [csv(segments), rttm("my talk", segments)];
}"""


def test_tables_keep_names_apart_from_their_syntax(page):
    segments = [
        {"startMs": 0, "endMs": 1234, "number": 1, "label": 'Ann "A", Lee'},
        {"startMs": 1234, "endMs": 2000, "number": 2, "label": "=1+1"},
        {"startMs": 2000, "endMs": 3000, "number": 3, "label": "=1+1"},
    ]
    csv, rttm = page.page.evaluate(TABLES, segments)

    assert csv == (
        "start,end,duration,speaker,name\r\n"
        '0.000,1.234,1.234,1,"Ann ""A"", Lee"\r\n'
        "1.234,2.000,0.766,2,'=1+1\r\n"
        "2.000,3.000,1.000,3,'=1+1\r\n"
    )
    assert rttm.splitlines() == [
        'SPEAKER my_talk 1 0.000 1.234 <NA> <NA> Ann_"A",_Lee <NA> <NA>',
        "SPEAKER my_talk 1 1.234 0.766 <NA> <NA> =1+1 <NA> <NA>",
        "SPEAKER my_talk 1 2.000 1.000 <NA> <NA> =1+1_3 <NA> <NA>",
    ]


@pytest.mark.parametrize(
    ("call", "text"),
    [
        ("clock(0)", "0:00"),
        ("clock(59_999)", "0:59"),
        ("clock(3_723_456)", "1:02:03"),
        ("clock(59_960, true)", "1:00.0"),
        ("roundClock(19_840)", "0:20"),
        ("spokenTime(0)", "0 seconds"),
        ("spokenTime(61_000)", "1 minute 1 second"),
        ("spokenTime(3_723_000)", "1 hour 2 minutes"),
        ("percent(0.584)", "58\N{NO-BREAK SPACE}%"),
    ],
)
def test_times_and_shares_in_words(page, call, text):
    with_names = "async () => { const {clock, percent, roundClock, spokenTime} = await import('./web/clock.js'); return CALL; }"
    assert page.page.evaluate(with_names.replace("CALL", call)) == text


SCENE = """async () => {
  const {Conversation} = await import("./web/conversation.js");
  const source = {kind: "microphone", positionMs: () => 13_000};
  const conversation = new Conversation({source, numSpeakers: 2, token: ""});
  const {timeline} = conversation;
  timeline.beginPart(0);
  timeline.take(0, {audioMs: 4000, segments: [{startMs: 1000, endMs: 3200, speakerId: 0}]});
  const said = [conversation.scene([]).saidMs];
  timeline.take(0, {audioMs: 12_500, segments: []});
  said.push(conversation.scene([]).saidMs);
  return said;
}"""


def test_a_silence_is_not_shown_as_if_the_server_were_behind(page):
    assert page.page.evaluate(SCENE) == [3200, 10_500]


BARS = """async (hours) => {
  const {Conversation} = await import("./web/conversation.js");
  const {TimelineView} = await import("./web/view/timeline-view.js");
  document.getElementById("session").hidden = false;
  const end = hours * 3_600_000;
  const conversation = new Conversation({source: {kind: "microphone", positionMs: () => end}, numSpeakers: 5, token: ""});
  conversation.timeline.beginPart(0);
  for (let ms = 0, index = 0; ms < end; ms += 2000, index++) {
    const segments = [{startMs: ms, endMs: ms + 1700, speakerId: index % 5}];
    conversation.timeline.take(0, {audioMs: ms + 2000, segments});
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
  const source = {kind: "microphone", positionMs: () => 0};
  new LiveView().render({state: "running", isPaused: false, positionMs: 60_000, behindMs, source}, null);
  return document.getElementById("behind").textContent;
}"""


def test_a_server_that_cannot_keep_up_is_told_of(page):
    assert [page.page.evaluate(BEHIND, ms) for ms in (0, 4900, 12_000)] == [
        "",
        "",
        "The server is 10 seconds behind; what is said now is shown later.",
    ]


RENAMED = """async () => {
  const {SpeakersView} = await import("./web/view/speakers-view.js");
  const view = new SpeakersView();
  const speaker = (number, name) => ({number, name, label: name || `Speaker ${number}`, totalMs: 1000, share: 0.5});
  const seen = [];
  for (const name of ["", "Zoe"]) {
    view.render([speaker(1, ""), speaker(2, name)], [{key: "1:0", number: 2, own: 2}], [1000]);
    seen.push(document.querySelector(".same label").firstChild.textContent);
  }
  return seen;
}"""


def test_who_is_asked_about_after_a_break_is_called_by_the_latest_name(page):
    assert page.page.evaluate(RENAMED) == ["Speaker 2 is ", "Zoe is "]
