/**
 * exposure.service-public: something is reachable from farther away: a Service's
 * type, a new host or path of an Ingress or route, an annotation that kept it
 * internal or asked for a login, a published port, an address that is bound.
 */
import { isManifestPath } from "../../lattice/kubernetes.ts";
import { changedLines } from "../../lattice/token-moves.ts";
import { textAt, valuesAt } from "../../lattice/yaml.ts";
import {
  confidenceIn,
  type KubernetesObject,
  pairObjects,
  placeOf,
} from "../../models/manifests/objects.ts";
import { settingsOf } from "../../models/settings/settings.ts";
import { statement } from "../clear.ts";
import { isDocumentation, isTest } from "../file-classes.ts";
import { compareText } from "../order.ts";
import {
  type ChangedFile,
  type Direction,
  finding,
  type Finding,
  type Location,
  type Rule,
  type RuleInput,
  type Severity,
} from "../rule.ts";

const source =
  /\.(?:go|rb|py|[cm]?[jt]s|java|kt|rs|cs|php|sh|toml|ini|cfg|conf|env|properties|ya?ml|json|tpl)$|Dockerfile/;

export const exposureServicePublic: Rule = {
  id: "exposure.service-public",
  version: 1,
  implications: ["exposure.service-public"],
  reads: (path) =>
    isManifestPath(path) || (source.test(path) && !isDocumentation(path) && !isTest(path)),
  run(input): Finding[] {
    const { pairs } = pairObjects(input, ({ kind }) =>
      /^(?:Service|Ingress|HTTPRoute|Gateway|VirtualService)$/.test(kind),
    );
    return [
      ...pairs.flatMap(({ from, to }) => ofObject(from, to)),
      ...input.files.flatMap(ofAddresses),
      ...input.files.flatMap((file) => ofPorts(input, file)),
    ].sort((a, b) => compareText(a.subject, b.subject));
  },
};

const types = ["LoadBalancer", "NodePort", "ClusterIP"];
const guarding =
  /auth-url|auth-type|auth-signin|auth-secret|auth-tls-secret|whitelist-source-range|allowlist-source-range|inbound-cidrs|source-ranges|load-balancer-internal|internal-load-balancer|aws-load-balancer-scheme|alb\.ingress\.kubernetes\.io\/scheme|load-balancer-type$|oauth2-proxy|router\.middlewares/;

function ofObject(from: KubernetesObject, to: KubernetesObject): Finding[] {
  const found: Finding[] = [];
  const places = [placeOf("before", from), placeOf("after", to)];
  const add = (direction: Direction, setting: string, text: string, severity: Severity) =>
    found.push(
      made(
        direction,
        `${to.id}: ${setting}`,
        [text],
        places,
        severity,
        confidenceIn(from, to),
        `service:${to.id}`,
      ),
    );
  if (from.kind === "Service") {
    const [a, b] = [from, to].map((one) =>
      types.indexOf(textAt(one.node, "spec", "type") ?? "ClusterIP"),
    );
    if (a !== undefined && b !== undefined && a >= 0 && b >= 0 && a !== b) {
      add(b < a ? "worse" : "better", "type", `${types[a] ?? ""} to ${types[b] ?? ""}`, "high");
    }
  }
  const [had, has] = [hostsOf(from), hostsOf(to)];
  const gained = [...has].filter((one) => !had.has(one) && !had.has("*"));
  const lost = [...had].filter((one) => !has.has(one));
  // One host for another is a renaming.
  if (gained.length > 0 && lost.length === 0)
    add(
      "worse",
      "hosts",
      `reachable as ${gained.join(", ")} too`,
      gained.includes("*") ? "high" : "medium",
    );
  else if (lost.length > 0 && gained.length === 0)
    add("better", "hosts", `no longer reachable as ${lost.join(", ")}`, "info");
  const notes = (one: KubernetesObject) => {
    const [map] = valuesAt(one.node, ["metadata", "annotations"]);
    return new Map(
      map?.kind === "map"
        ? [...map.entries]
            .filter(([key]) => guarding.test(key))
            .map(([key, value]) => [key, textAt(value) ?? ""])
        : [],
    );
  };
  const [before, after] = [notes(from), notes(to)];
  for (const key of new Set([...before.keys(), ...after.keys()])) {
    const [a, b] = [strengthOf(before.get(key)), strengthOf(after.get(key))];
    if (a !== b)
      add(
        b < a ? "worse" : "better",
        key,
        `${key}: ${before.get(key) ?? "absent"} to ${after.get(key) ?? "absent"}`,
        "high",
      );
  }
  return found;
}

function strengthOf(value: string | undefined): number {
  return value === undefined || /^(?:false|internet-facing|external|0\.0\.0\.0\/0|)$/.test(value)
    ? 0
    : 1;
}

function hostsOf(one: KubernetesObject): Set<string> {
  if (one.kind === "Ingress") {
    return new Set(
      valuesAt(one.node, ["spec", "rules", "*"]).map((rule) => textAt(rule, "host") ?? "*"),
    );
  }
  return new Set(
    [
      ["spec", "hostnames", "*"],
      ["spec", "hosts", "*"],
      ["spec", "listeners", "*", "hostname"],
    ].flatMap((keys) => valuesAt(one.node, keys).flatMap((host) => textAt(host) ?? [])),
  );
}

const near =
  /127\.0\.0\.1|\blocalhost\b|\[?::1\]?(?![\w:])|[\w.]{0,40}(?:LocalHost|Loopback|local_?host|loopback)[\w]{0,40}/gi;
const anywhere =
  /0\.0\.0\.0(?!\/)|\[?::\]?(?=["'\s:,]|$)(?!\w)|INADDR_ANY|[\w.]{0,40}(?:Wildcard|AnyAddr|IPv4zero|UNSPECIFIED)[\w]{0,40}/gi;
const binds = /listen|bind|addr|host|serve|expose|port/i;

/** A line that is the same but for a local address in place of one that all can reach. */
function ofAddresses(file: ChangedFile): Finding[] {
  if (
    file.status !== "modified" ||
    !source.test(file.path) ||
    isTest(file.path) ||
    isDocumentation(file.path)
  )
    return [];
  const { gone, come } = changedLines(file);
  if (gone.length > 2000 || come.length > 2000) return [];
  const shape = (text: string, pattern: RegExp) => {
    const shaped = text.slice(0, 500).replaceAll(pattern, "\0");
    return shaped.includes("\0") && binds.test(text) ? shaped : null;
  };
  const match = (from: typeof gone, to: typeof come) => {
    const others = new Map(to.map((one) => [shape(one.text, anywhere), one]));
    return from.flatMap((one) => {
      const wanted = shape(one.text, near);
      const other = wanted === null ? undefined : others.get(wanted);
      return other === undefined ? [] : [{ one, other }];
    });
  };
  const at = (side: "before" | "after", line: number): Location => ({
    side,
    path: file.path,
    startLine: line,
    endLine: line,
  });
  return [
    ...match(gone, come).map(({ one, other }) =>
      made(
        "worse",
        `${file.path}: address`,
        [`was: ${one.text}`, `is: ${other.text}`],
        [at("before", one.line), at("after", other.line)],
        "high",
        75,
        `address:${file.path}`,
      ),
    ),
    ...match(come, gone).map(({ one, other }) =>
      made(
        "better",
        `${file.path}: address`,
        [`was: ${other.text}`, `is: ${one.text}`],
        [at("before", other.line), at("after", one.line)],
        "info",
        75,
        `address:${file.path}`,
      ),
    ),
  ].slice(0, 1);
}

/** Ports that a Compose file publishes on every address. */
function ofPorts(input: RuleInput, file: ChangedFile): Finding[] {
  if (
    !/(?:^|\/)(?:docker-)?compose[\w.-]{0,40}\.ya?ml$/.test(file.path) ||
    file.status !== "modified"
  )
    return [];
  const open = (side: "before" | "after") =>
    new Map(
      (settingsOf(input.models, file, side) ?? [])
        .filter(({ key }) => key[0] === "services" && key.at(-1) === "ports")
        .flatMap((one) =>
          one.values
            .filter((port) => !/^(?:127\.|\[?::1|localhost)/.test(port) && port.includes(":"))
            .map((port) => [`${one.key[1] ?? ""} ${port}`, one] as const),
        ),
    );
  const [before, after] = [open("before"), open("after")];
  const services = new Set(
    (settingsOf(input.models, file, "before") ?? []).map(({ key }) => key[1]),
  );
  return [...after]
    .filter(([port, { key }]) => !before.has(port) && services.has(key[1]))
    .slice(0, 5)
    .map(([port, { line, endLine }]) =>
      made(
        "worse",
        `${file.path}: ${port}`,
        [`publishes ${port}`],
        [{ side: "after", path: file.path, startLine: line, endLine }],
        "low",
        80,
        `compose:${file.path}`,
      ),
    );
}

function made(
  direction: Direction,
  subject: string,
  texts: readonly string[],
  locations: readonly Location[],
  severity: Severity,
  confidence: number,
  rootCause: string,
): Finding {
  return finding(exposureServicePublic, {
    implication: "exposure.service-public",
    direction,
    subject: subject.slice(0, 300).toWellFormed(),
    locations,
    evidence: texts.map((text) => ({ kind: "value", text: text.slice(0, 200).toWellFormed() })),
    severity: direction === "better" ? "info" : severity,
    confidence,
    rootCause,
    clearBy: [statement("what is in front of it asks for a login or refuses outside addresses")],
  });
}
