import { createHash } from "node:crypto";
import { checkRationale, Refusal, RecordError } from "@countermand/record";
import type { FastifyInstance } from "fastify";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { LedgerError } from "../ledger/error.ts";
import { RollbacksError } from "../rollbacks/error.ts";
import { undoReportBytes } from "../undo/range/render.ts";
import { undoReport } from "../undo/testing/report.ts";
import { problem as problemSchema } from "./contract/problem.ts";
import type { FakeCountermand } from "./testing/fake-countermand.ts";
import { accepted, openingRequest, sample, submission } from "./testing/sample.ts";
import { host, testServer, token } from "./testing/server.ts";

let app: FastifyInstance;
let countermand: FakeCountermand;
let reported: unknown[];
let state: Awaited<ReturnType<typeof testServer>>["state"];

beforeEach(async () => {
  ({ app, countermand, reported, state } = await testServer());
});
afterEach(async () => app.close());

const get = (url: string, headers: Record<string, string> = {}) =>
  app.inject({ method: "GET", url, headers: { host, ...headers } });
const post = (url: string, payload: unknown, headers: Record<string, string> = {}) =>
  app.inject({
    method: "POST",
    url,
    headers: { host, "content-type": "application/json", ...headers },
    payload: typeof payload === "string" ? payload : JSON.stringify(payload),
  });

/** The answer is a problem document of this status and code; answers it. */
function problem(answer: Awaited<ReturnType<typeof get>>, status: number, code: string) {
  expect([answer.statusCode, answer.headers["content-type"]]).toEqual([
    status,
    "application/problem+json",
  ]);
  const body = problemSchema.strict().parse(answer.json());
  expect(body.type).toBe(`urn:countermand:problem:${code}`);
  expect(body.status).toBe(status);
  expect(answer.headers["cache-control"]).toBe("no-store");
  return body;
}

describe("records", () => {
  test("GET /v1/instance tells the ledger", async () => {
    const answer = await get("/v1/instance");
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toEqual(sample().instance);
  });

  test("GET /v1/records asks for what the query says and links to the next page", async () => {
    const answer = await get(
      "/v1/records?status=proposed&status=closed&service=a%26b&environment=p&after=RB-2026-9&limit=7",
    );
    expect(answer.statusCode).toBe(200);
    expect(countermand.calls).toEqual([
      [
        "records",
        {
          status: ["proposed", "closed"],
          service: "a&b",
          environment: "p",
          after: "RB-2026-9",
          limit: 7,
        },
      ],
    ]);
    expect(answer.headers["link"]).toBe(
      '</v1/records?status=proposed&status=closed&service=a%26b&environment=p&after=RB-2026-7&limit=7>; rel="next"',
    );
    expect(answer.json()).toEqual({ items: [sample().row], next: "RB-2026-7" });
  });

  test("GET /v1/records asks by mode, by what must run and by when it falls due", async () => {
    const answer = await get(
      "/v1/records?mode=emergency&mandatory=true&dueBy=2026-11-23T04%3A00%3A00%2B01%3A00",
    );
    expect(answer.statusCode).toBe(200);
    expect(countermand.calls).toEqual([
      ["records", { mode: "emergency", mandatory: true, dueBy: "2026-11-23T03:00:00.000Z" }],
    ]);
    for (const [query, says] of [
      ["mode=urgent", "is one of ordinary, emergency, exercise, plan"],
      ["mandatory=yes", "mandatory"],
      ["dueBy=tomorrow", "dueBy"],
    ] as const) {
      expect(problem(await get(`/v1/records?${query}`), 400, "invalid").detail).toContain(says);
    }
  });

  test("the last page has no link", async () => {
    countermand.next = undefined;
    expect((await get("/v1/records")).headers["link"]).toBeUndefined();
  });

  test("one status is a list of one", async () => {
    await get("/v1/records?status=proposed");
    expect(countermand.calls).toEqual([["records", { status: ["proposed"] }]]);
  });

  test.each([
    ["limit=0", "limit: is a whole number from 1 to 200"],
    ["limit=201", "limit: is a whole number from 1 to 200"],
    ["limit=1e2", "limit: is a whole number from 1 to 200"],
    ["limit=0x10", "limit: is a whole number from 1 to 200"],
    ["limit=", "limit: is a whole number from 1 to 200"],
    ["limit=1&limit=2", "limit: "],
    ["status=gone", "status: "],
    ["sort=asc", "the query: "],
  ])("refuses the query %s", async (query, begins) => {
    const { detail } = problem(await get(`/v1/records?${query}`), 400, "invalid");
    expect(detail.startsWith(begins)).toBe(true);
    expect(countermand.calls).toEqual([]);
  });

  test("GET /v1/records/{id} tells the whole record, field by field", async () => {
    const answer = await get("/v1/records/RB-2026-7");
    expect(answer.json()).toEqual(sample().view);
  });

  test("an unknown record is a 404 with the feature's own sentence", async () => {
    const { detail } = problem(await get("/v1/records/RB-2026-8"), 404, "not-found");
    expect(detail).toBe("there is no record RB-2026-8 in this ledger");
  });

  test("the assessment is the stored report, or SARIF, or Markdown", async () => {
    const where = "/v1/records/RB-2026-7/assessment";
    problem(await get(where), 404, "not-found");
    const { digest } = countermand.content.state.assessment?.report ?? { digest: "" };
    countermand.artefacts.set(digest, undoReportBytes(undoReport));
    expect((await get(where)).rawPayload).toEqual(Buffer.from(undoReportBytes(undoReport)));
    expect((await get(`${where}?format=sarif`)).json()).toMatchObject({ version: "2.1.0" });
    const text = await get(`${where}?format=markdown`);
    expect(text.headers["content-type"]).toBe("text/markdown; charset=utf-8");
    expect(text.body).toMatch(/^### Going back from/);
    problem(await get(`${where}?format=pdf`), 400, "invalid");
    countermand.artefacts.set(digest, new TextEncoder().encode("{}"));
    problem(await get(`${where}?format=sarif`), 400, "invalid");
  });

  test("the package is a download", async () => {
    const answer = await get(
      `/v1/records/RB-2026-7/package?withoutArtefacts=true&withhold=hmac-sha256:${"a".repeat(64)}`,
    );
    expect(answer.headers["content-type"]).toBe("application/x-tar");
    expect(answer.headers["content-disposition"]).toBe('attachment; filename="RB-2026-7.tar"');
    expect([...answer.rawPayload]).toEqual([0x52, 0x45, 0x00, 0xff]);
    expect(countermand.calls).toEqual([
      [
        "exportRecord",
        "RB-2026-7",
        { withoutArtefacts: true, withhold: [`hmac-sha256:${"a".repeat(64)}`] },
      ],
    ]);
  });

  test("all texts can be withheld", async () => {
    await get("/v1/records/RB-2026-7/package?withhold=all");
    expect(countermand.calls).toEqual([["exportRecord", "RB-2026-7", { withhold: "all" }]]);
  });

  test("a statement is 201, and 200 when it is repeated", async () => {
    const first = await post("/v1/statements", submission);
    expect([first.statusCode, first.json()]).toEqual([201, accepted]);
    countermand.repeated = true;
    const again = await post("/v1/statements", submission);
    expect([again.statusCode, again.json()]).toEqual([200, { ...accepted, repeated: true }]);
    expect(countermand.calls[0]).toEqual(["submit", submission]);
  });

  test.each([
    ["no envelope", { openings: [] }, "envelope: "],
    ["a field too many", { ...submission, extra: 1 }, "the body: "],
    [
      "no signature",
      { ...submission, envelope: { ...submission.envelope, signatures: [] } },
      "envelope.signatures: ",
    ],
    [
      "a salt cut short",
      { ...submission, openings: [{ ...submission.openings[0], salt: "AAAA" }] },
      "openings[0].salt: is base64 of 32 bytes",
    ],
    [
      "65 openings",
      { ...submission, openings: Array(65).fill(submission.openings[0]) },
      "openings: ",
    ],
    ["an array", [submission], "the body: "],
  ])("refuses a submission with %s", async (_what, body, begins) => {
    const { detail } = problem(await post("/v1/statements", body), 400, "invalid");
    expect(detail.slice(0, begins.length)).toBe(begins);
    expect(countermand.calls).toEqual([]);
  });
});

describe("opening the ledger", () => {
  test("needs the token", async () => {
    for (const authorization of [
      "",
      "Bearer ",
      "Bearer wrong",
      `Basic ${token}`,
      `Bearer ${token} `,
      `Bearer ${token}x`,
    ]) {
      const answer = await post("/v1/ledger", openingRequest, { authorization });
      problem(answer, 401, "unauthorised");
      expect(answer.headers["www-authenticate"]).toBe("Bearer");
    }
    expect(countermand.calls).toEqual([]);
    const answer = await post("/v1/ledger", openingRequest, { authorization: `Bearer ${token}` });
    expect([answer.statusCode, answer.json()]).toEqual([201, sample().instance]);
    expect(countermand.calls).toEqual([["openLedger", openingRequest]]);
  });
});

describe("artefacts", () => {
  const octets = { "content-type": "application/octet-stream" };

  test("bytes go in and come out the same, as a download that nothing sniffs", async () => {
    const bytes = Buffer.from("<script>alert(1)</script>\u0000\u00ff", "latin1");
    const digest = createHash("sha256").update(bytes).digest("hex");
    const stored = await app.inject({
      method: "POST",
      url: "/v1/artefacts",
      headers: { host, ...octets },
      payload: bytes,
    });
    expect([stored.statusCode, stored.json()]).toEqual([201, { digest, size: bytes.length }]);
    const read = await get(`/v1/artefacts/${digest}`);
    expect(read.rawPayload.equals(bytes)).toBe(true);
    expect(read.headers).toMatchObject({
      "content-type": "application/octet-stream",
      "content-disposition": `attachment; filename="sha256-${digest}"`,
      "x-content-type-options": "nosniff",
      "content-security-policy": "default-src 'none'; sandbox",
    });
  });

  test("what is not there, and what is no digest", async () => {
    problem(await get(`/v1/artefacts/${"0".repeat(64)}`), 404, "not-found");
    problem(await get(`/v1/artefacts/${"A".repeat(64)}`), 400, "invalid");
    problem(await get("/v1/artefacts/..%2f..%2fetc"), 400, "invalid");
  });
});

describe("audits", () => {
  test("GET /v1/audits and GET /v1/reversals", async () => {
    expect((await get("/v1/audits")).json()).toEqual([sample().audit]);
    const answer = await get("/v1/reversals?repository=a%2Fb&limit=3");
    expect(countermand.calls.at(-1)).toEqual(["reversals", { repository: "a/b", limit: 3 }]);
    expect(answer.json()).toEqual({ items: sample().reversals, next: "cursor+/=?&" });
    const link = answer.headers["link"] as string;
    const next = /^<([^>]+)>; rel="next"$/.exec(link)?.[1] ?? "";
    await get(next);
    expect(countermand.calls.at(-1)).toEqual([
      "reversals",
      { repository: "a/b", limit: 3, after: "cursor+/=?&" },
    ]);
  });
});

test("GET /health says how far the log is", async () => {
  expect((await get("/health")).json()).toEqual({
    status: "ok",
    ledger: "audit.example.com/rollbacks",
    size: 300,
  });
  state.log = undefined;
  expect((await get("/health")).json()).toEqual({ status: "ok" });
});

describe("errors", () => {
  test.each([
    ["not-found", 404],
    ["invalid", 400],
    ["missing-opening", 400],
    ["rationale", 422],
    ["missing-artefact", 422],
    ["conflict", 409],
    ["no-ledger", 409],
    ["busy", 503],
  ] as const)("%s is %i", async (code, status) => {
    countermand.failure = new RollbacksError(code, "one sentence");
    const answer = await get("/v1/instance");
    expect(problem(answer, status, code).detail).toBe("one sentence");
    expect(answer.headers["retry-after"]).toBe(code === "busy" ? "1" : undefined);
  });

  test("a rationale that is refused comes with what it lacks and an example", async () => {
    const [remark] = checkRationale({ use: "proposal", text: "prod is broken" });
    const remarks = remark === undefined ? [] : [remark];
    countermand.failure = new RollbacksError("rationale", "one sentence", { remarks });
    expect(problem(await post("/v1/statements", submission), 422, "rationale").remarks).toEqual(
      remarks,
    );
  });

  test("a refusal names its rule", async () => {
    countermand.failure = new Refusal("approver-not-proposer", "somebody else must approve");
    const body = problem(await post("/v1/statements", submission), 409, "refused");
    expect([body.rule, body.detail]).toEqual([
      "approver-not-proposer",
      "somebody else must approve",
    ]);
  });

  test("a parser's error is 400 and names the place", async () => {
    countermand.failure = new RecordError("signature", "not what it should be", { where: "sig" });
    const body = problem(await post("/v1/statements", submission), 400, "signature");
    expect([body.where, body.detail]).toEqual(["sig", "sig: not what it should be"]);
  });

  test("a busy ledger says when to come back, a frozen one that it is frozen", async () => {
    countermand.failure = new LedgerError("busy", "the queue is full", { retryAfter: 2.5 });
    const busy = await get("/v1/instance");
    problem(busy, 503, "busy");
    expect(busy.headers["retry-after"]).toBe("3");
    countermand.failure = new LedgerError("frozen", "frozen until somebody looked");
    problem(await get("/v1/instance"), 503, "unavailable");
    expect(reported).toHaveLength(1);
  });

  test("what nobody expected is told to the operator, not to the client", async () => {
    const failure = new Error("secret: /var/lib/key");
    for (const url of ["/v1/instance", "/"]) {
      countermand.failure = failure;
      const answer = await get(url);
      problem(answer, 500, "internal");
      expect(answer.body).not.toMatch(/secret|at .*\.ts/);
    }
    expect(reported).toEqual([failure, failure]);
  });

  test("what is not a route is a problem document, also where HTML is asked for in the API", async () => {
    for (const url of ["/v1/nothing", "/v1", "/log", "/log/", "/log/x", "/favicon.ico"]) {
      problem(await get(url), 404, "no-route");
    }
    problem(await get("/v1/nothing", { accept: "text/html" }), 404, "no-route");
    problem(
      await app.inject({ method: "DELETE", url: "/v1/records/RB-2026-7", headers: { host } }),
      404,
      "no-route",
    );
    problem(
      await app.inject({ method: "OPTIONS", url: "/v1/statements", headers: { host } }),
      404,
      "no-route",
    );
  });
});

describe("pages", () => {
  test("a wrong address is a page for a person", async () => {
    const answer = await get("/nowhere?x=<script>", { accept: "text/html,*/*" });
    expect([answer.statusCode, answer.headers["content-type"]]).toEqual([
      404,
      "text/html; charset=utf-8",
    ]);
    expect(answer.body).toContain("there is no GET /nowhere here");
  });

  test("an unknown record is a page for a person", async () => {
    const answer = await get("/records/RB-2026-8", { accept: "text/html" });
    expect(answer.statusCode).toBe(404);
    expect(answer.body).toContain("there is no record RB-2026-8 in this ledger");
  });

  test("/ asks for what the form sends and leaves empty fields out", async () => {
    const answer = await get("/?status=&service=checkout&environment=");
    expect(answer.headers["content-type"]).toBe("text/html; charset=utf-8");
    expect(countermand.calls).toContainEqual(["records", { service: "checkout", limit: 50 }]);
    expect(countermand.calls).toContainEqual([
      "reversals",
      { repository: "shop/checkout", limit: 20 },
    ]);
  });

  test("/ works before there is a ledger", async () => {
    countermand.open = false;
    const answer = await get("/");
    expect(answer.statusCode).toBe(200);
    expect(answer.body).toContain("countermand init");
  });

  test("/reversals is for repositories that were audited", async () => {
    expect((await get("/reversals?repository=shop%2Fcheckout")).statusCode).toBe(200);
    problem(await get("/reversals?repository=other"), 404, "not-found");
    problem(await get("/reversals"), 404, "not-found");
  });

  test("the style sheet is CSS and need not be sent twice", async () => {
    const answer = await get("/style.css");
    expect(answer.headers["content-type"]).toBe("text/css; charset=utf-8");
    const again = await get("/style.css", { "if-none-match": String(answer.headers["etag"]) });
    expect([again.statusCode, again.body]).toEqual([304, ""]);
  });
});
