/** Where a policy comes from for the commands: a folder, or what is in force in a ledger. */
import { resolve } from "node:path";
import type { Artefact, Policy, Registry } from "@countermand/record";
import { parseBundle, type PolicyFiles } from "../policy/bundle.ts";
import { parseCases, type Case } from "../policy/cases.ts";
import { diffPolicies, type PolicyDiff } from "../policy/diff.ts";
import { PolicyError } from "../policy/error.ts";
import { readFolder, readText } from "../policy/folder.ts";
import { loadJudge, type LoadedPolicy } from "../policy/judge.ts";
import { casesName, maxCasesBytes } from "../policy/limits.ts";
import { implications } from "../undo/implications/taxonomy.ts";
import type { Countermand } from "../rollbacks/countermand.ts";
import { checkPolicy, type Checked } from "../policy/check.ts";
import type { Context } from "./context.ts";
import { CommandError, exitCodes, usage } from "./exit.ts";
import { plain } from "./terminal.ts";

export interface PolicySource {
  /** For a person: a folder, or which policy of which ledger. */
  readonly place: string;
  readonly settings: Policy;
  readonly files: PolicyFiles;
  readonly bundle: Uint8Array<ArrayBuffer>;
  /** Undefined: settings without rules. */
  readonly rules: LoadedPolicy | undefined;
}

/** A folder's policy, loaded. Throws a `PolicyError` where it does not load. */
export async function policyIn(context: Context, folder = "policy"): Promise<PolicySource> {
  const path = resolve(context.cwd, folder);
  try {
    const found = await readFolder(path);
    return { ...found, place: folder, rules: loadJudge(found.bundle) };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") {
      throw usage(
        `${plain(path)} is no folder; \`countermand policy default ${plain(folder)}\` makes one.`,
      );
    }
    throw error;
  }
}

/** The policy of a ledger, in force or proposed. */
export async function policyOf(
  countermand: Countermand,
  of: { readonly settings: Policy; readonly rules?: Artefact },
): Promise<PolicySource> {
  const { settings, rules } = of;
  const place = `${settings.id} version ${settings.version}`;
  const nothing = { place, settings, files: new Map(), bundle: new Uint8Array() };
  if (rules === undefined) return { ...nothing, rules: undefined };
  const bytes = await countermand.getArtefact(rules.digest);
  if (bytes === undefined) {
    throw new CommandError(
      exitCodes.couldNot,
      `The rules sha256:${rules.digest} of ${place} are not in this store; without them nothing is allowed.`,
    );
  }
  const bundle = new Uint8Array(bytes);
  return { place, settings, files: parseBundle(bundle), bundle, rules: loadJudge(bundle) };
}

export function inForce({ policy, rules }: Registry): Parameters<typeof policyOf>[1] {
  return { settings: policy, ...(rules === undefined ? {} : { rules }) };
}

/** What is to be said of a whole policy; implications are those that the analysis can find. */
export function checked({ rules, settings }: PolicySource): Checked {
  const known = { implications: implications.map((item) => item.id).sort() };
  return checkPolicy(rules?.rules ?? [], settings, known);
}

export interface CaseFile {
  readonly file: string;
  readonly cases: readonly Case[];
}

/** `cases.yaml` or `cases.json` beside the rules; undefined where there is neither. */
export async function casesIn(context: Context, folder = "policy"): Promise<CaseFile | undefined> {
  const found: CaseFile[] = [];
  for (const file of [casesName, "cases.json"]) {
    try {
      const text = await readText(resolve(context.cwd, folder), file, maxCasesBytes);
      found.push({ file, cases: parseCases(file, text) });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
  if (found.length > 1) {
    throw new PolicyError([{ file: casesName, says: "there is cases.json too; keep one" }]);
  }
  return found[0];
}

export function difference(before: PolicySource, after: PolicySource): PolicyDiff {
  const side = ({ settings, rules }: PolicySource) => ({ settings, rules: rules?.rules ?? [] });
  return diffPolicies(side(before), side(after));
}
