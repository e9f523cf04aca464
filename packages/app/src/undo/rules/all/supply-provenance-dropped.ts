/**
 * supply.provenance-dropped: a step that signs, attests, makes a bill of materials or
 * verifies one of these is in no workflow or build script of the state gone back to
 * any more. Looked for by the tools that people use for it, in all of them, so that
 * what moves is not gone.
 */
import { statement } from "../clear.ts";
import { isDocumentation, isTest } from "../file-classes.ts";
import {
  finding,
  type Finding,
  type Location,
  type Rule,
  type RuleInput,
  type Side,
} from "../rule.ts";

/** What a line does, by its tool. */
const steps: readonly (readonly [string, RegExp])[] = [
  ["signs with cosign", /\bcosign\s+(?:sign|sign-blob|attest)\b/],
  ["verifies with cosign", /\bcosign\s+verify(?:-blob|-attestation)?\b/],
  ["makes SLSA provenance", /slsa-framework\/slsa-github-generator|\bslsa-verifier\b/],
  ["attests builds", /actions\/attest(?:-build-provenance|-sbom)?@|\bgh\s+attestation\b/],
  [
    "makes an SBOM",
    /anchore\/sbom-action|\bsyft\s|\bcyclonedx(?:-[a-z]+)?\s|spdx-sbom-generator|--sbom(?:=true)?\b|\bsbom:\s*true\b/,
  ],
  [
    "publishes with provenance",
    /\bnpm\s+publish\b[^\n]{0,200}--provenance|\bprovenance:\s*(?:true|mode=\w+)\b|--provenance=(?:true|mode)/,
  ],
  [
    "signs with GnuPG",
    /\bgpg2?\s[^\n]{0,200}(?:--detach-sign|--sign|--clearsign)\b|crazy-max\/ghaction-import-gpg/,
  ],
  ["verifies with GnuPG", /\bgpg2?\s[^\n]{0,200}--verify\b/],
  ["signs with notation", /\bnotation\s+sign\b/],
  ["verifies with notation", /\bnotation\s+verify\b/],
  ["verifies checksums", /\bsha(?:256|512)sum\s+(?:--check|-c)\b/],
];

export const supplyProvenanceDropped: Rule = {
  id: "supply.provenance-dropped",
  version: 1,
  implications: ["supply.provenance-dropped"],
  reads: isBuildFile,
  context: isBuildFile,
  run(input): readonly Finding[] {
    const [before, after] = [stepsOf(input, "before"), stepsOf(input, "after")];
    return steps.flatMap(([what]) => {
      const [from, to] = [before.get(what), after.get(what)];
      if ((from === undefined) === (to === undefined)) return [];
      const worse = from !== undefined;
      const at = from ?? to;
      return [
        finding(supplyProvenanceDropped, {
          implication: "supply.provenance-dropped",
          direction: worse ? "worse" : "better",
          subject: what,
          locations: at === undefined ? [] : [at],
          evidence: [
            { kind: "value", text: worse ? `nothing ${what} any more` : `something ${what}` },
          ],
          severity: worse ? "medium" : "info",
          confidence: 80,
          reach: "ci",
          rootCause: `provenance:${what}`,
          clearBy: [statement("another named job does the same for what is delivered")],
        }),
      ];
    });
  },
};

function isBuildFile(path: string): boolean {
  if (isTest(path) || isDocumentation(path)) return false;
  return (
    /^\.github\/(?:workflows|actions)\/|^\.gitlab-ci\.yml$|^\.circleci\/|(?:^|\/)Jenkinsfile/.test(
      path,
    ) ||
    /(?:^|\/)(?:Makefile|Dockerfile|Taskfile\.ya?ml|\.goreleaser\.ya?ml)$|^(?:scripts?|hack|build|tools)\/[^\n]{1,200}\.sh$/.test(
      path,
    )
  );
}

function stepsOf({ files, unchanged }: RuleInput, side: Side): Map<string, Location> {
  const found = new Map<string, Location>();
  for (const file of [...files, ...unchanged]) {
    const text = file[side];
    if (text === undefined || !isBuildFile(file.path) || text.length > 1_000_000) continue;
    for (const [i, line] of text.split("\n").entries()) {
      const plain = line.slice(0, 2000);
      if (/^\s*#/.test(plain)) continue;
      for (const [what, pattern] of steps) {
        if (!found.has(what) && pattern.test(plain)) {
          found.set(what, { side, path: file.path, startLine: i + 1, endLine: i + 1 });
        }
      }
    }
  }
  return found;
}
