import assert from "node:assert/strict";
import { test } from "node:test";

import { clock, percent, roundClock, spokenTime } from "../../runtime/speaker_tracker/web/clock.js";

test("times in figures", () => {
  assert.deepEqual([0, 59_999, 3_723_456].map((ms) => clock(ms)), ["0:00", "0:59", "1:02:03"]);
  assert.deepEqual([0, 59_960, 3_723_456].map((ms) => clock(ms, true)), ["0:00.0", "1:00.0", "1:02:03.5"]);
  assert.equal(roundClock(19_840), "0:20");
});

test("times in words", () => {
  const spoken = [0, 1000, 61_000, 3_723_000, 7_200_000].map(spokenTime);
  assert.deepEqual(spoken, ["0 seconds", "1 second", "1 minute 1 second", "1 hour 2 minutes", "2 hours"]);
});

test("a share in percent does not break before its sign", () => {
  assert.equal(percent(0.584), "58\u00a0%");
});
