/**
 * A store for tests: get, conditional put, delete and list of one bucket, path-style. It
 * works the signature out from what came over the wire, and refuses what is not signed
 * so. `faults` are statuses to answer, before or after the effect.
 */
import { createHash, createHmac } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

export interface FakeS3 {
  readonly endpoint: string;
  readonly objects: Map<string, Buffer>;
  /** Taken one by one for requests that come. */
  readonly faults: { readonly status: number; readonly after: boolean }[];
  /** Overwrites in spite of conditions. */
  ignoresConditions: boolean;
  requests: number;
  close(): Promise<void>;
}

export const fakeCredentials = {
  accessKeyId: "AKFAKE",
  secretAccessKey: "a secret / of + the fake",
};
export const fakeBucket = "ledger-mirror";
export const fakeRegion = "eu-test-1";

export async function fakeS3(): Promise<FakeS3> {
  const server = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const answer = handle(request, Buffer.concat(chunks));
      response.writeHead(answer.status, answer.etag === undefined ? {} : { etag: answer.etag });
      response.end(answer.body);
    })();
  });
  const fake: FakeS3 = {
    endpoint: "",
    objects: new Map(),
    faults: [],
    ignoresConditions: false,
    requests: 0,
    close: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };

  function handle(request: IncomingMessage, body: Buffer): Answer {
    fake.requests += 1;
    if (!isSigned(request, body)) return problem(403, "SignatureDoesNotMatch");
    const fault = fake.faults.shift();
    if (fault?.after === false) return problem(fault.status, "SlowDown");
    const answer = act(request, body);
    return fault === undefined ? answer : problem(fault.status, "InternalError");
  }

  function act({ method, url = "", headers }: IncomingMessage, body: Buffer): Answer {
    const { pathname, searchParams } = new URL(url, "http://fake");
    const path = decodeURIComponent(pathname);
    if (!path.startsWith(`/${fakeBucket}/`)) return problem(404, "NoSuchBucket");
    const key = path.slice(fakeBucket.length + 2);
    const found = fake.objects.get(key);
    if (method === "GET" && key === "") {
      const keys = [...fake.objects.keys()].filter((one) =>
        one.startsWith(searchParams.get("prefix") ?? ""),
      );
      const items = keys.map((one) => `<Contents><Key>${one}</Key></Contents>`).join("");
      return { status: 200, body: `<ListBucketResult>${items}</ListBucketResult>` };
    }
    if (method === "GET") {
      if (found === undefined) return problem(404, "NoSuchKey");
      return { status: 200, body: found, etag: etagOf(found) };
    }
    if (method === "DELETE") {
      fake.objects.delete(key);
      return { status: 204, body: "" };
    }
    const held =
      (headers["if-none-match"] === "*" && found !== undefined) ||
      (headers["if-match"] !== undefined &&
        (found === undefined || headers["if-match"] !== etagOf(found)));
    if (held && !fake.ignoresConditions) return problem(412, "PreconditionFailed");
    fake.objects.set(key, body);
    return { status: 200, body: "", etag: etagOf(body) };
  }

  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  return Object.assign(fake, { endpoint: `http://127.0.0.1:${port}` });
}

interface Answer {
  readonly status: number;
  readonly body: string | Buffer;
  readonly etag?: string;
}

function problem(status: number, code: string): Answer {
  return { status, body: `<?xml version="1.0"?><Error><Code>${code}</Code></Error>` };
}

function etagOf(body: Buffer): string {
  return `"${createHash("md5").update(body).digest("hex")}"`;
}

/** From the wire's own bytes, not through the client's code. */
function isSigned({ method, url = "", headers }: IncomingMessage, body: Buffer): boolean {
  const match =
    /^AWS4-HMAC-SHA256 Credential=AKFAKE\/(\d{8})\/eu-test-1\/s3\/aws4_request,SignedHeaders=([a-z0-9;-]+),Signature=([0-9a-f]{64})$/.exec(
      headers.authorization ?? "",
    );
  if (match === null) return false;
  const [, day = "", names = "", signature = ""] = match;
  const mustSign = Object.keys(headers).filter((name) => /^(?:host|x-amz-.*|if-.*)$/.test(name));
  if (!mustSign.every((name) => names.split(";").includes(name))) return false;
  const digest = createHash("sha256").update(body).digest("hex");
  if (headers["x-amz-content-sha256"] !== digest) return false;
  const [path, query = ""] = url.split("?");
  const lines = names.split(";").map((name) => `${name}:${String(headers[name])}\n`);
  const canonical = `${method}\n${path}\n${query}\n${lines.join("")}\n${names}\n${digest}`;
  let key: Buffer | string = `AWS4${fakeCredentials.secretAccessKey}`;
  for (const part of [day, fakeRegion, "s3", "aws4_request"]) {
    key = createHmac("sha256", key).update(part).digest();
  }
  const hashed = createHash("sha256").update(canonical).digest("hex");
  const toSign = `AWS4-HMAC-SHA256\n${String(headers["x-amz-date"])}\n${day}/${fakeRegion}/s3/aws4_request\n${hashed}`;
  return createHmac("sha256", key).update(toSign).digest("hex") === signature;
}
