import assert from "node:assert/strict";
import { test } from "node:test";

import { STALLED_MS, StallWatch } from "../../../runtime/speaker_tracker/web/net/stall-watch.js";

function watch() {
  const made = new StallWatch();
  made.reset(0, 0);
  return made;
}

test("a connection that sends is alive, however slow it is", () => {
  const slow = watch();
  for (let step = 1; step < 5; step++) {
    assert.ok(!slow.isStalled({ sentBytes: step, bufferedBytes: 1000 }, step * STALLED_MS));
  }
});

test("a connection that has nothing to send is alive", () => {
  assert.ok(!watch().isStalled({ sentBytes: 0, bufferedBytes: 0 }, 10 * STALLED_MS));
});

test("a connection that keeps all it is given is dead", () => {
  const dead = watch();
  assert.ok(!dead.isStalled({ sentBytes: 500, bufferedBytes: 1000 }, 100));
  assert.ok(!dead.isStalled({ sentBytes: 500, bufferedBytes: 2000 }, 100 + STALLED_MS));
  assert.ok(dead.isStalled({ sentBytes: 500, bufferedBytes: 2000 }, 101 + STALLED_MS));
});

test("time does not count before it goes on after a pause", () => {
  const paused = watch();
  paused.reset(5 * STALLED_MS);
  assert.ok(!paused.isStalled({ sentBytes: 0, bufferedBytes: 10 }, 5.5 * STALLED_MS));
});
