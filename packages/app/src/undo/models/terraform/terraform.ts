/**
 * What infrastructure files declare, in one shape: Terraform and OpenTofu `.tf`, `.tofu`,
 * `.tf.json`, `.tfvars`, Terragrunt `.hcl`, the JSON of `terraform show -json` and
 * CloudFormation templates. Left out: modules' own contents, provider configuration and
 * Terraform's evaluation (the resolver reads literals, defaults and locals, nothing more).
 */
import { readYaml, valuesAt, type Yaml } from "../../lattice/yaml.ts";
import { type Model, Unread } from "../model.ts";
import { awsType, snakeCase } from "./cloudformation-names.ts";
import { type Block, type HclFile, type MapValue, readHcl, type Value } from "./hcl.ts";

export type Resource = {
  /** A type of a provider; or `module`, `backend`, `inputs` (of a variables file or Terragrunt). */
  readonly type: string;
  readonly name: string;
  /** Below the file's folder, as Terraform writes it. */
  readonly address: string;
  readonly isData: boolean;
  /** It has `count` or `for_each`: none, one or many. */
  readonly many: boolean;
  readonly path: string;
  readonly body: MapValue;
};

export type TerraformFile = {
  readonly resources: readonly Resource[];
  /** Local values and the defaults of variables, by `local.name` and `var.name`. */
  readonly named: ReadonlyMap<string, Value>;
  /** `moved` blocks: from, to. */
  readonly moved: readonly (readonly [string, string])[];
};

export function isTerraformPath(path: string): boolean {
  return (
    /\.(?:tf|tofu|tf\.json|tfvars|tfvars\.json)$/.test(path) ||
    /(?:^|\/)(?:terragrunt|root|env|account|region|common)\.hcl$/.test(path)
  );
}

/** Names that templates and exported plans commonly have; content decides. */
export function isTemplatePath(path: string): boolean {
  return (
    /(?:^|[/._-])(?:cloudformation|cfn|cf|stacks?|template|sam|infrastructure|infra|aws)(?:[/._-][^\n]{0,400})?\.(?:ya?ml|json|template)$/i.test(
      path,
    ) || /(?:tfplan|plan|tfstate|terraform\.tfstate)(?:\.json)?$/.test(path)
  );
}

export const terraformModel: Model<TerraformFile> = {
  id: "terraform",
  version: 1,
  parse(text, path) {
    if (/\.(?:tf|tofu|hcl)$/.test(path)) {
      const file = readHcl(text);
      return file instanceof Unread ? file : fromHcl(file, path);
    }
    if (path.endsWith(".tfvars")) {
      const file = readHcl(text);
      return file instanceof Unread ? file : inputsOf(file.body, path);
    }
    const documents = readYaml(text);
    if (typeof documents === "string") return new Unread(documents);
    const root = documents[0] === undefined ? undefined : fromYaml(documents[0]);
    if (root?.kind !== "map") return nothing;
    if (path.endsWith(".tfvars.json")) return inputsOf(root, path);
    if (path.endsWith(".tf.json")) return fromHcl(blocksOfJson(root), path);
    return { ...nothing, resources: [...cloudFormation(root, path), ...plan(documents[0], path)] };
  },
};

const nothing: TerraformFile = { resources: [], named: new Map(), moved: [] };

function fromHcl(file: HclFile, path: string): TerraformFile {
  const resources: Resource[] = [];
  const named = new Map<string, Value>();
  const moved: [string, string][] = [];
  for (const block of file.blocks) {
    const [first = "", second = ""] = block.labels;
    const { body } = block;
    if (block.type === "resource") resources.push(resource(first, second, body, path));
    else if (block.type === "data") {
      resources.push({ ...resource(first, second, body, path), isData: true });
    } else if (block.type === "module") resources.push(resource("module", first, body, path));
    else if (block.type === "locals") {
      for (const [name, value] of body.entries) named.set(`local.${name}`, value);
    } else if (block.type === "variable") {
      const value = body.entries.get("default");
      if (value !== undefined) named.set(`var.${first}`, value);
    } else if (block.type === "moved") {
      const [from, to] = [body.entries.get("from"), body.entries.get("to")];
      if (from?.kind === "expression" && to?.kind === "expression") {
        moved.push([from.text, to.text]);
      }
    } else if (block.type === "terraform" || block.type === "remote_state") {
      resources.push(...backends(block, path));
    }
  }
  const inputs = file.body.entries.get("inputs");
  if (path.endsWith(".hcl") && inputs?.kind === "map") resources.push(inputsResource(inputs, path));
  return { resources, named, moved };
}

function resource(type: string, name: string, body: MapValue, path: string): Resource {
  return {
    type,
    name,
    address: `${type}.${name}`,
    isData: false,
    many: body.entries.has("count") || body.entries.has("for_each"),
    path,
    body: withDynamic(body),
  };
}

/** `dynamic "x" { content {…} }` is the block x, as often as nobody knows. */
function withDynamic(body: MapValue, depth = 0): MapValue {
  const entries = new Map<string, Value>();
  for (const [name, value] of body.entries) {
    if (name !== "dynamic" || value.kind !== "list") {
      entries.set(
        name,
        value.kind === "list" && depth < 16
          ? {
              ...value,
              items: value.items.map((item) =>
                item.kind === "map" ? withDynamic(item, depth + 1) : item,
              ),
            }
          : value,
      );
    }
  }
  const dynamic = body.entries.get("dynamic");
  for (const item of dynamic?.kind === "list" ? dynamic.items : []) {
    if (item.kind !== "map") continue;
    const labels = item.entries.get("labels");
    const label = labels?.kind === "list" ? labels.items[0] : undefined;
    const content = item.entries.get("content");
    if (label?.kind === "text" && content?.kind === "list") {
      const items = content.items.map((one) =>
        one.kind === "map" && depth < 16 ? withDynamic(one, depth + 1) : one,
      );
      entries.set(label.text, { ...content, items });
    }
  }
  return { ...body, entries };
}

function backends(block: Block, path: string): Resource[] {
  const found = block.body.entries.get("backend");
  const config = block.body.entries.get("config");
  if (block.type === "remote_state" && config?.kind === "map") {
    return [resource("backend", "remote", config, path)];
  }
  return (found?.kind === "list" ? found.items : []).flatMap((item) =>
    item.kind === "map" ? [resource("backend", "state", item, path)] : [],
  );
}

function inputsOf(body: MapValue, path: string): TerraformFile {
  const automatic = /(?:^|\/)(?:terraform|[^/]{1,200}\.auto)\.tfvars(?:\.json)?$/.test(path);
  const named = [...body.entries].map(([name, value]) => [`var.${name}`, value] as const);
  return {
    resources: [inputsResource(body, path)],
    named: new Map(automatic ? named : []),
    moved: [],
  };
}

function inputsResource(body: MapValue, path: string): Resource {
  return resource("inputs", path.split("/").at(-1) ?? path, body, path);
}

/** The JSON syntax of Terraform: nested maps stand for the labels of blocks. */
function blocksOfJson(root: MapValue): HclFile {
  const blocks: Block[] = [];
  const add = (type: string, labels: readonly string[], value: Value, left: number): void => {
    if (value.kind === "list") for (const item of value.items) add(type, labels, item, left);
    else if (value.kind !== "map") return;
    else if (left === 0) blocks.push({ type, labels, body: value, ...placeOf(value) });
    else {
      for (const [label, below] of value.entries) add(type, [...labels, label], below, left - 1);
    }
  };
  const labelled: Record<string, number> = { resource: 2, data: 2, module: 1, variable: 1 };
  for (const [type, value] of root.entries) add(type, [], value, labelled[type] ?? 0);
  return { blocks, body: root };
}

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html */
function cloudFormation(root: MapValue, path: string): Resource[] {
  const declared = root.entries.get("Resources");
  if (declared?.kind !== "map") return [];
  return [...declared.entries].flatMap(([name, value]) => {
    const type = value.kind === "map" ? value.entries.get("Type") : undefined;
    if (value.kind !== "map" || type?.kind !== "text" || !type.text.startsWith("AWS::")) return [];
    const properties = value.entries.get("Properties");
    const entries = new Map<string, Value>();
    for (const [key, one] of properties?.kind === "map" ? properties.entries : []) {
      entries.set(snakeCase(key), /Policy(?:Document)?$/.test(key) ? one : snakeKeys(one, 0));
    }
    const body: MapValue = { kind: "map", entries, ...placeOf(value) };
    const made = resource(awsType(type.text), name, body, path);
    return [{ ...made, many: value.entries.has("Condition") }];
  });
}

function snakeKeys(value: Value, depth: number): Value {
  if (depth > 40) return value;
  if (value.kind === "list") {
    return { ...value, items: value.items.map((item) => snakeKeys(item, depth + 1)) };
  }
  if (value.kind !== "map") return value;
  const entries = [...value.entries].map(
    ([key, one]) => [snakeCase(key), snakeKeys(one, depth + 1)] as const,
  );
  return { ...value, entries: new Map(entries) };
}

/** https://developer.hashicorp.com/terraform/internals/json-format */
function plan(root: Yaml | undefined, path: string): Resource[] {
  const found: Resource[] = [];
  const visit = (module: Yaml, depth: number): void => {
    for (const item of valuesAt(module, ["resources", "*"])) {
      const one = fromYaml(item);
      if (one.kind !== "map") continue;
      const [type, name, address, values] = ["type", "name", "address", "values"].map((key) =>
        one.entries.get(key),
      );
      if (type?.kind !== "text" || name?.kind !== "text" || values?.kind !== "map") continue;
      const made = resource(type.text, name.text, values, path);
      found.push({ ...made, address: address?.kind === "text" ? address.text : made.address });
    }
    if (depth < 20) {
      for (const child of valuesAt(module, ["child_modules", "*"])) visit(child, depth + 1);
    }
  };
  for (const key of ["planned_values", "values"]) {
    for (const module of valuesAt(root, [key, "root_module"])) visit(module, 0);
  }
  return found;
}

/** A YAML tree as a value; what a tag or an intrinsic function would give stays unknown. */
export function fromYaml(node: Yaml): Value {
  const { line, endLine } = node;
  if (node.kind === "scalar") {
    return node.text === null
      ? { kind: "expression", text: "null", line, endLine }
      : { kind: "text", text: node.text, literal: !node.text.includes("${"), line, endLine };
  }
  if (node.kind === "list") {
    return { kind: "list", items: node.items.map(fromYaml), line, endLine };
  }
  const [only] = node.entries.size === 1 ? node.entries.keys() : [];
  if (only !== undefined && /^(?:Ref|Fn::[A-Za-z]{1,40})$/.test(only)) {
    return { kind: "expression", text: intrinsic(node, 0), line, endLine };
  }
  const entries = [...node.entries]
    .map(([key, value]) => [key, fromYaml(value)] as const)
    .filter(([, value]) => !(value.kind === "expression" && value.text === "null"));
  return { kind: "map", entries: new Map(entries), line, endLine };
}

function intrinsic(node: Yaml, depth: number): string {
  if (node.kind === "scalar") return node.text ?? "";
  if (depth > 8) return "…";
  if (node.kind === "list") return node.items.map((item) => intrinsic(item, depth + 1)).join(",");
  return [...node.entries].map(([key, item]) => `${key}(${intrinsic(item, depth + 1)})`).join(",");
}

function placeOf({ line, endLine }: Value): { line: number; endLine: number } {
  return { line, endLine };
}
