/**
 * Every contract among the changed files, compared in the direction of going back.
 * Which files are contracts is told by name, for JSON and YAML by content as well;
 * a file that only looks like one is passed over, one that is and cannot be read is
 * remembered as unread by the models.
 */
import type { Model, Models, Sided } from "../../models/model.ts";
import { isTest } from "../../rules/file-classes.ts";
import { Breaks, type ContractBreak, type ContractFormat, sortBreaks } from "./contract-break.ts";
import { graphqlModel } from "./graphql.ts";
import { graphqlBreaks, type GraphqlFile } from "./graphql-breaks.ts";
import { jsonSchemaBreaks, jsonSchemaModel } from "./json-schema.ts";
import { openApiModel } from "./openapi.ts";
import { openApiBreaks } from "./openapi-breaks.ts";
import { protoModel } from "./protobuf.ts";
import { protobufBreaks, type ProtoFile } from "./protobuf-breaks.ts";
import type { Side } from "../../rules/rule.ts";

/** Whether the file may be a contract, by its name: what is worth reading. */
export function isContractPath(path: string): boolean {
  if (
    path.length > 4096 ||
    isTest(path) ||
    /(?:^|\/)(?:node_modules|vendor|third[_-]party|testdata|fixtures|examples?|samples?)\//.test(
      path,
    )
  )
    return false;
  return (
    /\.(?:proto|graphqls?|gql)$/i.test(path) ||
    /\.schema\.(?:json|ya?ml)$/i.test(path) ||
    /(?:^|[/._-])(?:openapi|swagger|oas|api|apispec|api-spec|schemas?)(?:[/._-][^\n]{0,500})?\.(?:json|ya?ml)$/i.test(
      path,
    )
  );
}

const headLength = 20_000;

/** The format of a text at that path; null: no contract. */
export function contractFormat(path: string, text: string): ContractFormat | null {
  if (!isContractPath(path)) return null;
  const head = text.slice(0, headLength);
  if (/\.proto$/i.test(path)) return "protobuf";
  if (/\.(?:graphqls?|gql)$/i.test(path)) {
    const schema =
      /^\s{0,20}(?:extend\s{1,20})?(?:type|interface|input|enum|union|scalar|directive|schema)\b/m;
    return schema.test(head) ? "graphql" : null;
  }
  if (
    /^\s{0,20}(?:\{\s{0,20})?["']?(?:openapi|swagger)["']?\s{0,20}:\s{0,20}["']?[23]\./m.test(head)
  )
    return "openapi";
  return /["']?\$schema["']?\s{0,20}:\s{0,20}["']?https?:\/\/json-schema\.org\//.test(head)
    ? "json-schema"
    : null;
}

/**
 * What breaks for those who rely on the contracts of `before`, the gravest first.
 * Pass unchanged contract files too where they are at hand, so that a definition
 * that moved into one is found. A contract that is gone altogether is one break.
 */
export function contractBreaks(files: readonly Sided[], models: Models): ContractBreak[] {
  const found: ContractBreak[] = [
    ...protobuf(files, models),
    ...graphql(files, models),
    ...documents(files, models, {
      format: "openapi",
      model: openApiModel,
      compare: openApiBreaks,
      name: ({ title }) => title,
    }),
    ...documents(files, models, {
      format: "json-schema",
      model: jsonSchemaModel,
      compare: jsonSchemaBreaks,
      name: ({ id }) => id,
    }),
  ];
  return sortBreaks(found);
}

type Read<T> = { readonly path: string; readonly value: T };

/** The files of one side that are of this format and could be read. */
function read<T>(
  files: readonly Sided[],
  models: Models,
  side: Side,
  format: ContractFormat,
  model: Model<T>,
): Read<T>[] {
  return files.flatMap((file) => {
    const text = file[side];
    if (text === undefined || contractFormat(file.path, text) !== format) return [];
    const value = models.of(model, file, side);
    return value === null ? [] : [{ path: file.path, value }];
  });
}

/** Files that could be read on one side only say nothing: what is missing may be in the unread one. */
function readOnBoth<T>(
  files: readonly Sided[],
  models: Models,
  format: ContractFormat,
  model: Model<T>,
): { readonly before: readonly Read<T>[]; readonly after: readonly Read<T>[] } {
  const whole = files.filter((file) =>
    (["before", "after"] as const).every((side) => {
      const text = file[side];
      return (
        text === undefined ||
        contractFormat(file.path, text) !== format ||
        models.of(model, file, side) !== null
      );
    }),
  );
  return {
    before: read(whole, models, "before", format, model),
    after: read(whole, models, "after", format, model),
  };
}

function protobuf(files: readonly Sided[], models: Models): ContractBreak[] {
  const { before, after } = readOnBoth(files, models, "protobuf", protoModel);
  const of = ({ path, value }: (typeof before)[number]): ProtoFile => ({ path, proto: value });
  return protobufBreaks(before.map(of), after.map(of));
}

function graphql(files: readonly Sided[], models: Models): ContractBreak[] {
  const { before, after } = readOnBoth(files, models, "graphql", graphqlModel);
  const of = ({ path, value }: (typeof before)[number]): GraphqlFile => ({ path, graphql: value });
  return graphqlBreaks(before.map(of), after.map(of));
}

/** Formats where a file is a contract of its own: compared by path, else by the name it gives itself. */
function documents<T>(
  files: readonly Sided[],
  models: Models,
  kind: {
    readonly format: ContractFormat;
    readonly model: Model<T>;
    readonly compare: (
      before: T,
      after: T,
      paths: { before: string; after: string },
    ) => ContractBreak[];
    readonly name: (value: T) => string;
  },
): ContractBreak[] {
  const { before, after } = readOnBoth(files, models, kind.format, kind.model);
  const known = new Set(before.map(({ path }) => path));
  return before.flatMap((old) => {
    const name = kind.name(old.value);
    const other =
      after.find(({ path }) => path === old.path) ??
      after.find(({ path, value }) => !known.has(path) && name !== "" && kind.name(value) === name);
    if (other !== undefined) {
      return kind.compare(old.value, other.value, { before: old.path, after: other.path });
    }
    const breaks = new Breaks(kind.format, old.path, null);
    breaks.add(
      ["contract-removed", "breaking"],
      name === "" ? old.path : name,
      "the contract is gone",
      { before: 1 },
    );
    return breaks.found;
  });
}
