/**
 * Which parts of a project a change touches: the nearest folder above a file
 * that has a manifest of its own, else the top-level folder.
 */
import { compareText } from "../rules/order.ts";

const manifests = new Set([
  "package.json",
  "go.mod",
  "Cargo.toml",
  "pyproject.toml",
  "setup.py",
  "pom.xml",
  "build.gradle",
  "build.gradle.kts",
  "Gemfile",
  "composer.json",
  "mix.exs",
  "Chart.yaml",
  "Dockerfile",
]);

export function isManifest(path: string): boolean {
  return manifests.has(path.slice(path.lastIndexOf("/") + 1));
}

/** `.` is the root. `folders` are those with a manifest, without a slash at the end. */
export function componentOf(path: string, folders: ReadonlySet<string>): string {
  for (let at = path.lastIndexOf("/"); at > 0; at = path.lastIndexOf("/", at - 1)) {
    const folder = path.slice(0, at);
    if (folders.has(folder)) return folder;
  }
  const slash = path.indexOf("/");
  return slash === -1 ? "." : path.slice(0, slash);
}

/** Components by the number of their files, the most first. */
export function components(
  paths: readonly string[],
  folders: ReadonlySet<string>,
): { name: string; files: number }[] {
  const counts = new Map<string, number>();
  for (const path of paths) {
    const name = componentOf(path, folders);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts]
    .map(([name, files]) => ({ name, files }))
    .sort((a, b) => b.files - a.files || compareText(a.name, b.name));
}
