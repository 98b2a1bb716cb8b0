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
  outbox.label(250);
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

test("what the same session needs again is given out at once, and the rest goes on where it was", () => {
  let now = 0;
  const outbox = new FileOutbox(Int16Array.from({ length: 16_000 }, (_, index) => index), true, () => now);
  outbox.run();
  now = 500;
  assert.equal(taken(outbox), 5);
  outbox.pause();
  outbox.label(450);
  assert.equal(outbox.rewindTo(130), 130);
  assert.equal(outbox.positionMs, 500);
  assert.equal(outbox.next()[0], 130 * 16);
  assert.equal(taken(outbox), 2);
  now = 2000;
  outbox.run();
  assert.equal(taken(outbox), 0);
  now = 2030;
  assert.equal(outbox.next()[0], 430 * 16);
  now = 2500;
  assert.equal(taken(outbox), 5);
  assert.deepEqual([outbox.isOver, outbox.positionMs], [true, 1000]);
});

test("one that was stopped ends with what was given out, also where that is given out again", () => {
  const outbox = new FileOutbox(new Int16Array(16_000), false);
  outbox.run();
  outbox.next();
  outbox.next();
  outbox.pause();
  outbox.close();
  assert.ok(outbox.isOver);
  outbox.rewindTo(50);
  assert.ok(!outbox.isOver);
  assert.deepEqual([outbox.next().length, outbox.next().length, outbox.next()], [1600, 800, null]);
  assert.ok(outbox.isOver);
});

test("an empty file is over from the start", () => {
  assert.ok(new FileOutbox(new Int16Array(0), true).isOver);
});
