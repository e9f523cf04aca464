/** What clients written for one OpenAPI document meet when another one is served. */
import { Breaks, type ContractBreak } from "./contract-break.ts";
import type { Content, OpenApi, Operation, Parameter } from "./openapi.ts";
import { SchemaComparison } from "./schema-breaks.ts";

export function openApiBreaks(
  before: OpenApi,
  after: OpenApi,
  paths: { readonly before: string; readonly after: string },
): ContractBreak[] {
  const breaks = new Breaks("openapi", paths.before, paths.after);
  const schemas = new SchemaComparison(breaks, before.definitions, after.definitions);
  if (before.basePath !== "" && after.basePath !== "" && before.basePath !== after.basePath) {
    const text = `every operation is below ${after.basePath || "/"} and not below ${before.basePath}`;
    breaks.add(["base-path-changed", "breaking"], before.basePath, text, {
      before: before.line,
      after: after.line,
    });
  }
  const later = new Map(after.operations.map((operation) => [key(operation), operation]));
  for (const operation of before.operations) {
    const name = `${operation.method} ${operation.path}`;
    const other = later.get(key(operation));
    if (other === undefined) {
      breaks.add(["operation-removed", "breaking"], name, `${name} is gone`, {
        before: operation.line,
      });
    } else {
      new OperationComparison(breaks, schemas, name, operation, other).run();
    }
  }
  return breaks.found;
}

/** Parameters in a path are told by place, not by name. */
function key({ method, path }: Operation): string {
  return `${method} ${path.replaceAll(/\{[^{}/]{0,200}\}/g, "{}")}`;
}

class OperationComparison {
  readonly #breaks: Breaks;
  readonly #schemas: SchemaComparison;
  readonly #name: string;
  readonly #before: Operation;
  readonly #after: Operation;

  constructor(
    breaks: Breaks,
    schemas: SchemaComparison,
    name: string,
    before: Operation,
    after: Operation,
  ) {
    this.#breaks = breaks;
    this.#schemas = schemas;
    this.#name = name;
    this.#before = before;
    this.#after = after;
  }

  run(): void {
    this.#security();
    this.#parameters();
    this.#body();
    this.#responses();
  }

  #security(): void {
    const [before, after] = [this.#before.security, this.#after.security];
    const lines = { before: this.#before.securityLine, after: this.#after.securityLine };
    if (before.length > 0 && after.length === 0) {
      const text = `${this.#name} asks for no credentials any more`;
      this.#breaks.add(["security-removed", "security"], this.#name, text, lines);
      return;
    }
    // An alternative of the older contract that needs less than every newer one.
    const weaker = after.find((needed) =>
      before.some((old) => needed.length < old.length && needed.every((one) => old.includes(one))),
    );
    if (weaker !== undefined) {
      const text = `${this.#name} is satisfied with ${weaker.join(" and ")}`;
      this.#breaks.add(["security-weakened", "security"], this.#name, text, lines);
    }
    const lost = before.filter(
      (old) => !after.some((needed) => needed.every((one) => old.includes(one))),
    );
    if (after.length > 0 && (before.length === 0 || lost.length > 0)) {
      const text = `${this.#name} asks for other credentials: ${after.map((one) => one.join(" and ")).join(", or ")}`;
      this.#breaks.add(["security-changed", "breaking"], this.#name, text, lines);
    }
  }

  #parameters(): void {
    const id = ({ place, name }: Parameter) => `${place} ${name}`;
    const old = new Map(this.#before.parameters.map((parameter) => [id(parameter), parameter]));
    const now = new Map(this.#after.parameters.map((parameter) => [id(parameter), parameter]));
    for (const [name, parameter] of now) {
      // In a path there is no leaving out, and the name is of no account.
      if (parameter.place === "path" || !parameter.required || old.get(name)?.required === true)
        continue;
      const what = `${this.#name} ${name}`;
      this.#breaks.add(["parameter-required", "breaking"], what, `${what} is required`, {
        after: parameter.line,
      });
    }
    for (const [name, parameter] of old) {
      const other = now.get(name);
      const what = `${this.#name} ${name}`;
      if (other === undefined) {
        if (parameter.place === "path") continue;
        this.#breaks.add(["parameter-ignored", "risky"], what, `${what} is not read any more`, {
          before: parameter.line,
        });
      } else if (parameter.schema !== undefined && other.schema !== undefined) {
        this.#schemas.compare(parameter.schema, other.schema, "sent", what);
      }
    }
  }

  #body(): void {
    const { body: before } = this.#before;
    const { body: after } = this.#after;
    const what = `${this.#name} body`;
    if (after?.required === true && before?.required !== true) {
      this.#breaks.add(["body-required", "breaking"], what, `${what} is required`, {
        after: after.line,
      });
    }
    if (before !== undefined && after === undefined) {
      this.#breaks.add(["body-ignored", "risky"], what, `${what} is not read any more`, {
        before: before.line,
      });
    }
    if (before !== undefined && after !== undefined)
      this.#content(before.content, after.content, "sent", what);
  }

  #responses(): void {
    const later = new Map(this.#after.responses.map((response) => [response.status, response]));
    for (const response of this.#before.responses) {
      const other =
        later.get(response.status) ??
        later.get(`${response.status.slice(0, 1)}XX`) ??
        later.get("default");
      const what = `${this.#name} ${response.status}`;
      if (other !== undefined) {
        this.#content(response.content, other.content, "received", what);
      } else if (response.status.startsWith("2")) {
        this.#breaks.add(
          ["response-removed", "breaking"],
          what,
          `${what} is not answered any more`,
          {
            before: response.line,
          },
        );
      }
    }
  }

  #content(before: Content, after: Content, position: "sent" | "received", subject: string): void {
    const types = new Map(after.map((one) => [one.mediaType, one]));
    for (const { mediaType, line, schema } of before) {
      const other = types.get(mediaType) ?? types.get("*/*") ?? types.get("*");
      if (other === undefined) {
        const what = `${subject} as ${mediaType}`;
        this.#breaks.add(
          ["media-type-removed", "breaking"],
          what,
          `${what} is not spoken any more`,
          { before: line },
        );
      } else if (schema !== undefined && other.schema !== undefined) {
        this.#schemas.compare(schema, other.schema, position, subject);
      }
    }
  }
}
