/** Over a real socket: an injected request would have its address tidied up first. */
import { request, type IncomingHttpHeaders } from "node:http";
import { gunzipSync } from "node:zlib";
import { decodeBundle, decodeTile, leafHash } from "@countermand/tlog";
import type { FastifyInstance } from "fastify";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { fakeLog, testServer } from "./testing/server.ts";

let app: FastifyInstance;
let port = 0;
let state: Awaited<ReturnType<typeof testServer>>["state"];

beforeEach(async () => {
  ({ app, state } = await testServer());
  await app.listen({ host: "127.0.0.1", port: 0 });
  port = (app.server.address() as { port: number }).port;
});
afterEach(async () => app.close());

interface Reply {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

function send(method: string, path: string, headers: Record<string, string> = {}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    request({ host: "127.0.0.1", port, method, path, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () =>
        resolve({
          status: response.statusCode,
          headers: response.headers,
          body: Buffer.concat(chunks),
        }),
      );
    })
      .on("error", reject)
      .end();
  });
}
const get = (path: string, headers?: Record<string, string>) => send("GET", path, headers);

describe("the log", () => {
  test("the checkpoint is never cached, tiles for ever, both from any page", async () => {
    const checkpoint = await get("/log/checkpoint");
    expect(checkpoint.headers).toMatchObject({
      "content-type": "text/plain; charset=utf-8",
      "cache-control": "no-store",
      "access-control-allow-origin": "*",
      "cross-origin-resource-policy": "cross-origin",
      "x-content-type-options": "nosniff",
    });
    expect(checkpoint.body.toString().split("\n")[1]).toBe("300");
    const tile = await get("/log/tile/0/000");
    expect(tile.headers).toMatchObject({
      "content-type": "application/octet-stream",
      "cache-control": "public, max-age=604800, immutable",
      "access-control-allow-origin": "*",
      "x-content-type-options": "nosniff",
    });
    expect(tile.body.length).toBe(8192);
  });

  test("tiles hold the hashes of the bundles' entries", async () => {
    const hashes = decodeTile((await get("/log/tile/0/001.p/44")).body, 44);
    const entries = decodeBundle((await get("/log/tile/entries/001.p/44")).body, 44);
    expect(entries.map((entry) => Buffer.from(leafHash(entry)))).toEqual(
      hashes.map((it) => Buffer.from(it)),
    );
  });

  test("bundles are compressed for who asks, under a tag of their own; hashes never", async () => {
    const url = "/log/tile/entries/000";
    const plain = await get(url);
    expect(plain.headers).toMatchObject({ vary: "accept-encoding" });
    expect(plain.headers["content-encoding"]).toBeUndefined();
    for (const accept of ["gzip", "br, GZIP;q=0.5", "*"]) {
      const small = await get(url, { "accept-encoding": accept });
      expect(small.headers).toMatchObject({ vary: "accept-encoding", "content-encoding": "gzip" });
      expect(gunzipSync(small.body)).toEqual(plain.body);
      expect(small.headers["etag"]).not.toBe(plain.headers["etag"]);
      const again = { "accept-encoding": accept, "if-none-match": String(small.headers["etag"]) };
      expect((await get(url, again)).status).toBe(304);
    }
    for (const accept of ["", "br", "gzip;q=0", "identity, gzip; q=0.0", "*;q=0"]) {
      const { headers } = await get(url, { "accept-encoding": accept });
      expect(headers["content-encoding"]).toBeUndefined();
    }
    const tile = await get("/log/tile/0/000", { "accept-encoding": "gzip" });
    expect(tile.headers["content-encoding"]).toBeUndefined();
  });

  test("HEAD answers the headers alone", async () => {
    for (const url of ["/log/checkpoint", "/log/tile/0/000", "/log/tile/entries/000", "/log/key"]) {
      const full = await get(url);
      const head = await send("HEAD", url);
      expect([head.status, head.body.length]).toEqual([200, 0]);
      expect(head.headers["content-length"]).toBe(full.headers["content-length"]);
      expect(head.headers["etag"]).toBe(full.headers["etag"]);
    }
    const gzip = { "accept-encoding": "gzip" };
    const full = await get("/log/tile/entries/000", gzip);
    const head = await send("HEAD", "/log/tile/entries/000", gzip);
    expect([head.status, head.body.length]).toEqual([200, 0]);
    for (const name of ["content-length", "content-encoding", "etag", "vary"]) {
      expect([name, head.headers[name]]).toEqual([name, full.headers[name]]);
      expect(head.headers[name]).toBeDefined();
    }
  });

  test("a compressed bundle is the log's that is open, and a missing one is a 404", async () => {
    const url = "/log/tile/entries/001.p/44";
    const gzip = { "accept-encoding": "gzip" };
    expect((await get(url, gzip)).status).toBe(200);
    state.log = fakeLog(40);
    expect((await get(url, gzip)).status).toBe(404);
    state.log = undefined;
    expect((await get(url, gzip)).status).toBe(404);
  });

  test("an entity tag saves the second transfer and no other", async () => {
    for (const url of ["/log/checkpoint", "/log/tile/0/000"]) {
      const { headers } = await get(url);
      const same = await get(url, { "if-none-match": `"x", W/${String(headers["etag"])}` });
      expect([same.status, same.body.length]).toEqual([304, 0]);
      expect((await get(url, { "if-none-match": '"x"' })).status).toBe(200);
    }
    state.log = fakeLog(301);
    expect((await get("/log/checkpoint")).status).toBe(200);
  });

  test("the keys, one a line", async () => {
    const { headers, body } = await get("/log/key");
    expect(headers["content-type"]).toBe("text/plain; charset=utf-8");
    expect(body.toString()).toMatch(/^\S+\n$/);
  });

  test.each([
    "checkpoint?x=1",
    "checkpoint?",
    "checkpoin%74",
    "checkpoint/",
    "key?",
    "tile/0/000?x",
    "tile/0/%30%30%30",
    "tile/0/0",
    "tile/0/x000/000",
    "tile/0/x000/067",
    "tile/00/000",
    "tile/64/000",
    "tile/-1/000",
    "tile/0/000.p/0",
    "tile/0/000.p/256",
    "tile/0/001.p/044",
    "tile/0/001.P/44",
    "tile/0/001.p/44/",
    "tile/0//001.p/44",
    "tile/0/../0/000",
    "tile/entries/000?",
    "tile/entries/x000/000",
    "tile/data/000",
    "tile/",
    "tile",
    // Canonical, and not implied by a tree of 300.
    "tile/0/001",
    "tile/0/001.p/45",
    "tile/0/002.p/1",
    "tile/1/000",
    "tile/entries/001",
    "tile/entries/001.p/45",
  ])("%s is a 404 that nobody keeps", async (path) => {
    const answer = await get(`/log/${path}`);
    expect(answer.status).toBe(404);
    expect(answer.headers["cache-control"]).toBe("no-store");
    expect(answer.headers["content-type"]).toBe("application/problem+json");
    expect(answer.headers["etag"]).toBeUndefined();
  });

  test("without a ledger there is no log", async () => {
    state.log = undefined;
    for (const url of ["/log/checkpoint", "/log/key", "/log/tile/0/000"]) {
      const { status, headers } = await get(url);
      expect([status, headers["cache-control"]]).toEqual([404, "no-store"]);
    }
  });

  test("nothing else may be read from another page", async () => {
    for (const url of ["/", "/v1/instance", "/v1/records", "/health", "/openapi.json"]) {
      const { headers } = await get(url, { origin: "http://evil.example" });
      expect(headers["access-control-allow-origin"]).toBeUndefined();
      expect(headers["cross-origin-resource-policy"]).toBe("same-origin");
    }
  });
});
