/** Who asks: the bearer of a secret, the browser with a session's cookie, or nobody. */
import type { IncomingHttpHeaders } from "node:http";
import type { Login } from "../identity/login.ts";
import { refusal, type Principal } from "../identity/principal.ts";
import { carriesSecret } from "../identity/secret.ts";
import type { Access } from "../identity/principal.ts";
import { cookieOf, sessionCookie } from "./cookies.ts";
import { HttpProblem } from "./problem.ts";
import { bearerOf, isToken } from "./security.ts";

/** A bearer goes before a cookie: a program says on purpose who it is. */
export async function identify(
  headers: IncomingHttpHeaders,
  login: Login | undefined,
  operatorToken: string,
): Promise<Principal> {
  const bearer = bearerOf(headers.authorization);
  if (bearer !== undefined && isToken(bearer, operatorToken)) return { kind: "operator" };
  if (login === undefined) return { kind: "anybody" };
  if (bearer !== undefined) return login.ofBearer(bearer);
  const cookie = cookieOf(headers, sessionCookie);
  return cookie === undefined ? { kind: "nobody" } : login.ofSession("page", cookie);
}

/** Refuses whoever may not; what they lack is said. */
export function checkAccess(who: Principal, access: Access): void {
  const refused = refusal(who, access);
  if (refused === undefined) return;
  const headers = refused.code === "unauthorised" ? { "www-authenticate": "Bearer" } : {};
  throw new HttpProblem(refused.code, refused.says, { headers });
}

/** Refuses an address that carries a session or a token: it is in logs and histories by now. */
export function checkAddress(url: string): void {
  if (!carriesSecret(url)) return;
  throw new HttpProblem(
    "secret-in-address",
    "a session or an API token stands in the address, where logs keep it; send it as Authorization: Bearer, and revoke this one",
  );
}
