/** Requests and policies to vary in tests. */
import type { PolicyRequest } from "@countermand/record";
import { formatBundle } from "../bundle.ts";
import { usual } from "../cases.ts";
import { schemaName } from "../limits.ts";
import { schema3 } from "../schema.ts";

export interface Varied {
  readonly action?: PolicyRequest["action"];
  readonly principal?: Partial<PolicyRequest["principal"]>;
  readonly resource?: Partial<PolicyRequest["resource"]>;
  readonly context?: Partial<PolicyRequest["context"]>;
}

export function request(varied: Varied = {}): PolicyRequest {
  return {
    action: varied.action ?? "approve",
    principal: { ...usual.principal, ...varied.principal },
    resource: { ...usual.resource, ...varied.resource },
    context: { ...usual.context, ...varied.context },
  };
}

/** The artefact of a policy with one file of rules. */
export function bundleOf(rules: string): Uint8Array<ArrayBuffer> {
  return formatBundle(
    new Map([
      ["a.cedar", rules],
      [schemaName, schema3],
    ]),
  );
}

export const permitAll = '@id("all") permit (principal, action, resource);\n';
