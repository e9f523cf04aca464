/**
 * Which services there are, which files each is made of, and which needs which:
 * from a file of our own (format in docs/design/blast-radius.md), Backstage's
 * catalog files, and Compose files. What of them is not about that is left out:
 * Backstage's systems, domains and locations, Compose's `links`, profiles and
 * includes.
 */
import { type Model, Unread } from "../models/model.ts";
import { compareText } from "../rules/order.ts";
import { readYaml, textAt, valuesAt, type Yaml } from "../lattice/yaml.ts";
import { parsePattern, type Pattern } from "./codeowners-pattern.ts";
import { PatternIndex } from "./pattern-index.ts";

export type Service = {
  readonly name: string;
  /** Where its files are. */
  readonly places: readonly { readonly pattern: Pattern; readonly weight: number }[];
  /** Names of services, sorted; they need not be described anywhere. */
  readonly needs: readonly string[];
  readonly tier?: string;
  readonly owner?: string;
};

export type ServiceGraph = { readonly services: readonly Service[] };

export const serviceLimits = { services: 5000, needs: 50_000, name: 200 } as const;

export const serviceGraphModel: Model<ServiceGraph> = {
  id: "service-graph",
  version: 1,
  parse: parseServiceGraph,
};

const own = /^\.countermand\/services\.(?:json|ya?ml)$/;
const catalog = /(?:^|\/)catalog-info\.ya?ml$/;
const compose = /(?:^|\/)(?:docker-)?compose(?:[.-][\w.-]{1,100})?\.ya?ml$/;

export function isServiceGraphPath(path: string): boolean {
  return own.test(path) || catalog.test(path) || compose.test(path);
}

export function parseServiceGraph(text: string, path: string): ServiceGraph | Unread {
  const documents = readYaml(text);
  if (typeof documents === "string") return new Unread(documents);
  const folder = path.slice(0, Math.max(0, path.lastIndexOf("/")));
  const found = own.test(path)
    ? documents.flatMap(ownServices)
    : catalog.test(path)
      ? documents.flatMap((document) => catalogServices(document, folder))
      : documents.flatMap((document) => composeServices(document, folder));
  if (typeof found[0] === "string") return new Unread(found[0]);
  const services = found.filter((one) => typeof one !== "string");
  const needs = services.reduce((sum, service) => sum + service.needs.length, 0);
  if (services.length > serviceLimits.services || needs > serviceLimits.needs) {
    return new Unread("more services than are read");
  }
  return mergeGraphs([{ services }]);
}

/** Services of the same name are one; what any file says of it holds. */
export function mergeGraphs(graphs: readonly ServiceGraph[]): ServiceGraph {
  const byName = Map.groupBy(
    graphs.flatMap(({ services }) => services),
    ({ name }) => name,
  );
  const services = [...byName].map(([name, all]): Service => {
    const tier = all.find((one) => one.tier !== undefined)?.tier;
    const owner = all.find((one) => one.owner !== undefined)?.owner;
    return {
      name,
      places: all.flatMap((one) => one.places),
      needs: [...new Set(all.flatMap((one) => one.needs))].sort(compareText),
      ...(tier === undefined ? {} : { tier }),
      ...(owner === undefined ? {} : { owner }),
    };
  });
  return { services: services.sort((a, b) => compareText(a.name, b.name)) };
}

/**
 * The services that a file belongs to: those whose pattern says most about where
 * it is. A file of two services is in both; a folder in a service's folder that
 * is a service of its own is not.
 */
export function servicesOf(graph: ServiceGraph, path: string): readonly string[] {
  const { places, patterns } = placesOf(graph);
  let names = new Set<string>();
  let most = -1;
  for (const at of patterns.matches(path)) {
    const { name, weight } = places[at] ?? { name: "", weight: -1 };
    if (weight > most) [names, most] = [new Set(), weight];
    if (weight === most) names.add(name);
  }
  return [...names].sort(compareText);
}

type Places = {
  readonly places: readonly { readonly name: string; readonly weight: number }[];
  readonly patterns: PatternIndex;
};

/** Derived from the value alone, so that it may be kept beside it. */
const indexes = new WeakMap<ServiceGraph, Places>();

function placesOf(graph: ServiceGraph): Places {
  const known = indexes.get(graph);
  if (known !== undefined) return known;
  const places = graph.services.flatMap(({ name, places: all }) =>
    all.map(({ pattern, weight }) => ({ name, weight, pattern })),
  );
  const made = { places, patterns: new PatternIndex(places.map(({ pattern }) => pattern)) };
  indexes.set(graph, made);
  return made;
}

export type Dependent = {
  readonly name: string;
  /** 1: needs a touched service itself. */
  readonly depth: number;
  /** What it needs that leads to a touched service, the first by name. */
  readonly through: string;
};

/** Everything that needs one of `touched`, however far away; these themselves are left out. */
export function dependentsOf(graph: ServiceGraph, touched: readonly string[]): Dependent[] {
  const needers = new Map<string, string[]>();
  for (const { name, needs } of graph.services) {
    for (const need of needs) {
      const list = needers.get(need);
      if (list === undefined) needers.set(need, [name]);
      else list.push(name);
    }
  }
  const seen = new Set(touched);
  const found: Dependent[] = [];
  let edge = [...seen].sort(compareText);
  for (let depth = 1; edge.length > 0; depth++) {
    const next: string[] = [];
    for (const through of edge) {
      for (const name of needers.get(through) ?? []) {
        if (seen.has(name)) continue;
        seen.add(name);
        next.push(name);
        found.push({ name, depth, through });
      }
    }
    edge = next.sort(compareText);
  }
  return found.sort((a, b) => a.depth - b.depth || compareText(a.name, b.name));
}

function ownServices(document: Yaml): (Service | string)[] {
  const [services] = valuesAt(document, ["services"]);
  if (services?.kind !== "map") return ["no map of services"];
  return [...services.entries].map(([name, node]) => {
    const places = valuesAt(node, ["paths", "*"]).flatMap((one) => placeOf(scalar(one)));
    return service(name, places, valuesAt(node, ["dependsOn", "*"]).map(scalar), {
      tier: textAt(node, "tier"),
      owner: textAt(node, "owner"),
    });
  });
}

/** Components, APIs and resources; who consumes an API needs it, and it needs who provides it. */
function catalogServices(document: Yaml, folder: string): Service[] {
  const kind = (textAt(document, "kind") ?? "").toLowerCase();
  const name = textAt(document, "metadata", "name");
  if (name === undefined || !["component", "api", "resource"].includes(kind)) return [];
  const space = textAt(document, "metadata", "namespace") ?? "default";
  const names = (key: string, of: string) =>
    valuesAt(document, ["spec", key, "*"]).map((one) => reference(scalar(one), of, space));
  const id = reference(name, kind, space);
  const needs = [...names("dependsOn", "component"), ...names("consumesApis", "api")];
  const subject = service(id, kind === "component" ? placeOf(`/${folder}/`) : [], needs, {
    owner: textAt(document, "spec", "owner"),
  });
  const provided = names("providesApis", "api").map((api) => service(api, [], [id], {}));
  const needed = names("dependencyOf", "component").map((other) => service(other, [], [id], {}));
  return [subject, ...provided, ...needed];
}

/** `[kind:][namespace/]name`; a component of the default namespace goes by its name alone. */
function reference(text: string, kind: string, space: string): string {
  const colon = text.indexOf(":");
  const of = colon === -1 ? kind : text.slice(0, colon).toLowerCase();
  const rest = text.slice(colon + 1);
  const within = rest.includes("/") || space === "default" ? rest : `${space}/${rest}`;
  const name = within.startsWith("default/") ? within.slice("default/".length) : within;
  return of === "component" ? name : `${of}:${name}`;
}

function composeServices(document: Yaml, folder: string): Service[] {
  const [services] = valuesAt(document, ["services"]);
  if (services?.kind !== "map") return [];
  return [...services.entries].map(([name, node]) => {
    const context = textAt(node, "build", "context") ?? textAt(node, "build");
    const [needs] = valuesAt(node, ["depends_on"]);
    const names =
      needs?.kind === "map" ? [...needs.entries.keys()] : valuesAt(needs, ["*"]).map(scalar);
    const place = context === undefined ? null : joined(folder, context);
    return service(name, place === null ? [] : placeOf(`/${place}/`), names, {});
  });
}

/** Null: above the repository, or an address. */
function joined(folder: string, context: string): string | null {
  if (/^(?:[a-z]{2,10}:\/\/|git@|\/|~|\$)/.test(context)) return null;
  const names = folder === "" ? [] : folder.split("/");
  for (const name of context.split("/")) {
    if (name === "..") {
      if (names.pop() === undefined) return null;
    } else if (name !== "" && name !== ".") names.push(name);
  }
  return names.join("/");
}

function service(
  name: string,
  places: Service["places"],
  needs: readonly string[],
  more: { readonly tier?: string | undefined; readonly owner?: string | undefined },
): Service {
  const short = (text: string) => text.slice(0, serviceLimits.name).toWellFormed();
  return {
    name: short(name),
    places,
    needs: needs.filter((need) => need !== "" && need !== name).map(short),
    ...(more.tier === undefined ? {} : { tier: short(more.tier) }),
    ...(more.owner === undefined ? {} : { owner: short(more.owner) }),
  };
}

/** In the pattern language of GitHub's CODEOWNERS; `/` is the whole repository. */
function placeOf(text: string): Service["places"] {
  const plain = text.replaceAll(/\/{2,}/g, "/");
  const pattern = parsePattern(plain === "/" ? "*" : plain, "github");
  if (typeof pattern === "string") return [];
  // Segments that are plain text say where it is; wildcards do not.
  const weight = pattern.segments.filter(
    (segment) => segment !== "**" && segment.every(({ kind }) => kind === "text"),
  ).length;
  return [{ pattern, weight }];
}

function scalar(node: Yaml): string {
  return node.kind === "scalar" ? (node.text ?? "") : "";
}
