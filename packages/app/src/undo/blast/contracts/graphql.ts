/**
 * GraphQL type system documents (October 2021 specification): types, their fields
 * and arguments, with what is applied to them. Extensions are added to what they
 * extend.
 *
 * Left out: operations (a file of queries is no schema), descriptions, the values
 * of defaults and of the arguments of applied directives.
 */
import { type Model, Unread } from "../../models/model.ts";
import { Cursor, type Token, tokenise, Unparsable } from "./tokens.ts";

export type GraphqlInput = {
  readonly line: number;
  readonly name: string;
  /** As it is written, without blanks: `[String!]!`. */
  readonly type: string;
  readonly hasDefault: boolean;
};

export type GraphqlField = {
  readonly line: number;
  readonly name: string;
  readonly type: string;
  readonly args: readonly GraphqlInput[];
  /** Names of the directives applied, without `@`. */
  readonly directives: readonly string[];
};

export const graphqlKinds = [
  "type",
  "interface",
  "input",
  "enum",
  "union",
  "scalar",
  "directive",
] as const;
export type GraphqlKind = (typeof graphqlKinds)[number];

export type GraphqlDefinition = {
  readonly line: number;
  readonly kind: GraphqlKind;
  readonly name: string;
  readonly directives: readonly string[];
  /** Interfaces of a type, members of a union, values of an enum. */
  readonly members: readonly { readonly line: number; readonly name: string }[];
  /** Of types, interfaces and inputs. */
  readonly fields: readonly GraphqlField[];
  /** Of a directive. */
  readonly args: readonly GraphqlInput[];
};

export type Graphql = {
  readonly definitions: readonly GraphqlDefinition[];
  /** `query` and so on with their types, where the document says so. */
  readonly roots: readonly {
    readonly line: number;
    readonly name: string;
    readonly type: string;
  }[];
};

export const graphqlModel: Model<Graphql> = { id: "graphql", version: 1, parse: parseGraphql };

const syntax = {
  comments: "hash",
  dottedNames: false,
  signs: ["...", ..."{}[]()=:!|&@$-.".split("")],
  ignored: ",",
} as const;

const deepestType = 16;

export function parseGraphql(text: string): Graphql | Unread {
  try {
    return new Parser(new Cursor(tokenise(text, syntax))).document();
  } catch (error) {
    if (error instanceof Unparsable) return new Unread(error.message);
    throw error;
  }
}

/** Filled as the document goes on; extensions add to what is there. */
type Open = Pick<GraphqlDefinition, "line" | "kind" | "name"> & {
  readonly directives: string[];
  readonly members: { readonly line: number; readonly name: string }[];
  readonly fields: GraphqlField[];
  args: readonly GraphqlInput[];
};

class Parser {
  readonly #at: Cursor;
  readonly #definitions = new Map<string, Open>();
  readonly #roots: { line: number; name: string; type: string }[] = [];

  constructor(at: Cursor) {
    this.#at = at;
  }

  document(): Graphql {
    const at = this.#at;
    while (!at.done) {
      if (at.next.kind === "string") at.take();
      at.skip("extend");
      const { text, line } = at.word();
      if (text === "schema") this.#schema();
      else if (["query", "mutation", "subscription", "fragment"].includes(text)) {
        throw new Unparsable("operations, which are no schema");
      } else {
        const kind = graphqlKinds.find((known) => known === text);
        if (kind === undefined) throw at.wrong();
        this.#definition(kind, line);
      }
    }
    return { definitions: [...this.#definitions.values()], roots: this.#roots };
  }

  #schema(): void {
    const at = this.#at;
    this.#directives();
    if (!at.skip("{")) return;
    while (!at.skip("}")) {
      const { text, line } = at.word();
      at.expect(":");
      this.#roots.push({ line, name: text, type: at.word().text });
    }
  }

  #definition(kind: GraphqlKind, line: number): void {
    const at = this.#at;
    if (kind === "directive") at.expect("@");
    const name = at.word().text;
    const id = `${kind} ${name}`;
    const known = this.#definitions.get(id);
    const made: Open = known ?? {
      line,
      kind,
      name,
      directives: [],
      members: [],
      fields: [],
      args: [],
    };
    this.#definitions.set(id, made);
    if (kind === "directive") {
      if (at.next.text === "(") made.args = this.#inputs("(", ")");
      this.#places();
      return;
    }
    if (at.next.text === "implements" && at.next.kind === "word") {
      at.take();
      for (const one of this.#names("&")) made.members.push(one);
    }
    for (const directive of this.#directives()) made.directives.push(directive);
    if (kind === "union" && at.skip("="))
      for (const one of this.#names("|")) made.members.push(one);
    if (at.next.text === "{" && at.next.kind === "sign") {
      if (kind === "enum") for (const one of this.#values()) made.members.push(one);
      else
        for (const one of kind === "input" ? this.#inputFields() : this.#fields())
          made.fields.push(one);
    }
  }

  /** `repeatable on A | B`; where a directive may stand is not compared. */
  #places(): void {
    this.#at.skip("repeatable");
    this.#at.expect("on");
    this.#names("|");
  }

  #names(sign: string): { line: number; name: string }[] {
    const at = this.#at;
    const names: { line: number; name: string }[] = [];
    at.skip(sign);
    do {
      const { text, line } = at.word();
      names.push({ line, name: text });
    } while (at.skip(sign));
    return names;
  }

  #values(): { line: number; name: string }[] {
    const at = this.#at;
    const values: { line: number; name: string }[] = [];
    at.expect("{");
    while (!at.skip("}")) {
      if (at.next.kind === "string") at.take();
      const { text, line } = at.word();
      this.#directives();
      values.push({ line, name: text });
    }
    return values;
  }

  #fields(): GraphqlField[] {
    const at = this.#at;
    const fields: GraphqlField[] = [];
    at.expect("{");
    while (!at.skip("}")) {
      if (at.next.kind === "string") at.take();
      const { text, line } = at.word();
      const args = at.next.text === "(" ? this.#inputs("(", ")") : [];
      at.expect(":");
      const type = this.#type(0);
      fields.push({ line, name: text, type, args, directives: this.#directives() });
    }
    return fields;
  }

  #inputFields(): GraphqlField[] {
    return this.#inputs("{", "}").map(({ line, name, type, hasDefault }) => ({
      line,
      name,
      type: hasDefault ? `${type}=` : type,
      args: [],
      directives: [],
    }));
  }

  #inputs(open: string, close: string): GraphqlInput[] {
    const at = this.#at;
    const inputs: GraphqlInput[] = [];
    at.expect(open);
    while (!at.skip(close)) {
      if (at.next.kind === "string") at.take();
      const { text, line } = at.word();
      at.expect(":");
      const type = this.#type(0);
      const hasDefault = at.skip("=");
      if (hasDefault) this.#value();
      this.#directives();
      inputs.push({ line, name: text, type, hasDefault });
    }
    return inputs;
  }

  #type(depth: number): string {
    const at = this.#at;
    if (depth > deepestType) throw new Unparsable(`a list deeper than ${deepestType} levels`);
    let type: string;
    if (at.skip("[")) {
      type = `[${this.#type(depth + 1)}]`;
      at.expect("]");
    } else {
      type = at.word().text;
    }
    return at.skip("!") ? `${type}!` : type;
  }

  #directives(): string[] {
    const at = this.#at;
    const names: string[] = [];
    while (at.skip("@")) {
      names.push(at.word().text);
      if (at.next.text === "(" && at.next.kind === "sign") at.skipGroup();
    }
    return names;
  }

  #value(): void {
    const at = this.#at;
    at.skip("-");
    at.skip("$");
    const next: Token = at.next;
    if (next.kind === "sign" && (next.text === "[" || next.text === "{")) at.skipGroup();
    else if (next.kind === "sign" || next.kind === "end") throw at.wrong();
    else at.take();
  }
}
