/**
 * authz.owners-weakened: paths that an owner had to be asked for are nobody's after,
 * or may be approved by more people: CODEOWNERS by the paths that there are, OWNERS
 * files (Kubernetes) by their folder. One finding a file of owners.
 */
import { codeownersModel, isCodeownersPath, ownersOf } from "../../blast/codeowners.ts";
import { textAt, valuesAt } from "../../lattice/yaml.ts";
import { yamlModel } from "../../models/manifests/yaml-model.ts";
import { statement } from "../clear.ts";
import { compareText } from "../order.ts";
import {
  type ChangedFile,
  type Direction,
  finding,
  type Finding,
  type Rule,
  type RuleInput,
  type Side,
} from "../rule.ts";

const sensitive =
  /^\.(?:github|gitlab|circleci)\/|^\.gitlab-ci|(?:^|\/)(?:auth\w{0,20}|security|iam|rbac|crypto|infra\w{0,20}|terraform|deploy\w{0,10}|k8s|helm|CODEOWNERS|OWNERS|Dockerfile|Jenkinsfile)(?:\/|$)/i;
const mostPaths = 50_000;

export const authzOwnersWeakened: Rule = {
  id: "authz.owners-weakened",
  version: 1,
  implications: ["authz.owners-weakened"],
  wantsPaths: true,
  reads: (path) => isCodeownersPath(path) || isOwnersPath(path),
  run(input): Finding[] {
    return [...ofCodeowners(input), ...input.files.flatMap((file) => ofOwners(input, file))].sort(
      (a, b) => compareText(a.subject, b.subject),
    );
  },
};

function isOwnersPath(path: string): boolean {
  return /(?:^|\/)OWNERS$/.test(path);
}

function ofCodeowners(input: RuleInput): Finding[] {
  const files = input.files.filter(({ path }) => isCodeownersPath(path));
  const [file] = files;
  if (file === undefined) return [];
  const read = (side: Side) =>
    files.flatMap((one) => input.models.of(codeownersModel, one, side) ?? [])[0] ?? null;
  const [before, after] = [read("before"), read("after")];
  const known = (side: Side) =>
    files.every((one) => one[side] !== undefined || one.status !== "modified");
  if (!known("before") || !known("after") || (before === null && after === null)) return [];
  const still = new Set(input.paths.after);
  const lost: string[] = [];
  const gained: string[] = [];
  const wider: string[] = [];
  for (const path of input.paths.before.slice(0, mostPaths)) {
    if (!still.has(path)) continue;
    const had = before === null ? [] : ownersOf(before, path);
    const has = after === null ? [] : ownersOf(after, path);
    if (had.length > 0 && has.length === 0) lost.push(path);
    else if (had.length === 0 && has.length > 0) gained.push(path);
    // Someone else for someone is a change of people; more for the same is wider.
    else if (has.length > had.length && had.every((one) => has.includes(one))) wider.push(path);
  }
  const found: Finding[] = [];
  if (lost.length > 0) {
    found.push(
      made(
        "worse",
        file,
        "no owner",
        lost,
        lost.some((path) => sensitive.test(path)) ? "high" : after === null ? "medium" : "low",
      ),
    );
  }
  if (wider.length > 0) {
    found.push(
      made(
        "worse",
        file,
        "more owners",
        wider,
        wider.some((path) => sensitive.test(path)) ? "medium" : "low",
      ),
    );
  }
  if (gained.length > 0 && lost.length === 0)
    found.push(made("better", file, "owners", gained, "info"));
  return found;
}

/** Approvers of a folder: more of them, or none of its own any more. */
function ofOwners(input: RuleInput, file: ChangedFile): Finding[] {
  if (!isOwnersPath(file.path) || file.status !== "modified") return [];
  const read = (side: Side) => {
    const documents = input.models.of(yamlModel, file, side);
    const names = (documents ?? []).flatMap((node) =>
      valuesAt(node, ["approvers", "*"]).flatMap((one) => textAt(one) ?? []),
    );
    const [noParent] = (documents ?? []).flatMap(
      (node) => textAt(node, "options", "no_parent_owners") ?? [],
    );
    return documents === null ? null : { names: new Set(names), alone: noParent === "true" };
  };
  const [before, after] = [read("before"), read("after")];
  if (before === null || after === null) return [];
  const gained = [...after.names].filter((one) => !before.names.has(one));
  const lost = [...before.names].filter((one) => !after.names.has(one));
  const severity = sensitive.test(file.path.replace(/OWNERS$/, "")) ? "medium" : "low";
  if (before.alone && !after.alone)
    return [made("worse", file, "owners above may approve", [file.path], severity)];
  if (gained.length > 0 && lost.length === 0)
    return [made("worse", file, "more approvers", gained, severity)];
  return lost.length > 0 && gained.length === 0
    ? [made("better", file, "fewer approvers", lost, "info")]
    : [];
}

function made(
  direction: Direction,
  file: ChangedFile,
  what: string,
  some: readonly string[],
  severity: Finding["severity"],
): Finding {
  const side =
    direction === "worse" && file.status !== "removed"
      ? "after"
      : file.status === "added"
        ? "after"
        : "before";
  return finding(authzOwnersWeakened, {
    implication: "authz.owners-weakened",
    direction,
    subject: `${file.path}: ${what}`,
    locations: [{ side, path: file.path, startLine: 1, endLine: 1 }],
    evidence: [
      {
        kind: "value",
        text: `${what}: ${some.length} (${some.slice(0, 5).join(", ")})`
          .slice(0, 300)
          .toWellFormed(),
      },
    ],
    severity,
    confidence: 85,
    rootCause: `owners:${file.path}`,
    reach: "ci",
    clearBy: [statement("a rule of the branch asks for another review of the same paths")],
  });
}
