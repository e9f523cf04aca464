import { expect, onTestFinished, test } from "vitest";
import { httpDefaults } from "./config.ts";
import { buildServer } from "./server.ts";
import { FakeCountermand } from "./testing/fake-countermand.ts";
import { fakeLog, host, now, token } from "./testing/server.ts";

test("GET /health says what watches over the log", async () => {
  const scrub = { checked: 256, of: 300, last: { at: now.toISOString(), entries: 290 } };
  const timestamps = { authority: "http://time.example.org/tsa", ahead: 61, alarm: "wrong" };
  const app = await buildServer(
    {
      countermand: new FakeCountermand(),
      log: () => fakeLog(300),
      scrubbing: () => scrub,
      timestamping: () => timestamps,
      now: () => now,
      report: () => {},
    },
    { ...httpDefaults, token },
  );
  onTestFinished(() => app.close());
  const { statusCode, body } = await app.inject({ url: "/health", headers: { host } });
  expect(statusCode).toBe(200);
  expect(JSON.parse(body)).toMatchObject({ status: "ok", size: 300, scrub, timestamps });
});
