/** The same fake behind the real server and in hand: both must answer the same. */
import { createServer, type RequestListener, type Server } from "node:http";
import { RecordError, Refusal, type RecordErrorCode } from "@countermand/record";
import type { FastifyInstance } from "fastify";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Countermand } from "../rollbacks/countermand.ts";
import { RollbacksError, type RollbacksErrorCode } from "../rollbacks/error.ts";
import { openingRequest, submission } from "../http/testing/sample.ts";
import { testServer, token } from "../http/testing/server.ts";
import { CommandError, explain } from "./exit.ts";
import { remoteCountermand } from "./remote.ts";
import { RemoteError } from "./server-call.ts";

let app: FastifyInstance;
let fake: Awaited<ReturnType<typeof testServer>>["countermand"];
let url: string;
let remote: Countermand;
const others: Server[] = [];

beforeEach(async () => {
  ({ app, countermand: fake } = await testServer({ port: 0 }));
  url = await app.listen({ host: "127.0.0.1", port: 0 });
  remote = remoteCountermand(url, { token });
});
afterEach(async () => {
  await app.close();
  for (const server of others.splice(0)) server.close();
});

const bytes = new Uint8Array(300).map((_, i) => i);
const digest = "a0d3dd22e3f5a2f0a6e2b9c1";

/** Every method with arguments that leave nothing out. */
const calls: readonly (readonly [string, (it: Countermand) => Promise<unknown>])[] = [
  ["openLedger", (it) => it.openLedger(openingRequest)],
  ["instance", (it) => it.instance()],
  ["submit", (it) => it.submit(submission)],
  ["records", (it) => it.records({})],
  [
    "records, filtered",
    (it) =>
      it.records({
        status: ["proposed", "closed"],
        service: "a/b",
        environment: "prod",
        after: "RB-2026-9",
        limit: 200,
      }),
  ],
  ["records, one status", (it) => it.records({ status: ["closed"], limit: 1 })],
  ["record", (it) => it.record("RB-2026-7")],
  ["exportRecord", (it) => it.exportRecord("RB-2026-7", {})],
  [
    "exportRecord, withheld",
    (it) => it.exportRecord("RB-2026-7", { withoutArtefacts: true, withhold: "all" }),
  ],
  [
    "exportRecord, some withheld",
    (it) =>
      it.exportRecord("RB-2026-7", {
        withoutArtefacts: false,
        withhold: [`hmac-sha256:${"1".repeat(64)}`, `hmac-sha256:${"2".repeat(64)}`],
      }),
  ],
  ["entryProof", (it) => it.entryProof(17, "logged")],
  ["entryTimes", (it) => it.entryTimes(17)],
  ["putArtefact", (it) => it.putArtefact(bytes)],
  ["putArtefact, empty", (it) => it.putArtefact(new Uint8Array())],
  ["getArtefact, absent", (it) => it.getArtefact("0".repeat(64))],
  [
    "gate",
    (it) =>
      it.gate({
        id: "4fd1b2b1-0f0b-4b7e-9a3e-2f3f4c5d6e7f",
        service: "api",
        environment: "prod",
        target: { type: "commit", commit: "a".repeat(40) },
        caller: "argocd",
      }),
  ],
  ["gateEvents", (it) => it.gateEvents({})],
  [
    "signal",
    (it) =>
      it.signal({
        source: "scanner",
        id: "GHSA-1",
        type: "vulnerability",
        time: "2026-11-23T02:41:00.000Z",
        data: {
          service: "api",
          environment: "prod",
          severity: "critical",
          ids: ["CVE-2026-1"],
          current: { type: "commit", commit: "b".repeat(40) },
          summary: "It runs what it is sent.",
          url: "https://example.com/a?b=c",
        },
      }),
  ],
  ["signals", (it) => it.signals({})],
  ["signals, asked", (it) => it.signals({ outcome: "joined", after: "c|+/=", limit: 3 })],
  ["audits", (it) => it.audits()],
  ["reversals", (it) => it.reversals({})],
  ["reversals, asked", (it) => it.reversals({ repository: "a b/c?&=", after: "c+/=", limit: 3 })],
];

describe("method by method", () => {
  test.each(calls)("%s answers the same, and asks the same", async (_name, call) => {
    const expected = await call(fake);
    const asked = fake.calls.splice(0);
    expect(await call(remote)).toEqual(expected);
    expect(fake.calls).toEqual(asked);
  });

  test("an artefact comes back byte for byte", async () => {
    const stored = await remote.putArtefact(bytes);
    expect(await remote.getArtefact(stored.digest)).toEqual(bytes);
  });

  test("nothing is forgotten here", () => {
    const tested = new Set(calls.map(([name]) => name.split(",")[0]));
    expect(tested).toEqual(new Set(Object.keys(remote)));
  });
});

const rollbacks: readonly RollbacksErrorCode[] = [
  "not-found",
  "invalid",
  "missing-opening",
  "rationale",
  "missing-artefact",
  "conflict",
  "no-ledger",
  "not-witnessed",
  "busy",
];
const record: readonly RecordErrorCode[] = [
  "encoding",
  "canonical",
  "shape",
  "envelope",
  "signature",
  "key",
  "commitment",
  "archive",
  "entry",
  "package",
];
const failures: readonly Error[] = [
  ...rollbacks.map((code) => new RollbacksError(code, `about ${code}`)),
  ...record.map((code) => new RecordError(code, `about ${code}`)),
  new RecordError("signature", "is cut short", { where: "signatures[0].sig" }),
  new Refusal("approver-not-proposer", "somebody else must approve"),
];

async function thrown(promise: Promise<unknown>): Promise<Error> {
  const outcome = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(outcome).toBeInstanceOf(Error);
  return outcome as Error;
}

describe("error by error", () => {
  test.each(failures.map((error) => [`${error.name} ${error.message}`, error] as const))(
    "%s",
    async (_name, failure) => {
      for (const [name, call] of calls) {
        fake.failure = failure;
        const result = call(remote);
        if (name.startsWith("getArtefact") && (failure as RollbacksError).code === "not-found") {
          expect(await result).toBeUndefined();
          continue;
        }
        const error = await thrown(result);
        expect(error).toStrictEqual(failure);
        expect(error.constructor).toBe(failure.constructor);
        expect(Object.entries(error)).toEqual(Object.entries(failure));
        expect(explain(error)).toEqual(explain(failure));
      }
    },
  );

  test("what the contract refuses is what the service would refuse: wrong usage", async () => {
    for (const [call, says] of [
      [remote.records({ limit: 0 }), "limit: is a whole number from 1 to 200"],
      [remote.record("x".repeat(30)), "id: "],
      [remote.getArtefact("short"), "digest: "],
      [
        remote.submit({
          ...submission,
          openings: [{ ...submission.openings[0], salt: "" } as never],
        }),
        "openings[0].salt: ",
      ],
    ] as const) {
      const error = await thrown(call);
      expect([error.constructor, explain(error).exitCode]).toEqual([RollbacksError, 2]);
      expect(error.message.startsWith(says)).toBe(true);
    }
    expect(fake.calls).toEqual([]);
  });

  test("names that are no segment of a path", async () => {
    for (const id of [
      "",
      ".",
      "..",
      "../instance",
      "a/b",
      "%2e%2e",
      "RB-2026-7/package",
      "\ud800",
    ]) {
      const error = await thrown((async () => remote.record(id))());
      expect([error.constructor, (error as RollbacksError).code]).toEqual([
        RollbacksError,
        "not-found",
      ]);
    }
  });

  test("without the token the ledger stays shut, and one sentence says what is needed", async () => {
    const error = await thrown(remoteCountermand(url).openLedger(openingRequest));
    expect([(error as RemoteError).code, explain(error).exitCode]).toEqual(["server", 3]);
    expect(error.message).toContain("needs the token");
    expect(fake.calls).toEqual([]);
  });

  test("a failure of the server is its own, and tells nothing secret", async () => {
    fake.failure = new Error("secret");
    const error = await thrown(remote.instance());
    expect([error.constructor, error.message.includes("secret")]).toEqual([RemoteError, false]);
  });
});

/** A server that is not ours. */
async function other(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  others.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as { port: number }).port}`;
}

describe("a server that is not there, not ours, or not honest", () => {
  test("nobody listens", async () => {
    await app.close();
    const error = await thrown(remote.instance());
    expect((error as RemoteError).code).toBe("unreachable");
    expect(error.message).toBe(
      `The server at ${url} cannot be reached (ECONNREFUSED); see that it runs, or name another with --server.`,
    );
    expect(explain(error).exitCode).toBe(3);
  });

  test("no answer in time", async () => {
    const silent = await other(() => {});
    const error = await thrown(remoteCountermand(silent, { timeout: 50 }).instance());
    expect([(error as RemoteError).code, error.message]).toEqual([
      "unreachable",
      `The server at ${silent} did not answer within 0.05 s.`,
    ]);
    others.at(-1)?.closeAllConnections();
  });

  test("an answer cut short", async () => {
    const cut = await other((_request, response) => {
      response.writeHead(200, { "content-length": "1000" });
      response.write("{");
      setTimeout(() => response.destroy(), 10);
    });
    expect(((await thrown(remoteCountermand(cut).instance())) as RemoteError).code).toBe(
      "unreachable",
    );
  });

  test.each([
    ["HTML", 200, "text/html", "<html>", /is not JSON/],
    [
      "another form",
      200,
      "application/json",
      '{"items":[{"id":7}]}',
      /another form.* at items\.0\.id/,
    ],
    ["HTML with 404", 404, "text/html", "<h1>Not found</h1>", /answers 404 without saying why/],
    [
      "a problem of another kind",
      400,
      "application/problem+json",
      '{"type":"about:blank","title":"x","status":400,"detail":"y"}',
      /answers 400 without saying why/,
    ],
    [
      "a problem that is no JSON",
      500,
      "application/problem+json",
      "{",
      /answers 500 without saying why/,
    ],
  ])("%s", async (_what, status, type, body, says) => {
    const server = await other((_request, response) => {
      response.writeHead(status, { "content-type": type }).end(body);
    });
    const error = await thrown(remoteCountermand(server).records({}));
    expect((error as RemoteError).code).toBe("not-understood");
    expect(error.message).toMatch(says);
  });

  test("no redirect is followed, wherever it leads", async () => {
    const away = await other((_request, response) => {
      response.writeHead(307, { location: `${url}/v1/statements` }).end();
    });
    const error = await thrown(remoteCountermand(away).submit(submission));
    expect(error).toBeInstanceOf(RemoteError);
    expect(fake.calls).toEqual([]);
  });

  test("an answer without end is cut off", async () => {
    const endless = await other((_request, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      const timer = setInterval(() => response.write(" ".repeat(1000)), 1);
      response.on("close", () => clearInterval(timer));
    });
    const error = await thrown(remoteCountermand(endless, { maxJsonBytes: 5000 }).instance());
    expect(error.message).toBe("The server's answer is longer than 5000 bytes.");
  });

  test("an artefact that is not what its name says", async () => {
    const lying = await other((request, response) => {
      const stored = JSON.stringify({ digest: "0".repeat(64), size: 300 });
      request.resume();
      request.on("end", () =>
        request.method === "POST"
          ? response.writeHead(201, { "content-type": "application/json" }).end(stored)
          : response.writeHead(200).end("something else"),
      );
    });
    const client = remoteCountermand(lying);
    for (const call of [client.getArtefact(digest.padEnd(64, "0")), client.putArtefact(bytes)]) {
      expect((await thrown(call)).message).toMatch(/the artefact .* has the digest/);
    }
  });

  test("control characters of a server do not reach the terminal", async () => {
    const detail = "\u001b[2Jgone\u202e";
    const rude = await other((_request, response) => {
      response.writeHead(409, { "content-type": "application/problem+json" }).end(
        JSON.stringify({
          type: "urn:countermand:problem:conflict",
          title: "x",
          status: 409,
          detail,
        }),
      );
    });
    const error = await thrown(remoteCountermand(rude).instance());
    expect(error.message).toBe("\\u001b[2Jgone\\u202e");
  });
});

describe("the server's address", () => {
  test.each([
    "https://audit.example.com",
    "https://audit.example.com:8443/",
    "http://127.0.0.1:7400",
    "http://localhost:7400",
    "http://[::1]:7400/",
  ])("%s is taken", (address) => {
    expect(() => remoteCountermand(address)).not.toThrow();
  });

  test.each([
    "",
    "audit.example.com",
    "http://audit.example.com",
    "http://127.0.0.1.evil.example",
    "http://10.0.0.1:7400",
    "ftp://localhost",
    "file:///etc/passwd",
    "https://user:pw@audit.example.com",
    "https://audit.example.com/prefix",
    "https://audit.example.com/?x",
    "https://audit.example.com/#x",
  ])("%s is not", (address) => {
    expect(() => remoteCountermand(address)).toThrow(CommandError);
    try {
      remoteCountermand(address);
    } catch (error) {
      expect(explain(error).exitCode).toBe(2);
    }
  });
});
