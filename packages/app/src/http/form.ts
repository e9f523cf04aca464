/**
 * Forms of the page, which needs no script. A form that changes something must
 * say that this server's own page sent it (`security.ts`: Sec-Fetch-Site, Origin),
 * and must repeat a text that only a page made for this session holds: derived
 * from the session's secret, so nothing more is stored.
 */
import { timingSafeEqual } from "node:crypto";
import { z } from "zod";
import { hashSecret } from "../identity/secret.ts";
import { cookieOf, sessionCookie } from "./cookies.ts";
import { HttpProblem } from "./problem.ts";
import type { Asked } from "./route.ts";

export const formType = "application/x-www-form-urlencoded";
const maxFields = 20;

/** The fields of a form; one that is there twice is refused. */
export function parseForm(bytes: Uint8Array): Record<string, string> {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new HttpProblem("malformed", "the form is not UTF-8", { cause });
  }
  const fields = [...new URLSearchParams(text)];
  const names = new Set(fields.map(([name]) => name));
  if (names.size !== fields.length || fields.length > maxFields) {
    throw new HttpProblem("malformed", `a form has at most ${maxFields} fields, each once`);
  }
  return Object.fromEntries(fields);
}

/** The field that every form of a session has. */
export const formField = z.string().max(64).describe("From the page that has the form");

/** What the pages of this browser's session put into their forms. */
export function formOf({ headers }: Pick<Asked<unknown, unknown, unknown>, "headers">): string {
  return hashSecret("form", cookieOf(headers, sessionCookie) ?? "");
}

/** Refuses a form that was not made for this session. */
export function checkForm(asked: Asked<unknown, unknown, { readonly form: string }>): void {
  const [given, expected] = [Buffer.from(asked.body.form), Buffer.from(formOf(asked))];
  if (given.length === expected.length && timingSafeEqual(given, expected)) return;
  throw new HttpProblem(
    "cross-site",
    "this form was made for another session; open the page again and repeat it",
  );
}
