/**
 * What may reach what: rules of security groups and firewalls as (owner, direction, protocol,
 * ports, source), compared as sets with containment of address ranges, and lists of addresses
 * that are let in. What a variable holds is compared as text.
 */
import type { Resource } from "../models/terraform/terraform.ts";
import { isIP } from "node:net";
import type { Value } from "../models/terraform/hcl.ts";
import type { Finding, RuleInput, Severity, Side } from "../rules/rule.ts";
import { type Say, tellCloud } from "./cloud-rows-engine.ts";
import { literalAt, resolve, textsOf, valuesIn } from "./cloud-values.ts";
import { cloudView, type CloudView, folderOf, references } from "./cloud-view.ts";

type Opening = {
  readonly owner: string;
  readonly inward: boolean;
  readonly protocol: string;
  readonly from: number;
  readonly to: number;
  readonly source: string;
  readonly on: Resource;
  readonly line: number;
};

/** More rules of one owner than any provider allows. */
const mostCompared = 1000;

export function openings(say: Say, input: RuleInput): Finding[] {
  const view = cloudView(input);
  const of = (side: Side) => view.all[side].flatMap((one) => openingsOf(view, one, side));
  const [before, after] = [of("before"), of("after")];
  const come = new Set(view.come.map((one) => `${folderOf(one.path)}:${one.address}`));
  const told = (one: Opening, worse: boolean): Finding => {
    const ports = one.from === one.to ? `${one.from}` : `${one.from}-${one.to}`;
    const text = `${one.inward ? "in" : "out"} ${one.protocol} ${ports} ${one.inward ? "from" : "to"} ${one.source}`;
    const fresh = [
      one.on.address,
      ...references({ kind: "expression", text: one.owner, line: 1, endLine: 1 }),
    ].some(
      (address) =>
        address.split(".")[0]?.endsWith("_rule") !== true &&
        come.has(`${folderOf(one.on.path)}:${address}`),
    );
    return tellCloud(say, {
      row: { implication: say.rule.id, severity: weight(one, fresh) },
      subject: `${one.on.address}: ${text}`,
      direction: worse ? "worse" : "better",
      locations: [
        {
          side: worse ? "after" : "before",
          path: one.on.path,
          startLine: one.line,
          endLine: one.line,
        },
      ],
      evidence: [
        {
          kind: "value",
          text: `${text}: ${worse ? "shut to open" : "open to shut"}`.slice(0, 300).toWellFormed(),
        },
      ],
      path: one.on.path,
      confidence: 92,
      resource: one.on,
    });
  };
  const beyond = (some: readonly Opening[], others: readonly Opening[]) => {
    const byOwner = Map.groupBy(others, ({ owner }) => owner);
    const byAddress = Map.groupBy(others, ({ on }) => on.address);
    return some.filter(
      (one) =>
        ![...(byOwner.get(one.owner) ?? []), ...(byAddress.get(one.on.address) ?? [])]
          .slice(0, mostCompared)
          .some((other) => contains(other, one)),
    );
  };
  return [
    ...beyond(after, before).map((one) => told(one, true)),
    ...beyond(before, after).map((one) => told(one, false)),
  ];
}

function contains(a: Opening, b: Opening): boolean {
  return (
    a.inward === b.inward &&
    (a.protocol === b.protocol || a.protocol === "all") &&
    (a.protocol === "all" || (a.from <= b.from && a.to >= b.to)) &&
    holds(a.source, b.source)
  );
}

const grave = [
  20, 21, 22, 23, 135, 139, 445, 1433, 1521, 2375, 2379, 3306, 3389, 5432, 5601, 5900, 5984, 5985,
  6379, 6443, 8500, 9042, 9200, 9300, 10250, 11211, 27017,
];

function weight(one: Opening, fresh: boolean): Severity {
  if (!one.inward) return "low";
  const everyone = /^(?:0\.0\.0\.0\/0|::\/0|\*|Internet|any)$/i.test(one.source);
  const sensitive =
    one.protocol === "all" || grave.some((port) => one.from <= port && port <= one.to);
  if (everyone) return sensitive ? "high" : fresh ? "low" : "medium";
  if (fresh || !isRange(one.source) || isPrivate(one.source)) return "low";
  return "medium";
}

function openingsOf(view: CloudView, on: Resource, side: Side): Opening[] {
  if (on.isData) return [];
  const named = view.named(side, on.path);
  const texts = (at: Value, ...keys: string[]): string[] =>
    keys.flatMap((key) =>
      valuesIn(at, [key]).flatMap((one) => {
        const found = textsOf(resolve(one, named));
        // A default of nothing is there to be replaced: what is let in is not known.
        return found.length === 0 && one.kind === "expression" ? [one.text] : found;
      }),
    );
  const port = (at: Value, key: string, otherwise: number): number => {
    const value = Number(texts(at, key)[0] ?? otherwise);
    return Number.isInteger(value) ? value : otherwise;
  };
  const make = (
    owner: string,
    inward: boolean,
    at: Value,
    sources: readonly string[],
  ): Opening[] => {
    const protocol = (texts(at, "protocol", "ip_protocol")[0] ?? "all").toLowerCase();
    const whole = protocol === "-1" || protocol === "all" || protocol === "*";
    const range = (texts(at, "destination_port_range")[0] ?? "").split("-").map(Number);
    const azure =
      range[0] !== undefined &&
      Number.isInteger(range[0]) &&
      texts(at, "destination_port_range")[0] !== undefined;
    const from = azure ? (range[0] ?? 0) : port(at, "from_port", 0);
    const to = azure ? (range[1] ?? range[0] ?? 65_535) : port(at, "to_port", 65_535);
    return sources.map((source) => ({
      owner,
      inward,
      protocol: whole ? "all" : protocol,
      from: whole ? 0 : from,
      to: whole ? 65_535 : to,
      source,
      on,
      line: at.line,
    }));
  };
  const peers = [
    "cidr_blocks",
    "ipv6_cidr_blocks",
    "cidr_ipv4",
    "cidr_ipv6",
    "cidr_block",
    "prefix_list_ids",
    "prefix_list_id",
    "security_groups",
    "source_security_group_id",
    "referenced_security_group_id",
  ];
  const items = (key: string) =>
    valuesIn(on.body, [key])
      .flatMap((one) => (one.kind === "list" ? one.items : [one]))
      .filter((one) => one.kind === "map");
  switch (on.type) {
    case "aws_security_group":
    case "aws_default_security_group":
    case "aws_network_acl":
      return [true, false].flatMap((inward) =>
        items(inward ? "ingress" : "egress")
          .filter((at) => literalAt(at, "action") !== "deny")
          .flatMap((at) => make(on.address, inward, at, texts(at, ...peers))),
      );
    case "aws_security_group_rule":
      return make(
        texts(on.body, "security_group_id")[0] ?? on.address,
        literalAt(on.body, "type") !== "egress",
        on.body,
        texts(on.body, ...peers),
      );
    case "aws_vpc_security_group_ingress_rule":
    case "aws_vpc_security_group_egress_rule":
      return make(
        texts(on.body, "security_group_id")[0] ?? on.address,
        on.type.includes("ingress"),
        on.body,
        texts(on.body, ...peers),
      );
    case "aws_network_acl_rule":
      return literalAt(on.body, "rule_action") === "allow"
        ? make(
            texts(on.body, "network_acl_id")[0] ?? on.address,
            literalAt(on.body, "egress") !== "true",
            on.body,
            texts(on.body, ...peers),
          )
        : [];
    case "google_compute_firewall": {
      if (literalAt(on.body, "disabled") === "true") return [];
      const sources = texts(on.body, "source_ranges", "source_tags", "source_service_accounts");
      return items("allow").flatMap((at) => {
        const ports = texts(at, "ports");
        const each = ports.length === 0 ? ["0-65535"] : ports;
        return each.flatMap((text) => {
          const [from = 0, to = from] = text.split("-").map(Number);
          return make(on.address, literalAt(on.body, "direction") !== "EGRESS", at, sources).map(
            (one) => ({ ...one, from, to }),
          );
        });
      });
    }
    case "azurerm_network_security_rule":
    case "azurerm_network_security_group": {
      const rules = on.type.endsWith("_rule") ? [on.body] : items("security_rule");
      return rules
        .filter((at) => literalAt(at, "access") === "Allow")
        .flatMap((at) =>
          make(
            on.address,
            literalAt(at, "direction") === "Inbound",
            at,
            texts(at, "source_address_prefix", "source_address_prefixes"),
          ),
        );
    }
    default:
      return allowLists(on, named);
  }
}

/** Attributes whose names say that they list the addresses that are let in. */
function allowLists(on: Resource, named: ReadonlyMap<string, Value>): Opening[] {
  const names =
    /(?:allow|authori[sz]ed|whitelist|permit|trusted|public_access|source)[a-z_]{0,40}(?:cidrs?|ips?|networks?|ranges?|blocks?|addresses)|(?:cidrs?|ips?|ip_range|networks?)_?(?:allow|whitelist)[a-z_]{0,20}|^access_ips$/;
  return [...on.body.entries].flatMap(([key, value]) => {
    const isSet =
      /^aws_waf(?:v2|regional)?_ip_?set$/.test(on.type) &&
      key === "addresses" &&
      /allow|white|trusted/i.test(on.name);
    if (!names.test(key) && !isSet) return [];
    const list = resolve(value, named);
    if (list.kind !== "list") return [];
    return textsOf(list)
      .filter(isRange)
      .map((source) => ({
        owner: on.address,
        inward: true,
        protocol: key,
        from: 443,
        to: 443,
        source,
        on,
        line: value.line,
      }));
  });
}

function isRange(text: string): boolean {
  return isIP(text.split("/")[0] ?? "") !== 0;
}

function isPrivate(text: string): boolean {
  return /^(?:10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|127\.|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|f[cd][0-9a-f]{2}:|::1)/i.test(
    text,
  );
}

/** Whether a range of addresses holds another; anything else by its text. */
export function holds(a: string, b: string): boolean {
  if (a === b || (a === "*" && !/^(?:sg-|pl-)/.test(b))) return true;
  const [outer, inner] = [bits(a), bits(b)];
  if (outer === null || inner === null || outer.family !== inner.family) return false;
  return outer.prefix.length <= inner.prefix.length && inner.prefix.startsWith(outer.prefix);
}

function bits(range: string): { family: number; prefix: string } | null {
  const [address = "", length] = range.split("/");
  const family = isIP(address);
  if (family === 0 || address.includes("%")) return null;
  const parts =
    family === 4
      ? address.split(".").map((part) => Number(part).toString(2).padStart(8, "0"))
      : groups(address);
  const whole = parts.join("");
  const size = length === undefined ? whole.length : Number(length);
  return Number.isInteger(size) && size >= 0 && size <= whole.length
    ? { family, prefix: whole.slice(0, size) }
    : null;
}

function groups(address: string): string[] {
  const [head = "", tail] = address.split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros =
    tail === undefined
      ? []
      : Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => "0");
  return [...left, ...zeros, ...right].map((part) =>
    Number.parseInt(part || "0", 16)
      .toString(2)
      .padStart(16, "0"),
  );
}
