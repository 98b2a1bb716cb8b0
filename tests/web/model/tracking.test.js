import assert from "node:assert/strict";
import { test } from "node:test";

import { FileSource } from "../../../runtime/speaker_tracker/web/model/file-source.js";
import { LiveOutbox } from "../../../runtime/speaker_tracker/web/model/live-outbox.js";
import { People } from "../../../runtime/speaker_tracker/web/model/people.js";
import { Recognition } from "../../../runtime/speaker_tracker/web/model/recognition.js";
import { Timeline } from "../../../runtime/speaker_tracker/web/model/timeline.js";
import { Tracking } from "../../../runtime/speaker_tracker/web/model/tracking.js";
import { OFFER, print, remembered } from "../support/prints.js";
import { LIMITS, startServer } from "../support/server.js";

const isStop = (message) => message.action === "stop";
const isStart = (message) => message.action === "start";
const REPORT = { event: "report", speakers: [] };
const RECOGNIZING = { refusal: null, limits: LIMITS, knownVoices: OFFER };

/** A second of a file that is sent as fast as the server takes it. */
const file = () => new FileSource("talk.wav", Int16Array.from({ length: 16_000 }, (_, index) => index), false, null);

/** A microphone whose frames the test pushes into its outbox. */
class Microphone {
  kind = "microphone";
  name = "microphone";
  outbox = new LiveOutbox();
  told = [];

  positionMs = () => this.outbox.positionMs;
  isStuckAtTick = () => false;
  wait = () => this.told.push("wait");
  run = () => this.told.push("run");
  pause = () => this.told.push("pause");
  finish = async () => this.outbox.close();
}

/** A conversation with a server whose sessions go as the functions of `sessions` say, one after the other. */
async function track(t, source, sessions, admission = { refusal: null, limits: LIMITS }, known = []) {
  const onSession = (session) => sessions.shift()(session);
  const { base } = await startServer(t, { onSession, admission });
  const [people, timeline] = [new People(), new Timeline()];
  const recognition = new Recognition({ people, timeline });
  const tracking = new Tracking({
    base,
    token: "",
    numSpeakers: 2,
    source,
    timeline,
    recognition,
    remembered: async () => known,
  });
  const states = [];
  tracking.onChange(() => states.push(tracking.state));
  const timer = setInterval(() => tracking.tick(), 5);
  t.after(() => {
    clearInterval(timer);
    tracking.stop();
  });
  return { tracking, timeline, people, recognition, states };
}

/** Waits until the conversation is in this state. */
function inState(tracking, state) {
  return new Promise((resolve) => {
    const check = () => tracking.state === state && resolve();
    tracking.onChange(check);
    check();
  });
}

test("a file is sent to its end, and its report is kept", async (t) => {
  let heard = [];
  const { tracking, timeline, states } = await track(t, file(), [
    async (session) => {
      await session.open();
      await session.received(isStop);
      heard = session.samples;
      session.send({ ...REPORT, segments: [{ startMs: 0, endMs: 600, speakerId: 0 }] });
      session.close(1000);
    },
  ]);
  await tracking.start();
  await inState(tracking, "done");

  assert.deepEqual(states, ["running", "stopping", "done"]);
  assert.deepEqual([heard.length, heard[15_999], tracking.problem, tracking.isComplete], [16_000, 15_999, null, true]);
  assert.deepEqual(timeline.intervals("0:0"), [[0, 600]]);
});

test("who speaks and what is corrected is told as it comes", async (t) => {
  const { tracking } = await track(t, new Microphone(), [
    async (session) => {
      await session.open();
      session.send({ event: "speaker", currentSpeakerId: 1, speakingTimeMs: {} });
      session.send({ event: "timeline", audioMs: 1000, segments: [{ startMs: 0, endMs: 900, speakerId: 0 }] });
      session.send({ event: "timeline", audioMs: 1000, segments: [{ startMs: 0, endMs: 500, speakerId: 1 }] });
      session.send({ event: "speaker", currentSpeakerId: null, speakingTimeMs: {} });
    },
  ]);
  const told = [];
  const silence = new Promise((resolve) => {
    tracking.onSpeaker(() => {
      told.push(tracking.speaking);
      if (tracking.speaking === null) {
        resolve();
      }
    });
  });
  tracking.onCorrections((corrections) => told.push(corrections));
  await tracking.start();
  await silence;
  assert.deepEqual(told, ["0:1", [], [{ startMs: 0, endMs: 500, was: ["0:0"], is: ["0:1"] }], null]);
});

test("each suspicion of the server is told once, also across sessions", async (t) => {
  const stereo = { event: "hint", code: "stereo", message: "two channels" };
  const { tracking } = await track(t, new Microphone(), [
    async (session) => {
      await session.open();
      session.send(stereo);
      session.send(stereo);
      session.close(1012);
    },
    async (session) => {
      await session.open();
      session.send(stereo);
      session.send({ event: "hint", code: "sample_rate", message: "too slow" });
    },
  ]);
  const told = [];
  const both = new Promise((resolve) => {
    tracking.onHint(({ code, detail }) => {
      told.push([code, detail]);
      if (told.length === 2) {
        resolve();
      }
    });
  });
  await tracking.start();
  await inState(tracking, "reconnecting");
  tracking.retryNow();
  await both;
  assert.deepEqual(told, [
    ["hint", "two channels"],
    ["hint", "too slow"],
  ]);
});

test("after a break it goes on with what was not processed, as a part of its own", async (t) => {
  const microphone = microphoneOf(10);
  let again = [];
  const { tracking, timeline, states } = await track(t, microphone, [
    async (session) => {
      await session.open();
      await session.received((message) => message[0] === 9);
      session.send({ event: "timeline", audioMs: 700, segments: [{ startMs: 0, endMs: 600, speakerId: 0 }] });
      session.close(1011);
    },
    async (session) => {
      await session.open();
      await session.received((message) => message[0] === 9);
      again = session.messages.slice(1).map((frame) => frame[0]);
      session.send({ event: "timeline", audioMs: 400, segments: [{ startMs: 0, endMs: 400, speakerId: 0 }] });
      await session.received(isStop);
      session.send(REPORT);
      session.close(1000);
    },
  ]);
  await tracking.start();
  await inState(tracking, "reconnecting");
  tracking.retryNow();
  await inState(tracking, "running");
  await new Promise((resolve) => {
    tracking.onCorrections(resolve);
  });
  await tracking.stop();
  await inState(tracking, "done");

  assert.deepEqual(again, [6, 7, 8, 9]);
  assert.deepEqual(states, ["running", "reconnecting", "running", "stopping", "done"]);
  assert.deepEqual(timeline.parts.map(({ offsetMs }) => offsetMs), [0, 600]);
  assert.deepEqual([tracking.problem, tracking.isComplete], [null, false]);
});

/** A microphone that has given so many frames of 100 ms, each of which is full of its number. */
function microphoneOf(count) {
  const microphone = new Microphone();
  for (let index = 0; index < count; index++) {
    microphone.outbox.push(new Int16Array(1600).fill(index));
  }
  return microphone;
}

const isFrame = (number) => (message) => message[0] === number;
const framesOf = (session) => session.messages.filter((message) => message instanceof Int16Array).map((frame) => frame[0]);

/** A kept session of ten frames, of which three are acknowledged and six are labelled, before it is lost as `lose` says. */
const keptSession = (lose) => async (session) => {
  await session.open("k2nq0v");
  await session.received(isFrame(9));
  session.send({ event: "timeline", audioMs: 700, segments: [{ startMs: 0, endMs: 600, speakerId: 0 }] });
  session.send({ event: "speaker", currentSpeakerId: 0, speakingTimeMs: {}, ackMs: 300 });
  lose(session);
};
const breaking = (session) => session.close(1011);

/** Answers the stop of a session with a report. */
async function report(session, segments) {
  await session.received(isStop);
  session.send({ ...REPORT, segments });
  session.close(1000);
}

test("after a break it goes on with its session where the server keeps it, with what is not acknowledged, in one part", async (t) => {
  let [again, name] = [[], ""];
  const { tracking, timeline, states } = await track(t, microphoneOf(10), [
    keptSession(breaking),
    async (session) => {
      name = await session.goOn(400);
      await session.received(isFrame(9));
      again = framesOf(session);
      session.send({ event: "timeline", audioMs: 700, segments: [{ startMs: 0, endMs: 700, speakerId: 0 }] });
      await report(session, [{ startMs: 0, endMs: 1000, speakerId: 0 }]);
    },
  ]);
  await tracking.start();
  await inState(tracking, "reconnecting");
  assert.equal(tracking.wentOnAt, -Infinity);
  tracking.retryNow();
  await inState(tracking, "running");
  assert.ok(performance.now() - tracking.wentOnAt < 5000);
  await new Promise((resolve) => {
    tracking.onCorrections(resolve);
  });
  await tracking.stop();
  await inState(tracking, "done");

  assert.deepEqual([name, again], ["k2nq0v", [4, 5, 6, 7, 8, 9]]);
  assert.deepEqual(states, ["running", "reconnecting", "running", "stopping", "done"]);
  assert.deepEqual(timeline.parts.map(({ offsetMs }) => offsetMs), [0]);
  assert.deepEqual(timeline.intervals("0:0"), [[0, 1000]]);
  assert.deepEqual([tracking.problem, tracking.isComplete], [null, true]);
});

test("a server that shuts down and keeps its sessions is followed at once", async (t) => {
  let second = null;
  const shutDown = (session) => {
    session.send({ event: "error", code: "shutting_down", message: "resume" });
    session.close(1013);
  };
  const { tracking, timeline } = await track(t, microphoneOf(10), [
    keptSession(shutDown),
    async (session) => {
      second = session;
      await session.goOn(300);
    },
  ]);
  let waitMs = Infinity;
  tracking.onChange(() => {
    if (tracking.state === "reconnecting") {
      waitMs = tracking.retryAt - performance.now();
    }
  });
  await tracking.start();
  await inState(tracking, "reconnecting");
  await inState(tracking, "running");
  await second.received(isFrame(9));
  assert.ok(waitMs <= 500, `it waits for ${waitMs} ms`);
  assert.equal(timeline.parts.length, 1);
});

for (const code of ["session_unknown", "session_incompatible", "unknown_action"]) {
  test(`where the session cannot be gone on with, another one hears what is not labelled, as a part of its own (${code})`, async (t) => {
    let heard = null;
    const { tracking, timeline } = await track(t, microphoneOf(10), [
      keptSession(breaking),
      async (session) => {
        await session.received((message) => message.action === "resume");
        session.refuse(code);
      },
      async (session) => {
        heard = session;
        await session.open();
      },
    ]);
    await tracking.start();
    await inState(tracking, "reconnecting");
    tracking.retryNow();
    await inState(tracking, "running");
    await heard.received(isFrame(9));
    assert.deepEqual(framesOf(heard), [6, 7, 8, 9]);
    assert.deepEqual(timeline.parts.map(({ offsetMs }) => offsetMs), [0, 600]);
    assert.equal(tracking.wentOnAt, -Infinity);
  });
}

test("where another client has taken the session over, it ends with what is known, and says so", async (t) => {
  const takeOver = (session) => {
    session.send({ event: "error", code: "session_taken_over", message: "another connection goes on with it" });
    session.close(1008);
  };
  const { tracking, timeline, states } = await track(t, microphoneOf(10), [keptSession(takeOver)]);
  await tracking.start();
  await inState(tracking, "done");
  assert.deepEqual(states, ["running", "done"]);
  assert.match(tracking.problem.words.join(" "), /Somebody else goes on .* is kept here/);
  assert.deepEqual(timeline.intervals("0:0"), [[0, 600]]);
});

test("a session of a server that has reported is over, and another one follows", async (t) => {
  let second = null;
  const { tracking } = await track(t, new Microphone(), [
    async (session) => {
      await session.open("k2nq0v");
      session.send(REPORT);
      session.close(1001);
    },
    async (session) => {
      second = session;
      await session.open("n5oQm7");
    },
  ]);
  await tracking.start();
  await inState(tracking, "reconnecting");
  tracking.retryNow();
  await inState(tracking, "running");
  assert.ok(isStart(second.messages[0]));
});

test("a gap is sent for what is not kept any more, and shown as not heard", async (t) => {
  const microphone = microphoneOf(10);
  let second = null;
  const { tracking, timeline } = await track(t, microphone, [
    keptSession(breaking),
    async (session) => {
      second = session;
      await session.goOn(300);
    },
  ]);
  await tracking.start();
  await inState(tracking, "reconnecting");
  for (let index = 10; index < 1512; index++) {
    microphone.outbox.push(new Int16Array(1600).fill(index));
  }
  tracking.retryNow();
  await inState(tracking, "running");
  await second.received(isFrame(12));
  assert.deepEqual(second.messages.slice(0, 2), [{ action: "resume", session: "k2nq0v" }, { action: "gap", ms: 900 }]);
  assert.deepEqual(timeline.gaps, [[700, 1200]]);
});

test("a report that was asked for before the break is waited for, and asked for again", async (t) => {
  const microphone = microphoneOf(10);
  let again = null;
  const { tracking, timeline, states } = await track(t, microphone, [
    async (session) => {
      await session.open("k2nq0v");
      await session.received(isStop);
      session.break();
    },
    async (session) => {
      again = session;
      await session.goOn(500);
      await report(session, [{ startMs: 0, endMs: 1000, speakerId: 0 }]);
    },
  ]);
  await tracking.start();
  await inState(tracking, "running");
  await tracking.stop();
  await inState(tracking, "reconnecting");
  assert.ok(tracking.isStopping);
  tracking.pause();
  assert.ok(!tracking.isPaused);
  tracking.retryNow();
  await inState(tracking, "done");

  assert.deepEqual(framesOf(again), [5, 6, 7, 8, 9]);
  assert.deepEqual(states, ["running", "stopping", "reconnecting", "stopping", "done"]);
  assert.deepEqual([tracking.problem, tracking.isComplete, timeline.parts.length], [null, true, 1]);
  assert.ok(!microphone.told.slice(2).includes("wait"), "it is not listened to any more");
});

test("and a second stop ends without it", async (t) => {
  const { tracking } = await track(t, microphoneOf(10), [
    async (session) => {
      await session.open("k2nq0v");
      await session.received(isStop);
      session.break();
    },
  ]);
  await tracking.start();
  await inState(tracking, "running");
  await tracking.stop();
  await inState(tracking, "reconnecting");
  await tracking.stop();
  assert.deepEqual([tracking.state, tracking.problem.code], ["done", "lost"]);
});

test("a file that was stopped is sent again as far as it had come", async (t) => {
  let again = null;
  const { tracking } = await track(t, file(), [
    async (session) => {
      await session.open("k2nq0v");
      await session.received(isStop);
      session.break();
    },
    async (session) => {
      again = session;
      await session.goOn(250);
      await report(session, []);
    },
  ]);
  await tracking.start();
  await inState(tracking, "reconnecting");
  tracking.retryNow();
  await inState(tracking, "done");
  assert.deepEqual([again.samples.length, again.samples[0], tracking.problem], [12_000, 4000, null]);
});

test("names of before a break are those of the session that goes on", async (t) => {
  const known = [remembered(1, "Anna", print(0.5, 0.25))];
  const spoke = { event: "speaker", currentSpeakerId: 0, speakingTimeMs: {}, currentName: "Anna" };
  const { tracking, people } = await track(
    t,
    new Microphone(),
    [
      async (session) => {
        await session.open("k2nq0v");
        session.send(spoke);
        session.close(1011);
      },
      async (session) => {
        await session.goOn(0);
        session.send({ ...spoke, currentSpeakerId: 1 });
      },
    ],
    RECOGNIZING,
    known,
  );
  await tracking.start();
  await inState(tracking, "reconnecting");
  const spoken = new Promise((resolve) => {
    tracking.onSpeaker(resolve);
  });
  tracking.retryNow();
  await spoken;
  assert.deepEqual(tracking.voiceOffer, OFFER);
  assert.equal(people.label(people.numberOf("0:1")), "Anna");
});

test("a conversation that is stopped while the server is away ends with what is known", async (t) => {
  const { tracking } = await track(t, new Microphone(), [
    async (session) => {
      await session.open();
      session.break();
    },
  ]);
  await tracking.start();
  await inState(tracking, "reconnecting");
  await tracking.stop();
  assert.deepEqual([tracking.state, tracking.problem.code, tracking.isComplete], ["done", "lost", false]);
});

test("a server that shuts down has reported; what comes after it is missing alone", async (t) => {
  const { tracking } = await track(t, new Microphone(), [
    async (session) => {
      await session.open();
      session.send(REPORT);
      session.close(1001);
    },
  ]);
  await tracking.start();
  await inState(tracking, "reconnecting");
  await tracking.stop();
  assert.deepEqual([tracking.state, tracking.problem.code, tracking.isComplete], ["done", "stopped_away", true]);
});

test("without a first session it fails", async (t) => {
  const admission = { refusal: { reason: "origin", message: "" }, limits: LIMITS };
  const { tracking, states } = await track(t, new Microphone(), [], admission);
  await tracking.start();
  assert.deepEqual([states, tracking.problem.code, tracking.isOver], [["failed"], "origin", true]);
});

test("a server that is full is told of", async (t) => {
  const { tracking } = await track(t, new Microphone(), [
    (session) => {
      session.send({ event: "error", code: "server_busy", message: "all taken" });
      session.close(1013);
    },
  ]);
  await tracking.start();
  await inState(tracking, "failed");
  assert.deepEqual([tracking.problem.code, tracking.problem.detail], ["server_busy", "all taken"]);
});

test("what the server complains of ends the conversation with the report up to there", async (t) => {
  const { tracking } = await track(t, new Microphone(), [
    async (session) => {
      await session.open();
      session.send(REPORT, { event: "error", code: "session_too_long", message: "" });
      session.close(1008);
    },
  ]);
  await tracking.start();
  await inState(tracking, "done");
  assert.deepEqual([tracking.problem.code, tracking.isComplete], ["session_too_long", true]);
});

test("a pause is kept through a break", async (t) => {
  const microphone = new Microphone();
  const opened = [];
  const session = async (each) => {
    opened.push(each);
    await each.open();
  };
  const { tracking } = await track(t, microphone, [session, session]);
  await tracking.start();
  await inState(tracking, "running");
  tracking.pause();
  opened[0].break();
  await inState(tracking, "reconnecting");
  assert.ok(tracking.isPaused);
  tracking.retryNow();
  await inState(tracking, "paused");
  tracking.resume();
  assert.deepEqual([tracking.state, microphone.told], ["running", ["wait", "run", "pause", "run"]]);
});

test("a session that is paused is kept alive without audio", async (t) => {
  let alive = null;
  const limits = { ...LIMITS, idleTimeoutSeconds: 0.06 };
  const { tracking } = await track(
    t,
    new Microphone(),
    [
      async (session) => {
        alive = session.received((message) => message.action === "keepalive");
        await session.open();
      },
    ],
    { refusal: null, limits },
  );
  await tracking.start();
  await inState(tracking, "running");
  tracking.pause();
  assert.deepEqual(await alive, { action: "keepalive" });
});

test("a gap goes to the server between the audio before and behind it", async (t) => {
  const microphone = new Microphone();
  let heard = null;
  const { tracking } = await track(t, microphone, [
    async (session) => {
      heard = session;
      await session.open();
      await session.received(isStop);
      session.send(REPORT);
      session.close(1000);
    },
  ]);
  await tracking.start();
  await inState(tracking, "running");
  microphone.outbox.push(Int16Array.of(1));
  microphone.outbox.pushGap(2500);
  microphone.outbox.push(Int16Array.of(2));
  await tracking.stop();
  await inState(tracking, "done");
  assert.deepEqual(heard.messages.slice(1, -1), [Int16Array.of(1), { action: "gap", ms: 2500 }, Int16Array.of(2)]);
});

test("a file that is stopped is not sent to its end", async (t) => {
  const paced = new FileSource("talk.wav", new Int16Array(1_600_000), true, null);
  let heard = [];
  const { tracking } = await track(t, paced, [
    async (session) => {
      await session.open();
      await session.received(isStop);
      heard = session.samples;
      session.send(REPORT);
      session.close(1000);
    },
  ]);
  await tracking.start();
  await inState(tracking, "running");
  await tracking.stop();
  await inState(tracking, "done");
  assert.ok(heard.length < 1_600_000);
  assert.equal(tracking.problem, null);
});

/** A session that keeps its `start`, and then goes on as `then` says. */
const keepingStart = (starts, then) => async (session) => {
  starts.push(await session.received(isStart));
  await then(session);
};

/** What a `start` says of voices: whether it asks for voiceprints, and how many it tells. */
const told = ({ voiceprints, known_voices }) => [voiceprints, known_voices?.length];

/** A session that the server refuses. */
const refusing = (code) => (session) => {
  session.send({ event: "error", code, message: "as it was said" });
  session.close(1008);
};

test("a server that recognizes no voices is neither asked for voiceprints nor told any", async (t) => {
  const starts = [];
  const known = [remembered(1, "Anna", print(0.5, 0.25))];
  const sessions = [keepingStart(starts, (session) => session.open())];
  const { tracking } = await track(t, new Microphone(), sessions, { refusal: null, limits: LIMITS, knownVoices: null }, known);
  await tracking.start();
  await inState(tracking, "running");
  assert.deepEqual([starts[0].voiceprints, starts[0].known_voices, tracking.voiceOffer], [undefined, undefined, null]);
});

test("remembered voices are told with start, and who is recognized has their name", async (t) => {
  const starts = [];
  const known = [remembered(1, "Anna", print(0.5, 0.25))];
  const { tracking, people, timeline } = await track(
    t,
    new Microphone(),
    [
      keepingStart(starts, async (session) => {
        await session.open();
        session.send({ event: "speaker", currentSpeakerId: 0, speakingTimeMs: {}, currentName: "Anna" });
      }),
    ],
    RECOGNIZING,
    known,
  );
  const spoken = new Promise((resolve) => {
    tracking.onSpeaker(resolve);
  });
  await tracking.start();
  await spoken;
  assert.deepEqual(starts[0].known_voices, [{ name: "Anna", voiceprint: known[0].voiceprint }]);
  assert.equal(starts[0].voiceprints, true);
  assert.deepEqual(tracking.voiceOffer, OFFER);
  assert.deepEqual(timeline.voices.map(({ key }) => people.label(people.numberOf(key))), ["Anna"]);
});

test("after a break the server is told the voices of before, and finds them again", async (t) => {
  const starts = [];
  const timeline = { event: "timeline", audioMs: 500, segments: [{ startMs: 0, endMs: 500, speakerId: 0 }] };
  const made = await track(
    t,
    new Microphone(),
    [
      keepingStart(starts, async (session) => {
        await session.open();
        session.send(timeline, { event: "voiceprints", speakers: [{ id: 0, voiceprint: print(0.5, 0.25) }] });
        session.close(1011);
      }),
      keepingStart(starts, async (session) => {
        await session.open();
        const [{ name }] = starts[1].known_voices;
        session.send({ ...timeline, segments: timeline.segments.map((segment) => ({ ...segment, speakerId: 3, name })) });
      }),
    ],
    RECOGNIZING,
  );
  const { tracking, people } = made;
  await tracking.start();
  await inState(tracking, "reconnecting");
  const heard = new Promise((resolve) => {
    tracking.onCorrections(resolve);
  });
  tracking.retryNow();
  await heard;
  assert.equal(starts[0].known_voices, undefined);
  assert.deepEqual(starts[1].known_voices.map(({ voiceprint }) => voiceprint), [print(0.5, 0.25)]);
  assert.deepEqual(made.timeline.voices.map(({ key }) => people.label(people.numberOf(key))), ["Speaker 1", "Speaker 1"]);
});

test("a server that recognizes no voices after all is asked again without them, and nobody has to be told", async (t) => {
  const starts = [];
  const known = [remembered(1, "Anna", print(0.5, 0.25))];
  const { tracking, states } = await track(
    t,
    new Microphone(),
    [keepingStart(starts, refusing("known_voices_off")), keepingStart(starts, (session) => session.open())],
    RECOGNIZING,
    known,
  );
  const hints = [];
  tracking.onHint((hint) => hints.push(hint));
  await tracking.start();
  await inState(tracking, "running");
  assert.deepEqual(starts.map(told), [[true, 1], [undefined, undefined]]);
  assert.deepEqual([states, hints, tracking.voiceOffer], [["running"], [], null]);
});

for (const code of ["invalid_known_voices", "voiceprint_model"]) {
  test(`a server that cannot use the remembered voices goes on without them, which is told (${code})`, async (t) => {
    const starts = [];
    const known = [remembered(1, "Anna", print(0.5, 0.25))];
    const { tracking } = await track(
      t,
      new Microphone(),
      [keepingStart(starts, refusing(code)), keepingStart(starts, (session) => session.open())],
      RECOGNIZING,
      known,
    );
    const hints = [];
    tracking.onHint((hint) => hints.push([hint.code, hint.detail]));
    await tracking.start();
    await inState(tracking, "running");
    assert.deepEqual(starts.map(told), [[true, 1], [true, undefined]]);
    assert.deepEqual(hints, [["voices_left_out", "as it was said"]]);
  });
}

test("a server that refuses voices whatever it is told is not asked for ever", async (t) => {
  const codes = [refusing("voiceprint_model"), refusing("voiceprint_model"), refusing("known_voices_off")];
  const { tracking } = await track(t, new Microphone(), codes, RECOGNIZING, [remembered(1, "Anna", print(0.5, 0.25))]);
  await tracking.start();
  await inState(tracking, "failed");
  assert.equal(tracking.problem.code, "known_voices_off");
});
