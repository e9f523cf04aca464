/**
 * Checks at the edge in Varnish and Fastly configuration: access lists, rate limits and
 * requests that are refused. https://www.fastly.com/documentation/reference/vcl/
 * Read by declarations and calls; what a condition means is not.
 */
import { statement } from "../rules/clear.ts";
import { isTest } from "../rules/file-classes.ts";
import { finding, type Finding, type RuleInput } from "../rules/rule.ts";
import type { Say } from "./cloud-rows-engine.ts";

export function isVclPath(path: string): boolean {
  return /\.vcl(?:\.(?:erb|tpl|tftpl|j2))?$/.test(path) && !isTest(path);
}

const declarations: readonly { readonly kind: string; readonly at: RegExp }[] = [
  { kind: "rate limit", at: /\b(?:ratecounter|penaltybox)\s+([A-Za-z_]\w{0,100})/ },
  {
    kind: "rate limit",
    at: /\b(?:ratelimit\.check_rates?|vsthrottle\.is_denied)\s*\(\s*([^,)\n]{1,100})/,
  },
  { kind: "access list", at: /^\s*acl\s+([A-Za-z_]\w{0,100})/ },
  { kind: "access check", at: /client\.ip\s*!?~\s*([A-Za-z_]\w{0,100})/ },
  { kind: "refusal", at: /\berror\s+((?:401|403|429)\b)/ },
];

export function vclChecks(say: Say, input: RuleInput): Finding[] {
  const files = input.files.filter(({ path }) => isVclPath(path));
  if (
    files.some((f) => f.status === "modified" && (f.before === undefined || f.after === undefined))
  )
    return [];
  const has = (side: "before" | "after") => {
    const found = new Map<string, { path: string; line: number }>();
    for (const file of files) {
      for (const [at, line] of (file[side] ?? "").split("\n").entries()) {
        const code = line.slice(0, 2000).replace(/(?:#|\/\/).*$/, "");
        for (const { kind, at: pattern } of declarations) {
          const name = pattern.exec(code)?.[1]?.trim();
          if (name !== undefined) found.set(`${kind} ${name}`, { path: file.path, line: at + 1 });
        }
      }
    }
    return found;
  };
  const [before, after] = [has("before"), has("after")];
  // A whole file that goes is a service that goes.
  const stays = new Set(
    files.filter(({ status }) => status === "modified").map(({ path }) => path),
  );
  const told = (name: string, at: { path: string; line: number }, worse: boolean): Finding =>
    finding(say.rule, {
      implication: say.rule.id,
      direction: worse ? "worse" : "better",
      subject: `${at.path}: ${name}`.slice(0, 300).toWellFormed(),
      locations: [
        { side: worse ? "before" : "after", path: at.path, startLine: at.line, endLine: at.line },
      ],
      evidence: [
        {
          kind: "value",
          text: `${name}: ${worse ? "there to gone" : "gone to there"}`.toWellFormed(),
        },
      ],
      severity: worse ? "medium" : "info",
      confidence: 80,
      rootCause: `edge:${at.path}`,
      clearBy: say.clear.map(statement),
    });
  const only = (some: typeof before, others: typeof before, worse: boolean) =>
    [...some]
      .filter(([name, { path }]) => !others.has(name) && stays.has(path))
      .map(([name, at]) => told(name, at, worse));
  return [...only(before, after, true), ...only(after, before, false)];
}
