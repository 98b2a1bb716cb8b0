import assert from "node:assert/strict";
import { test } from "node:test";

import { askForAdmission } from "../../../runtime/speaker_tracker/web/net/admission.js";
import { LIMITS, startServer } from "../support/server.js";

const refused = (reason) => ({ admission: { refusal: { reason, message: "for people" }, limits: LIMITS } });

test("the server is asked beside the page, with the token", async (t) => {
  const { base, asked } = await startServer(t);
  assert.deepEqual(await askForAdmission(base, ""), LIMITS);
  assert.deepEqual(await askForAdmission(base, "secret"), LIMITS);
  assert.deepEqual(asked, [
    { method: "POST", url: "/speakers/web/admission", authorization: undefined },
    { method: "POST", url: "/speakers/web/admission", authorization: "Bearer secret" },
  ]);
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
