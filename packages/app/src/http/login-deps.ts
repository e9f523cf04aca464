/** The login of a server that has one; routes about logins ask here. */
import type { Login } from "../identity/login.ts";
import { HttpProblem } from "./problem.ts";
import type { HttpDeps } from "./route.ts";

export function loginOf({ login }: HttpDeps): Login {
  if (login !== undefined) return login;
  throw new HttpProblem(
    "no-route",
    "there is no login here: this server was started with COUNTERMAND_LOGIN=off, or on loopback without it",
  );
}
