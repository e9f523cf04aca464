/**
 * Protocol Buffers definitions (proto2, proto3, editions): messages with the
 * numbers, types and labels of their fields, enums, services. By the language
 * specifications at protobuf.dev.
 *
 * Left out: options, extensions, imports; a type is the name as written, without a leading dot.
 */
import { type Model, Unread } from "../../models/model.ts";
import { Cursor, tokenise, Unparsable } from "./tokens.ts";

export type ProtoField = {
  readonly line: number;
  readonly name: string;
  readonly number: number;
  /** `map<key,value>` for maps, `group` for groups. */
  readonly type: string;
  readonly label: "required" | "repeated" | "singular";
  /** Empty: in none. */
  readonly oneof: string;
};

export type ProtoMessage = {
  readonly line: number;
  /** With package and outer messages. */
  readonly name: string;
  readonly fields: readonly ProtoField[];
  readonly reserved: Reserved;
};

export type Reserved = {
  /** First and last of each range. */
  readonly numbers: readonly (readonly [number, number])[];
  readonly names: readonly string[];
};

export type ProtoEnum = {
  readonly line: number;
  readonly name: string;
  readonly values: readonly {
    readonly line: number;
    readonly name: string;
    readonly number: number;
  }[];
};

export type ProtoCall = {
  readonly line: number;
  readonly name: string;
  /** `stream` before a type that is streamed. */
  readonly takes: string;
  readonly gives: string;
};

export type Proto = {
  readonly package: string;
  readonly messages: readonly ProtoMessage[];
  readonly enums: readonly ProtoEnum[];
  readonly services: readonly {
    readonly line: number;
    readonly name: string;
    readonly calls: readonly ProtoCall[];
  }[];
};

export const protoModel: Model<Proto> = { id: "protobuf", version: 1, parse: parseProto };

const deepest = 32;
const syntax = {
  comments: "slashes",
  dottedNames: true,
  signs: "{}[]()<>=;:,.-+/".split(""),
  ignored: "",
} as const;

export function parseProto(text: string): Proto | Unread {
  try {
    return new Parser(new Cursor(tokenise(text, syntax))).file();
  } catch (error) {
    if (error instanceof Unparsable) return new Unread(error.message);
    throw error;
  }
}

type Open<T> = { -readonly [K in keyof T]: T[K] };
type OpenReserved = { readonly numbers: [number, number][]; readonly names: string[] };

const mostReserved = 1000;

class Parser {
  readonly #at: Cursor;
  #package = "";
  readonly #messages: ProtoMessage[] = [];
  readonly #enums: ProtoEnum[] = [];
  readonly #services: Open<Proto["services"][number]>[] = [];

  constructor(at: Cursor) {
    this.#at = at;
  }

  file(): Proto {
    const at = this.#at;
    while (!at.done) {
      if (at.skip(";")) continue;
      const { text } = at.word();
      if (text === "package") {
        this.#package = at.word().text;
        at.expect(";");
      } else if (text === "message") this.#message(this.#package, 0);
      else if (text === "enum") this.#enum(this.#package);
      else if (text === "service") this.#service();
      else if (text === "extend") this.#skipExtend();
      else if (["syntax", "edition", "import", "option"].includes(text)) this.#statement();
      else throw at.wrong();
    }
    return {
      package: this.#package,
      messages: this.#messages,
      enums: this.#enums,
      services: this.#services,
    };
  }

  /** To the semicolon that ends it. */
  #statement(): void {
    const at = this.#at;
    while (!at.skip(";")) {
      if (at.next.kind === "sign" && "{[(".includes(at.next.text)) at.skipGroup();
      else if (at.take().kind === "end") throw at.wrong();
    }
  }

  #skipExtend(): void {
    this.#at.word();
    this.#at.skipGroup();
  }

  #message(
    outer: string,
    depth: number,
    opened?: { readonly line: number; readonly text: string },
  ): void {
    const at = this.#at;
    if (depth > deepest) throw new Unparsable(`deeper than ${deepest} levels`);
    const { text, line } = opened ?? at.word();
    const name = outer === "" ? text : `${outer}.${text}`;
    const fields: ProtoField[] = [];
    const reserved: OpenReserved = { numbers: [], names: [] };
    this.#messages.push({ line, name, fields, reserved });
    at.expect("{");
    while (!at.skip("}")) this.#member(name, fields, reserved, "", depth);
  }

  #member(
    message: string,
    fields: ProtoField[],
    reserved: OpenReserved,
    oneof: string,
    depth: number,
  ): void {
    const at = this.#at;
    if (at.skip(";")) return;
    if (depth > deepest) throw new Unparsable(`deeper than ${deepest} levels`);
    const { next, second } = at;
    // Words that are no keywords where a field of such a type or name stands.
    const opens = second.kind === "word" && next.kind === "word";
    if (next.text === "message" && opens) {
      at.take();
      this.#message(message, depth + 1);
    } else if (next.text === "enum" && opens) {
      at.take();
      this.#enum(message);
    } else if (next.text === "oneof" && opens) {
      at.take();
      const { text } = at.word();
      at.expect("{");
      while (!at.skip("}")) this.#member(message, fields, reserved, text, depth + 1);
    } else if (next.text === "extend" && opens) {
      at.take();
      this.#skipExtend();
    } else if (next.text === "option" && (opens || second.text === "(")) {
      this.#statement();
    } else if (next.text === "extensions" && second.kind === "number") {
      this.#statement();
    } else if (next.text === "reserved" && second.text !== "=") {
      at.take();
      this.#reserved(reserved);
    } else {
      this.#field(message, fields, oneof, depth);
    }
  }

  #field(message: string, fields: ProtoField[], oneof: string, depth: number): void {
    const at = this.#at;
    let label: ProtoField["label"] = "singular";
    const said = at.next.text;
    if (
      (said === "required" || said === "repeated" || said === "optional") &&
      at.second.kind === "word"
    ) {
      at.take();
      if (said !== "optional") label = said;
    }
    const type = this.#type();
    const name = at.word();
    at.expect("=");
    const number = this.#number();
    if (at.next.text === "[") at.skipGroup();
    fields.push({ line: name.line, name: name.text, number, type, label, oneof });
    if (type === "group") this.#message(message, depth + 1, name);
    else at.expect(";");
  }

  #type(): string {
    const at = this.#at;
    const { text } = at.word();
    if (text !== "map" || !at.skip("<")) return text.replace(/^\./, "");
    const key = at.word().text;
    at.expect(",");
    const value = at.word().text.replace(/^\./, "");
    at.expect(">");
    return `map<${key},${value}>`;
  }

  #number(): number {
    const at = this.#at;
    const negative = at.skip("-");
    const token = at.take();
    const value =
      token.kind === "number"
        ? Number(/^0[0-7]+$/.test(token.text) ? `0o${token.text.slice(1)}` : token.text)
        : Number.NaN;
    if (!Number.isSafeInteger(value)) throw at.wrong();
    return negative ? -value : value;
  }

  /** Numbers, ranges and names, up to the semicolon. */
  #reserved(reserved: OpenReserved): void {
    const at = this.#at;
    do {
      if (at.next.kind === "string" || at.next.kind === "word") {
        reserved.names.push(at.take().text);
        continue;
      }
      const first = this.#number();
      const last = at.skip("to") ? (at.skip("max") ? 0x1fffffff : this.#number()) : first;
      reserved.numbers.push([first, last]);
    } while (at.skip(","));
    at.expect(";");
    if (reserved.names.length + reserved.numbers.length > mostReserved) {
      throw new Unparsable(`more than ${mostReserved} reserved numbers and names`);
    }
  }

  #enum(outer: string): void {
    const at = this.#at;
    const { text, line } = at.word();
    const values: Open<ProtoEnum["values"][number]>[] = [];
    this.#enums.push({ line, name: outer === "" ? text : `${outer}.${text}`, values });
    at.expect("{");
    while (!at.skip("}")) {
      if (at.skip(";")) continue;
      if ((at.next.text === "option" || at.next.text === "reserved") && at.second.text !== "=") {
        this.#statement();
        continue;
      }
      const name = at.word();
      at.expect("=");
      values.push({ line: name.line, name: name.text, number: this.#number() });
      this.#statement();
    }
  }

  #service(): void {
    const at = this.#at;
    const { text, line } = at.word();
    const calls: ProtoCall[] = [];
    this.#services.push({
      line,
      name: this.#package === "" ? text : `${this.#package}.${text}`,
      calls,
    });
    at.expect("{");
    while (!at.skip("}")) {
      if (at.skip(";")) continue;
      if (!at.skip("rpc")) {
        this.#statement();
        continue;
      }
      const name = at.word();
      const takes = this.#callType();
      at.expect("returns");
      const gives = this.#callType();
      if (at.next.text === "{") at.skipGroup();
      else at.expect(";");
      calls.push({ line: name.line, name: name.text, takes, gives });
    }
  }

  #callType(): string {
    const at = this.#at;
    at.expect("(");
    const streams = at.next.text === "stream" && at.second.kind === "word";
    if (streams) at.take();
    const type = at.word().text.replace(/^\./, "");
    at.expect(")");
    return streams ? `stream ${type}` : type;
  }
}
