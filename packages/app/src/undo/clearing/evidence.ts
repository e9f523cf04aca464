/**
 * What a machine can check and no repository says: which migrations were applied,
 * which secrets are revoked, which certificates are in use, what is set, what runs,
 * what ships. A file of the operator's (docs/spec/clearing.md), or an SBOM of what
 * ships.
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import { fromPurl } from "../advisories/purl.ts";
import { compareVersions } from "../dependencies/versions/compare.ts";
import { sbom } from "../dependencies/readers/sbom.ts";
import { Unread } from "../models/model.ts";
import type { ClearCondition } from "../rules/clear.ts";
import { clearedUntil } from "./clearings.ts";
import { ClearingError } from "./error.ts";
import { hasKey, readJson } from "./read-json.ts";

const mostBytes = 32 * 1024 * 1024;
const longestDays = 366;
const day = 86_400_000;

const text = z.string().min(1).max(300);
const hex64 = z.string().regex(/^[0-9a-f]{64}$/);
const shape = z.strictObject({
  version: z.literal(1),
  /** Who or what looked. */
  source: text,
  seenAt: clearedUntil,
  until: clearedUntil,
  /** The state that it is about, as reports name it; absent: any. */
  target: text.optional(),
  /** The whole journal: what is not in it was not applied. */
  appliedMigrations: z.array(text).max(100_000).optional(),
  /** Keyed hashes as findings name them. */
  revokedSecrets: z.array(hex64).max(10_000).optional(),
  /** Of certificates that are in use and not compromised. */
  certificates: z
    .array(z.strictObject({ certificate: hex64, notBefore: clearedUntil, notAfter: clearedUntil }))
    .max(10_000)
    .optional(),
  settings: z
    .array(z.strictObject({ path: text, setting: text, value: z.string().max(300) }))
    .max(10_000)
    .optional(),
  /** Jobs and steps that run. */
  checks: z.array(text).max(10_000).optional(),
  /** Package URLs with their versions, of all that ships. */
  packages: z.array(text).max(100_000).optional(),
});
type Facts = z.infer<typeof shape>;

type Package = {
  readonly ecosystem: string;
  readonly name: string;
  readonly version: string | null;
};

export type Evidence = {
  readonly digest: string;
  readonly source: string;
  readonly facts: Omit<Facts, "version" | "source" | "packages" | "seenAt" | "until">;
  readonly packages: readonly Package[];
  /** Milliseconds; an SBOM has neither. */
  readonly seenAt?: number;
  readonly until?: number;
};

const anySbom: z.ZodType<Facts | { readonly sbom: true }> = z
  .looseObject({})
  .transform(() => ({ sbom: true }) as const);

function isSbom(value: unknown): boolean {
  return hasKey(value, "bomFormat") || hasKey(value, "spdxVersion");
}

export function parseEvidence(bytes: Uint8Array): Evidence {
  const digest = createHash("sha256").update(bytes).digest("hex");
  const what = "evidence file (docs/spec/clearing.md) and no SBOM in JSON";
  const read = readJson(bytes, (value) => (isSbom(value) ? anySbom : shape), what, mostBytes);
  if (!("source" in read)) {
    const packages = sbom.read(new TextDecoder().decode(bytes), "bom.json");
    if (packages instanceof Unread)
      throw new ClearingError(`this is no ${what}: ${packages.reason}`);
    const shipped = packages.map(({ ecosystem, name, version }) => ({
      ecosystem,
      name,
      version: version ?? null,
    }));
    return { digest, source: `the SBOM ${digest.slice(0, 12)}`, facts: {}, packages: shipped };
  }
  const { version: _version, source, packages = [], seenAt, until, ...facts } = read;
  const [from, to] = [Date.parse(seenAt), Date.parse(until)];
  if (to <= from || to - from > longestDays * day) {
    throw new ClearingError(
      `this is no ${what}: until is after seenAt, and at most ${longestDays} days after it`,
    );
  }
  const shipped = packages.map((purl) => {
    const named = fromPurl(purl);
    if (named !== null && named.version !== null) return named;
    throw new ClearingError(`this is no ${what}: packages are package URLs with a version`);
  });
  return {
    digest,
    source: source.toWellFormed(),
    facts,
    packages: shipped,
    seenAt: from,
    until: to,
  };
}

/** Why the condition is met by this evidence; undefined: it is not, or the evidence is silent. */
export function meets(
  condition: ClearCondition,
  { facts, packages, seenAt, until }: Evidence,
  asOf: number,
  target: string,
): string | undefined {
  if (facts.target !== undefined && facts.target !== target) return undefined;
  if ((seenAt !== undefined && asOf < seenAt) || (until !== undefined && asOf >= until)) {
    return undefined;
  }
  switch (condition.kind) {
    case "package-at-least":
      return atLeast(packages, condition.package, condition.version);
    case "setting": {
      const found = facts.settings?.some(
        ({ path, setting, value }) =>
          path === condition.path && setting === condition.setting && value === condition.value,
      );
      return found === true ? "the setting has the value that it had" : undefined;
    }
    case "check-runs":
      return facts.checks?.includes(condition.check) === true ? "the check runs" : undefined;
    case "migration-not-applied":
      return facts.appliedMigrations?.includes(condition.migration) === false
        ? "the journal of applied migrations lacks it"
        : undefined;
    case "certificate-valid": {
      const found = facts.certificates?.find((one) => one.certificate === condition.certificate);
      if (found === undefined) return undefined;
      const valid = Date.parse(found.notBefore) <= asOf && asOf < Date.parse(found.notAfter);
      return valid ? `in use and valid until ${found.notAfter}` : undefined;
    }
    case "secret-revoked":
      return facts.revokedSecrets?.includes(condition.secret) === true
        ? "the secret is revoked"
        : undefined;
    case "statement":
      return undefined;
  }
}

/** Every copy that ships is at least that version, and one does. */
function atLeast(packages: readonly Package[], purl: string, version: string): string | undefined {
  const wanted = fromPurl(purl);
  if (wanted === null) return undefined;
  const copies = packages.filter(
    ({ ecosystem, name }) => ecosystem === wanted.ecosystem && name === wanted.name,
  );
  const good = copies.every((one) => {
    const order =
      one.version === null ? null : compareVersions(one.ecosystem, one.version, version);
    return order !== null && order >= 0;
  });
  if (copies.length === 0 || !good) return undefined;
  const versions = [...new Set(copies.map((one) => one.version ?? ""))].sort();
  return `what ships has ${versions.slice(0, 5).join(", ")}`.slice(0, 300);
}
