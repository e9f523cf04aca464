/**
 * What VEX documents say of a vulnerability in a package: OpenVEX 0.2
 * (https://github.com/openvex/spec) and the vulnerabilities of CycloneDX 1.4 to 1.7.
 * Only what names a package by purl and says why is taken; of several statements the
 * newest counts. VEX has no end of its own, so one that is older than a year is to be
 * said again.
 *
 * Left out: signatures of the documents (the operator chooses whom to believe by
 * choosing the file), version ranges in CycloneDX's `affects`, CSAF.
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import { fromPurl } from "../advisories/purl.ts";
import { ClearingError } from "./error.ts";
import { hasKey, readJson } from "./read-json.ts";

export type VexStatus = "not_affected" | "fixed" | "affected" | "under_investigation";

export type VexStatement = {
  /** Of the vulnerability and its aliases, upper case. */
  readonly ids: readonly string[];
  readonly ecosystem: string;
  readonly name: string;
  /** Null: every version. */
  readonly version: string | null;
  readonly status: VexStatus;
  /** Why; a statement that clears has one. */
  readonly why: string;
  /** Milliseconds since 1970. */
  readonly at: number;
};

export type VexDocument = {
  /** SHA-256 of its bytes, hex. */
  readonly digest: string;
  readonly author: string;
  readonly statements: readonly VexStatement[];
};

const mostBytes = 32 * 1024 * 1024;
const mostStatements = 100_000;
export const vexHoldsDays = 366;

const text = z.string().max(10_000);
const instant = z.iso.datetime({ offset: true });
const openVex = z.object({
  "@context": z.string().regex(/^https:\/\/openvex\.dev\/ns(?:\/v0\.\d+\.\d+)?$/),
  author: text.min(1),
  timestamp: instant,
  last_updated: instant.optional(),
  statements: z
    .array(
      z.object({
        vulnerability: z.union([
          text,
          z.object({
            name: text,
            "@id": text.optional(),
            aliases: z.array(text).max(20).optional(),
          }),
        ]),
        products: z
          .array(
            z.union([
              text,
              z.object({
                "@id": text.optional(),
                identifiers: z.object({ purl: text.optional() }).optional(),
                subcomponents: z
                  .array(
                    z.union([
                      text,
                      z.object({
                        "@id": text.optional(),
                        identifiers: z.object({ purl: text.optional() }).optional(),
                      }),
                    ]),
                  )
                  .max(10_000)
                  .optional(),
              }),
            ]),
          )
          .max(10_000)
          .optional(),
        status: z.enum(["not_affected", "fixed", "affected", "under_investigation"]),
        justification: text.optional(),
        impact_statement: text.optional(),
        timestamp: instant.optional(),
        last_updated: instant.optional(),
      }),
    )
    .max(mostStatements),
});
type OpenVex = z.infer<typeof openVex>;

const component = z.object({ "bom-ref": text.optional(), purl: text.optional() });
const cycloneDx = z.object({
  bomFormat: z.literal("CycloneDX"),
  metadata: z
    .object({
      timestamp: instant.optional(),
      authors: z.array(z.object({ name: text.optional() })).optional(),
      component: component.optional(),
    })
    .optional(),
  components: z.array(component).max(mostStatements).optional(),
  vulnerabilities: z
    .array(
      z.object({
        id: text,
        references: z
          .array(z.object({ id: text }))
          .max(100)
          .optional(),
        analysis: z
          .object({
            state: z
              .enum([
                "resolved",
                "resolved_with_pedigree",
                "exploitable",
                "in_triage",
                "false_positive",
                "not_affected",
              ])
              .optional(),
            justification: text.optional(),
            detail: text.optional(),
            firstIssued: instant.optional(),
            lastUpdated: instant.optional(),
          })
          .optional(),
        affects: z
          .array(
            z.object({
              ref: text,
              versions: z
                .array(
                  z.object({
                    version: text.optional(),
                    status: z.enum(["affected", "unaffected", "unknown"]).optional(),
                  }),
                )
                .max(1000)
                .optional(),
            }),
          )
          .max(10_000)
          .optional(),
      }),
    )
    .max(mostStatements),
});
type CycloneDx = z.infer<typeof cycloneDx>;

/** The document of either format; a ClearingError says in one sentence why it is none. */
export function parseVex(bytes: Uint8Array): VexDocument {
  const what = "VEX document (OpenVEX, or CycloneDX with vulnerabilities)";
  const formOf = (value: unknown): z.ZodType<OpenVex | CycloneDx> =>
    hasKey(value, "bomFormat") ? cycloneDx : openVex;
  const read = readJson(bytes, formOf, what, mostBytes);
  const digest = createHash("sha256").update(bytes).digest("hex");
  const [author, said] =
    "bomFormat" in read
      ? [cycloneAuthor(read), cycloneStatements(read)]
      : [read.author, openStatements(read)];
  const statements: VexStatement[] = [];
  // Counted as they come: a few lines can say many things of many products.
  let asked = 0;
  for (const one of said) {
    if (++asked > mostStatements) {
      throw new ClearingError(`this is no ${what}: it says more than ${mostStatements} things`);
    }
    if (one !== null) statements.push(one);
  }
  return { digest, author: author.slice(0, 200).toWellFormed(), statements };
}

function* openStatements(document: OpenVex): Generator<VexStatement | null> {
  for (const one of document.statements) {
    const { vulnerability, status } = one;
    const ids =
      typeof vulnerability === "string"
        ? [vulnerability]
        : [vulnerability.name, ...(vulnerability.aliases ?? [])];
    const at = one.last_updated ?? one.timestamp ?? document.last_updated ?? document.timestamp;
    const why = [one.justification, one.impact_statement].filter((part) => part !== undefined);
    for (const purl of purls(one.products ?? [])) {
      yield statement(ids, purl, status, why.join(": "), at);
    }
  }
}

/** Where a product has parts, the statement is about the parts. */
function purls(products: NonNullable<OpenVex["statements"][number]["products"]>): string[] {
  const own = (one: (typeof products)[number]) =>
    typeof one === "string" ? one : (one.identifiers?.purl ?? one["@id"] ?? "");
  return products.flatMap((product) => {
    const parts = typeof product === "string" ? [] : (product.subcomponents ?? []);
    return parts.length > 0 ? parts.map(own) : [own(product)];
  });
}

function cycloneAuthor({ metadata }: CycloneDx): string {
  return (
    metadata?.authors?.find(({ name }) => name !== undefined)?.name ?? "an author who is not named"
  );
}

const states = {
  resolved: "fixed",
  resolved_with_pedigree: "fixed",
  exploitable: "affected",
  in_triage: "under_investigation",
  false_positive: "not_affected",
  not_affected: "not_affected",
} as const satisfies Record<string, VexStatus>;

function* cycloneStatements({
  metadata,
  components = [],
  vulnerabilities,
}: CycloneDx): Generator<VexStatement | null> {
  const byRef = new Map<string, string>();
  for (const one of [...components, ...(metadata?.component ? [metadata.component] : [])]) {
    if (one["bom-ref"] !== undefined && one.purl !== undefined) byRef.set(one["bom-ref"], one.purl);
  }
  for (const { id, references = [], analysis, affects = [] } of vulnerabilities) {
    const at = analysis?.lastUpdated ?? analysis?.firstIssued ?? metadata?.timestamp;
    if (analysis?.state === undefined || at === undefined) continue;
    const state = states[analysis.state];
    const ids = [id, ...references.map((one) => one.id)];
    const why = [analysis.justification, analysis.detail].filter((part) => part !== undefined);
    for (const { ref, versions } of affects) {
      // A BOM-Link ends in the reference of the component.
      const local = ref.startsWith("urn:cdx:") ? decoded(ref.slice(ref.indexOf("#") + 1)) : ref;
      const purl = byRef.get(local) ?? local;
      if (versions === undefined) {
        yield statement(ids, purl, state, why.join(": "), at);
        continue;
      }
      for (const { version, status = "affected" } of versions) {
        if (version === undefined) continue;
        const said = {
          affected: state,
          unaffected: "not_affected",
          unknown: "under_investigation",
        } as const;
        yield statement(ids, purl, said[status], why.join(": "), at, version);
      }
    }
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function statement(
  ids: readonly string[],
  purl: string,
  status: VexStatus,
  why: string,
  at: string,
  version?: string,
): VexStatement | null {
  const named = fromPurl(purl);
  if (named === null) return null;
  return {
    ids: ids.map((id) => id.toUpperCase()),
    ecosystem: named.ecosystem,
    name: named.name,
    version: version ?? named.version,
    status,
    why: why.slice(0, 300).toWellFormed(),
    at: Date.parse(at),
  };
}

/** What all documents say of one version of a package, at a time. */
export type VexAnswer = {
  readonly author: string;
  readonly status: VexStatus;
  readonly why: string;
  /** RFC 3339. */
  readonly until: string;
};

const day = 86_400_000;
/** At the same time the graver counts. */
const gravest: readonly VexStatus[] = ["affected", "under_investigation", "fixed", "not_affected"];

export class VexIndex {
  readonly #byId = new Map<string, (VexStatement & { readonly author: string })[]>();

  constructor(documents: readonly VexDocument[]) {
    for (const { author, statements } of documents) {
      for (const one of statements) {
        const said = { ...one, author };
        for (const id of new Set(one.ids)) {
          const known = this.#byId.get(id) ?? [];
          known.push(said);
          this.#byId.set(id, known);
        }
      }
    }
  }

  /** Why this version is not affected; undefined where the newest word is another, or there is none. */
  clears(
    ids: readonly string[],
    { ecosystem, name }: { readonly ecosystem: string; readonly name: string },
    version: string | null,
    asOf: number,
  ): VexAnswer | undefined {
    const said = ids
      .flatMap((id) => this.#byId.get(id.toUpperCase()) ?? [])
      .filter(
        (one) =>
          one.ecosystem === ecosystem &&
          one.name === name &&
          (one.version === null || one.version === version) &&
          one.at <= asOf,
      )
      .sort((a, b) => b.at - a.at || gravest.indexOf(a.status) - gravest.indexOf(b.status));
    const [newest] = said;
    if (newest === undefined || asOf >= newest.at + vexHoldsDays * day) return undefined;
    const { status, why, author, at } = newest;
    // "Fixed" is about a version; of all versions it would deny what the data say.
    const clears =
      (status === "not_affected" && why !== "") || (status === "fixed" && newest.version !== null);
    if (!clears) return undefined;
    return { author, status, why, until: new Date(at + vexHoldsDays * day).toISOString() };
  }
}
