/** Logins, sessions and API tokens as the API answers them. */
import { z } from "zod";
import { maxTokenDays } from "../../identity/api-tokens.ts";
import { scopes } from "../../identity/principal.ts";
import { actor, instant } from "./words.ts";

const secret = z.string().min(1).max(100);
const shortId = z
  .string()
  .regex(/^[0-9a-f]{16}$/, "is an id of 16 lower-case hex digits")
  .describe("Names it; lets nobody in");
const clientName = z.string().max(200).describe("As it named itself");
const address = z.string().describe("Where it came from, as the server saw it");

/** base64url of a WebAuthn field. */
export const webauthnBytes = z
  .string()
  .max(12_000)
  .regex(/^[A-Za-z0-9_-]*$/, "is base64url without padding");

export const session = z
  .object({
    id: shortId,
    use: z.enum(["page", "command-line"]),
    method: z.enum(["oidc", "passkey", "link"]),
    client: clientName,
    address,
    createdAt: instant,
    seenAt: instant,
    idleAt: instant.describe("It ends then, unless it is used before"),
    endsAt: instant.describe("It ends then, however much it is used"),
  })
  .describe("A login that has not ended");

export const apiToken = z
  .object({
    id: shortId,
    name: z.string().describe("What it is for"),
    person: actor,
    scopes: z.array(z.enum(scopes)),
    createdAt: instant,
    endsAt: instant,
    usedAt: instant.exactOptional().describe("When it was used last, to the minute"),
  })
  .describe("An API token, without what makes it work");

export const whoAmI = z
  .object({
    login: z.enum(["off", "operator", "session", "token"]),
    person: actor.exactOptional().describe("Absent: linked to nobody"),
    account: z
      .object({ issuer: z.string(), subject: z.string() })
      .exactOptional()
      .describe("At the identity provider; what an administrator links"),
    roles: z.array(z.string()).describe("From groups, for this session alone"),
    session: session.exactOptional(),
    sessions: z.array(session).exactOptional().describe("All of this person or account"),
    token: apiToken.exactOptional(),
  })
  .describe("Who the server takes you for");

export const endRequest = z
  .union([
    z.strictObject({ id: shortId }),
    z.strictObject({ all: z.literal(true) }).describe("All of one's own"),
    z.strictObject({ person: actor }).describe("All of another person; administrators may"),
  ])
  .describe("Which sessions end");
export const ended = z.object({ ended: z.int().min(0).describe("How many sessions ended") });

export const codeRequest = z
  .strictObject({
    code: secret,
    verifier: z.string().regex(/^[A-Za-z0-9_-]{43,128}$/, "is a verifier as in RFC 7636"),
    client: clientName,
  })
  .describe("A code from the page, and what proves whose it is");

export const begun = z
  .object({
    token: z.string().describe("For Authorization: Bearer; nowhere else"),
    endsAt: instant,
    person: actor.exactOptional(),
  })
  .describe("A session of a command line");

export const deviceRequest = z.strictObject({ client: clientName });
export const deviceAsked = z.object({
  device: z.string().describe("To ask with whether somebody has answered"),
  userCode: z.string().describe("For a person to type at the page"),
  page: z.url().describe("Where to type it"),
  endsAt: instant,
});
export const devicePoll = z.strictObject({ device: secret, client: clientName });
export const waiting = z.object({ waiting: z.literal(true) });

export const linkRequest = z.strictObject({ person: actor });
export const linkMade = z.object({
  url: z.url().describe("Lets in once"),
  endsAt: instant,
});

export const tokenRequest = z
  .strictObject({
    name: z
      .string()
      .regex(/^[\x20-\x7e]{1,100}$/, "is 1 to 100 printable ASCII characters")
      .describe("What it is for"),
    scopes: z.array(z.enum(scopes)).min(1).max(scopes.length),
    days: z.int().min(1).max(maxTokenDays).describe("It ends after so many"),
  })
  .describe("An API token to make");
export const tokenMade = z.object({
  secret: z.string().describe("For Authorization: Bearer; shown this once"),
  token: apiToken,
});
export const tokenList = z.object({ items: z.array(apiToken) });
export const tokensQuery = z.object({
  all: z.enum(["true", "false"]).exactOptional().describe("Everybody's; administrators may"),
});
export const revokeRequest = z.strictObject({ id: shortId });
export const revoked = z.object({ revoked: z.literal(true) });
