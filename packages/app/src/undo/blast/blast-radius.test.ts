import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Models, Unread } from "../models/model.ts";
import type { UnchangedFile } from "../rules/rule.ts";
import { changed } from "../testing/rule-input.ts";
import { type BlastInput, blastRadius } from "./blast-radius.ts";
import {
  dependentsOf,
  isServiceGraphPath,
  mergeGraphs,
  parseServiceGraph,
  type ServiceGraph,
  servicesOf,
} from "./service-graph.ts";

function graph(text: string, path = ".countermand/services.yaml"): ServiceGraph {
  const value = parseServiceGraph(text, path);
  if (value instanceof Unread) throw new Error(value.reason);
  return value;
}

const same = (path: string, text: string): UnchangedFile => ({ path, before: text, after: text });
const input = (more: Partial<BlastInput>): BlastInput => ({
  files: [],
  unchanged: [],
  paths: { before: [], after: [] },
  models: new Models(),
  ...more,
});

const shop = `
services:
  web: {paths: [/web/, /shared/], dependsOn: [cart, users], tier: gold, owner: web-team}
  cart: {paths: [/services/cart/, /shared/], dependsOn: [stock]}
  stock: {paths: [/services/stock/], dependsOn: [cart], tier: silver}
  users: {paths: [/services/]}
  mail: {dependsOn: [users]}
`;

describe("service graph", () => {
  test("a file belongs to the services that say most about its place", () => {
    const read = graph(shop);
    expect(servicesOf(read, "services/cart/a.ts")).toEqual(["cart"]);
    expect(servicesOf(read, "services/other.ts")).toEqual(["users"]);
    expect(servicesOf(read, "shared/a.ts")).toEqual(["cart", "web"]);
    expect(servicesOf(read, "README.md")).toEqual([]);
  });

  test("dependents with depth; a circle ends", () => {
    const read = graph(shop);
    expect(dependentsOf(read, ["stock"])).toEqual([
      { name: "cart", depth: 1, through: "stock" },
      { name: "web", depth: 2, through: "cart" },
    ]);
    expect(dependentsOf(read, ["cart", "stock"])).toEqual([
      { name: "web", depth: 1, through: "cart" },
    ]);
    expect(dependentsOf(read, ["nobody"])).toEqual([]);
  });

  test("Backstage: through APIs, with namespaces, and the folder that the file is in", () => {
    const provider = graph(
      "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: payments}\nspec: {owner: pay, providesApis: [pay-api], dependsOn: ['resource:default/db']}\n---\nkind: API\nmetadata: {name: pay-api}\n---\nkind: System\nmetadata: {name: x}\n",
      "services/payments/catalog-info.yaml",
    );
    const consumer = graph(
      "kind: Component\nmetadata: {name: till, namespace: shop}\nspec: {consumesApis: [default/pay-api], dependsOn: ['component:other']}\n",
      "till/catalog-info.yaml",
    );
    const all = mergeGraphs([provider, consumer]);
    expect(servicesOf(all, "services/payments/a")).toEqual(["payments"]);
    expect(dependentsOf(all, ["payments"]).map(({ name, depth }) => [name, depth])).toEqual([
      ["api:pay-api", 1],
      ["shop/till", 2],
    ]);
    expect(dependentsOf(all, ["resource:db"]).map(({ name }) => name)).toContain("shop/till");
    expect(dependentsOf(all, ["shop/other"]).map(({ name }) => name)).toEqual(["shop/till"]);
  });

  test("Compose: build folders and depends_on as list or map", () => {
    const read = graph(
      "services:\n  api: {build: ../api, depends_on: [db]}\n  job: {build: {context: .}, depends_on: {api: {condition: service_healthy}}}\n  db: {image: postgres}\n  far: {build: 'https://x.example/a.git'}\n  up: {build: ../../../..}\n",
      "deploy/docker-compose.prod.yml",
    );
    expect(servicesOf(read, "api/a.ts")).toEqual(["api"]);
    expect(servicesOf(read, "deploy/x")).toEqual(["job"]);
    expect(servicesOf(read, "other")).toEqual([]);
    expect(dependentsOf(read, ["db"]).map(({ name }) => name)).toEqual(["api", "job"]);
  });

  test.each([
    [".countermand/services.json", true],
    ["a/.countermand/services.json", false],
    ["compose.yaml", true],
    ["a/docker-compose.yml", true],
    ["a/recompose.yml", false],
    ["catalog-info.yaml", true],
  ])("%s %s", (path, expected) => {
    expect(isServiceGraphPath(path)).toBe(expected);
  });

  test("hostile graphs", () => {
    const many = Array.from({ length: 6000 }, (_, i) => `  s${i}: {}\n`).join("");
    expect(parseServiceGraph(`services:\n${many}`, ".countermand/services.yaml")).toBeInstanceOf(
      Unread,
    );
    expect(parseServiceGraph("services: []", ".countermand/services.yaml")).toBeInstanceOf(Unread);
    expect(
      parseServiceGraph("services: {__proto__: {dependsOn: [a]}}", "compose.yml"),
    ).toBeDefined();
    fc.assert(
      fc.property(fc.json(), (text) => {
        for (const path of [".countermand/services.json", "catalog-info.yaml", "compose.yaml"]) {
          expect(parseServiceGraph(text, path)).toBeDefined();
        }
      }),
    );
  });

  test("whatever the edges, each dependent once, none of the touched, nearer before farther", () => {
    const name = fc.constantFrom("a", "b", "c", "d", "e");
    fc.assert(
      fc.property(fc.array(fc.tuple(name, name)), fc.uniqueArray(name), (edges, touched) => {
        const read = mergeGraphs([
          { services: edges.map(([from, to]) => ({ name: from, places: [], needs: [to] })) },
        ]);
        const found = dependentsOf(read, touched);
        expect(new Set(found.map((one) => one.name)).size).toBe(found.length);
        for (const one of found) {
          expect(touched).not.toContain(one.name);
          const via = found.find((other) => other.name === one.through)?.depth ?? 0;
          expect(via).toBe(one.depth - 1);
          expect(edges).toContainEqual([one.name, one.through]);
        }
      }),
    );
  });
});

describe("blast radius", () => {
  const files = [
    changed("services/stock/a.ts", "1", "2"),
    changed("services/stock/test/a.test.ts", "1", null),
    changed("lib/b.ts", "1", "2"),
    changed(
      "api/openapi.yaml",
      "openapi: 3.0.0\npaths: {/a: {get: {responses: {}}}}\n",
      "openapi: 3.0.0\npaths: {}\n",
    ),
  ];

  test("all of it", () => {
    const radius = blastRadius(
      input({
        files,
        unchanged: [
          same(".countermand/services.yaml", shop),
          same("CODEOWNERS", "/services/ @s\n/lib/ @l @s\n"),
        ],
        paths: { before: ["services/stock/package.json", "lib/b.ts"], after: [] },
      }),
    );
    expect(radius).toEqual({
      version: 1,
      components: [
        { name: "services/stock", files: 2 },
        { name: "api", files: 1 },
        { name: "lib", files: 1 },
      ],
      owners: [
        { owner: "@s", files: 3 },
        { owner: "@l", files: 1 },
      ],
      unowned: 1,
      services: [{ name: "stock", files: 2, tier: "silver" }],
      dependents: [
        { name: "cart", depth: 1, through: "stock" },
        { name: "web", depth: 2, through: "cart", tier: "gold", owner: "web-team" },
      ],
      contracts: [
        {
          format: "openapi",
          code: "openapi.operation-removed",
          subject: "GET /a",
          text: "GET /a is gone",
          breaks: "consumers",
          gravity: "breaking",
          location: { side: "before", path: "api/openapi.yaml", startLine: 2, endLine: 2 },
        },
      ],
      tests: { files: 1, removed: 1 },
      unknowns: [],
    });
    expect(JSON.stringify(radius)).not.toMatch(/null|\d\.\d/);
  });

  test("what is not there or not readable is unknown, not empty", () => {
    const { unknowns, services, owners, unowned } = blastRadius(
      input({ files: [...files, changed("a.proto", "message {", "message M {}")] }),
    );
    expect([services, owners, unowned]).toEqual([[], [], undefined]);
    expect(unknowns).toEqual([
      "1 text of format protobuf not read",
      "which services depend on this: no service graph was read",
      "who owns the changed files: no CODEOWNERS was read",
    ]);
  });

  test("half a character in a name is none", () => {
    const radius = blastRadius(
      input({
        files: [
          changed(
            "openapi.json",
            '{"openapi":"3.0.0","paths":{"/\\ud800":{"get":{}}}}',
            '{"openapi":"3.0.0"}',
          ),
          changed(".countermand/services.json", '{"services":{"\\ud800":{"paths":["/"]}}}', null),
        ],
      }),
    );
    expect([radius.contracts.length, radius.services.length]).toEqual([1, 1]);
    for (const text of [
      radius.contracts[0]?.subject,
      radius.contracts[0]?.text,
      radius.services[0]?.name,
    ]) {
      expect(text?.isWellFormed()).toBe(true);
    }
  });

  test("owners are those of the state left, dependents those of either", () => {
    const radius = blastRadius(
      input({
        files: [
          changed(".github/CODEOWNERS", "* @now\n", "* @then\n"),
          changed(
            "compose.yaml",
            "services: {a: {build: a}, b: {depends_on: [a]}}",
            "services: {a: {build: a}, c: {depends_on: [a]}}",
          ),
          changed("a/x", "1", "2"),
        ],
      }),
    );
    expect(radius.owners).toEqual([{ owner: "@now", files: 3 }]);
    expect(radius.dependents.map(({ name }) => name)).toEqual(["b", "c"]);
  });
});
