/**
 * OpenAPI 3.0 and 3.1 and Swagger 2.0, YAML or JSON: operations with what they
 * take, give and require. References within the document are followed.
 *
 * Left out: callbacks, webhooks, links, headers, examples, encodings, references
 * to other documents.
 */
import { type Model, Unread } from "../../models/model.ts";
import { compareText } from "../../rules/order.ts";
import { readYaml, textAt, valuesAt, type Yaml } from "../../lattice/yaml.ts";
import {
  at,
  type Definitions,
  entriesAt,
  scalar,
  type Schema,
  SchemaReader,
  TooManySchemas,
} from "./schema.ts";

export type Parameter = {
  readonly line: number;
  /** `query`, `header`, `path`, `cookie`, `formData`. */
  readonly place: string;
  readonly name: string;
  readonly required: boolean;
  readonly schema?: Schema;
};

/** A body by media type; `*` where the format names none. */
export type Content = readonly {
  readonly mediaType: string;
  readonly line: number;
  readonly schema?: Schema;
}[];

export type Operation = {
  readonly line: number;
  readonly method: string;
  /** As written. */
  readonly path: string;
  readonly parameters: readonly Parameter[];
  readonly body?: { readonly line: number; readonly required: boolean; readonly content: Content };
  readonly responses: readonly {
    readonly status: string;
    readonly line: number;
    readonly content: Content;
  }[];
  /** Alternatives, each the sorted schemes (with scopes) that are needed together; empty: anybody may call. */
  readonly security: readonly (readonly string[])[];
  /** Of the operation's own `security`, or of the document's. */
  readonly securityLine: number;
};

export type OpenApi = {
  readonly line: number;
  readonly title: string;
  /** Path that all operations are below; empty: none, or given by a variable. */
  readonly basePath: string;
  readonly operations: readonly Operation[];
  readonly definitions: Definitions;
};

export const openApiModel: Model<OpenApi> = { id: "openapi", version: 1, parse: parseOpenApi };

export const openApiLimits = {
  operations: 5000,
  /** Parameters, responses, media types and credentials of all operations. */
  parts: 100_000,
  /** Of one operation. */
  parameters: 500,
  alternatives: 50,
} as const;

const methods = ["delete", "get", "head", "options", "patch", "post", "put", "trace"];

export function parseOpenApi(text: string): OpenApi | Unread {
  const documents = readYaml(text);
  if (typeof documents === "string") return new Unread(documents);
  const [root] = documents;
  const version = textAt(root, "openapi") ?? textAt(root, "swagger") ?? "";
  if (root === undefined || !/^(?:3\.\d|2\.0)/.test(version)) {
    return new Unread("no OpenAPI 3 or Swagger 2 document");
  }
  try {
    return new Reader(root).read();
  } catch (error) {
    if (error instanceof TooManySchemas || error instanceof TooMuch) {
      return new Unread("more operations, parameters or schemas than are read");
    }
    throw error;
  }
}

class TooMuch extends Error {}

class Reader {
  readonly #root: Yaml;
  readonly #schemas: SchemaReader;

  #parts = 0;

  constructor(root: Yaml) {
    this.#root = root;
    this.#schemas = new SchemaReader(root);
  }

  read(): OpenApi {
    const operations: Operation[] = [];
    for (const [path, item] of entriesAt(this.#root, "paths")) {
      const found = this.#follow(item);
      for (const method of methods) {
        const [node] = valuesAt(found, [method]);
        if (node?.kind !== "map") continue;
        if (operations.length >= openApiLimits.operations) throw new TooMuch();
        operations.push(this.#operation(path, method, node, found));
      }
    }
    return {
      line: this.#root.line,
      title: textAt(this.#root, "info", "title") ?? "",
      basePath: this.#basePath(),
      operations,
      definitions: this.#schemas.definitions(),
    };
  }

  #basePath(): string {
    const server = valuesAt(this.#root, ["servers", "*", "url"])[0];
    const address =
      textAt(this.#root, "basePath") ?? (server?.kind === "scalar" ? (server.text ?? "") : "");
    if (address.includes("{") || address.length > 2000) return "";
    return address.replace(/^[a-z]+:\/\/[^/]*/, "").replace(/\/$/, "");
  }

  #operation(path: string, method: string, node: Yaml, item: Yaml): Operation {
    const own = this.#parameters(node);
    const shared = this.#parameters(item).filter(
      (one) => !own.some((other) => other.name === one.name && other.place === one.place),
    );
    const all = [...shared, ...own].sort((a, b) =>
      compareText(`${a.place} ${a.name}`, `${b.place} ${b.name}`),
    );
    const swaggerBody = all.find(({ place }) => place === "body");
    const [body] = valuesAt(node, ["requestBody"]);
    return {
      line: node.line,
      method: method.toUpperCase(),
      path,
      parameters: all.filter(({ place }) => place !== "body"),
      ...(swaggerBody === undefined ? {} : { body: this.#swaggerBody(swaggerBody) }),
      ...(body === undefined ? {} : { body: this.#body(this.#follow(body)) }),
      responses: this.#entries(node, "responses").map(([status, response]) => {
        const found = this.#follow(response);
        return { status, line: response.line, content: this.#content(found) };
      }),
      ...this.#security(node),
    };
  }

  /** A path item that many paths refer to is read for each. */
  #spend(parts: number): void {
    this.#parts += parts;
    if (this.#parts > openApiLimits.parts) throw new TooMuch();
  }

  #entries(node: Yaml, key: string): readonly [string, Yaml][] {
    const entries = entriesAt(node, key);
    this.#spend(entries.length);
    return entries;
  }

  #parameters(node: Yaml): Parameter[] {
    const all = valuesAt(node, ["parameters", "*"]);
    if (all.length > openApiLimits.parameters) throw new TooMuch();
    this.#spend(all.length);
    return all.flatMap((listed) => {
      const found = this.#follow(listed);
      const [name, place] = [textAt(found, "name"), textAt(found, "in")];
      if (name === undefined || place === undefined) return [];
      // Swagger 2 says the type beside the name.
      const [nested] = valuesAt(found, ["schema"]);
      const schema = nested ?? (textAt(found, "type") === undefined ? undefined : found);
      return [
        {
          line: listed.line,
          place,
          // Header names are the same in any case.
          name: place === "header" ? name.toLowerCase() : name,
          required: textAt(found, "required") === "true",
          ...(schema === undefined ? {} : { schema: this.#plain(schema, nested === undefined) }),
        },
      ];
    });
  }

  /** A Swagger 2 parameter's own `required` is no list of properties. */
  #plain(node: Yaml, isParameter: boolean): Schema {
    const schema = this.#schemas.read(node);
    return isParameter ? { ...schema, required: [] } : schema;
  }

  #swaggerBody({ line, required, schema }: Parameter): NonNullable<Operation["body"]> {
    return {
      line,
      required,
      content: [{ mediaType: "*", line, ...(schema === undefined ? {} : { schema }) }],
    };
  }

  #body(node: Yaml): NonNullable<Operation["body"]> {
    return {
      line: node.line,
      required: textAt(node, "required") === "true",
      content: this.#content(node),
    };
  }

  #content(node: Yaml): Content {
    const [swagger] = valuesAt(node, ["schema"]);
    if (swagger !== undefined) {
      return [{ mediaType: "*", line: swagger.line, schema: this.#schemas.read(swagger) }];
    }
    return this.#entries(node, "content").map(([mediaType, media]) => {
      const [schema] = valuesAt(media, ["schema"]);
      const read = schema === undefined ? {} : { schema: this.#schemas.read(schema) };
      return {
        mediaType: mediaType.split(";")[0]?.trim().toLowerCase() ?? "",
        line: media.line,
        ...read,
      };
    });
  }

  #security(node: Yaml): Pick<Operation, "security" | "securityLine"> {
    const own = valuesAt(node, ["security"])[0];
    const list = own ?? valuesAt(this.#root, ["security"])[0];
    const alternatives = list?.kind === "list" ? list.items : [];
    if (alternatives.length > openApiLimits.alternatives) throw new TooMuch();
    const security = alternatives.map((alternative) =>
      alternative.kind === "map"
        ? [...alternative.entries]
            .flatMap(([scheme, scopes]) => {
              const names = this.#scopes(scopes);
              return names.length === 0 ? [scheme] : names.map((scope) => `${scheme}:${scope}`);
            })
            .sort(compareText)
        : [],
    );
    // An alternative that needs nothing lets anybody in.
    return {
      security: security.some((needed) => needed.length === 0) ? [] : security,
      securityLine: (own ?? list ?? node).line,
    };
  }

  #scopes(node: Yaml): string[] {
    const names = valuesAt(node, ["*"]).flatMap(scalar);
    if (names.length > openApiLimits.alternatives) throw new TooMuch();
    this.#spend(names.length + 1);
    return names;
  }

  /** Through `$ref` within the document; the node itself where it leads nowhere. */
  #follow(node: Yaml): Yaml {
    let found = node;
    for (let steps = 0; steps < 20; steps++) {
      const reference = textAt(found, "$ref");
      if (reference === undefined || !reference.startsWith("#")) return found;
      const next = at(this.#root, reference.slice(1));
      if (next === undefined) return found;
      found = next;
    }
    return found;
  }
}
