import assert from "node:assert/strict";
import { test } from "node:test";

import { LiveOutbox, MAX_KEPT_MS } from "../../../runtime/speaker_tracker/web/model/live-outbox.js";

/** An outbox with so many frames of 100 ms. */
function outboxOf(count) {
  const outbox = new LiveOutbox();
  for (let index = 0; index < count; index++) {
    outbox.push(new Int16Array(1600).fill(index));
  }
  return outbox;
}

function taken(outbox, most = Infinity) {
  const frames = [];
  while (frames.length < most) {
    const frame = outbox.next();
    if (frame === null) {
      break;
    }
    frames.push(frame[0]);
  }
  return frames;
}

test("what was not acknowledged is sent again", () => {
  const outbox = outboxOf(10);
  assert.deepEqual(taken(outbox, 8), [0, 1, 2, 3, 4, 5, 6, 7]);
  outbox.label(350);
  outbox.acknowledge(150);
  assert.equal(outbox.rewind(), 300);
  assert.deepEqual(taken(outbox), [3, 4, 5, 6, 7, 8, 9]);
});

test("a gap is kept and sent again as a frame is, and takes no room", () => {
  const outbox = outboxOf(2);
  outbox.pushGap(2 * MAX_KEPT_MS);
  outbox.push(new Int16Array(1600).fill(2));
  assert.equal(outbox.positionMs, 300 + 2 * MAX_KEPT_MS);
  const sent = () => Array.from({ length: 2 }, () => outbox.next());
  assert.equal(taken(outbox, 2).length, 2);
  assert.deepEqual(outbox.next(), { gapMs: 2 * MAX_KEPT_MS });
  outbox.label(200 + MAX_KEPT_MS);
  assert.equal(outbox.rewind(), 200);
  assert.deepEqual(sent()[0], { gapMs: 2 * MAX_KEPT_MS });
  outbox.label(200 + 2 * MAX_KEPT_MS);
  assert.equal(outbox.rewind(), 200 + 2 * MAX_KEPT_MS);
});

test("a gap of days goes in several messages", () => {
  const outbox = new LiveOutbox();
  outbox.pushGap(100_000_000);
  assert.deepEqual([outbox.next(), outbox.next(), outbox.next()], [{ gapMs: 86_400_000 }, { gapMs: 13_600_000 }, null]);
});

test("what was not sent is kept, whatever is labelled or acknowledged", () => {
  const outbox = outboxOf(3);
  taken(outbox, 1);
  outbox.label(300);
  outbox.acknowledge(300);
  assert.equal(outbox.rewind(), 100);
});

test("what is too old is dropped", () => {
  const outbox = outboxOf(2000);
  assert.equal(outbox.positionMs, 200_000);
  assert.equal(outbox.positionMs - outbox.rewind(), MAX_KEPT_MS);
});

test("it is over when it is closed and everything has been sent", () => {
  const outbox = outboxOf(2);
  outbox.close();
  assert.ok(!outbox.isOver);
  taken(outbox);
  assert.ok(outbox.isOver);
  outbox.rewind();
  assert.ok(!outbox.isOver);
});

test("an empty one begins where it is", () => {
  const outbox = outboxOf(2);
  taken(outbox);
  outbox.acknowledge(200);
  assert.equal(outbox.rewind(), 200);
});

test("the same session is given what it has not acknowledged, labelled or not, to the sample", () => {
  const outbox = outboxOf(10);
  taken(outbox);
  outbox.label(900);
  outbox.acknowledge(250);
  assert.equal(outbox.rewindTo(250), 250);
  assert.equal(outbox.next().length, 800);
  assert.deepEqual(taken(outbox), [3, 4, 5, 6, 7, 8, 9]);
  outbox.push(new Int16Array(1600).fill(10));
  assert.deepEqual(taken(outbox), [10]);
  assert.equal(outbox.rewindTo(1100), 1100);
  assert.equal(outbox.next(), null);
});

test("a gap is given again from where the session is in it", () => {
  const outbox = outboxOf(1);
  outbox.pushGap(5000);
  outbox.push(new Int16Array(1600).fill(1));
  outbox.rewindTo(2100);
  assert.deepEqual(outbox.next(), { gapMs: 3000 });
  assert.deepEqual(taken(outbox), [1]);
});

test("where the same session needs what is not kept any more, it is told of a gap, and what follows is in time", () => {
  const outbox = new LiveOutbox();
  outbox.push(new Int16Array(1601).fill(0));
  for (let index = 1; index <= MAX_KEPT_MS / 100; index++) {
    outbox.push(new Int16Array(1600).fill(index));
  }
  const kept = outbox.rewindTo(40);
  assert.equal(kept, 100.0625);
  assert.deepEqual(outbox.next(), { gapMs: 61 });
  assert.equal(outbox.next().length, 1600 - 15);
  assert.equal(outbox.next().length, 1600);
});

test("what is forgotten before it could be sent is a gap to the session", () => {
  const outbox = outboxOf(2);
  taken(outbox);
  for (let index = 2; index < MAX_KEPT_MS / 100 + 5; index++) {
    outbox.push(new Int16Array(1600).fill(index));
  }
  assert.deepEqual(outbox.next(), { gapMs: 300 });
  assert.deepEqual(taken(outbox, 1), [5]);
});

test("another session begins behind what was labelled before the same one went on", () => {
  const outbox = outboxOf(10);
  taken(outbox);
  outbox.label(700);
  outbox.rewindTo(200);
  taken(outbox, 2);
  assert.equal(outbox.rewind(), 700);
  assert.deepEqual(taken(outbox), [7, 8, 9]);
});
