/**
 * Many patterns, asked for the ones that a path matches. A pattern that names a
 * folder or file literally is only tried on paths that have the name, so thousands
 * of patterns cost a path about as much as those made of wildcards alone.
 */
import { matchesNames, neededName, type Pattern } from "./codeowners-pattern.ts";

export class PatternIndex {
  readonly #patterns: readonly Pattern[];
  readonly #byName = new Map<string, number[]>();
  readonly #wild: number[] = [];

  constructor(patterns: readonly Pattern[]) {
    this.#patterns = patterns;
    for (const [at, pattern] of patterns.entries()) {
      const name = neededName(pattern);
      const list = name === null ? this.#wild : (this.#byName.get(name) ?? []);
      list.push(at);
      if (name !== null) this.#byName.set(name, list);
    }
  }

  /** Places in the list of patterns that match, the last first; stops asking when the caller does. */
  *matches(path: string): Generator<number> {
    const names = path.split("/");
    const candidates = [...this.#wild];
    for (const name of new Set(names)) {
      for (const at of this.#byName.get(name) ?? []) candidates.push(at);
    }
    for (const at of candidates.sort((a, b) => b - a)) {
      const pattern = this.#patterns[at];
      if (pattern !== undefined && matchesNames(pattern, names)) yield at;
    }
  }
}
