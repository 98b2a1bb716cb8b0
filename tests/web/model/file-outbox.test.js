import assert from "node:assert/strict";
import { test } from "node:test";

import { FileOutbox } from "../../../runtime/speaker_tracker/web/model/file-outbox.js";

function taken(outbox) {
  let frames = 0;
  while (outbox.next() !== null) {
    frames++;
  }
  return frames;
}

test("a file is given out at the pace of speech", () => {
  let now = 1000;
  const outbox = new FileOutbox(new Int16Array(16_000), true, () => now);
  const takenAfter = (ms) => {
    now += ms;
    return taken(outbox);
  };

  assert.equal(taken(outbox), 0);
  outbox.run();
  assert.deepEqual([0, 250, 100].map(takenAfter), [0, 2, 1]);
  outbox.pause();
  assert.equal(takenAfter(5000), 0);
  outbox.run();
  assert.equal(takenAfter(100), 1);
  outbox.acknowledge(250);
  assert.equal(outbox.rewind(), 250);
  outbox.run();
  assert.equal(takenAfter(10_000), 8);
  assert.ok(outbox.isOver);
});

test("or as fast as it is asked for, once it runs", () => {
  const outbox = new FileOutbox(new Int16Array(4000), false);
  assert.equal(taken(outbox), 0);
  outbox.run();
  assert.equal(taken(outbox), 3);
  assert.deepEqual([outbox.positionMs, outbox.durationMs, outbox.isOver], [250, 250, true]);
});

test("an empty file is over from the start", () => {
  assert.ok(new FileOutbox(new Int16Array(0), true).isOver);
});
