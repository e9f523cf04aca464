/**
 * JSON from a stranger. UTF-8 strictly, depth counted before anything is parsed,
 * and no key that could become a prototype: what follows never has to ask.
 */
import { HttpProblem } from "./problem.ts";

/** A submission is four levels deep. */
const maxDepth = 32;

/** The value of a JSON body, or an `HttpProblem` "malformed-json". */
export function parseJsonBody(bytes: Uint8Array): unknown {
  if (bytes.length === 0) throw malformed("the body is empty; send a JSON object");
  checkDepth(bytes);
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

/** Counts brackets outside strings. UTF-8's later bytes are never ASCII, so bytes will do. */
function checkDepth(bytes: Uint8Array): void {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    if (inString) {
      if (byte === 0x5c) i++;
      else if (byte === 0x22) inString = false;
    } else if (byte === 0x22) {
      inString = true;
    } else if (byte === 0x5b || byte === 0x7b) {
      depth++;
      if (depth > maxDepth) throw malformed(`nested deeper than ${maxDepth} levels, at byte ${i}`);
    } else if (byte === 0x5d || byte === 0x7d) {
      depth--;
    }
  }
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
