import assert from "node:assert/strict";
import { test } from "node:test";

import { askForAdmission } from "../../../runtime/speaker_tracker/web/net/admission.js";
import { LIMITS, startServer } from "../support/server.js";

const refused = (reason) => ({ admission: { refusal: { reason, message: "for people" }, limits: LIMITS } });

test("the server is asked beside the page, with the token", async (t) => {
  const { base, asked } = await startServer(t);
  assert.deepEqual((await askForAdmission(base, "")).limits, LIMITS);
  assert.deepEqual((await askForAdmission(base, "secret")).limits, LIMITS);
  assert.deepEqual(asked, [
    { method: "POST", url: "/speakers/web/admission", authorization: undefined },
    { method: "POST", url: "/speakers/web/admission", authorization: "Bearer secret" },
  ]);
});

test("a server says by what it recognizes voices; one that does not say recognizes none", async (t) => {
  const knownVoices = { model: "ecapa-mini", version: 1, maxVoices: 50, maxNameLength: 100 };
  const { base } = await startServer(t, { admission: { refusal: null, limits: LIMITS, knownVoices } });
  assert.deepEqual((await askForAdmission(base, "")).knownVoices, knownVoices);
  assert.equal((await askForAdmission((await startServer(t)).base, "")).knownVoices, null);
});

test("a token that is missing is another problem than a wrong one", async (t) => {
  const { base } = await startServer(t, refused("token"));
  await assert.rejects(askForAdmission(base, ""), { code: "token_missing" });
  await assert.rejects(askForAdmission(base, "wrong"), { code: "token_wrong" });
});

test("another refusal is told as the server says it", async (t) => {
  const { base } = await startServer(t, refused("origin"));
  await assert.rejects(askForAdmission(base, ""), { code: "origin", detail: "for people" });
});

test("a server that fails or is away is unreachable", async (t) => {
  const { base } = await startServer(t, { admission: null });
  await assert.rejects(askForAdmission(base, ""), { code: "unreachable", detail: "status 503" });
  await assert.rejects(askForAdmission("http://127.0.0.1:1/", ""), { code: "unreachable" });
});
