/**
 * JSON from a stranger. UTF-8 strictly, depth counted before anything is parsed,
 * and no key that could become a prototype: what follows never has to ask.
 */
import { tooDeepAt } from "@countermand/record";
import { HttpProblem } from "./problem.ts";

/** A submission is four levels deep. */
const maxDepth = 32;

/** The value of a JSON body, or an `HttpProblem` "malformed-json". */
export function parseJsonBody(bytes: Uint8Array): unknown {
  if (bytes.length === 0) throw malformed("the body is empty; send a JSON object");
  const deep = tooDeepAt(bytes, maxDepth);
  if (deep !== null) throw malformed(`nested deeper than ${maxDepth} levels, at byte ${deep}`);
  let value: unknown;
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    value = JSON.parse(text);
  } catch (cause) {
    throw malformed("the body is not JSON in UTF-8", cause);
  }
  checkKeys(value);
  return value;
}

const forbidden = ["__proto__", "constructor", "prototype"];

function checkKeys(value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  for (const key of forbidden) {
    if (Object.hasOwn(value, key)) throw malformed(`the key ${key} is not allowed`);
  }
  for (const member of Object.values(value)) checkKeys(member);
}

function malformed(problem: string, cause?: unknown): HttpProblem {
  return new HttpProblem("malformed-json", problem, { cause });
}
