import { connect } from "node:net";
import type { FastifyInstance, InjectOptions } from "fastify";
import { afterEach, describe, expect, test } from "vitest";
import { problem as problemSchema } from "./contract/problem.ts";
import type { HttpConfig } from "./config.ts";
import { routes } from "./routes/all.ts";
import { submission } from "./testing/sample.ts";
import { host, testServer, token } from "./testing/server.ts";

let app: FastifyInstance;
let countermand: Awaited<ReturnType<typeof testServer>>["countermand"];
afterEach(async () => app.close());

async function start(config: Partial<HttpConfig> = {}) {
  ({ app, countermand } = await testServer(config));
}

async function refused(options: InjectOptions, status: number, code: string) {
  const answer = await app.inject(options);
  expect([answer.statusCode, answer.headers["content-type"]]).toEqual([
    status,
    "application/problem+json",
  ]);
  const body = problemSchema.strict().parse(answer.json());
  expect(body.type).toBe(`urn:countermand:problem:${code}`);
  expect(countermand.calls).toEqual([]);
  return body;
}

const json = { host, "content-type": "application/json" };
const statement = { method: "POST", url: "/v1/statements", payload: submission } as const;

describe("the Host header", () => {
  test.each([
    "127.0.0.1:7400",
    "localhost:7400",
    "LOCALHOST:7400",
    "[::1]:7400",
    "audit.example.com",
    "audit.example.com:7400",
    "other.example.com:8443",
  ])("answers for %s", async (name) => {
    await start({ names: ["Audit.example.com", "other.example.com:8443"] });
    const answer = await app.inject({ url: "/v1/instance", headers: { host: name } });
    expect(answer.statusCode).toBe(200);
  });

  test.each([
    "evil.example",
    "evil.example:7400",
    "127.0.0.1",
    "127.0.0.1:7401",
    "localhost",
    "localhost.evil.example:7400",
    "127.0.0.1:7400.evil.example",
    "user@127.0.0.1:7400",
    "127.1:7400",
    "0.0.0.0:7400",
    "[::]:7400",
    "localhost.:7400",
    "audit.example.com:7401",
    "audit.example.com.",
    "other.example.com",
    "other.example.com:7400",
    "127.0.0.1:7400,evil.example",
    " ",
  ])("refuses %s", async (name) => {
    await start({ names: ["audit.example.com", "other.example.com:8443"] });
    for (const url of ["/", "/v1/records", "/log/checkpoint", "/nowhere", "/style.css"]) {
      await refused({ url, headers: { host: name } }, 421, "misdirected");
    }
    await refused({ ...statement, headers: { ...json, host: name } }, 421, "misdirected");
  });

  test("on port 80 a browser leaves the port out", async () => {
    await start({ port: 80 });
    for (const name of ["localhost", "localhost:80"]) {
      const answer = await app.inject({ url: "/v1/instance", headers: { host: name } });
      expect(answer.statusCode).toBe(200);
    }
  });

  test("the port is the one that it listens on", async () => {
    await start({ port: 0 });
    const url = await app.listen({ host: "127.0.0.1", port: 0 });
    expect((await fetch(`${url}/v1/instance`)).status).toBe(200);
    expect((await fetch(`${url.replace("127.0.0.1", "localhost")}/v1/instance`)).status).toBe(200);
  });
});

describe("what another site's page could send", () => {
  test.each([
    [{ "sec-fetch-site": "cross-site" }],
    [{ "sec-fetch-site": "same-site" }],
    [{ "sec-fetch-site": "none" }],
    [{ origin: "http://evil.example" }],
    [{ origin: "null" }],
    [{ origin: "http://127.0.0.1:7401" }],
    [{ origin: "http://localhost:7400" }],
    [{ origin: "file://" }],
    [{ origin: `http://${host}.evil.example` }],
    [{ origin: `http://${host}`, "sec-fetch-site": "cross-site" }],
    [{ origin: "http://evil.example", "sec-fetch-site": "same-origin" }],
  ])("%o changes nothing", async (headers) => {
    await start();
    await refused({ ...statement, headers: { ...json, ...headers } }, 403, "cross-site");
    const artefact = { ...json, "content-type": "application/octet-stream", ...headers };
    await refused(
      { method: "POST", url: "/v1/artefacts", headers: artefact, payload: "x" },
      403,
      "cross-site",
    );
    const opening = { ...json, authorization: `Bearer ${token}`, ...headers };
    await refused(
      { method: "POST", url: "/v1/ledger", headers: opening, payload: {} },
      403,
      "cross-site",
    );
  });

  test.each([
    [{}],
    [{ origin: `http://${host}` }],
    [{ origin: `https://${host}`, "sec-fetch-site": "same-origin" }],
    [{ "sec-fetch-site": "same-origin" }],
  ])("%o is ours", async (headers) => {
    await start();
    const answer = await app.inject({ ...statement, headers: { ...json, ...headers } });
    expect(answer.statusCode).toBe(201);
  });

  test.each([
    undefined,
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/jsonx",
    "application/json, text/plain",
    "text/plain; application/json",
    "application/octet-stream",
  ])("a form's type %s is not taken", async (type) => {
    await start();
    const headers = { host, ...(type === undefined ? {} : { "content-type": type }) };
    const payload = JSON.stringify(submission);
    await refused(
      { method: "POST", url: "/v1/statements", headers, payload },
      415,
      "unsupported-media-type",
    );
  });

  test("an artefact comes as bytes and as nothing else", async () => {
    await start();
    for (const type of ["application/json", "text/plain", "image/png"]) {
      const headers = { host, "content-type": type };
      await refused(
        { method: "POST", url: "/v1/artefacts", headers, payload: "{}" },
        415,
        "unsupported-media-type",
      );
    }
  });

  test("a charset may follow the type", async () => {
    await start();
    const headers = { host, "content-type": "Application/JSON; charset=utf-8" };
    expect((await app.inject({ ...statement, headers })).statusCode).toBe(201);
  });

  test("every route that is not GET says what it takes, so none escapes these checks", () => {
    for (const route of routes.filter(({ method }) => method !== "GET")) {
      expect([route.path, route.consumes]).toEqual([route.path, expect.any(String)]);
    }
  });
});

describe("bodies", () => {
  const send = (payload: string | Buffer) =>
    ({ method: "POST", url: "/v1/statements", headers: json, payload }) as const;

  test.each([
    ["nothing", ""],
    ["no JSON", "{"],
    ["two values", "{} {}"],
    ["a byte order mark", "\ufeff{}"],
    ["bytes that are not UTF-8", Buffer.from([0x22, 0xff, 0x22])],
    ["a prototype", '{"__proto__":{"x":1}}'],
    ["an escaped prototype", '{"\\u005f_proto__":{"x":1}}'],
    ["a prototype deep inside", '{"openings":[{"a":{"__proto__":1}}]}'],
    ["a constructor", '{"constructor":{"prototype":{"x":1}}}'],
    ["33 levels", "[".repeat(33) + "]".repeat(33)],
    ["100,000 levels", "[".repeat(100_000)],
    ["100,000 objects", '{"a":'.repeat(100_000)],
  ])("%s is refused", async (_what, payload) => {
    await start();
    await refused(send(payload), 400, "malformed-json");
    expect(Object.hasOwn(Object.prototype, "x")).toBe(false);
  });

  test("brackets inside a string are no depth", async () => {
    await start();
    const body = { ...submission, note: '["\\"[[['.repeat(100) };
    const { detail } = await refused(send(JSON.stringify(body)), 400, "invalid");
    expect(detail).toContain("note");
  });

  test("32 levels are read", async () => {
    await start();
    await refused(send("[".repeat(32) + "]".repeat(32)), 400, "invalid");
  });

  test("JSON above the limit is refused, and one byte less is read", async () => {
    await start({ maxJsonBytes: 100 });
    await refused(send(`"${"a".repeat(99)}"`), 413, "too-large");
    await refused(send(`"${"a".repeat(98)}"`), 400, "invalid");
  });

  test("an artefact above the limit is refused, and one byte less is stored", async () => {
    await start({ maxArtefactBytes: 1000, maxJsonBytes: 10 });
    const headers = { host, "content-type": "application/octet-stream" };
    const artefact = { method: "POST", url: "/v1/artefacts", headers } as const;
    await refused({ ...artefact, payload: Buffer.alloc(1001) }, 413, "too-large");
    expect((await app.inject({ ...artefact, payload: Buffer.alloc(1000) })).statusCode).toBe(201);
  });
});

describe("addresses", () => {
  test("a parameter longer than anything we name", async () => {
    await start();
    const answer = await app.inject({ url: `/v1/records/${"x".repeat(501)}`, headers: { host } });
    expect(answer.statusCode).toBeGreaterThanOrEqual(400);
    expect(answer.statusCode).toBeLessThan(500);
    expect(answer.headers["content-type"]).toBe("application/problem+json");
    await refused({ url: `/v1/records/${"x".repeat(500)}`, headers: { host } }, 400, "invalid");
  });

  test("an escape that is none", async () => {
    await start();
    await refused({ url: "/v1/records/%zz", headers: { host } }, 400, "malformed");
    await refused({ url: "/v1/records/%c0%ae", headers: { host } }, 400, "malformed");
  });
});

describe("headers of every answer", () => {
  test("good, bad, page, API, log", async () => {
    await start();
    for (const url of [
      "/",
      "/nowhere",
      "/style.css",
      "/records/RB-2026-7",
      "/v1/records",
      "/v1/records?limit=x",
      "/v1/nothing",
      "/log/checkpoint",
      "/log/x",
      "/v1/records/%zz",
      "/health",
    ]) {
      const { headers } = await app.inject({ url, headers: { host, accept: "text/html" } });
      expect([url, headers["content-security-policy"]]).toEqual([
        url,
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
      ]);
      expect(headers["x-content-type-options"]).toBe("nosniff");
      expect(headers["referrer-policy"]).toBe("no-referrer");
      expect(headers["set-cookie"]).toBeUndefined();
      expect(headers["x-powered-by"]).toBeUndefined();
      expect(headers["server"]).toBeUndefined();
    }
  });
});

/** What the server answers to these bytes on a socket, up to its end. */
function raw(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(text));
    let answer = "";
    socket.on("data", (chunk) => (answer += chunk.toString("latin1")));
    socket.on("close", () => resolve(answer));
    socket.on("error", reject);
  });
}

async function listen(config: Partial<HttpConfig> = {}): Promise<number> {
  await start({ port: 0, ...config });
  await app.listen({ host: "127.0.0.1", port: 0 });
  return (app.server.address() as { port: number }).port;
}

describe("on the wire", () => {
  test("what is not HTTP gets a problem document", async () => {
    const port = await listen();
    const answer = await raw(port, "HELO example.com\r\n\r\n");
    expect(answer).toMatch(
      /^HTTP\/1\.1 400 Bad Request\r\nContent-Type: application\/problem\+json/,
    );
    expect(answer).toContain("urn:countermand:problem:malformed");
  });

  test("headers above 16 KB are refused", async () => {
    const port = await listen();
    const answer = await raw(
      port,
      `GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nX: ${"x".repeat(20_000)}\r\n\r\n`,
    );
    expect(answer).toContain("urn:countermand:problem:too-large");
  });

  test("no Host, two Hosts, and length beside chunks are refused", async () => {
    const port = await listen();
    const ours = `Host: 127.0.0.1:${port}\r\n`;
    for (const head of [
      "GET /v1/instance HTTP/1.1\r\nConnection: close\r\n\r\n",
      "GET /v1/instance HTTP/1.0\r\n\r\n",
      `GET /v1/instance HTTP/1.1\r\nHost: evil.example\r\n${ours}Connection: close\r\n\r\n`,
      `POST /v1/statements HTTP/1.1\r\n${ours}Content-Type: application/json\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\n`,
    ]) {
      expect(await raw(port, head)).toMatch(/^HTTP\/1\.1 4\d\d /);
    }
    expect(countermand.calls).toEqual([]);
  });

  test("a request that does not arrive is given up", async () => {
    const port = await listen({ requestTimeout: 200, headersTimeout: 100 });
    app.server.setTimeout(0);
    const half = `POST /v1/statements HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{`;
    expect(await raw(port, half)).toContain("urn:countermand:problem:timeout");
    expect(await raw(port, "GET / HTTP/1.1\r\nHo")).toContain("urn:countermand:problem:timeout");
    expect(countermand.calls).toEqual([]);
  });

  test("the limits that cannot be waited for are set", async () => {
    await start();
    expect(app.server.requestTimeout).toBe(120_000);
    expect(app.server.headersTimeout).toBe(15_000);
  });
});
