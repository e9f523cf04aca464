/** For tests: an issuer of pipelines' identity tokens as a process of its own; says its address and serves until it is ended. */
import { generateKeyPairSync, sign } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");

const server = createServer((request, response) => {
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const url = new URL(request.url ?? "/", base);
  const answer = (value: unknown, status = 200) => {
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
  };
  if (url.pathname === "/.well-known/openid-configuration") {
    answer({ issuer: base, jwks_uri: `${base}/keys` });
  } else if (url.pathname === "/keys") {
    answer({ keys: [{ ...publicKey.export({ format: "jwk" }), kid: "k", use: "sig" }] });
  } else if (request.headers.authorization !== "Bearer job") {
    answer({ message: "no" }, 401);
  } else {
    const now = Math.floor(Date.now() / 1000);
    const data = `${part({ alg: "RS256", kid: "k" })}.${part({
      iss: base,
      sub: "repo:shop/ci:ref:refs/heads/main",
      aud: url.searchParams.get("audience"),
      iat: now,
      exp: now + 300,
      repository_id: url.searchParams.get("repository") ?? "4711",
    })}`;
    const mark = sign("sha256", Buffer.from(data), privateKey).toString("base64url");
    answer({ value: `${data}.${mark}` });
  }
}).listen(0, "127.0.0.1", () => {
  process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
});
