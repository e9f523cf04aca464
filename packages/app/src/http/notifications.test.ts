import { describe, expect, onTestFinished, test } from "vitest";
import { NotifyError } from "../notify/error.ts";
import type { Delivery } from "../notify/outbox.ts";
import { httpDefaults } from "./config.ts";
import type { HttpDeps } from "./route.ts";
import { buildServer } from "./server.ts";
import { FakeCountermand } from "./testing/fake-countermand.ts";
import { fakeLog, host, now, token } from "./testing/server.ts";

const dead: Delivery = {
  index: 7,
  kind: "decision.made",
  channel: "ops",
  state: "dead",
  attempts: 12,
  recordedAt: now.toISOString(),
  at: now.toISOString(),
  record: "RB-2026-1",
  problem: "hooks.example.com answers 500",
};
const health = {
  waiting: 2,
  dead: 1,
  skipped: 0,
  channels: [
    { name: "ops", type: "webhook", waiting: 2, dead: 1, failingSince: now.toISOString() },
  ],
};

async function server(notifying?: HttpDeps["notifying"]) {
  const app = await buildServer(
    {
      countermand: new FakeCountermand(),
      log: () => fakeLog(300),
      ...(notifying === undefined ? {} : { notifying }),
      now: () => now,
      report: () => {},
    },
    { ...httpDefaults, token },
  );
  onTestFinished(() => app.close());
  return (method: "GET" | "POST", url: string, body?: object, bearer = token) =>
    app.inject({
      method,
      url,
      headers: { host, authorization: `Bearer ${bearer}` },
      ...(body === undefined ? {} : { payload: body }),
    });
}

describe("telling people", () => {
  const asked: unknown[] = [];
  const notifier = {
    health: () => health,
    list: async (...given: unknown[]) => {
      asked.push(given);
      return [dead];
    },
    retry: async (index: number | undefined) => (index === undefined ? 3 : 1),
    test: async (channel: string) => {
      if (channel !== "ops") throw new NotifyError("not-found", `there is no channel ${channel}`);
      return { kind: "retry", problem: "hooks.example.com answers 500" } as const;
    },
  };

  test("is listed, tried again and tried out by whoever runs the server", async () => {
    const ask = await server(() => notifier);
    expect((await ask("GET", "/v1/notifications")).json()).toEqual({ items: [dead] });
    await ask("GET", "/v1/notifications?state=sent&limit=5");
    expect(asked).toEqual([
      [["waiting", "dead", "skipped"], 50],
      [["sent"], 5],
    ]);
    expect((await ask("POST", "/v1/notifications/retry", {})).json()).toEqual({ retried: 3 });
    expect((await ask("POST", "/v1/notifications/retry", { index: 7 })).json()).toEqual({
      retried: 1,
    });
    expect((await ask("POST", "/v1/notifications/test", { channel: "ops" })).json()).toEqual({
      sent: false,
      problem: "hooks.example.com answers 500",
    });
    const unknown = await ask("POST", "/v1/notifications/test", { channel: "x" });
    expect(unknown.statusCode).toBe(404);
    expect(unknown.json()).toMatchObject({ detail: "there is no channel x" });
  });

  test.each([
    ["GET", "/v1/notifications"],
    ["POST", "/v1/notifications/retry"],
    ["POST", "/v1/notifications/test"],
  ] as const)("%s %s is for nobody else", async (method, url) => {
    const ask = await server(() => notifier);
    const body = method === "POST" ? { channel: "ops" } : undefined;
    expect((await ask(method, url, body, "another")).statusCode).toBeGreaterThanOrEqual(401);
    expect((await ask(method, url, body, "another")).statusCode).toBeLessThanOrEqual(403);
  });

  test("bad questions are refused", async () => {
    const ask = await server(() => notifier);
    for (const url of ["?state=lost", "?limit=0", "?limit=201"]) {
      expect((await ask("GET", `/v1/notifications${url}`)).statusCode).toBe(400);
    }
    for (const body of [{ index: -1 }, { index: 1.5 }, { all: true }]) {
      expect((await ask("POST", "/v1/notifications/retry", body)).statusCode).toBe(400);
    }
  });

  test("says how far it is in /health, without why", async () => {
    const ask = await server(() => notifier);
    expect((await ask("GET", "/health")).json()).toMatchObject({ notices: health });
  });

  test("says what is missing where nobody is told", async () => {
    const none = await server();
    expect((await none("GET", "/v1/notifications")).json()).toMatchObject({
      status: 404,
      detail: expect.stringContaining("COUNTERMAND_NOTIFY") as string,
    });
    expect((await none("GET", "/health")).json()).not.toHaveProperty("notices");
    const early = await server(() => undefined);
    expect((await early("GET", "/v1/notifications")).json()).toMatchObject({
      detail: expect.stringContaining("countermand init") as string,
    });
  });
});
