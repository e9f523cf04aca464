/**
 * dep.integrity-weakened: what is installed is held to less than before: a lock file
 * that is gone while its manifest stays, a digest that is gone or shorter, a download
 * that goes from https to http, from a registry to a repository or another host.
 */
import { packageChanges, placeOf, type Named } from "../../dependencies/delta.ts";
import { isDependencyFile, readerFor } from "../../dependencies/packages-model.ts";
import { statement } from "../clear.ts";
import { isDocumentation, isTest } from "../file-classes.ts";
import { finding, type Finding, type Rule, type RuleInput } from "../rule.ts";

export const depIntegrityWeakened: Rule = {
  id: "dep.integrity-weakened",
  version: 3,
  implications: ["dep.integrity-weakened"],
  reads: (path) => (isDependencyFile(path) || manifestsOf(path) !== null) && !isDocumentation(path),
  wantsPaths: true,
  run(input): readonly Finding[] {
    return [...lostLocks(input), ...lostSums(input), ...weakened(input)];
  },
};

/** What holds digests beside the lock file or without one: which manifests it is for, or null. */
function manifestsOf(path: string): RegExp | null {
  const folder = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const sums = /^(.*\/)?go\.sum$/.exec(path);
  if (sums !== null) return new RegExp(`^${folder(sums[1] ?? "")}go\\.mod$`);
  const gradle = /^(.*\/)?gradle\/verification-metadata\.xml$/.exec(path);
  return gradle === null
    ? null
    : new RegExp(`^${folder(gradle[1] ?? "")}(?:build|settings)\\.gradle(?:\\.kts)?$`);
}

function lostSums({ files, paths }: RuleInput): Finding[] {
  return files.flatMap(({ path, status }) => {
    const manifests = manifestsOf(path);
    const gone = status === "removed";
    if (manifests === null || isTest(path) || (!gone && status !== "added")) return [];
    if (!paths[gone ? "after" : "before"].some((one) => manifests.test(one))) return [];
    return [
      fileFinding(path, gone, gone ? "the digests are gone, what they hold stays" : "digests come"),
    ];
  });
}

function lostLocks({ files, paths }: RuleInput): Finding[] {
  const folderOf = (path: string) => path.slice(0, path.lastIndexOf("/") + 1);
  const isLock = (path: string) =>
    readerFor(path)?.kind === "lockfile" &&
    !/(?:go\.(?:mod|work|sum)|requirements|constraints|Chart\.yaml)/.test(path);
  const kept = new Set(
    paths.after
      .filter(
        (path) =>
          readerFor(path)?.kind === "manifest" &&
          /(?:\.json|\.toml|Gemfile|Pipfile|\.gemspec)$/.test(path),
      )
      .map(folderOf),
  );
  const locksAfter = new Set(paths.after.filter(isLock).map(folderOf));
  return files
    .filter(({ path }) => isLock(path) && !isTest(path))
    .flatMap(({ path, status }) => {
      const folder = folderOf(path);
      const gone = status === "removed" && kept.has(folder) && !locksAfter.has(folder);
      const come =
        status === "added" && !paths.before.some((one) => isLock(one) && folderOf(one) === folder);
      if (!gone && !come) return [];
      return [
        fileFinding(
          path,
          gone,
          gone ? "the lock file is gone, its manifest stays" : "a lock file comes",
        ),
      ];
    });
}

function fileFinding(path: string, gone: boolean, text: string): Finding {
  return finding(depIntegrityWeakened, {
    implication: "dep.integrity-weakened",
    direction: gone ? "worse" : "better",
    subject: path,
    locations: [{ side: gone ? "before" : "after", path, startLine: 1, endLine: 1 }],
    evidence: [{ kind: "path", text }],
    severity: gone ? "medium" : "info",
    confidence: 90,
    rootCause: `lock:${path.slice(0, path.lastIndexOf("/") + 1)}`,
    clearBy: [statement("the packages are locked elsewhere (another lock file, a built image)")],
  });
}

const strength: Readonly<Record<string, number>> = {
  md5: 0,
  sha1: 1,
  sha256: 2,
  h1: 2,
  zh: 2,
  sha384: 3,
  sha512: 4,
  // Berry's own, a SHA-512 over the package as it keeps it.
  yarn: 4,
};

function strongest({ integrity }: Named): number {
  return Math.max(-1, ...integrity.map((one) => strength[one.slice(0, one.indexOf(":"))] ?? 1));
}

/** One finding a kind and file: a lock file that changes its registry does so for every package. */
function weakened({ files, models }: RuleInput): Finding[] {
  const found = new Map<
    string,
    { from: Named; to: Named; what: string; names: string[]; grave: boolean }
  >();
  for (const { name, before, after } of packageChanges(files, models)) {
    const sameVersion = new Map(after.map((one) => [`${one.path} ${one.version ?? ""}`, one]));
    const there = new Set(before.map((one) => `${one.path} ${one.version ?? ""}`));
    const come = new Map(
      after
        .filter((one) => !there.has(`${one.path} ${one.version ?? ""}`))
        .map((one) => [one.path, one]),
    );
    const sameFile = new Map(after.map((one) => [one.path, one]));
    for (const from of before) {
      // What comes instead of it is to be held as it was; another one that stays need not.
      const instead = sameVersion.get(`${from.path} ${from.version ?? ""}`) ?? come.get(from.path);
      const to = instead ?? sameFile.get(from.path);
      if (to === undefined || from.dev !== to.dev) continue;
      const loss = (instead === undefined ? null : digestLoss(from, to)) ?? sourceLoss(from, to);
      if (loss === null) continue;
      const key = `${from.path} ${loss.what}`;
      const known = found.get(key);
      if (known === undefined) found.set(key, { from, to, ...loss, names: [name] });
      else if (!known.names.includes(name)) known.names.push(name);
    }
  }
  return [...found.values()].map(({ from, to, what, names, grave }) =>
    finding(depIntegrityWeakened, {
      implication: "dep.integrity-weakened",
      direction: "worse",
      subject: `${from.path}: ${what}`,
      locations: [placeOf(from, "before"), placeOf(to, "after")],
      evidence: [
        {
          kind: "value",
          text: `${names.slice(0, 5).join(", ")}${names.length > 5 ? ` and ${names.length - 5} more` : ""}`,
        },
      ],
      severity: grave ? "high" : "medium",
      confidence: 85,
      ...(to.dev ? { reach: "development" as const } : {}),
      rootCause: `lock:${from.path.slice(0, from.path.lastIndexOf("/") + 1)}`,
      clearBy: [
        statement("the lock file was made anew and verified, or the host is on the allow-list"),
      ],
    }),
  );
}

type Loss = { readonly what: string; readonly grave: boolean };

function digestLoss(from: Named, to: Named): Loss | null {
  if (from.kind !== "lockfile" || to.kind !== "lockfile" || from.integrity.length === 0)
    return null;
  if (to.integrity.length === 0) {
    return to.pin === "digest" ? null : { what: "a digest is gone", grave: true };
  }
  return strongest(to) < strongest(from) && strongest(to) < 2
    ? { what: "a digest is weaker", grave: false }
    : null;
}

function sourceLoss(from: Named, to: Named): Loss | null {
  const [left, right] = [hostOf(from.source), hostOf(to.source)];
  if (left === null || right === null || left === right) return null;
  if (sameRegistry.has(left) && sameRegistry.has(right)) return null;
  if (right === left.replace(/^http:/, "https:")) return null;
  if (left.startsWith("https:") && right.startsWith("http:")) {
    return { what: "downloads go over http", grave: true };
  }
  return from.kind === "lockfile"
    ? { what: `downloads go from ${left} to ${right}`, grave: false }
    : null;
}

/** Two names of one registry. */
const sameRegistry = new Set(["https://registry.npmjs.org", "https://registry.yarnpkg.com"]);

function hostOf(source: string | undefined): string | null {
  // The index of crates.io, by git or by the sparse protocol: the same crates.
  if (/\bgithub\.com\/rust-lang\/crates\.io-index\b/.test(source ?? "")) {
    return "https://index.crates.io";
  }
  const found = /^(?:\w+\+)?(https?|git|ssh):\/\/(?:[^/@\s]{0,200}@)?([^/:\s]{1,200})/.exec(
    source ?? "",
  );
  return found === null ? null : `${found[1]}://${found[2]}`;
}
