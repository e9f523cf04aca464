/**
 * Which names an archive may hold: relative, plain ASCII, and safe to unpack on
 * any file system without one file landing on another.
 */
import { quote, RecordError } from "../bytes/error.ts";

/** The longest that a ustar header can hold: 155 bytes, a slash, 100 bytes. */
const maxPathLength = 256;

/** Takes the paths of one archive, one after the other; `add` throws a `RecordError` "archive". */
export class PathSet {
  // In lower case: macOS and Windows do not tell A from a.
  readonly #files = new Set<string>();
  readonly #folders = new Set<string>();

  add(path: string): void {
    checkPath(path);
    const folded = path.toLowerCase();
    if (this.#files.has(folded)) {
      throw refused(
        path,
        "is in the archive already (names that differ only in case count as one)",
      );
    }
    if (this.#folders.has(folded)) throw refused(path, "is a file and a folder at once");
    for (let at = folded.indexOf("/"); at !== -1; at = folded.indexOf("/", at + 1)) {
      const folder = folded.slice(0, at);
      if (this.#files.has(folder)) throw refused(path, "lies in a folder that is a file");
      this.#folders.add(folder);
    }
    this.#files.add(folded);
  }
}

function checkPath(path: string): void {
  const rule = "letters, digits, . _ - in names separated by single slashes";
  if (!/^[A-Za-z0-9._-]+(?:\/[A-Za-z0-9._-]+)*$/.test(path)) {
    throw refused(path, `is no path of an archive; allowed are ${rule}`);
  }
  if (path.split("/").some((name) => name === "." || name === "..")) {
    throw refused(path, "has a segment . or .., which could lead out of the folder");
  }
  if (path.length > maxPathLength)
    throw refused(path, `is longer than ${maxPathLength} characters`);
}

function refused(path: string, problem: string): RecordError {
  return new RecordError("archive", `${quote(path, 100)} ${problem}`);
}
