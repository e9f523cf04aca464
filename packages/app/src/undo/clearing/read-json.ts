/** JSON from a file that somebody gave us: bounded in size and depth, refused in one sentence. */
import { tooDeepAt } from "@countermand/record";
import type { z } from "zod";
import { ClearingError } from "./error.ts";

const mostDepth = 32;

/** `what` names the document in the sentence: `this is no …: …`; `shapeOf` looks which of several forms it has. */
export function readJson<T>(
  bytes: Uint8Array,
  shapeOf: (value: unknown) => z.ZodType<T>,
  what: string,
  mostBytes: number,
): T {
  const refuse = (problem: string, cause?: unknown) =>
    new ClearingError(`this is no ${what}: ${problem}`, { cause });
  if (bytes.length > mostBytes) {
    throw refuse(`it has ${bytes.length} bytes, and at most ${mostBytes} are read`);
  }
  if (tooDeepAt(bytes, mostDepth) !== null) throw refuse("it is nested too deep");
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw refuse("it is not JSON in UTF-8", cause);
  }
  const read = shapeOf(value).safeParse(value);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  // Keys of a stranger's document may be anything; only plain ones are repeated.
  const path = issue?.path
    .map((key) => (/^[\w@-]{1,40}$/.test(String(key)) ? String(key) : "?"))
    .join(".");
  throw refuse(`${path === undefined || path === "" ? "it" : path}: ${plainIssue(issue)}`);
}

function plainIssue(issue: { readonly message: string } | undefined): string {
  return (issue?.message ?? "is wrong").replaceAll(/[^\x20-\x7e]/g, "?").slice(0, 200);
}

/** A form is told by a key at its top. */
export function hasKey(value: unknown, key: string): boolean {
  return typeof value === "object" && value !== null && Object.hasOwn(value, key);
}
