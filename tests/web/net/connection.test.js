import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { Connection, sessionUrl, subprotocols } from "../../../runtime/speaker_tracker/web/net/connection.js";
import { startServer } from "../support/server.js";

/** A connection whose server does as `onSession` says; `ended` is how it ended. */
async function connect(t, onSession, { maxFrameBytes = 65_536, token = "", session = null } = {}) {
  const { base } = await startServer(t, { onSession });
  const heard = [];
  let connection = null;
  let onStarted = null;
  const started = new Promise((resolve) => {
    onStarted = resolve;
  });
  const ended = new Promise((resolve) => {
    const handlers = {
      onMessage: (message) => {
        heard.push(message.event);
        onStarted();
      },
      onEnd: resolve,
    };
    connection = new Connection(sessionUrl(base), { token, numSpeakers: 2, maxFrameBytes, session }, handlers);
  });
  t.after(() => connection.abandon());
  return { connection, heard, started, ended };
}

describe("sessions are beside the page", () => {
  for (const [base, url] of [
    ["http://127.0.0.1:8000/", "ws://127.0.0.1:8000/ws/session"],
    ["https://example.org/speakers/?a=b#c", "wss://example.org/speakers/ws/session"],
  ]) {
    test(base, () => assert.equal(sessionUrl(base).href, url));
  }
});

describe("a token is offered as a subprotocol, of characters that one may have", () => {
  for (const [token, offered] of [
    ["", []],
    ["sesame", ["bearer", "base64url.c2VzYW1l"]],
    ["bearer", ["bearer", "base64url.YmVhcmVy"]],
    ["öffne dich, =/?", ["bearer", "base64url.w7ZmZm5lIGRpY2gsID0vPw"]],
    ["~~~???>>>", ["bearer", "base64url.fn5-Pz8_Pj4-"]],
  ]) {
    test(token, () => assert.deepEqual(subprotocols(token), offered));
  }
});

test("the token is in no address", async (t) => {
  let session = null;
  const { started } = await connect(
    t,
    async (opened) => {
      session = opened;
      await session.open();
    },
    { token: "sesame" },
  );
  await started;
  assert.equal(session.url, "/speakers/ws/session");
  assert.equal(session.subprotocols, "bearer,base64url.c2VzYW1l");
});

test("a session is opened, heard and ended", async (t) => {
  const { heard, ended } = await connect(t, async (session) => {
    await session.open();
    session.send({ event: "speaker", currentSpeakerId: 0, speakingTimeMs: {} }, { event: "of_tomorrow" });
    session.send({ event: "report", speakers: [] });
    session.close(1000);
  });
  assert.deepEqual(await ended, { opened: true, started: true, code: 1000 });
  assert.deepEqual(heard, ["started", "speaker", "report"]);
});

test("a session whose connection was lost is asked for by its name, and answered in the place of a start", async (t) => {
  const asked = [];
  const onSession = async (opened) => {
    asked.push(await opened.received(() => true));
    opened.send({ event: "resumed", num_speakers: 2, audioMs: 0 }, { event: "speaker", currentSpeakerId: 0, speakingTimeMs: {} });
    opened.close(1011);
  };
  const { heard, ended } = await connect(t, onSession, { session: "k2nq0v" });
  assert.deepEqual(await ended, { opened: true, started: true, code: 1011 });
  assert.deepEqual([asked, heard], [[{ action: "resume", session: "k2nq0v" }], ["resumed", "speaker"]]);
});

test("audio is sent in frames that the server takes, and counted", async (t) => {
  let session = null;
  const { connection, started } = await connect(
    t,
    async (opened) => {
      session = opened;
      await session.open();
    },
    { maxFrameBytes: 5 },
  );
  await started;
  assert.ok(connection.isOpen);
  connection.sendAudio(Int16Array.of(1, -2, 3, 4, 32_767));
  connection.stop();
  await session.received((message) => message.action === "stop");

  assert.deepEqual(session.messages.slice(1, -1), [Int16Array.of(1, -2), Int16Array.of(3, 4), Int16Array.of(32_767)]);
  assert.equal(connection.sentBytes, 10);
});

test("a server that is away was never open", async (t) => {
  const ended = await new Promise((resolve) => {
    const handlers = { onMessage: () => {}, onEnd: resolve };
    const connection = new Connection(sessionUrl("http://127.0.0.1:1/"), { numSpeakers: 1, maxFrameBytes: 2 }, handlers);
    t.after(() => connection.abandon());
  });
  assert.deepEqual(ended, { opened: false, started: false, code: 1006 });
});

test("a connection that was given up has ended at once, and is not heard any more", async (t) => {
  let session = null;
  const { connection, heard, started, ended } = await connect(t, async (opened) => {
    session = opened;
    await session.open();
  });
  await started;
  connection.abandon();
  session.send({ event: "report", speakers: [] });
  assert.deepEqual(await ended, { opened: true, started: true, code: 1006 });
  assert.ok(!connection.isOpen);
  assert.deepEqual(heard, ["started"]);
});

describe("a server that breaks the protocol is given up", () => {
  const report = { event: "report", speakers: [] };
  for (const [name, messages, expected] of [
    ["no JSON", ["hello"], []],
    ["a report before the session", [report], []],
    ["a session that begins and goes on", [{ event: "started", num_speakers: 2 }, { event: "resumed", num_speakers: 2, audioMs: 0 }], ["started"]],
    ["two sessions", [{ event: "started", num_speakers: 2 }, { event: "started", num_speakers: 2 }], ["started"]],
  ]) {
    test(name, async (t) => {
      const complaints = t.mock.method(console, "error", () => {});
      const { heard, ended } = await connect(t, (session) => session.send(...messages));
      assert.equal((await ended).code, 1006);
      assert.deepEqual(heard, expected);
      assert.equal(complaints.mock.callCount(), 1);
    });
  }
});

test("an error may come before the session", async (t) => {
  const { heard, ended } = await connect(t, (session) => {
    session.send({ event: "error", code: "server_busy" });
    session.close(1013);
  });
  assert.deepEqual(await ended, { opened: true, started: false, code: 1013 });
  assert.deepEqual(heard, ["error"]);
});
