import type { FastifyInstance } from "fastify";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { routes } from "./routes/all.ts";
import { host, testServer } from "./testing/server.ts";

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly security?: unknown;
  readonly parameters?: readonly {
    readonly in: string;
    readonly name: string;
    readonly required?: boolean;
    readonly description?: string;
    readonly schema?: object;
  }[];
  readonly requestBody?: {
    readonly content: Readonly<Record<string, { readonly schema: object }>>;
  };
  readonly responses: Readonly<
    Record<
      string,
      { readonly description: string; readonly content: Readonly<Record<string, object>> }
    >
  >;
}
interface Document {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly tags: readonly { readonly name: string }[];
  readonly components: { readonly securitySchemes: object };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

let app: FastifyInstance;
let document: Document;
/** Every address that the router answers, HEAD aside: that is GET's. */
const registered: string[] = [];

beforeAll(async () => {
  ({ app } = await testServer());
  await app.ready();
  const answer = await app.inject({ url: "/openapi.json", headers: { host } });
  expect(answer.headers["content-type"]).toContain("application/json");
  document = answer.json();
});
afterAll(async () => app.close());

const operations = () =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );

describe("the OpenAPI document", () => {
  test("holds every registered route and no other", () => {
    const printed = app.printRoutes({ commonPrefix: false });
    // The router's own list; each leaf line ends with its methods.
    const stack: string[] = [];
    for (const line of printed.split("\n")) {
      const match = /^([│ ├└─]*)(\S+)(?: \((.+)\))?$/.exec(line);
      if (match === null) continue;
      const depth = (match[1] ?? "").length / 4;
      stack.length = depth;
      // The printer leaves out what stands before a wildcard.
      stack.push(match[2] === "*" ? "log/tile/*" : (match[2] ?? ""));
      const path = stack
        .join("")
        .replace("*", "{path}")
        .replaceAll(/:([a-z]+)/g, "{$1}");
      for (const method of (match[3] ?? "").split(", ")) {
        if (method !== "" && method !== "HEAD") registered.push(`${method.toLowerCase()} ${path}`);
      }
    }
    expect(app.hasRoute({ method: "GET", url: "/log/tile/*" })).toBe(true);
    const described = operations().map(({ method, path }) => `${method} ${path}`);
    expect(described.toSorted()).toEqual(registered.toSorted());
    expect(described).toHaveLength(routes.length + 1);
  });

  test("is OpenAPI 3.1, and every operation is named, explained and answered", () => {
    expect(document.openapi).toMatch(/^3\.1\.\d$/);
    const tags = document.tags.map(({ name }) => name);
    const ids = operations().map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { path, operation } of operations()) {
      expect(operation.summary, path).toBeTruthy();
      expect(operation.description, path).toBeTruthy();
      expect(tags).toContain(operation.tags[0]);
      for (const [status, response] of Object.entries(operation.responses)) {
        expect(response.description, `${path} ${status}`).not.toBe("Default Response");
        expect(Object.keys(response.content)).toHaveLength(1);
      }
      if (path === "/openapi.json") continue;
      expect(operation.responses["default"]?.content).toHaveProperty(["application/problem+json"]);
    }
  });

  test("every path parameter is declared once, with a description", () => {
    for (const { path, operation } of operations()) {
      const inPath = [...path.matchAll(/\{([a-z]+)\}/g)].map((match) => match[1]);
      const declared = (operation.parameters ?? []).filter((item) => item.in === "path");
      expect(declared.map((item) => item.name)).toEqual(inPath);
      for (const item of operation.parameters ?? []) {
        expect(item.description, `${path} ${item.name}`).toBeTruthy();
        expect(item.schema).toBeTypeOf("object");
        if (item.in === "path") expect(item.required).toBe(true);
      }
    }
  });

  test("bodies have the type that the route takes", () => {
    for (const route of routes) {
      const path = route.path.replace("*", "{path}").replaceAll(/:([a-z]+)/g, "{$1}");
      const operation = document.paths[path]?.[route.method.toLowerCase()];
      expect(Object.keys(operation?.requestBody?.content ?? {})).toEqual(
        route.consumes === undefined
          ? []
          : route.consumes === "application/cloudevents+json"
            ? [route.consumes, "application/json"]
            : [route.consumes],
      );
      expect(operation?.security).toEqual(route.needsToken === true ? [{ token: [] }] : undefined);
    }
    expect(document.components.securitySchemes).toHaveProperty("token");
  });

  test("refers to nothing outside itself", () => {
    expect(JSON.stringify(document)).not.toContain('"$ref"');
  });
});
