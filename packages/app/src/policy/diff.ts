/** Two policies side by side: settings by name, rules by id. */
import type { Policy } from "@countermand/record";
import type { Rule } from "./rules.ts";

export interface PolicyDiff {
  readonly settings: readonly {
    readonly name: string;
    readonly from: string;
    readonly to: string;
  }[];
  /** How many rules are the same. */
  readonly kept: number;
  readonly added: readonly Rule[];
  readonly removed: readonly Rule[];
  readonly changed: readonly { readonly rule: Rule; readonly lines: readonly string[] }[];
}

interface Side {
  readonly settings: Policy;
  readonly rules: readonly Rule[];
}

/** Where a rule stands and in which order is no difference: no rule hangs on another. */
export function diffPolicies(before: Side, after: Side): PolicyDiff {
  const old = new Map(before.rules.map((rule) => [rule.id, rule]));
  const now = new Map(after.rules.map((rule) => [rule.id, rule]));
  const added = after.rules.filter((rule) => !old.has(rule.id));
  const changed = after.rules.flatMap((rule) => {
    const was = old.get(rule.id);
    if (was === undefined || was.text.trim() === rule.text.trim()) return [];
    return [{ rule, lines: diffLines(was.text.trim(), rule.text.trim()) }];
  });
  return {
    settings: diffSettings(before.settings, after.settings),
    removed: before.rules.filter((rule) => !now.has(rule.id)),
    added,
    changed,
    kept: after.rules.length - added.length - changed.length,
  };
}

export function isSame({ settings, added, removed, changed }: PolicyDiff): boolean {
  return [settings, added, removed, changed].every((list) => list.length === 0);
}

function diffSettings(before: Policy, after: Policy): PolicyDiff["settings"] {
  const show = (value: unknown) => (value === undefined ? "not set" : JSON.stringify(value));
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names.flatMap((name) => {
    const from = show(before[name as keyof Policy]);
    const to = show(after[name as keyof Policy]);
    return from === to ? [] : [{ name, from, to }];
  });
}

/** The longest common subsequence of lines; a rule is a few dozen. */
function diffLines(before: string, after: string): readonly string[] {
  const a = before.split("\n");
  const b = after.split("\n");
  if (a.length * b.length > 1_000_000) {
    return [...a.map((line) => `- ${line}`), ...b.map((line) => `+ ${line}`)];
  }
  const common: number[][] = Array.from({ length: a.length + 1 }, () =>
    Array.from({ length: b.length + 1 }, () => 0),
  );
  const at = (i: number, j: number) => common[i]?.[j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      const row = common[i] ?? [];
      row[j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const lines: string[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push(`  ${a[i]}`);
      i += 1;
      j += 1;
    } else if (j === b.length || (i < a.length && at(i + 1, j) >= at(i, j + 1))) {
      lines.push(`- ${a[i]}`);
      i += 1;
    } else {
      lines.push(`+ ${b[j]}`);
      j += 1;
    }
  }
  return lines;
}
