import assert from "node:assert/strict";
import { test } from "node:test";

import { Attempt, CalledOff } from "../../runtime/speaker_tracker/web/attempt.js";

test("a step gives what it comes to, or throws what it fails with", async () => {
  const attempt = new Attempt();
  assert.equal(await attempt.step(Promise.resolve(1)), 1);
  await assert.rejects(attempt.step(Promise.reject(new RangeError("far"))), RangeError);
});

test("an attempt that is called off goes no further, whatever becomes of its step", async () => {
  const attempt = new Attempt();
  const steps = [Promise.resolve(1), Promise.reject(new RangeError("far"))].map((promise) => attempt.step(promise));
  attempt.callOff();
  for (const step of steps) {
    await assert.rejects(step, CalledOff);
  }
  assert.throws(() => attempt.check(), CalledOff);
});
