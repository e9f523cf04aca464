/**
 * Rules of web application firewalls, whichever resource holds them: a rule that limits by
 * rate or blocks and that is in none of the change's firewalls any more, or only counts.
 */
import type { Value } from "../models/terraform/hcl.ts";
import type { Finding, RuleInput, Side } from "../rules/rule.ts";
import { type Say, tellCloud } from "./cloud-rows-engine.ts";
import { literalAt, textOf, valueAt, valuesIn } from "./cloud-values.ts";
import { cloudView, type CloudView } from "./cloud-view.ts";
import type { Resource } from "../models/terraform/terraform.ts";

type FirewallRule = {
  readonly name: string;
  readonly kind: "rate limit" | "rule";
  readonly counts: boolean;
  readonly on: Resource;
  readonly at: Value;
};

const firewalls =
  /^(?:aws_wafv2_(?:web_acl|rule_group)|aws_waf(?:regional)?_(?:web_acl|rule|rate_based_rule)|google_compute_security_policy|module)$/;

export function firewallRules(say: Say, input: RuleInput): Finding[] {
  const view = cloudView(input);
  const [before, after] = [rulesOf(view, "before"), rulesOf(view, "after")];
  return [...lost(say, view, before, after, true), ...lost(say, view, after, before, false)];
}

function rulesOf(view: CloudView, side: Side): FirewallRule[] {
  return view.all[side].flatMap((on) => {
    if (!firewalls.test(on.type) || on.isData) return [];
    if (on.type === "module" && valueAt(on.body, "rule") === undefined) return [];
    if (on.type.endsWith("_rate_based_rule")) {
      return [{ name: on.name, kind: "rate limit" as const, counts: false, on, at: on.body }];
    }
    return valuesIn(on.body, ["rule"]).flatMap((rule) =>
      (rule.kind === "list" ? rule.items : [rule]).map((at) => {
        const text = textOf(at);
        return {
          name: literalAt(at, "name") ?? literalAt(at, "priority") ?? "unnamed",
          kind: /rate_based|rate_limit|RATE_BASED/.test(text)
            ? ("rate limit" as const)
            : ("rule" as const),
          counts:
            valueAt(at, "action", "count") !== undefined ||
            valueAt(at, "override_action", "count") !== undefined ||
            literalAt(at, "action", "type") === "COUNT" ||
            literalAt(at, "preview") === "true",
          on,
          at,
        };
      }),
    );
  });
}

/** `from` has what `to` has not. A firewall that goes with all that it was for is no loss. */
function lost(
  say: Say,
  view: CloudView,
  from: readonly FirewallRule[],
  to: readonly FirewallRule[],
  worse: boolean,
): Finding[] {
  const side = worse ? "before" : "after";
  const other = worse ? "after" : "before";
  const key = ({ name, kind }: FirewallRule) => `${kind} ${name}`;
  const byKey = new Map(to.toReversed().map((one) => [key(one), one]));
  const contents = new Set(to.map(({ at }) => textOf(at)));
  // Another firewall must stay, or this one, for a rule to be lost by itself.
  const stays = view.all[other].some(({ type }) => firewalls.test(type) && type !== "module");
  return from.flatMap((rule) => {
    const same = byKey.get(key(rule));
    if (same !== undefined && (same.counts === rule.counts || rule.counts)) return [];
    if (same === undefined && (!stays || view.isRetired(rule.on.path))) return [];
    if (rule.kind === "rule" && same === undefined && rule.counts) return [];
    if (rule.kind === "rule" && same === undefined && contents.has(textOf(rule.at))) return [];
    const change = same === undefined ? ["there", "gone"] : ["blocks", "only counts"];
    const [a, b] = worse ? change : change.toReversed();
    return [
      tellCloud(say, {
        row: { implication: say.rule.id, severity: "medium" },
        subject: `${rule.on.address}: ${rule.kind} ${rule.name}`,
        direction: worse ? "worse" : "better",
        locations: [
          { side, path: rule.on.path, startLine: rule.at.line, endLine: rule.at.endLine },
        ],
        evidence: [
          {
            kind: "value",
            text: `${rule.kind} ${rule.name}: ${a} to ${b}`.slice(0, 300).toWellFormed(),
          },
        ],
        path: rule.on.path,
        confidence: 90,
        resource: rule.on,
      }),
    ];
  });
}
