/**
 * `EncryptionConfiguration` of the Kubernetes API server: the first provider of a resource
 * writes, and `identity` writes in the clear.
 * https://kubernetes.io/docs/tasks/administer-cluster/encrypt-data/
 */
import { statement } from "../rules/clear.ts";
import {
  finding,
  type ChangedFile,
  type Finding,
  type RuleInput,
  type Side,
} from "../rules/rule.ts";
import type { Say } from "./cloud-rows-engine.ts";
import { readYaml, textAt, valuesAt } from "./yaml.ts";

export function encryptionConfigurations(say: Say, input: RuleInput): Finding[] {
  return input.files.flatMap((file) => {
    if (!/\.ya?ml$/.test(file.path)) return [];
    const [before, after] = [encrypted(file, "before"), encrypted(file, "after")];
    if (before === null || after === null) return [];
    const told = (resource: string, line: number, worse: boolean) =>
      finding(say.rule, {
        implication: say.rule.id,
        direction: worse ? "worse" : "better",
        subject: `${file.path}: ${resource}`.slice(0, 300).toWellFormed(),
        locations: [
          { side: worse ? "before" : "after", path: file.path, startLine: line, endLine: line },
        ],
        evidence: [
          {
            kind: "value",
            text: `${resource}: ${worse ? "encrypted to clear" : "clear to encrypted"}`.slice(
              0,
              200,
            ),
          },
        ],
        severity: worse ? "high" : "info",
        confidence: 95,
        rootCause: `encryption:${file.path}`,
        clearBy: say.clear.map(statement),
      });
    return [
      ...[...before]
        .filter(([name]) => !after.has(name))
        .map(([name, line]) => told(name, line, true)),
      ...[...after]
        .filter(([name]) => !before.has(name))
        .map(([name, line]) => told(name, line, false)),
    ];
  });
}

/** Resources that are written encrypted, with their line; null where there is no such document to read. */
function encrypted(file: ChangedFile, side: Side): Map<string, number> | null {
  const text = file[side];
  if (text === undefined) return null;
  const documents = /EncryptionConfig/.test(text) ? readYaml(text) : "none";
  if (typeof documents === "string") return null;
  const ours = documents.filter(
    (one) => textAt(one, "kind")?.startsWith("EncryptionConfig") === true,
  );
  if (ours.length === 0) return null;
  const found = new Map<string, number>();
  for (const item of ours.flatMap((one) => valuesAt(one, ["resources", "*"]))) {
    const [first] = valuesAt(item, ["providers", "*"]);
    if (first?.kind !== "map" || first.entries.has("identity")) continue;
    for (const name of valuesAt(item, ["resources", "*"])) {
      if (name.kind === "scalar" && name.text !== null) found.set(name.text, name.line);
    }
  }
  return found;
}
