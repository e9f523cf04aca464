/**
 * Two sets of Protocol Buffers definitions compared by what goes over the wire:
 * numbers and types, then names, which JSON and source code use. All files of a
 * side are taken together, since a definition may move to another file.
 */
import { Breaks, type ContractBreak, type Gravity } from "./contract-break.ts";
import type { Proto, ProtoCall, ProtoEnum, ProtoField, ProtoMessage } from "./protobuf.ts";

export type ProtoFile = { readonly path: string; readonly proto: Proto };

/** Types whose values can be read as each other's, perhaps cut (protobuf.dev, "Updating A Message Type"). */
const wireGroups = [
  ["int32", "uint32", "int64", "uint64", "bool"],
  ["sint32", "sint64"],
  ["string", "bytes"],
  ["fixed32", "sfixed32"],
  ["fixed64", "sfixed64"],
];

export function protobufBreaks(
  before: readonly ProtoFile[],
  after: readonly ProtoFile[],
): ContractBreak[] {
  const found: ContractBreak[] = [];
  const [old, now] = [index(before), index(after)];
  for (const [id, { path, what }] of old) {
    const other = now.get(id);
    const breaks = new Breaks("protobuf", path, other?.path ?? null);
    if (other === undefined) {
      const { kind, name } = what;
      const text = `${kind} ${name} is gone`;
      breaks.add([`${kind}-removed`, "breaking"], name, text, { before: what.value.line });
    } else if (what.kind === "message" && other.what.kind === "message") {
      messageBreaks(breaks, what.value, other.what.value);
    } else if (what.kind === "enum" && other.what.kind === "enum") {
      enumBreaks(breaks, what.value, other.what.value);
    } else if (what.kind === "service" && other.what.kind === "service") {
      serviceBreaks(breaks, what.value, other.what.value);
    }
    found.push(...breaks.found);
  }
  return found;
}

type Definition = { readonly name: string } & (
  | { readonly kind: "message"; readonly value: ProtoMessage }
  | { readonly kind: "enum"; readonly value: ProtoEnum }
  | { readonly kind: "service"; readonly value: Proto["services"][number] }
);

function index(files: readonly ProtoFile[]): Map<string, { path: string; what: Definition }> {
  const all = files.flatMap(({ path, proto }) =>
    [
      ...proto.messages.map((value) => ({ kind: "message" as const, name: value.name, value })),
      ...proto.enums.map((value) => ({ kind: "enum" as const, name: value.name, value })),
      ...proto.services.map((value) => ({ kind: "service" as const, name: value.name, value })),
    ].map((what) => ({ path, what })),
  );
  return new Map(all.map((one) => [`${one.what.kind} ${one.what.name}`, one]));
}

function messageBreaks(breaks: Breaks, before: ProtoMessage, after: ProtoMessage): void {
  const byNumber = new Map(after.fields.map((field) => [field.number, field]));
  const byName = new Map(after.fields.map((field) => [field.name, field]));
  for (const field of before.fields) {
    const subject = `${before.name}.${field.name}`;
    const other = byNumber.get(field.number);
    const moved = byName.get(field.name);
    if (moved !== undefined && moved.number !== field.number) {
      const text = `${subject} has number ${moved.number}, was ${field.number}`;
      breaks.add(["field-renumbered", "breaking"], subject, text, {
        before: field.line,
        after: moved.line,
      });
    } else if (other === undefined) {
      const text = `${subject} (number ${field.number}) is gone: what is sent in it is not read`;
      breaks.add(["field-removed", "breaking"], subject, text, { before: field.line });
    } else {
      fieldBreaks(breaks, subject, field, other);
    }
  }
  const known = new Set(before.fields.map(({ number }) => number));
  for (const field of after.fields) {
    const subject = `${after.name}.${field.name}`;
    if (field.label === "required" && !known.has(field.number)) {
      const text = `${subject} is required`;
      breaks.add(["required-added", "breaking", "producers"], subject, text, { after: field.line });
    }
    if (isReserved(before, field)) {
      const text = `${subject} uses number ${field.number} or a name that was reserved`;
      breaks.add(["reserved-used", "risky"], subject, text, { after: field.line });
    }
  }
}

function isReserved({ reserved }: ProtoMessage, { number, name }: ProtoField): boolean {
  return (
    reserved.names.includes(name) ||
    reserved.numbers.some(([first, last]) => first <= number && number <= last)
  );
}

function fieldBreaks(breaks: Breaks, subject: string, before: ProtoField, after: ProtoField): void {
  const lines = { before: before.line, after: after.line };
  const add = (
    code: string,
    gravity: Gravity,
    text: string,
    who: "consumers" | "producers" = "consumers",
  ) => {
    breaks.add([code, gravity, who], subject, `${subject} ${text}`, lines);
  };
  if (lastName(before.type) !== lastName(after.type)) {
    const alike = wireGroups.some(
      (group) => group.includes(before.type) && group.includes(after.type),
    );
    add("type-changed", alike ? "risky" : "breaking", `is ${after.type}, was ${before.type}`);
  }
  if (before.label !== after.label) {
    const asked = after.label === "required";
    add(
      "label-changed",
      "breaking",
      `is ${after.label}, was ${before.label}`,
      asked ? "producers" : "consumers",
    );
  }
  // Not the wire, but JSON and every program that names it.
  if (before.name !== after.name) add("field-renamed", "risky", `is named ${after.name}`);
  if (before.oneof !== after.oneof) {
    add(
      "oneof-changed",
      "risky",
      after.oneof === "" ? "is in no oneof any more" : `is in oneof ${after.oneof}`,
    );
  }
}

/** A type may be written with more or less of its package. */
function lastName(type: string): string {
  return type.replaceAll(/[A-Za-z_][\w]*\./g, "");
}

function enumBreaks(breaks: Breaks, before: ProtoEnum, after: ProtoEnum): void {
  const byNumber = Map.groupBy(after.values, ({ number }) => number);
  for (const value of before.values) {
    const same = byNumber.get(value.number);
    const subject = `${before.name}.${value.name}`;
    if (same === undefined) {
      const text = `${subject} (number ${value.number}) is gone`;
      breaks.add(["enum-value-removed", "breaking"], subject, text, { before: value.line });
    } else if (!same.some(({ name }) => name === value.name)) {
      const text = `${subject} is named ${same[0]?.name ?? ""}`;
      breaks.add(["enum-value-renamed", "risky"], subject, text, {
        before: value.line,
        after: same[0]?.line,
      });
    }
  }
}

function serviceBreaks(
  breaks: Breaks,
  before: Proto["services"][number],
  after: Proto["services"][number],
): void {
  const later = new Map(after.calls.map((call) => [call.name, call]));
  const same = (a: ProtoCall, b: ProtoCall) =>
    lastName(a.takes) === lastName(b.takes) && lastName(a.gives) === lastName(b.gives);
  for (const call of before.calls) {
    const other = later.get(call.name);
    const subject = `${before.name}.${call.name}`;
    if (other === undefined) {
      breaks.add(["call-removed", "breaking"], subject, `${subject} is gone`, {
        before: call.line,
      });
    } else if (!same(call, other)) {
      const text = `${subject} takes ${other.takes} and gives ${other.gives}, was ${call.takes} and ${call.gives}`;
      breaks.add(["call-changed", "breaking"], subject, text, {
        before: call.line,
        after: other.line,
      });
    }
  }
}
