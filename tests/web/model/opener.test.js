import assert from "node:assert/strict";
import { test } from "node:test";

import { Opener } from "../../../runtime/speaker_tracker/web/model/opener.js";
import { People } from "../../../runtime/speaker_tracker/web/model/people.js";
import { Recognition } from "../../../runtime/speaker_tracker/web/model/recognition.js";
import { Timeline } from "../../../runtime/speaker_tracker/web/model/timeline.js";
import { Problem } from "../../../runtime/speaker_tracker/web/wording.js";
import { startServer } from "../support/server.js";

/** How an opener asks, once for each call of `ask`: by `start` or `resume`. */
async function opening(t) {
  const asked = [];
  let onAsked = () => {};
  const onSession = async (session) => {
    const { action } = await session.received(() => true);
    asked.push(action);
    session.close(1013);
    onAsked();
  };
  const { base } = await startServer(t, { onSession });
  const recognition = new Recognition({ people: new People(), timeline: new Timeline() });
  const opener = new Opener({ base, token: "", numSpeakers: 2 }, recognition);
  const ask = async () => {
    const answered = new Promise((resolve) => {
      onAsked = resolve;
    });
    const connection = opener.connect(await opener.prepare(), { onMessage: () => {}, onEnd: () => {} });
    await answered;
    connection.abandon();
    return asked.at(-1);
  };
  return { opener, ask };
}

test("a server that cannot read what it keeps is asked again for a while, then for another session, then again", async (t) => {
  const { opener, ask } = await opening(t);
  const busy = new Problem("server_busy");
  assert.equal(await ask(), "start");
  opener.session = "k2nq0v";
  assert.equal(await ask(), "resume");
  assert.ok(!opener.yieldTo(busy, 29_000));
  assert.equal(await ask(), "resume");
  assert.ok(opener.yieldTo(busy, 31_000));
  assert.equal(await ask(), "start");
  assert.ok(!opener.yieldTo(busy, 32_000));
  assert.equal(await ask(), "resume");
  assert.equal(opener.session, "k2nq0v");
});

test("a session that is refused for good is not asked for again", async (t) => {
  const { opener, ask } = await opening(t);
  opener.session = "k2nq0v";
  assert.equal(await ask(), "resume");
  assert.ok(opener.yieldTo(new Problem("session_unknown"), 1000));
  assert.equal(await ask(), "start");
  assert.equal(opener.session, null);
});
