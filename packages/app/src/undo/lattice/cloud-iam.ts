/**
 * Compares two lists of policy statements: what is allowed after and was not before. Patterns
 * subsume with `*` and `?`; what is not known (references, interpolations) is compared as text.
 * One thing put in the place of another unknown thing is `changed`, not wider.
 */
import type { Severity } from "../rules/rule.ts";
import type { Statement } from "./cloud-iam-statements.ts";

export type Widening = {
  readonly what: "action" | "resource" | "principal" | "condition" | "deny";
  readonly text: string;
  readonly severity: Severity;
  readonly at: Statement;
};

/** Of one side with the other: beyond it a policy is no policy that anyone wrote. */
const mostComparisons = 500_000;

/** What the second list allows beyond the first; null where there is too much to compare. */
export function widenings(
  before: readonly Statement[],
  after: readonly Statement[],
): Widening[] | null {
  const size = (some: readonly Statement[]) =>
    some.reduce(
      (sum, { actions, resources, principals }) =>
        sum +
        Math.max(1, actions.length) *
          Math.max(1, resources.length) *
          Math.max(1, principals.length),
      0,
    );
  if (size(before) * size(after) > mostComparisons) return null;
  const found: Widening[] = [];
  const seen = new Set<string>();
  const tell = (one: Widening): void => {
    if (!seen.has(`${one.what} ${one.text}`)) found.push(one);
    seen.add(`${one.what} ${one.text}`);
  };
  const allowed = before.filter(({ effect }) => effect === "Allow");
  for (const statement of after) {
    if (statement.effect !== "Allow") continue;
    for (const action of statement.actions) {
      for (const resource of some(statement.resources)) {
        for (const principal of some(statement.principals)) {
          const wide = compareTuple({ action, resource, principal, statement }, allowed, after);
          if (wide !== null) tell(wide);
        }
      }
    }
  }
  for (const deny of before.filter(({ effect }) => effect === "Deny")) {
    const kept = after.some(
      (one) =>
        one.effect === "Deny" &&
        one.of === deny.of &&
        deny.actions.every((action) => one.actions.some((b) => covers(b, action))) &&
        some(deny.resources).every((r) => some(one.resources).some((b) => covers(b, r))) &&
        some(deny.principals).every((p) => some(one.principals).some((b) => covers(b, p))) &&
        looser(one, deny),
    );
    if (!kept) {
      tell({
        what: "deny",
        text: `deny of ${deny.actions.slice(0, 4).join(", ")} lost`,
        severity: "medium",
        at: deny,
      });
    }
  }
  return found;
}

type Tuple = {
  readonly action: string;
  readonly resource: string;
  readonly principal: string;
  readonly statement: Statement;
};

function compareTuple(
  { action, resource, principal, statement }: Tuple,
  allowed: readonly Statement[],
  after: readonly Statement[],
): Widening | null {
  const sameAction = allowed.filter(
    (one) => one.of === statement.of && one.actions.some((b) => covers(b, action)),
  );
  const byResource = (one: Statement) => some(one.resources).some((b) => covers(b, resource));
  const byPrincipal = (one: Statement) => some(one.principals).some((b) => covers(b, principal));
  const whole = sameAction.filter((one) => byResource(one) && byPrincipal(one));
  if (whole.some((one) => looser(one, statement))) return null;
  if (whole.length > 0) {
    const [text, lost] = conditionLost(whole, statement);
    return lost
      ? {
          what: "condition",
          text,
          severity: isTrust(statement) || isSensitive(action) ? "high" : "medium",
          at: statement,
        }
      : null;
  }
  const grave = isSensitive(action) ? "high" : "medium";
  if (sameAction.length === 0) {
    // Another action instead of one that was there, on the same thing: not more.
    const narrower = allowed.some((one) => one.actions.some((b) => covers(action, b)));
    const severity =
      narrower || isWild(action)
        ? "high"
        : resource === "*"
          ? grave
          : isSensitive(action)
            ? "high"
            : "medium";
    return { what: "action", text: `${action} on ${resource || "this"}`, severity, at: statement };
  }
  if (!sameAction.some(byResource)) {
    const had = sameAction.flatMap(({ resources }) => some(resources));
    const limited =
      had.length > 0 && had.every((one) => /\$\{aws:/.test(one)) && !/\$\{aws:/.test(resource);
    if (limited || resource === "*" || had.some((one) => covers(resource, one))) {
      return {
        what: "resource",
        text: `${action} on ${resource}`,
        severity: "high",
        at: statement,
      };
    }
    const has = after.flatMap((one) =>
      one.actions.some((b) => covers(b, action)) ? some(one.resources) : [],
    );
    const replaced = had.some((one) => !has.includes(one));
    return replaced
      ? null
      : { what: "resource", text: `${action} on ${resource}`, severity: grave, at: statement };
  }
  const had = sameAction.flatMap(({ principals }) => some(principals));
  const has = after.flatMap(({ principals }) => some(principals));
  if (principal.endsWith(":*") || had.some((one) => covers(principal, one))) {
    return {
      what: "principal",
      text: `${action} for ${principal}`,
      severity: "high",
      at: statement,
    };
  }
  const replaced = had.some((one) => !has.includes(one));
  return replaced
    ? null
    : {
        what: "principal",
        text: `${action} for ${principal}`,
        severity: isTrust(statement) ? "medium" : grave,
        at: statement,
      };
}

/** No value is one value: a policy of an identity has no principal. */
function some(values: readonly string[]): readonly string[] {
  return values.length === 0 ? [""] : values;
}

/** Whether the conditions of the first let through whatever those of the second do. */
function looser(a: Statement, b: Statement): boolean {
  return [...a.conditions].every(([key, values]) => {
    const others = b.conditions.get(key);
    if (others === undefined) return false;
    return / (?:Not|not)|Not[A-Z]/.test(key)
      ? values.every((value) => others.includes(value))
      : others.every((value) => values.some((pattern) => covers(pattern, value)));
  });
}

/** Keys lost and none won, or more values of a key: wider; otherwise the conditions only differ. */
function conditionLost(before: readonly Statement[], after: Statement): [string, boolean] {
  for (const one of before) {
    const lost = [...one.conditions.keys()].filter((key) => !after.conditions.has(key));
    const won = [...after.conditions.keys()].filter((key) => !one.conditions.has(key));
    const bare = (key: string) => key.replace(/^\S+ /, "").toLowerCase();
    const really = lost.filter((key) => !won.some((other) => bare(other) === bare(key)));
    if (really.length > 0 && won.length === 0) return [`condition ${really.join(", ")} lost`, true];
    for (const [key, values] of after.conditions) {
      const twin = [...one.conditions].find(([other]) => bare(other) === bare(key));
      if (twin === undefined) continue;
      const more = values.filter((value) => !twin[1].some((had) => covers(had, value)));
      const replaced = twin[1].some((had) => !values.some((value) => covers(value, had)));
      const wider = more.filter((value) => twin[1].some((had) => covers(value, had)));
      if (wider.length > 0 || (more.length > 0 && !replaced)) {
        return [`condition ${key}: ${more.join(", ")}`, true];
      }
    }
  }
  return ["", false];
}

function isTrust(statement: Statement): boolean {
  return (
    statement.of === "assume_role_policy" ||
    statement.actions.some((one) => one.startsWith("sts:assumerole"))
  );
}

function isWild(action: string): boolean {
  return action === "*" || /^[a-z0-9-]+:\*$/.test(action) || action.startsWith("!");
}

/** Actions that give more rights or secrets, or end protections. */
function isSensitive(action: string): boolean {
  return (
    isWild(action) ||
    /^(?:iam:(?:\*|pass|create|put|attach|update|add|set|delete)|sts:assume|kms:(?:decrypt|put|creategrant|schedule)|secretsmanager:(?:get|put)|ssm:(?:getparam|sendcommand|startsession)|lambda:(?:update|invoke)|ec2:authorize|organizations:|cloudtrail:(?:stop|delete)|s3:(?:putbucketpolicy|deletebucket))/.test(
      action,
    )
  );
}

/** Whether a pattern of `*` and `?` stands for all that the other stands for. Linear in practice: greedy with one retreat. */
export function covers(pattern: string, text: string): boolean {
  if (pattern === text || pattern === "*" || pattern === "AWS:*") return true;
  if (pattern.startsWith("!") || text.startsWith("!")) return false;
  if (!pattern.includes("*") && !pattern.includes("?")) return false;
  let [p, t, star, mark] = [0, 0, -1, 0];
  while (t < text.length) {
    const char = pattern[p];
    if (char === "*") {
      star = p++;
      mark = t;
    } else if (char !== undefined && (char === text[t] || (char === "?" && text[t] !== "*"))) {
      p++;
      t++;
    } else if (star !== -1) {
      p = star + 1;
      t = ++mark;
    } else return false;
  }
  while (pattern[p] === "*") p++;
  return p === pattern.length;
}
