/**
 * The packages of an npm `package-lock.json`, lockfileVersion 1 to 3
 * (docs.npmjs.com, package-lock.json). Version 2 holds both forms; the newer
 * one, `packages`, is read. Linked and bundled workspaces (no version, or
 * `link`) are left out: they are this repository's own.
 */

export type LockedPackage = {
  readonly name: string;
  readonly version: string;
  /** Where in the tree it is installed: two versions of one package have two. */
  readonly place: string;
  readonly dev: boolean;
};

const largest = 20 * 1024 * 1024;
const deepest = 64;
const mostPackages = 200_000;

export function isPackageLock(path: string): boolean {
  return /(?:^|\/)(?:package-lock|npm-shrinkwrap)\.json$/.test(path);
}

/** The packages by place, or a sentence that says why the file could not be read. */
export function parsePackageLock(text: string): Map<string, LockedPackage> | string {
  if (text.length > largest) return `larger than ${largest} characters`;
  if (tooDeep(text)) return `nested deeper than ${deepest} levels`;
  let root: unknown;
  try {
    // A byte order mark is not JSON, and editors write one.
    root = JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch {
    return "not JSON";
  }
  if (!isRecord(root)) return "not a JSON object";
  const version = root["lockfileVersion"];
  const found = new Map<string, LockedPackage>();
  if (isRecord(root["packages"]) && (version === 2 || version === 3)) {
    readPackages(root["packages"], found);
  } else if (version === 1 || version === undefined) {
    if (isRecord(root["dependencies"])) readDependencies(root["dependencies"], "", found);
  } else return "not of lockfileVersion 1, 2 or 3";
  return found.size < mostPackages ? found : `more than ${mostPackages} packages`;
}

function readPackages(packages: Record<string, unknown>, found: Map<string, LockedPackage>): void {
  for (const [place, entry] of Object.entries(packages)) {
    const at = place.lastIndexOf("node_modules/");
    if (at === -1 || !isRecord(entry) || entry["link"] === true) continue;
    const name = typeof entry["name"] === "string" ? entry["name"] : place.slice(at + 13);
    add(found, place, name, entry);
  }
}

function readDependencies(
  dependencies: Record<string, unknown>,
  above: string,
  found: Map<string, LockedPackage>,
): void {
  for (const [name, entry] of Object.entries(dependencies)) {
    if (!isRecord(entry)) continue;
    const place = `${above}node_modules/${name}`;
    add(found, place, name, entry);
    if (isRecord(entry["dependencies"])) {
      readDependencies(entry["dependencies"], `${place}/`, found);
    }
  }
}

function add(
  found: Map<string, LockedPackage>,
  place: string,
  name: string,
  entry: Record<string, unknown>,
): void {
  const version = entry["version"];
  if (typeof version !== "string" || found.size >= mostPackages) return;
  const dev = entry["dev"] === true || entry["devOptional"] === true;
  found.set(place, { name, version, place, dev });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Before parsing, so that brackets cost one pass and no stack. */
function tooDeep(text: string): boolean {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (inString) {
      if (c === 0x5c) i++;
      else if (c === 0x22) inString = false;
    } else if (c === 0x22) inString = true;
    else if (c === 0x7b || c === 0x5b) {
      if (++depth > deepest) return true;
    } else if (c === 0x7d || c === 0x5d) depth--;
  }
  return false;
}
