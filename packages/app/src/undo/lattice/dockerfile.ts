/**
 * The user that a Dockerfile's last stage runs as. Read by lines: instructions at
 * their start, line continuations joined. Left out: `--target`, heredocs.
 */
import type { Reading } from "./row.ts";

export function isDockerfilePath(path: string): boolean {
  return /(?:^|\/)(?:Dockerfile|Containerfile)(?:\.[\w.-]{1,60})?$|\.Dockerfile$/i.test(path);
}

/** `unknown` where the user is a variable; null where neither the file nor the base image's name says one. */
export function dockerfileUser(text: string, path: string): Reading | null {
  const stages = new Map<string, Reading | null>();
  let user: Reading | null = null;
  let alias: string | null = null;
  const args = new Map<string, string>();
  let line = 0;
  for (const raw of text.split("\n")) {
    line++;
    const given = /^\s{0,20}ARG\s+(\w{1,80})=["']?([^\s"']{1,200})/i.exec(raw.slice(0, 600));
    if (given !== null) args.set(given[1] ?? "", given[2] ?? "");
    const match = /^\s{0,20}(FROM|USER)\s+(.{1,500})$/i.exec(raw.slice(0, 600).trimEnd());
    const words = match?.[2]
      ?.trim()
      .split(/\s+/)
      .filter((word) => !word.startsWith("--"));
    // An argument's default holds unless the build says otherwise.
    const name = words?.[0]?.replace(
      /^\$\{?(\w{1,80})\}?$/,
      (whole, key: string) => args.get(key) ?? whole,
    );
    if (match === null || words === undefined || name === undefined) continue;
    const at = { path, startLine: line, endLine: line };
    if (match[1]?.toUpperCase() === "USER") user = { values: [userName(name)], ...at };
    else {
      const inherited = stages.get(name.toLowerCase());
      user = inherited ?? (inherited === undefined ? baseUser(name, at) : null);
      alias = words[1]?.toUpperCase() === "AS" ? (words[2] ?? null) : null;
    }
    if (alias !== null) stages.set(alias.toLowerCase(), user);
  }
  return user;
}

function userName(word: string): string {
  if (word.includes("$")) return "unknown";
  const name = word.split(":")[0] ?? "";
  return name === "0" ? "root" : name;
}

/** Images that say in their name that they run as another user. */
function baseUser(image: string, at: Omit<Reading, "values">): Reading | null {
  if (image.includes("$")) return { values: ["unknown"], ...at };
  return /nonroot|unprivileged|rootless/i.test(image) ? { values: ["the image's"], ...at } : null;
}
