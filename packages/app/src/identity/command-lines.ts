/**
 * Letting a command line in, on the word of somebody who is logged in at the page.
 *
 * With a browser on the same machine: the page redirects to the command line's own
 * port on 127.0.0.1 with a code (RFC 8252 §7.3), which is worth nothing without
 * the verifier that the command line kept (RFC 7636). Without one: a device code
 * after RFC 8628, where a person types a short code at the page. That can be
 * phished, because the code may have been made by somebody else: the page shows
 * from where it was asked for, and it lives for ten minutes.
 */
import { createHash, randomInt, timingSafeEqual } from "node:crypto";
import { LoginError } from "./error.ts";
import { onceLives, type Device, type NewLogin, type Once } from "./once.ts";
import type { Principal } from "./principal.ts";
import { hashSecret, newSecret } from "./secret.ts";
import type { Client } from "./sessions.ts";

/** RFC 8628 §6.1: no vowels, so no words; nothing that looks like something else. */
const letters = "BCDFGHJKLMNPQRSTVWXZ";

export class CommandLines {
  readonly #once: Once;
  readonly #now: () => Date;

  constructor(once: Once, now: () => Date) {
    this.#once = once;
    this.#now = now;
  }

  /** A code for the command line that has the verifier of `challenge` (S256); good once, for a minute. */
  async letIn(principal: Principal, challenge: string): Promise<string> {
    const code = newSecret();
    await this.#once.put("code", code, { challenge, login: loginOf(principal) });
    return code;
  }

  /** Who the code was given for. It is used up even where the verifier is another one. */
  async redeem(code: string, verifier: string): Promise<NewLogin> {
    const found = await this.#once.take("code", code);
    const challenge = createHash("sha256").update(verifier).digest("base64url");
    if (found === undefined || !same(found.challenge, challenge)) {
      throw new LoginError(
        "login-failed",
        "this code was used, is older than a minute, or was given to another command line; log in again",
      );
    }
    return found.login;
  }

  /** Begins a login of a command line that has no browser. */
  async askDevice({ client, address }: Client) {
    const device = newSecret();
    const userCode = Array.from({ length: 8 }, () => letters[randomInt(letters.length)]).join("");
    const now = this.#now().getTime();
    const endsAt = new Date(now + onceLives.device).toISOString();
    await this.#once.put("device-user", userCode, { device: hashSecret("device", device) });
    await this.#once.put("device", device, {
      client: client.slice(0, 200),
      address,
      askedAt: new Date(now).toISOString(),
      endsAt,
    });
    return { device, userCode: `${userCode.slice(0, 4)}-${userCode.slice(4)}`, endsAt };
  }

  /** Who waits for this code, so that a person can say whether it is theirs. */
  async deviceOf(userCode: string): Promise<Device> {
    const named = await this.#once.look("device-user", normal(userCode));
    const device =
      named === undefined ? undefined : await this.#once.lookByHash("device", named.device);
    return mustWait(device);
  }

  /** Lets the command line in that waits for this code, or refuses it. Once. */
  async answerDevice(userCode: string, answer: Principal | "refused"): Promise<void> {
    const named = await this.#once.take("device-user", normal(userCode));
    const device =
      named === undefined ? undefined : await this.#once.lookByHash("device", named.device);
    const waiting = mustWait(device);
    const after: Device = {
      ...waiting,
      answer: answer === "refused" ? "refused" : { login: loginOf(answer) },
    };
    const changed = await this.#once.change("device", named?.device ?? "", waiting, after);
    if (!changed) mustWait(undefined);
  }

  /** The answer, once there is one; undefined while nobody has given it. */
  async deviceAnswer(device: string): Promise<NewLogin | undefined> {
    const found = await this.#once.look("device", device);
    if (found === undefined) {
      throw new LoginError("login-failed", "this login was used or took too long; begin again");
    }
    if (found.answer === undefined) return undefined;
    const taken = await this.#once.take("device", device);
    if (taken?.answer === undefined || taken.answer === "refused") {
      throw new LoginError("login-failed", "the person at the page refused this login");
    }
    return taken.answer.login;
  }
}

/** As people type it: any case, hyphens and spaces anywhere. */
function normal(userCode: string): string {
  return userCode.replaceAll(/[\s-]/g, "").toUpperCase();
}

function mustWait(device: Device | undefined): Device {
  if (device !== undefined && device.answer === undefined) return device;
  throw new LoginError(
    "login-failed",
    "no command line waits for that code; look at it again, or begin again with `countermand login --device`",
  );
}

/** Only a session that somebody began by logging in is passed on: no token makes a login. */
function loginOf(principal: Principal): NewLogin {
  if (principal.kind !== "session") {
    throw new LoginError("forbidden", "only somebody who is logged in can let a command line in");
  }
  const { method, person, account, roles } = principal.session;
  return {
    method,
    ...(person === undefined ? {} : { person }),
    ...(account === undefined ? {} : { account }),
    roles,
  };
}

function same(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
