/** For tests: an identity provider that answers whatever a test wants it to. */
import { createHash, generateKeyPairSync, randomUUID, sign, type KeyObject } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface Lie {
  /** Put over the claims of the ID token; undefined takes one away. */
  claims?: Record<string, unknown>;
  header?: Record<string, unknown>;
  /** Signs with this key instead of the published one; `none` leaves the signature out. */
  key?: KeyObject | "none";
  /** Put over the discovery document. */
  discovery?: Record<string, unknown>;
  /** The token endpoint's answer, whole. */
  answer?: unknown;
}

export class ForgingProvider {
  issuer = "";
  lie: Lie = {};
  /** Codes that were given out, each with the challenge and nonce that it is for. */
  readonly #codes = new Map<string, { readonly challenge: string; readonly nonce: string }>();
  /** Bodies that the token endpoint was sent. */
  readonly asked: URLSearchParams[] = [];
  readonly #key = generateKeyPairSync("rsa", { modulusLength: 2048 });
  readonly #server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      const [status, value] = this.#answer(request.url ?? "", new URLSearchParams(body));
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify(value));
    });
  });

  static async start(): Promise<ForgingProvider> {
    const it = new ForgingProvider();
    await new Promise<void>((resolve) => it.#server.listen(0, "127.0.0.1", resolve));
    it.issuer = `http://localhost:${(it.#server.address() as AddressInfo).port}`;
    return it;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** A person logs in at the page that they were sent to: the code that they are sent back with. */
  codeFor(page: URL): string {
    const code = randomUUID();
    const { searchParams } = page;
    this.#codes.set(code, {
      challenge: searchParams.get("code_challenge") ?? "",
      nonce: searchParams.get("nonce") ?? "",
    });
    return code;
  }

  #answer(url: string, body: URLSearchParams): [number, unknown] {
    switch (url) {
      case "/.well-known/openid-configuration":
        return [
          200,
          {
            issuer: this.issuer,
            authorization_endpoint: `${this.issuer}/auth`,
            token_endpoint: `${this.issuer}/token`,
            jwks_uri: `${this.issuer}/keys`,
            response_types_supported: ["code"],
            subject_types_supported: ["public"],
            id_token_signing_alg_values_supported: ["RS256"],
            code_challenge_methods_supported: ["S256"],
            ...this.lie.discovery,
          },
        ];
      case "/keys":
        return [
          200,
          { keys: [{ ...this.#key.publicKey.export({ format: "jwk" }), kid: "1", use: "sig" }] },
        ];
      case "/token":
        return this.#token(body);
      default:
        return [404, {}];
    }
  }

  /** An honest one: a code works once, and only with the verifier of its challenge. */
  #token(body: URLSearchParams): [number, unknown] {
    this.asked.push(body);
    if (this.lie.answer !== undefined) return [200, this.lie.answer];
    const challenge = createHash("sha256")
      .update(body.get("code_verifier") ?? "")
      .digest("base64url");
    const code = body.get("code") ?? "";
    const given = this.#codes.get(code);
    this.#codes.delete(code);
    if (given === undefined || given.challenge !== challenge) {
      return [400, { error: "invalid_grant" }];
    }
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      iss: this.issuer,
      aud: "countermand",
      sub: "248289761001",
      iat: now,
      exp: now + 300,
      nonce: given.nonce,
      ...this.lie.claims,
    };
    return [
      200,
      { access_token: "at", token_type: "Bearer", expires_in: 60, id_token: this.#idToken(claims) },
    ];
  }

  #idToken(claims: Record<string, unknown>): string {
    const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const head = { alg: "RS256", kid: "1", typ: "JWT", ...this.lie.header };
    const text = `${part(head)}.${part(claims)}`;
    const key = this.lie.key ?? this.#key.privateKey;
    const signature = key === "none" ? "" : sign("sha256", Buffer.from(text), key);
    return `${text}.${Buffer.from(signature).toString("base64url")}`;
  }
}
