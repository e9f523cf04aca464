/**
 * OpenID Connect with an identity provider: authorization code, PKCE, state and
 * nonce (OpenID Connect Core 1.0 §3.1, RFC 7636, RFC 9700). The ID token's
 * signature is checked against the provider's keys, although it came over TLS:
 * a token endpoint behind a careless proxy is then no way in.
 *
 * Nothing but who it is and the groups is taken from the token; access and
 * refresh tokens are dropped. Left out: logging out at the provider, because a
 * session here is not the provider's to end, nor ours to end there.
 */
import type * as Client from "openid-client";
import { LoginError } from "./error.ts";
import { groupsClaim } from "./groups.ts";
import { newSecret } from "./secret.ts";

export interface OidcSettings {
  readonly issuer: string;
  readonly clientId: string;
  /** Absent: a public client. */
  readonly clientSecret?: string;
  /** Beside `openid`. */
  readonly scopes: readonly string[];
  /** The claim that lists group ids. */
  readonly groupsClaim: string;
}

/** What belongs to one login and never leaves the server, but for the challenge and the nonce. */
export interface Asking {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

export interface Found {
  readonly issuer: string;
  readonly subject: string;
  readonly groups: readonly string[];
  /** Why there are no groups although the provider said something. */
  readonly groupsProblem?: string;
  /** As the provider signed it. The server forgets it; whoever enrols a key shows it. */
  readonly idToken: string;
}

export interface Oidc {
  readonly issuer: string;
  /** What a login needs to be asked for and to be believed; `nonce` where it commits to something. */
  ask(nonce?: string): Asking;
  /** The provider's page; `fresh`: a session that is open there is not enough. Throws a `LoginError` "login-unavailable" where it does not answer. */
  pageOf(asking: Asking, redirectUri: string, options?: { readonly fresh: true }): Promise<URL>;
  /** Who came back to `url`. Throws a `LoginError` "login-failed" or "login-unavailable". */
  finish(asking: Asking, url: URL): Promise<Found>;
}

/** Seconds that the provider has for an answer. */
const patience = 10;

/** The provider is first asked when somebody logs in: it may be down when the server starts. */
export function oidc(settings: OidcSettings): Oidc {
  let known: Promise<Provider> | undefined;
  async function provider(): Promise<Provider> {
    known ??= discover(settings);
    try {
      return await known;
    } catch (cause) {
      known = undefined;
      throw new LoginError(
        "login-unavailable",
        `the identity provider ${settings.issuer} does not answer as one; try again, and tell whoever runs this server`,
        { cause },
      );
    }
  }

  return {
    issuer: settings.issuer,
    ask: (nonce = newSecret()) => ({ state: newSecret(), nonce, verifier: newSecret() }),
    async pageOf({ state, nonce, verifier }, redirectUri, options) {
      const { client, configuration } = await provider();
      return client.buildAuthorizationUrl(configuration, {
        redirect_uri: redirectUri,
        scope: ["openid", ...settings.scopes].join(" "),
        code_challenge: await client.calculatePKCECodeChallenge(verifier),
        code_challenge_method: "S256",
        state,
        nonce,
        ...(options === undefined ? {} : { prompt: "login" }),
      });
    },
    async finish({ state, nonce, verifier }, url) {
      const { client, configuration } = await provider();
      let claims: Client.IDToken | undefined;
      let idToken: string | undefined;
      try {
        const tokens = await client.authorizationCodeGrant(configuration, url, {
          expectedState: state,
          expectedNonce: nonce,
          pkceCodeVerifier: verifier,
          idTokenExpected: true,
        });
        claims = tokens.claims();
        idToken = tokens.id_token;
      } catch (cause) {
        throw failure(cause, settings.issuer);
      }
      if (claims === undefined || idToken === undefined) throw failure(undefined, settings.issuer);
      const { groups, problem } = groupsClaim(claims, settings.groupsClaim);
      return {
        issuer: claims.iss,
        subject: claims.sub,
        groups,
        idToken,
        ...(problem === undefined ? {} : { groupsProblem: problem }),
      };
    },
  };
}

interface Provider {
  readonly client: typeof Client;
  readonly configuration: Client.Configuration;
}

async function discover(settings: OidcSettings): Promise<Provider> {
  const client = await import("openid-client");
  const url = new URL(settings.issuer);
  const configuration = await client.discovery(
    url,
    settings.clientId,
    undefined,
    settings.clientSecret === undefined
      ? client.None()
      : client.ClientSecretBasic(settings.clientSecret),
    {
      timeout: patience,
      execute: [
        client.enableNonRepudiationChecks,
        // The configuration takes http:// for this machine alone.
        ...(url.protocol === "http:" ? [client.allowInsecureRequests] : []),
      ],
    },
  );
  return { client, configuration };
}

/** The library's words are for programmers and may hold what the provider said; ours go to the person. */
function failure(cause: unknown, issuer: string): LoginError {
  const { error } = cause as { readonly error?: unknown };
  if (error === "access_denied") {
    return new LoginError("login-failed", `${issuer} did not let you in, or you said no`, {
      cause,
    });
  }
  return new LoginError(
    "login-failed",
    `what ${issuer} answered cannot be believed: it is for another login, another application, or not signed by it; begin again`,
    { cause },
  );
}
