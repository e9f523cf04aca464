import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Models, Unread } from "../../models/model.ts";
import { contractBreaks, contractFormat } from "./contracts.ts";
import { parseGraphql } from "./graphql.ts";
import { parseJsonSchema } from "./json-schema.ts";
import { parseOpenApi } from "./openapi.ts";
import { parseProto } from "./protobuf.ts";

type Text = string | null;
const file = (path: string, before: Text, after: Text) => ({
  path,
  ...(before === null ? {} : { before }),
  ...(after === null ? {} : { after }),
});
/** `code subject` of each break. */
const breaks = (...files: ReturnType<typeof file>[]) =>
  contractBreaks(files, new Models()).map(
    ({ code, subject }) => `${code.replace(/^[^.]*\./, "")} ${subject}`,
  );

describe("OpenAPI", () => {
  const document = (more: string, head = "") => `openapi: 3.0.3
info: {title: Users, version: "1"}
${head}paths:
${more}`;
  const get = (more: string) =>
    document(`  /users/{id}:
    get:
${more.replaceAll(/^/gm, "      ")}
`);
  const api = (before: string, after: string) => breaks(file("api/openapi.yaml", before, after));
  const response = (schema: string) =>
    get(`responses: {"200": {content: {application/json: {schema: ${schema}}}}}`);
  const body = (schema: string) =>
    get(`requestBody: {content: {application/json: {schema: ${schema}}}}
responses: {"204": {}}`);

  test("operations, and paths whose parameters have other names", () => {
    const two = document("  /users/{id}: {get: {responses: {}}, delete: {responses: {}}}\n");
    const one = document("  /users/{userId}: {get: {responses: {}}}\n");
    expect(api(two, one)).toEqual(["operation-removed DELETE /users/{id}"]);
    expect(api(one, two)).toEqual([]);
  });

  test("parameters", () => {
    const plain = get("responses: {}");
    const optional = get(
      "parameters: [{name: q, in: query, schema: {type: string}}]\nresponses: {}",
    );
    const required = optional.replace("in: query", "in: query, required: true");
    expect(api(plain, optional)).toEqual([]);
    expect(api(plain, required)).toEqual(["parameter-required GET /users/{id} query q"]);
    expect(api(optional, required)).toEqual(["parameter-required GET /users/{id} query q"]);
    expect(api(required, optional)).toEqual([]);
    expect(api(optional, plain)).toEqual(["parameter-ignored GET /users/{id} query q"]);
    expect(api(optional, optional.replace("string", "integer"))).toEqual([
      "type-narrowed GET /users/{id} query q",
    ]);
  });

  test("what is sent may not be narrower, what is received not wider", () => {
    const one = "{type: object, properties: {kind: {type: string, enum: [a, b]}}}";
    const two = "{type: object, properties: {kind: {type: string, enum: [a, b, c]}}}";
    expect(api(body(two), body(one))).toEqual(["value-removed GET /users/{id} body kind"]);
    expect(api(body(one), body(two))).toEqual([]);
    expect(api(response(one), response(two))).toEqual(["value-added GET /users/{id} 200 kind"]);
    expect(api(response(two), response(one))).toEqual([]);
    const asked =
      "{type: object, required: [kind], properties: {kind: {type: string, enum: [a, b]}}}";
    expect(api(body(one), body(asked))).toEqual(["required-added GET /users/{id} body kind"]);
    expect(api(response(asked), response(one))).toEqual([
      "required-removed GET /users/{id} 200 kind",
    ]);
    expect(api(response(one), response("{type: object}"))).toEqual([
      "property-removed GET /users/{id} 200 kind",
    ]);
    expect(api(body(one), body("{type: object}"))).toEqual([
      "property-ignored GET /users/{id} body kind",
    ]);
    const gravity = (schema: string) =>
      contractBreaks(
        [file("openapi.yaml", response(schema), response("{type: object}"))],
        new Models(),
      ).map((one) => one.gravity);
    expect([gravity(one), gravity(asked)]).toEqual([["risky"], ["breaking"]]);
    expect(api(body("{type: string}"), body("{type: string, maxLength: 5}"))).toEqual([
      "bound-tightened GET /users/{id} body",
    ]);
    expect(api(body("{type: number}"), body("{type: integer}"))).toEqual([
      "type-narrowed GET /users/{id} body",
    ]);
    expect(api(body("{type: integer}"), body("{type: number}"))).toEqual([]);
    expect(api(response("{type: string}"), response("{type: string, nullable: true}"))).toEqual([
      "type-widened GET /users/{id} 200",
    ]);
  });

  test("a security requirement that is gone, weaker or other", () => {
    const secured = get("security: [{oauth: [read, write]}]\nresponses: {}");
    expect(api(secured, get("responses: {}"))).toEqual(["security-removed GET /users/{id}"]);
    expect(api(secured, get("security: [{oauth: [read]}, {}]\nresponses: {}"))).toEqual([
      "security-removed GET /users/{id}",
    ]);
    expect(api(secured, get("security: [{oauth: [read]}]\nresponses: {}"))).toEqual([
      "security-weakened GET /users/{id}",
    ]);
    expect(api(secured, get("security: [{basic: []}]\nresponses: {}"))).toEqual([
      "security-changed GET /users/{id}",
    ]);
    expect(api(get("responses: {}"), secured)).toEqual(["security-changed GET /users/{id}"]);
    // From the operation to the whole document: the same.
    const whole = document(
      "  /users/{id}: {get: {responses: {}}}\n",
      "security: [{oauth: [write, read]}]\n",
    );
    expect(api(secured, whole)).toEqual([]);
    const [found] = contractBreaks(
      [file("openapi.yaml", secured, get("responses: {}"))],
      new Models(),
    );
    expect(found).toMatchObject({
      gravity: "security",
      location: { side: "after", path: "openapi.yaml", startLine: 5 },
    });
  });

  test("responses, media types, a base path", () => {
    const json = response("{}");
    expect(api(json, json.replace('"200"', '"201"'))).toEqual([
      "response-removed GET /users/{id} 200",
    ]);
    expect(api(json, json.replace('"200"', "default"))).toEqual([]);
    expect(api(json, json.replace("application/json", "text/xml"))).toEqual([
      "media-type-removed GET /users/{id} 200 as application/json",
    ]);
    const based = (path: string) =>
      document("  /a: {get: {responses: {}}}\n", `servers: [{url: "https://x.example${path}"}]\n`);
    expect(api(based("/v2"), based("/v1"))).toEqual(["base-path-changed /v2"]);
  });

  test("Swagger 2 in JSON, references, allOf; a schema that holds itself ends", () => {
    const swagger = (name: string) =>
      JSON.stringify({
        swagger: "2.0",
        info: { title: "T" },
        paths: {
          "/n": {
            post: {
              parameters: [
                { in: "body", name: "b", required: true, schema: { $ref: "#/definitions/Node" } },
              ],
              responses: { 200: { schema: { allOf: [{ $ref: "#/definitions/Node" }] } } },
            },
          },
        },
        definitions: {
          Node: {
            type: "object",
            properties: { next: { $ref: "#/definitions/Node" }, [name]: { type: "string" } },
          },
        },
      });
    expect(breaks(file("swagger.json", swagger("new"), swagger("old")))).toEqual([
      "property-ignored schema Node new",
      "property-removed POST /n 200 new",
      "property-removed schema Node new",
    ]);
    expect(breaks(file("swagger.json", swagger("a"), swagger("a")))).toEqual([]);
  });

  test("renamed with its title: compared; gone: one break", () => {
    const text = document("  /a: {get: {responses: {}}}\n");
    expect(breaks(file("openapi.yaml", text, null), file("api/openapi.yaml", null, text))).toEqual(
      [],
    );
    expect(breaks(file("openapi.yaml", text, null))).toEqual(["contract-removed Users"]);
    expect(breaks(file("openapi.yaml", null, text))).toEqual([]);
  });
});

describe("JSON Schema", () => {
  const schema = (more: string) =>
    `{"$schema": "https://json-schema.org/draft/2020-12/schema", ${more}}`;
  const of = (before: string, after: string) =>
    contractBreaks([file("schemas/event.json", schema(before), schema(after))], new Models()).map(
      ({ code, breaks: who }) => `${code} ${who}`,
    );
  const a = '"type": "object", "properties": {"a": {"type": "string"}}';
  test.each([
    [a, `${a}, "required": ["a"]`, ["json-schema.required-added producers"]],
    [`${a}, "required": ["a"]`, a, ["json-schema.required-removed consumers"]],
    [a, `${a}, "additionalProperties": false`, ["json-schema.closed producers"]],
    [a, '"type": "object"', ["json-schema.property-removed consumers"]],
    [
      a,
      '"type": "object", "additionalProperties": false',
      ["json-schema.closed producers", "json-schema.property-refused producers"],
    ],
    [`${a}, "additionalProperties": false`, a, []],
    [
      a,
      a.replace("string", "integer"),
      ["json-schema.type-narrowed producers", "json-schema.type-widened consumers"],
    ],
    ['"enum": [1, 2]', '"enum": [1]', ["json-schema.value-removed producers"]],
    [
      '"const": 1',
      '"const": 2',
      ["json-schema.value-added consumers", "json-schema.value-removed producers"],
    ],
    ['"minimum": 1', '"minimum": 2', ["json-schema.bound-tightened producers"]],
    ['"minimum": 2', '"minimum": 1', []],
    [
      '"type": "string"',
      '"type": "string", "pattern": "x"',
      ["json-schema.pattern-changed producers"],
    ],
  ])("%s to %s", (before, after, expected) => {
    expect(of(before, after)).toEqual(expected);
  });
});

describe("Protocol Buffers", () => {
  const proto = (more: string) =>
    `syntax = "proto3";\npackage a.v1; // c\n/* b */ import "x.proto";\noption go_package = "x";\n${more}`;
  const of = (before: string, after: string) =>
    breaks(file("a.proto", proto(before), proto(after)));
  const m = (fields: string) => `message M {\n${fields}\n}`;
  test.each([
    [
      "same, other order and blanks",
      m("string a = 1; int32 b = 2;"),
      m("\tint32 b=2;\r\nstring  a = 1 [deprecated = true];"),
      [],
    ],
    [
      "field removed",
      m("string a = 1; int32 b = 2;"),
      m("string a = 1;"),
      ["field-removed a.v1.M.b"],
    ],
    ["field added", m("string a = 1;"), m("string a = 1; int32 b = 2;"), []],
    ["renumbered", m("string a = 1;"), m("string a = 3;"), ["field-renumbered a.v1.M.a"]],
    ["renamed", m("string a = 1;"), m("string b = 1;"), ["field-renamed a.v1.M.a"]],
    ["type", m("string a = 1;"), m("int32 a = 1;"), ["type-changed a.v1.M.a"]],
    ["label", m("repeated string a = 1;"), m("string a = 1;"), ["label-changed a.v1.M.a"]],
    ["map", m("map<string, .a.v1.N> a = 1;"), m("map<string, N> a = 1;"), []],
    ["oneof", m("oneof x { string a = 1; }"), m("string a = 1;"), ["oneof-changed a.v1.M.a"]],
    ["required", m(""), m("required string a = 1;"), ["required-added a.v1.M.a"]],
    [
      "reserved used",
      m('reserved 2, 4 to 6, 9 to max; reserved "b";'),
      m("string a = 5; string b = 1; string c = 3;"),
      ["reserved-used a.v1.M.a", "reserved-used a.v1.M.b"],
    ],
    [
      "nested",
      m("message N { enum E { Z = 0; Y = 1; } E e = 1; }"),
      m("message N { enum E { Z = 0; } E e = 1; }"),
      ["enum-value-removed a.v1.M.N.E.Y"],
    ],
    ["message removed", `${m("")} message N {}`, m(""), ["message-removed a.v1.N"]],
    [
      "enum renamed",
      "enum E { A = 0; B = -0x1; }",
      "enum E { A = 0; C = -1; }",
      ["enum-value-renamed a.v1.E.B"],
    ],
    [
      "alias",
      "enum E { option allow_alias = true; A = 0; B = 0; }",
      "enum E { A = 0; B = 0; }",
      [],
    ],
    [
      "call removed",
      "service S { rpc A(M) returns (N); rpc B(M) returns (N) { option (x) = {a: 1}; } }",
      "service S { rpc A(M) returns (N); }",
      ["call-removed a.v1.S.B"],
    ],
    [
      "call changed",
      "service S { rpc A(M) returns (stream N); }",
      "service S { rpc A(M) returns (N); }",
      ["call-changed a.v1.S.A"],
    ],
    [
      "words that are no keywords",
      m("string message = 1; oneof option { string reserved = 2; }"),
      m("string message = 1; oneof option { string reserved = 2; }"),
      [],
    ],
    [
      "group",
      "message M { repeated group G = 1 { optional string a = 2; } }",
      "message M { repeated group G = 1 { } }",
      ["field-removed a.v1.M.G.a"],
    ],
  ])("%s", (_name, before, after, expected) => {
    expect(of(before, after)).toEqual(expected);
  });

  test("compatible types are risky, others break", () => {
    const gravity = (from: string, to: string) =>
      contractBreaks(
        [file("a.proto", proto(m(`${from} a = 1;`)), proto(m(`${to} a = 1;`)))],
        new Models(),
      ).map((one) => one.gravity);
    expect([
      gravity("int64", "int32"),
      gravity("int32", "sint32"),
      gravity("string", "bytes"),
    ]).toEqual([["risky"], ["breaking"], ["risky"]]);
  });

  test("moved to another file is not removed; that file unread is no removal either", () => {
    const both = proto(`${m("string a = 1;")} message N {}`);
    const first = file("a.proto", both, proto(m("string a = 1;")));
    expect(breaks(first, file("n.proto", null, proto("message N {}")))).toEqual([]);
    expect(breaks(first)).toEqual(["message-removed a.v1.N"]);
    const models = new Models();
    expect(contractBreaks([file("a.proto", both, "message {")], models)).toEqual([]);
    expect(models.unread()).toMatchObject([{ model: "protobuf", side: "after" }]);
  });

  test("places", () => {
    const [found] = contractBreaks(
      [file("a.proto", proto(m("string a = 1;\nint32 b = 2;")), proto(m("string a = 1;")))],
      new Models(),
    );
    expect(found?.location).toEqual({ side: "before", path: "a.proto", startLine: 7, endLine: 7 });
  });
});

describe("GraphQL", () => {
  const of = (before: string, after: string) => breaks(file("schema.graphql", before, after));
  test.each([
    ["field", "type T { a: Int b: Int }", "type T { a: Int }", ["field-removed T.b"]],
    ["stricter inside", "type T { a: [Int]! }", "type T { a: [Int!]! }", []],
    ["stricter answer", "type T { a: [Int] }", "type T { a: [Int!]! }", []],
    ["looser answer", "type T { a: [Int!]! }", "type T { a: [Int]! }", ["field-type-changed T.a"]],
    [
      "argument required",
      "type T { a: Int }",
      "type T { a(x: Int!): Int }",
      ["input-required T.a(x)"],
    ],
    ["argument with default", "type T { a: Int }", "type T { a(x: Int! = {a: [1, -2]}): Int }", []],
    [
      "argument removed",
      "type T { a(x: Int): Int }",
      "type T { a: Int }",
      ["input-removed T.a(x)"],
    ],
    [
      "argument stricter",
      "type T { a(x: Int): Int }",
      "type T { a(x: Int!): Int }",
      ["input-type-changed T.a(x)"],
    ],
    ["argument looser", "type T { a(x: Int!): Int }", "type T { a(x: Int): Int }", []],
    [
      "input field",
      "input I { a: Int b: Int }",
      "input I { a: Int! }",
      ["input-removed I(b)", "input-type-changed I(a)"],
    ],
    ["enum", "enum E { A B }", "enum E { A C }", ["value-removed E.B", "value-added E.C"]],
    ["union", "union U = | A | B", "union U = A", ["member-removed U.B"]],
    [
      "interface",
      "type T implements A & B { a: Int }",
      "type T implements A { a: Int }",
      ["interface-removed T.B"],
    ],
    ["kind", "type T { a: Int }", "scalar T", ["kind-changed T"]],
    ["type", 'type T { a: Int } """d""" scalar S', "type T { a: Int }", ["type-removed S"]],
    [
      "directive",
      "directive @x(a: Int) repeatable on FIELD | OBJECT type T { a: Int }",
      "type T { a: Int }",
      ["type-removed @x"],
    ],
    [
      "root",
      "schema { query: Q mutation: M } type Q { a: Int }",
      "schema { query: Q } type Q { a: Int }",
      ["root-changed mutation"],
    ],
    [
      "guard",
      'type T { a: Int @auth(requires: "x{") }',
      "type T { a: Int }",
      ["guard-removed T.a"],
    ],
    ["no guard", "type T { a: Int @deprecated }", "type T { a: Int }", []],
    ["extension", "type T { a: Int } extend type T { b: Int }", "type T { b: Int, a: Int }", []],
    ["comment, block string", '# c\ntype T { """say "a" {""" a: Int }', "type T { a: Int }", []],
  ])("%s", (_name, before, after, expected) => {
    expect(of(before, after)).toEqual(expected);
  });

  test("a file of operations is no contract", () => {
    expect(contractFormat("q.graphql", "query Q { type }\n")).toBeNull();
    expect(breaks(file("q.graphql", "query Q { a b }", "query Q { a }"))).toEqual([]);
  });
});

describe("hostile documents are not read, or end", () => {
  const many = (n: number, one: (i: number) => string) =>
    Array.from({ length: n }, (_, i) => one(i)).join("");
  test.each([
    ["proto, deep", parseProto, `${"message M {".repeat(40)}${"}".repeat(40)}`],
    ["proto, oneofs", parseProto, `message M {${"oneof o {".repeat(60_000)}`],
    ["proto, a comment without end", parseProto, "/*"],
    ["proto, too long", parseProto, " ".repeat(1_000_001)],
    ["proto, too many words", parseProto, "a ".repeat(300_000)],
    ["proto, reserved", parseProto, `message M { reserved ${many(2000, (i) => `${i}, `)}1; }`],
    ["graphql, lists", parseGraphql, `type T { a: ${"[".repeat(100_000)}`],
    ["graphql, braces", parseGraphql, `type T { a(x: Int = ${"{".repeat(100_000)}`],
    ["graphql, a string without end", parseGraphql, '"""'],
    ["openapi, deep", parseOpenApi, `openapi: 3.0.0\npaths: ${"[".repeat(1000)}`],
    [
      "openapi, one item for many paths",
      parseOpenApi,
      `openapi: 3.0.0\nx:\n  get:\n    responses: {${many(3000, (i) => `"${i}": {}, `)}}\npaths:\n${many(400, (i) => `  /p${i}: {$ref: "#/x"}\n`)}`,
    ],
    ["openapi, another document", parseOpenApi, "a: 1"],
    ["json schema, a list", parseJsonSchema, "[1]"],
  ])("%s", (_name, parse, text) => {
    expect(parse(text)).toBeInstanceOf(Unread);
  });

  test("schemas that name each other crosswise, and references without end", () => {
    const cross = (step: number) =>
      `{"$schema": "https://json-schema.org/x", "$ref": "#/$defs/d0", "$defs": {${many(700, (i) => `"d${i}": {"properties": {"a": {"$ref": "#/$defs/d${(i * step + 1) % 700}"}, "b": {"$ref": "#/$defs/d${(i + step) % 700}"}}},`)}"z": {"$ref": "#/$defs/z"}}}`;
    const found = breaks(file("schemas/a.json", cross(3), cross(7)));
    expect(found.length).toBeLessThan(2100);
  });

  test("more breaks than are listed are said to be", () => {
    const text = (n: number) => `message M {${many(n, (i) => `string f${i} = ${i + 1};`)}}`;
    const found = breaks(file("a.proto", text(5000), text(1)));
    expect(found).toHaveLength(2001);
    expect(found).toContain("not-all-compared a.proto");
  });

  test("a megabyte in one line", () => {
    for (const text of [
      "a".repeat(1_000_000),
      `"${"a".repeat(999_998)}`,
      "1".repeat(1_000_000),
      "@".repeat(1_000_000),
    ]) {
      for (const parse of [parseProto, parseGraphql]) expect(parse(text)).toBeInstanceOf(Unread);
    }
    expect(contractFormat("a/api.yaml", " ".repeat(1_000_000))).toBeNull();
    expect(contractFormat(`${"api-".repeat(250_000)}.yaml`, "openapi: 3.0")).toBeNull();
  });

  test("any text gives an answer; the same text on both sides breaks nothing", () => {
    const words = fc.array(
      fc.constantFrom(
        "message",
        "M",
        "{",
        "}",
        "=",
        "1",
        ";",
        "oneof",
        "enum",
        "reserved",
        "type",
        "union",
        "|",
        "@",
        "(",
        ")",
        "[",
        "]",
        ":",
        '"""',
        "extend",
        "input",
        "!",
        "group",
        "rpc",
        "returns",
        "service",
        ",",
        "to",
        "map",
        "<",
        ">",
        "-",
      ),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(words, (list) => {
        const text = list.join(" ");
        for (const path of ["a.proto", "a.graphql"]) {
          expect(breaks(file(path, text, text))).toEqual([]);
          breaks(file(path, text, null));
        }
        for (const parse of [parseProto, parseGraphql, parseOpenApi, parseJsonSchema]) {
          expect(parse(text)).toBeDefined();
        }
      }),
      { numRuns: 300 },
    );
  });
});
