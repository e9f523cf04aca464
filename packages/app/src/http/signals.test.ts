/** Signals as they arrive: what a CloudEvent must be, and whose word its source is. */
import type { FastifyInstance } from "fastify";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { RollbacksError } from "../rollbacks/error.ts";
import { problem as problemSchema } from "./contract/problem.ts";
import type { FakeCountermand } from "./testing/fake-countermand.ts";
import { host, testServer } from "./testing/server.ts";

let app: FastifyInstance;
let countermand: FakeCountermand;

beforeEach(async () => {
  ({ app, countermand } = await testServer());
});
afterEach(async () => app.close());

const data = { service: "api", environment: "prod", severity: "critical" };
const event = {
  specversion: "1.0",
  source: "scanner",
  id: "GHSA-1",
  type: "com.example.vulnerability",
  time: "2026-11-23T03:41:00+01:00",
  data,
};
const post = (payload: unknown, type = "application/cloudevents+json") =>
  app.inject({
    method: "POST",
    url: "/v1/signals",
    headers: { host, "content-type": type },
    payload: JSON.stringify(payload),
  });

describe("POST /v1/signals", () => {
  test.each(["application/cloudevents+json", "application/json; charset=utf-8"])(
    "takes a CloudEvent as %s, its time in UTC, and keeps nothing else of it",
    async (type) => {
      const answer = await post({ ...event, subject: "x", traceparent: "00-1" }, type);
      expect(answer.statusCode).toBe(200);
      expect(answer.json()).toMatchObject({ outcome: "mandatory", record: "RB-2026-7" });
      expect(countermand.calls).toEqual([
        [
          "signal",
          {
            source: "scanner",
            id: "GHSA-1",
            type: "com.example.vulnerability",
            time: "2026-11-23T02:41:00.000Z",
            data,
          },
        ],
      ]);
    },
  );

  test.each<[string, object]>([
    ["specversion", { specversion: "0.3" }],
    ["id", { id: "a b" }],
    ["id", { id: "" }],
    ["id", { id: "a|b" }],
    ["source", { source: "a|b" }],
    ["source", { source: "../x" }],
    ["time", { time: "yesterday" }],
    ["time", { time: "2026-11-23T02:41:00" }],
    ["data", { data: undefined }],
    ["data", { data: { ...data, sevrity: "low" } }],
    ["data.severity", { data: { ...data, severity: "grave" } }],
    ["data.service", { data: { ...data, service: "a b" } }],
    ["data.ids", { data: { ...data, ids: Array.from({ length: 51 }, () => "x") } }],
    ["data.summary", { data: { ...data, summary: "x".repeat(2001) } }],
    ["data.url", { data: { ...data, url: "javascript:alert(1)" } }],
    ["data.current", { data: { ...data, current: { type: "unnamed" } } }],
    ["data.kind", { data: { ...data, kind: "forward" } }],
  ])("refuses another %s: %j", async (where, changes) => {
    const answer = await post({ ...event, ...changes });
    expect(answer.statusCode).toBe(400);
    const problem = problemSchema.parse(answer.json());
    expect(problem.type).toBe("urn:countermand:problem:invalid");
    expect(`${problem.where} ${problem.detail}`).toContain(where.split(".").at(-1));
    expect(countermand.calls).toEqual([]);
  });

  test("refuses what is no JSON, and another media type", async () => {
    expect((await post(event, "text/plain")).statusCode).toBe(415);
    const answer = await app.inject({
      method: "POST",
      url: "/v1/signals",
      headers: { host, "content-type": "application/cloudevents+json" },
      payload: "{",
    });
    expect(answer.statusCode).toBe(400);
  });

  test("passes on a conflict", async () => {
    countermand.failure = new RollbacksError("conflict", "received before with another content");
    expect((await post(event)).statusCode).toBe(409);
  });

  test("another JSON route takes no CloudEvent", async () => {
    const answer = await app.inject({
      method: "POST",
      url: "/v1/statements",
      headers: { host, "content-type": "application/cloudevents+json" },
      payload: "{}",
    });
    expect(answer.statusCode).toBe(415);
  });
});

test("GET /v1/signals asks for what the query says and links to the next page", async () => {
  const answer = await app.inject({
    method: "GET",
    url: "/v1/signals?outcome=joined&limit=2",
    headers: { host },
  });
  expect(answer.statusCode).toBe(200);
  expect(countermand.calls).toEqual([["signals", { outcome: "joined", limit: 2 }]]);
  expect(answer.headers["link"]).toContain("outcome=joined");
});
