/**
 * Debian (deb-version(7)), RPM (rpmvercmp) and Alpine (apk-tools) package versions.
 * Each walks digits and the rest in turn; they differ in what a letter, a tilde and
 * a suffix are worth.
 */
import {
  compareCodes,
  compareDigits,
  isDigits,
  longestVersion,
  type Order,
  sign,
} from "./segments.ts";

export function compareDebian(a: string, b: string): Order | null {
  const [left, right] = [debian(a), debian(b)];
  if (left === null || right === null) return null;
  return (
    compareDigits(left.epoch, right.epoch) ||
    walkDebian(left.upstream, right.upstream) ||
    walkDebian(left.revision, right.revision)
  );
}

function debian(version: string) {
  if (version.length > longestVersion) return null;
  const found = /^(?:(\d+):)?([A-Za-z0-9.+~:-]+)$/.exec(version.trim());
  if (found === null) return null;
  const rest = found[2] ?? "";
  const hyphen = rest.lastIndexOf("-");
  return {
    epoch: found[1] ?? "0",
    upstream: hyphen === -1 ? rest : rest.slice(0, hyphen),
    revision: hyphen === -1 ? "0" : rest.slice(hyphen + 1),
  };
}

function walkDebian(a: string, b: string): Order {
  const [left, right] = [inTurn(a), inTurn(b)];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const [x, y] = [left[i] ?? "", right[i] ?? ""];
    const order =
      i % 2 === 1 ? compareDigits(x === "" ? "0" : x, y === "" ? "0" : y) : letters(x, y);
    if (order !== 0) return order;
  }
  return 0;
}

/** Non-digits at even places, digits at odd ones. */
function inTurn(text: string): string[] {
  const all = text.match(/\d+|\D+/g) ?? [];
  return isDigits(all[0] ?? "") ? ["", ...all] : [...all];
}

/** A tilde before the end, the end before letters, letters before anything else. */
function letters(a: string, b: string): Order {
  const worth = (c: string | undefined) =>
    c === "~"
      ? -1
      : c === undefined
        ? 0
        : /[A-Za-z]/.test(c)
          ? c.charCodeAt(0)
          : c.charCodeAt(0) + 256;
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const order = sign(worth(a[i]) - worth(b[i]));
    if (order !== 0) return order;
  }
  return 0;
}

export function compareRpm(a: string, b: string): Order | null {
  const [left, right] = [rpm(a), rpm(b)];
  if (left === null || right === null) return null;
  return (
    compareDigits(left.epoch, right.epoch) ||
    walkRpm(left.version, right.version) ||
    walkRpm(left.release, right.release)
  );
}

function rpm(version: string) {
  if (version.length > longestVersion || version === "") return null;
  const found = /^(?:(\d+):)?([^-\s]*)(?:-([^\s]*))?$/.exec(version.trim());
  if (found === null) return null;
  return { epoch: found[1] ?? "0", version: found[2] ?? "", release: found[3] ?? "" };
}

function walkRpm(a: string, b: string): Order {
  const [left, right] = [a, b].map((text) => text.match(/\d+|[A-Za-z]+|[~^]/g) ?? []);
  for (let i = 0; ; i++) {
    const [x, y] = [left?.[i], right?.[i]];
    if (x === "~" || y === "~") {
      if (x !== y) return x === "~" ? -1 : 1;
      continue;
    }
    if (x === "^" || y === "^") {
      if (x === y) continue;
      if (x === undefined || y === undefined) return x === undefined ? -1 : 1;
      return x === "^" ? -1 : 1;
    }
    if (x === undefined || y === undefined) return x === y ? 0 : x === undefined ? -1 : 1;
    if (isDigits(x) !== isDigits(y)) return isDigits(x) ? 1 : -1;
    const order = isDigits(x) ? compareDigits(x, y) : compareCodes(x, y);
    if (order !== 0) return order;
  }
}

const apkSuffixes = ["alpha", "beta", "pre", "rc", "", "cvs", "svn", "git", "hg", "p"];

export function compareAlpine(a: string, b: string): Order | null {
  const [left, right] = [apk(a), apk(b)];
  if (left === null || right === null) return null;
  for (let i = 0; i < Math.max(left.numbers.length, right.numbers.length); i++) {
    const [x, y] = [left.numbers[i], right.numbers[i]];
    if (x === undefined || y === undefined) return x === undefined ? -1 : 1;
    // After the first, a number with a leading zero is a fraction.
    const fraction = i > 0 && (x.startsWith("0") || y.startsWith("0"));
    const order = fraction ? compareCodes(x, y) : compareDigits(x, y);
    if (order !== 0) return order;
  }
  const letter = compareCodes(left.letter, right.letter);
  if (letter !== 0) return letter;
  for (let i = 0; i < Math.max(left.suffixes.length, right.suffixes.length); i++) {
    const none: readonly [string, string] = ["", ""];
    const [x, y] = [left.suffixes[i] ?? none, right.suffixes[i] ?? none];
    const order =
      sign(apkSuffixes.indexOf(x[0]) - apkSuffixes.indexOf(y[0])) ||
      compareDigits(x[1] === "" ? "0" : x[1], y[1] === "" ? "0" : y[1]);
    if (order !== 0) return order;
  }
  return compareDigits(left.revision, right.revision);
}

function apk(version: string) {
  if (version.length > longestVersion) return null;
  const found =
    /^(\d+(?:\.\d+)*)([a-z]?)((?:_(?:alpha|beta|pre|rc|cvs|svn|git|hg|p)\d*)*)(?:~[0-9a-f]+)?(?:-r(\d+))?$/.exec(
      version.trim(),
    );
  if (found === null) return null;
  const suffixes = Array.from(
    (found[3] ?? "").matchAll(/_([a-z]+)(\d*)/g),
    ([, name = "", number = ""]): readonly [string, string] => [name, number],
  );
  return {
    numbers: (found[1] ?? "").split("."),
    letter: found[2] ?? "",
    suffixes,
    revision: found[4] ?? "0",
  };
}
