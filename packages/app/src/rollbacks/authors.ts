/**
 * Which authors of undone commits are enrolled persons: the one computation
 * that both the assessor and the server make, so that nobody can leave an
 * author out of what they sign.
 */
import type { Opening, Registry } from "@countermand/record";
import { RollbacksError } from "./error.ts";

export interface Authors {
  /** Ids of persons, sorted. */
  readonly authors: readonly string[];
  /** How many are not enrolled. */
  readonly unknownAuthors: number;
}

/** `emails` as git has them; compared without regard to case. */
export function resolveAuthors(
  emails: readonly string[],
  registry: Registry,
  openings: readonly Opening[],
): Authors {
  const texts = new Map(openings.map((opening) => [opening.commitment, opening.value]));
  const persons = new Map<string, string>();
  for (const person of Object.values(registry.persons)) {
    for (const commitment of person.emails) {
      const email = texts.get(commitment);
      if (typeof email === "string") persons.set(email.toLowerCase(), person.id);
    }
  }
  const authors = new Set<string>();
  const unknown = new Set<string>();
  for (const email of emails.map((item) => item.toLowerCase())) {
    const person = persons.get(email);
    if (person === undefined) unknown.add(email);
    else authors.add(person);
  }
  return { authors: [...authors].sort(), unknownAuthors: unknown.size };
}

/** The mail addresses of the undone authors in the canonical bytes of an undo report. */
export function authorEmails(report: Uint8Array): readonly string[] {
  let authors: unknown;
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(report);
    ({ authors } = JSON.parse(text) as { readonly authors?: unknown });
  } catch (error) {
    throw new RollbacksError("invalid", notAReport, { cause: error });
  }
  if (!Array.isArray(authors)) throw new RollbacksError("invalid", notAReport);
  return authors.map((item: { readonly author?: unknown } | null) => {
    const author = item?.author;
    if (typeof author !== "string") throw new RollbacksError("invalid", notAReport);
    return /<([^<>]*)>\s*$/.exec(author)?.[1] ?? author;
  });
}

const notAReport = "the report is not one that `countermand undo --json` makes";
