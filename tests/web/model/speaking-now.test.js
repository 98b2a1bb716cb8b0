import assert from "node:assert/strict";
import { test } from "node:test";

import { People } from "../../../runtime/speaker_tracker/web/model/people.js";
import { speakingNow } from "../../../runtime/speaker_tracker/web/model/speaking-now.js";
import { Timeline } from "../../../runtime/speaker_tracker/web/model/timeline.js";

/** Who speaks now with the first person, where these segments are known of so much audio. */
function speaking(audioMs, ...segments) {
  const [timeline, people] = [new Timeline(), new People()];
  timeline.beginPart(0);
  timeline.update(0, { audioMs, segments: segments.map(([startMs, endMs, speakerId]) => ({ startMs, endMs, speakerId })) });
  [0, 1, 2].forEach((id) => people.numberOf(timeline.voice(0, id).key));
  return speakingNow(timeline, people, 1);
}

test("whoever speaks at the same time at the end of the labels speaks now", () => {
  assert.deepEqual(speaking(3000, [0, 2400, 0], [2000, 2400, 1]), [1, 2]);
  assert.deepEqual(speaking(3000, [0, 2400, 0], [2000, 2300, 1], [1000, 2400, 2]), [1, 2, 3]);
});

test("an overlap that is over is not now", () => {
  assert.deepEqual(speaking(3000, [0, 2400, 0], [1000, 2100, 1]), [1]);
});

test("speakers who take turns do not speak at once", () => {
  assert.deepEqual(speaking(3000, [0, 2300, 1], [2300, 2400, 0]), [1]);
});

test("others who speak at once are none of those whom the server names", () => {
  assert.deepEqual(speaking(3000, [0, 2400, 1], [0, 2400, 2]), [1]);
});

test("labels of long ago say nothing of now", () => {
  assert.deepEqual(speaking(4300, [0, 2400, 0], [2000, 2400, 1]), [1, 2]);
  assert.deepEqual(speaking(4400, [0, 2400, 0], [2000, 2400, 1]), [1]);
});
