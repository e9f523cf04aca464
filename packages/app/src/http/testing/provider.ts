/** For tests: an identity provider in this process, with its own pages to log in at. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Provider } from "oidc-provider";

export const clientId = "countermand";
export const clientSecret = "a-secret-that-the-provider-gave-us";

/** A command line: public, and it comes back to this machine. */
export const nativeClientId = "countermand-command-line";

export interface TestProvider {
  readonly issuer: string;
  /** Claims by login name; `sub` is the name. */
  readonly accounts: Map<string, Record<string, unknown>>;
  /** Where it may send browsers back to. */
  redirectUris: string[];
  close(): Promise<void>;
}

/** Answers once it listens; `redirectUris` are read when the first request comes. */
export async function testProvider(): Promise<TestProvider> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const issuer = `http://localhost:${(server.address() as AddressInfo).port}`;
  const accounts = new Map<string, Record<string, unknown>>();
  const it: TestProvider = {
    issuer,
    accounts,
    redirectUris: [],
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  let callback: ReturnType<Provider["callback"]> | undefined;
  server.on("request", (request, response) => {
    callback ??= make(it).callback();
    callback(request, response);
  });
  return it;
}

function make({ issuer, accounts, redirectUris }: TestProvider): Provider {
  return new Provider(issuer, {
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        redirect_uris: redirectUris,
        grant_types: ["authorization_code"],
        response_types: ["code"],
      },
      {
        client_id: nativeClientId,
        application_type: "native",
        token_endpoint_auth_method: "none",
        // Of loopback any port will do (RFC 8252 §7.3).
        redirect_uris: ["http://127.0.0.1/"],
        grant_types: ["authorization_code"],
        response_types: ["code"],
      },
    ],
    pkce: { required: () => true },
    claims: { openid: ["sub", "groups", "_claim_names", "_claim_sources"] },
    conformIdTokenClaims: false,
    findAccount: (_context: unknown, id: string) => ({
      accountId: id,
      claims: () => ({ ...accounts.get(id), sub: id }),
    }),
    cookies: { keys: ["only for tests"] },
    features: { devInteractions: { enabled: true } },
  });
}
