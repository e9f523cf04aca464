/** The facts of a whole request as the evaluator asks for them: by name, as rules write them. */
import type { PolicyRequest } from "@countermand/record";
import { knownSet, type Facts, type Value } from "./evaluate.ts";
import type { Asked } from "./request.ts";

const entityTypes: Readonly<Record<string, string>> = {
  "principal.kind": "ActorKind",
  "principal.assurance": "Assurance",
  "principal.key": "KeyType",
  "resource.level": "Level",
  "resource.signalSeverity": "Level",
  "context.weekday": "Weekday",
};

export function factsOf(request: PolicyRequest, action: Asked = request.action): Facts {
  const facts = new Map<string, Value>([
    ["action", `Action::${action}`],
    ["principal", `Actor::${request.principal.id}`],
    ["resource", "Rollback::this"],
  ]);
  for (const part of ["principal", "resource", "context"] as const) {
    for (const [name, value] of Object.entries(request[part])) {
      facts.set(`${part}.${name}`, valueOf(`${part}.${name}`, value));
    }
  }
  return (fact) => facts.get(fact);
}

function valueOf(fact: string, value: unknown): Value {
  if (fact === "context.now") return Date.parse(value as string);
  const type = entityTypes[fact];
  if (type !== undefined) return `${type}::${value as string}`;
  return Array.isArray(value) ? knownSet(value as string[]) : (value as Value);
}
