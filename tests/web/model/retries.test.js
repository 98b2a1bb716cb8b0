import assert from "node:assert/strict";
import { test } from "node:test";

import { GIVE_UP_MS, Retries } from "../../../runtime/speaker_tracker/web/model/retries.js";

/** How long each of so many attempts that fail at once is waited for. */
function waits(retries, count, start = 0) {
  let now = start;
  return Array.from({ length: count }, () => {
    const wait = retries.next(now) - now;
    now += wait;
    return wait;
  });
}

test("attempts follow after 1, 2, 4, 8 and then every 15 seconds", () => {
  assert.deepEqual(waits(new Retries(), 6), [1000, 2000, 4000, 8000, 15_000, 15_000]);
});

test("who is in a hurry begins with the shortest time again", () => {
  const retries = new Retries();
  waits(retries, 4);
  retries.hurry();
  assert.deepEqual(waits(retries, 2, 15_000), [1000, 2000]);
});

test("after five minutes it is given up, counted from the last break", () => {
  const retries = new Retries();
  retries.next(0);
  assert.notEqual(retries.next(GIVE_UP_MS), null);
  assert.equal(retries.next(GIVE_UP_MS + 1), null);
  retries.reset();
  assert.deepEqual(waits(retries, 2, GIVE_UP_MS + 1), [1000, 2000]);
});

test("a server that another one stands in for is asked again within half a second, and then as always", () => {
  const retries = new Retries();
  const waited = Array.from({ length: 20 }, () => retries.soon(1000) - 1000);
  assert.ok(waited.every((ms) => ms >= 100 && ms <= 500));
  assert.deepEqual(waits(retries, 2, 1300), [1000, 2000]);
});

test("how long it has been away is counted from the break", () => {
  const retries = new Retries();
  assert.equal(retries.awayMs(500), 0);
  retries.soon(1000);
  retries.next(3000);
  assert.equal(retries.awayMs(5000), 4000);
  retries.reset();
  assert.equal(retries.awayMs(6000), 0);
});
