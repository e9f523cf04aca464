/**
 * authz.iam-widened: an identity, a trust or a resource policy of a cloud allows more after:
 * new actions, resources or principals, conditions or denials that are lost, broader roles.
 */
import { identityControls } from "../../lattice/cloud-controls.ts";
import { grants } from "../../lattice/cloud-grants.ts";
import { widenings } from "../../lattice/cloud-iam.ts";
import { ofPolicy, type Statement, statementsOf } from "../../lattice/cloud-iam-statements.ts";
import {
  cloudReads,
  ofControls,
  ofRows,
  type Say,
  tellCloud,
} from "../../lattice/cloud-rows-engine.ts";
import { cloudView, folderOf, isCloudPath, references } from "../../lattice/cloud-view.ts";
import { identityRows } from "../../lattice/cloud-rows-access.ts";
import { fromYaml, type Resource } from "../../models/terraform/terraform.ts";
import { readYaml } from "../../lattice/yaml.ts";
import type { Finding, Rule, RuleInput, Severity } from "../rule.ts";

export const authzIamWidened: Rule = {
  id: "authz.iam-widened",
  version: 1,
  implications: ["authz.iam-widened"],
  ...cloudReads,
  reads: (path) => isCloudPath(path) || isPolicyPath(path),
  run(input) {
    const say = {
      rule: authzIamWidened,
      clear: [
        "a service control policy or permissions boundary still denies it",
        "whoever gets it is named and needs it",
      ],
    };
    return [
      ...policies(say, input),
      ...ofFiles(say, input),
      ...grants(say, input),
      ...ofRows(say, input, identityRows),
      ...ofControls(say, input, identityControls),
    ];
  },
};

function isPolicyPath(path: string): boolean {
  return /(?:polic|iam|role|trust|permission|scp)[^\n]{0,200}\.json(?:\.tpl)?$/i.test(path);
}

function policies(say: Say, input: RuleInput): Finding[] {
  const view = cloudView(input);
  const here = new Set(view.come.map((one) => `${folderOf(one.path)}:${one.address}`));
  const found: Finding[] = [];
  for (const { before, after, guessed } of view.pairs) {
    const [from, to] = [statementsOf(before), statementsOf(after)];
    if (from === null || to === null || from.length === 0) continue;
    // What refers only to what comes with it belongs to a feature, and opens nothing else.
    const own = (at: Statement) =>
      [...at.resources, ...at.principals].some((text) =>
        references({ kind: "expression", text, line: 1, endLine: 1 }).some((one) =>
          here.has(`${folderOf(after.path)}:${one}`),
        ),
      );
    found.push(...told(say, after, from, to, guessed ? 75 : 92, own));
  }
  return found;
}

function told(
  say: Say,
  on: Resource,
  from: readonly Statement[],
  to: readonly Statement[],
  confidence: number,
  own: (at: Statement) => boolean,
): Finding[] {
  const tell = (worse: boolean): Finding[] => {
    const wide = worse ? widenings(from, to) : widenings(to, from);
    const [first] = (wide ?? []).toSorted((a, b) => grave(b.severity) - grave(a.severity));
    if (wide === null || first === undefined) return [];
    const side = worse === (first.what !== "deny") ? "after" : "before";
    return [
      tellCloud(say, {
        row: {
          implication: say.rule.id,
          severity: wide.every(({ at }) => own(at)) ? "low" : first.severity,
        },
        subject: on.address,
        direction: worse ? "worse" : "better",
        locations: [{ side, path: on.path, startLine: first.at.line, endLine: first.at.endLine }],
        evidence: wide.slice(0, 5).map(({ what, text }) => ({
          kind: "value",
          text: `${worse ? "wider" : "narrower"} ${what}: ${text}`.slice(0, 300).toWellFormed(),
        })),
        path: on.path,
        confidence,
        resource: on,
      }),
    ];
  };
  const worse = tell(true);
  // Both ways at once is a policy that was written anew: the wider part is what matters.
  return worse.length > 0 ? worse : tell(false);
}

function grave(severity: Severity): number {
  return ["info", "low", "medium", "high", "critical"].indexOf(severity);
}

/** Policies that are files of their own. */
function ofFiles(say: Say, input: RuleInput): Finding[] {
  return input.files.flatMap((file) => {
    if (!isPolicyPath(file.path) || file.before === undefined || file.after === undefined)
      return [];
    const read = (text: string) => {
      const documents = /"Statement"/.test(text) ? readYaml(text) : "none";
      const [first] = typeof documents === "string" ? [] : documents;
      return first === undefined ? null : ofPolicy(fromYaml(first), "policy");
    };
    const [from, to] = [read(file.before), read(file.after)];
    if (from === null || to === null || from.length === 0) return [];
    const body = { kind: "map", entries: new Map(), line: 1, endLine: 1 } as const;
    const on = {
      type: "policy",
      name: file.path,
      address: file.path,
      isData: false,
      many: false,
      path: file.path,
      body,
    };
    return told(say, on, from, to, 92, () => false);
  });
}
