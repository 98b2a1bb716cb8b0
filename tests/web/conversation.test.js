import assert from "node:assert/strict";
import { test } from "node:test";

import { Conversation } from "../../runtime/speaker_tracker/web/conversation.js";

/** A conversation of 13 seconds so far. */
function conversation() {
  const source = { kind: "microphone", positionMs: () => 13_000 };
  const made = new Conversation({ base: "http://test/", source, numSpeakers: 2, token: "" });
  made.timeline.beginPart(0);
  return made;
}

test("a silence is not shown as if the server were behind", () => {
  const made = conversation();
  const { timeline } = made;
  timeline.update(0, { audioMs: 4000, segments: [{ startMs: 1000, endMs: 3200, speakerId: 0 }] });
  assert.equal(made.scene([]).labelledMs, 3200);
  timeline.update(0, { audioMs: 12_500, segments: [] });
  assert.equal(made.scene([]).labelledMs, 10_500);
});

test("voices of a later session are people of their own until somebody knows better", () => {
  const made = conversation();
  made.timeline.update(0, { audioMs: 2000, segments: [{ startMs: 0, endMs: 1000, speakerId: 0 }] });
  made.timeline.beginPart(2000);
  made.timeline.update(1, { audioMs: 2000, segments: [{ startMs: 0, endMs: 500, speakerId: 0 }] });

  assert.deepEqual(made.lateVoices, [{ key: "1:0", number: 2, own: 2 }]);
  made.people.assign("1:0", 1);
  assert.deepEqual(made.lateVoices, [{ key: "1:0", number: 1, own: 2 }]);
  assert.deepEqual(made.speakers.map(({ number, totalMs }) => [number, totalMs]), [[1, 1500]]);
  assert.deepEqual(made.breaks, [2000]);
  assert.deepEqual(made.scene(made.speakers).lanes[0].intervals(0, 13_000), [[0, 1000], [2000, 2500]]);
});

test("who speaks now is listed before there is any time", () => {
  const made = conversation();
  made.tracking.speaking = made.timeline.voice(0, 1).key;
  assert.deepEqual([made.speakingNumber, made.speakers.length], [1, 1]);
  made.tracking.speaking = null;
  assert.deepEqual([made.speakingNumber, made.speakers.length], [null, 0]);
});

test("corrections are told by people's numbers", () => {
  const made = conversation();
  const [a, b] = [0, 1].map((id) => made.timeline.voice(0, id).key);
  made.people.numberOf(a);
  const correction = { startMs: 0, endMs: 500, was: [a], is: [b, a] };
  assert.deepEqual(made.named([correction]), [{ startMs: 0, endMs: 500, was: [1], is: [2, 1] }]);
});
