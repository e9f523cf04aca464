/** Who asks, and what each route wants of whoever asks. */

/** What an API token may be used for. None lets anybody decide: that takes a signature and a person. */
export const scopes = ["read", "submit", "gate", "signal"] as const;
export type Scope = (typeof scopes)[number];

export type Principal =
  /** Nobody has shown anything. */
  | { readonly kind: "nobody" }
  /** There is no login here: whoever reaches the port. */
  | { readonly kind: "anybody" }
  /** Holds the token in the server's data folder, and with it everything that lies there. */
  | { readonly kind: "operator" }
  | {
      readonly kind: "session";
      readonly session: Session;
      /** As of now; absent where the account is linked to nobody. */
      readonly person?: string;
      /** What the account's groups give as of now. */
      readonly roles: readonly string[];
      /** Enrolled, or in a group that may read, or nobody said which may. */
      readonly mayRead: boolean;
    }
  | { readonly kind: "token"; readonly token: ApiToken };

export interface Session {
  readonly id: string;
  readonly use: "page" | "command-line";
  readonly method: "oidc" | "passkey" | "link";
  readonly holder: string;
  readonly person?: string;
  readonly account?: { readonly issuer: string; readonly subject: string };
  readonly roles: readonly string[];
  readonly client: string;
  readonly address: string;
  readonly createdAt: string;
  readonly seenAt: string;
  readonly idleAt: string;
  readonly endsAt: string;
}

export interface ApiToken {
  readonly id: string;
  readonly name: string;
  readonly person: string;
  readonly scopes: readonly Scope[];
  readonly createdAt: string;
  readonly endsAt: string;
  readonly usedAt?: string;
}

/** What a route wants. */
export type Access =
  /** Nothing. */
  | "open"
  /** Whoever is known at all; says only who they are. */
  | "self"
  /** A login that may read; a token with `read`. */
  | "read"
  /** A login of an enrolled person; a token with `submit`. */
  | "submit"
  /** A login of an enrolled person; a token with `gate`. */
  | "gate"
  /** A login of an enrolled person; a token with `signal`. */
  | "signal"
  /** Any login, never a token. */
  | "session"
  /** A login of an enrolled person, never a token. */
  | "person"
  /** The token in the server's data folder. */
  | "operator";

const logInFirst =
  "log in first: `countermand login`, or send an API token as Authorization: Bearer <token>";

/** Why `principal` may not, or undefined. */
export function refusal(
  principal: Principal,
  access: Access,
): { readonly code: "unauthorised" | "forbidden"; readonly says: string } | undefined {
  if (access === "open") return undefined;
  if (access === "operator") {
    return principal.kind === "operator"
      ? undefined
      : {
          code: "unauthorised",
          says: "this needs the token that lies in the server's data folder, as Authorization: Bearer <token>",
        };
  }
  if (access === "self") {
    return principal.kind === "nobody" ? { code: "unauthorised", says: logInFirst } : undefined;
  }
  switch (principal.kind) {
    case "nobody":
      return {
        code: "unauthorised",
        says: logInFirst,
      };
    case "anybody":
      return access === "session" || access === "person"
        ? {
            code: "forbidden",
            says: "this server has no login, so there are no sessions and tokens",
          }
        : undefined;
    case "operator":
      return access === "session" || access === "person"
        ? { code: "forbidden", says: "the data folder's token is no person; log in for this" }
        : undefined;
    case "token":
      return ofToken(principal.token, access);
    case "session":
      if (principal.person !== undefined || access === "session") return undefined;
      if (access === "read") {
        return principal.mayRead
          ? undefined
          : {
              code: "forbidden",
              says: "your account is linked to no enrolled person and is in no group that may read here; an administrator links it, or the policy names one of its groups",
            };
      }
      return {
        code: "forbidden",
        says: "your account is linked to no enrolled person, so this login may read at most; an administrator links it",
      };
  }
}

function ofToken(token: ApiToken, access: Exclude<Access, "open" | "self" | "operator">) {
  if (access === "session" || access === "person") {
    return {
      code: "forbidden" as const,
      says: "an API token cannot do this; a person who is logged in can",
    };
  }
  if (token.scopes.includes(access)) return undefined;
  return {
    code: "forbidden" as const,
    says: `this API token has the scopes ${token.scopes.join(", ")}; this needs ${access}`,
  };
}
