/** Which text of a statement says why, and where it stands. */
import type { JsonObject } from "../bytes/canonical-json.ts";
import type { Mode } from "../statements/words.ts";
import type { RationaleToCheck } from "./rationale.ts";
import type { RationaleUse } from "./uses.ts";

/**
 * What is to be checked of a statement, or undefined where it gives no reason of
 * its own. `texts`: its opened commitments, by field.
 */
export function rationaleOf(
  type: string,
  body: JsonObject,
  texts: ReadonlyMap<string, string>,
): RationaleToCheck | undefined {
  const text = (field: string) => texts.get(field) ?? "";
  const code = (field: string) => {
    const value = body[field];
    return typeof value === "string" ? { reason: value } : {};
  };
  switch (type) {
    case "proposed":
      return {
        use: (body["mode"] as Mode | undefined) ?? "proposal",
        ...code("reason"),
        text: text("rationale"),
        fields: { impact: text("impact"), security: text("security") },
        tickets: body["tickets"] as readonly string[],
      };
    case "implication-cleared":
      return { use: "clearing", ...code("ground"), text: text("rationale") };
    case "overridden":
      return { use: "override", text: text("rationale"), fields: { control: text("control") } };
    case "exception-requested":
      return { use: "exception", text: text("rationale") };
    case "decision":
      return ofDecision(body, text("comment"));
    default:
      return undefined;
  }
}

function ofDecision(body: JsonObject, text: string): RationaleToCheck | undefined {
  const decision = body["decision"] as string;
  const use: RationaleUse | undefined =
    decision === "reject"
      ? "rejection"
      : decision === "request-changes"
        ? "change-request"
        : body["conditions"] === undefined || text === ""
          ? undefined
          : "condition";
  return use === undefined ? undefined : { use, text };
}
