/**
 * What makes two results of the same scanner the same result: rule, file, logical
 * place and what stands there, never the line's number. Text is compared without
 * white space, by its hash, so that what a scanner found (a secret, say) is not
 * kept.
 */
import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import type { SarifResult } from "./sarif.ts";

export type IdentifiedResult = {
  readonly rule: string;
  readonly path: string;
  readonly startLine: number;
  readonly endLine: number;
  readonly level: SarifResult["level"];
  /** Over logical place, fingerprints and matched text; 32 hexadecimal digits. */
  readonly identity: string;
  /** Whether the identity rests on more than rule and file. */
  readonly certain: boolean;
  /**
   * Which resource or function it is in: its logical place, else the first line of
   * a place of several lines (tools of infrastructure name a whole resource, whose
   * text changes with every setting). Empty: neither.
   */
  readonly anchor: string;
  /** Of the nearest lines above and below that are not blank; empty: there is none. */
  readonly above: string;
  readonly below: string;
};

/** Matched text longer than this many lines is a file, not a place. */
const mostLines = 50;
const largestText = 16 * 1024 * 1024;

/** Reads each file once; the files are those of the materialised tree. */
export async function identify(
  results: readonly SarifResult[],
  tree: string,
): Promise<IdentifiedResult[]> {
  const byPath = Map.groupBy(results.entries(), ([, result]) => result.path);
  const identified: IdentifiedResult[] = [];
  for (const [path, some] of byPath) {
    const lines = path === "" ? null : await linesOf(join(tree, path));
    for (const [at, result] of some) identified[at] = identifyOne(result, lines);
  }
  return identified;
}

export function identifyOne(
  result: SarifResult,
  lines: readonly string[] | null,
): IdentifiedResult {
  const { rule, path, startLine, endLine, level, logical, prints } = result;
  const text = lines === null ? "" : matched(result, lines);
  return {
    rule,
    path,
    startLine,
    endLine,
    level,
    identity: hash(JSON.stringify([logical, prints, text])),
    certain: text !== "" || prints !== "" || logical !== "",
    anchor: anchorOf(result, lines),
    above: lines === null ? "" : neighbour(lines, startLine - 2, -1),
    below: lines === null ? "" : neighbour(lines, Math.max(startLine, endLine), 1),
  };
}

function matched(result: SarifResult, lines: readonly string[]): string {
  const { startLine, endLine, startColumn, endColumn } = result;
  if (startLine === 0 || startLine > lines.length) return "";
  const some = lines.slice(startLine - 1, Math.min(endLine, startLine - 1 + mostLines));
  if (startColumn > 0 && endColumn > 0 && endLine - startLine < mostLines) {
    const last = some.length - 1;
    some[last] = (some[last] ?? "").slice(0, endColumn - 1);
    some[0] = (some[0] ?? "").slice(startColumn - 1);
  }
  const text = bare(some.join("\n"));
  // Columns that name nothing: the tool counts them otherwise.
  return text === "" ? bare(lines[startLine - 1] ?? "") : text;
}

function anchorOf(result: SarifResult, lines: readonly string[] | null): string {
  const { logical, startLine, endLine } = result;
  if (logical !== "") return hash(logical);
  if (lines === null || endLine <= startLine) return "";
  return neighbour(lines.slice(0, endLine), startLine - 1, 1);
}

/** From index `at` on, in steps of `step`, the first line that says something. */
function neighbour(lines: readonly string[], at: number, step: 1 | -1): string {
  for (let index = at; index >= 0 && index < lines.length; index += step) {
    const text = bare(lines[index] ?? "");
    if (text !== "") return hash(text);
  }
  return "";
}

function bare(text: string): string {
  return text.replaceAll(/\s/g, "");
}

function hash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}

/** Null where there is no such plain file, or it is too long. A link that the scanner left there is not followed. */
async function linesOf(file: string): Promise<string[] | null> {
  const text = await readPlainFile(file, largestText);
  return text === null ? null : text.split("\n");
}

/** The text of a plain file of at most `maxBytes`; null for anything else, a link or a pipe too. */
export async function readPlainFile(path: string, maxBytes: number): Promise<string | null> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await open(path, flags).catch(() => null);
  if (file === null) return null;
  try {
    const { size } = await file.stat().then((s) => (s.isFile() ? s : { size: maxBytes + 1 }));
    return size > maxBytes ? null : await file.readFile("utf8");
  } finally {
    await file.close();
  }
}
