/**
 * `countermand.yaml`: where a repository's parts run, how much depends on them, what
 * data they hold, and the tags of the team's threat model and of the rules it is held
 * to. Format: docs/spec/context.md. Written by strangers when it comes from a
 * repository: strict (an unknown key is an error, not a guess), bounded, and wrong in
 * one sentence.
 */
import { z } from "zod";
import { patternLimits, parsePattern } from "../blast/codeowners-pattern.ts";
import { readYaml, type Yaml } from "../lattice/yaml.ts";

export const contextFileName = "countermand.yaml";
export const largestContextFile = 256 * 1024;

/** The strictest first, each. */
export const environments = ["production", "staging", "development", "test"] as const;
export const tiers = ["1", "2", "3", "4"] as const;
export const dataClasses = ["restricted", "confidential", "internal", "public"] as const;

const tag = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,39}$/, "must be a tag of lower-case letters, digits and . _ -");
const tags = z.array(tag).max(20);
const path = z
  .string()
  .max(patternLimits.length)
  .refine(
    (text) => /^[^\p{C}\\]+$/u.test(text) && typeof parsePattern(text, "github") !== "string",
    "must be a path or pattern as in CODEOWNERS, such as /services/payments/",
  );
const facts = {
  environment: z.enum(environments).exactOptional(),
  tier: z.enum(tiers).exactOptional(),
  data: z.enum(dataClasses).exactOptional(),
  threats: tags.exactOptional(),
  regulations: tags.exactOptional(),
};

const shape = z.strictObject({
  version: z.literal("1"),
  ...facts,
  components: z
    .array(
      z.strictObject({
        name: z
          .string()
          .regex(
            /^[A-Za-z0-9][A-Za-z0-9._/-]{0,99}$/,
            "must be a name of letters, digits and . _ / -",
          ),
        paths: z.array(path).min(1).max(50),
        ...facts,
      }),
    )
    .max(200)
    .default([]),
});
export type ContextFile = z.infer<typeof shape>;

/** The file, or one sentence that says what is wrong with it. */
export function parseContextFile(text: string): ContextFile | string {
  if (text.length > largestContextFile) {
    return `it is longer than ${largestContextFile} characters`;
  }
  const documents = readYaml(text);
  if (typeof documents === "string") return `it is not read: ${documents}`;
  const [document, ...others] = documents;
  if (document === undefined) return "it is empty; it says at least version: 1";
  if (others.length > 0) return "it has several YAML documents; one is read";
  const read = shape.safeParse(valueOf(document));
  if (!read.success) {
    const [issue] = read.error.issues;
    const where = issue?.path.map(String).join(".") ?? "";
    return `${where === "" ? "it" : where} is wrong: ${(issue?.message ?? "").replaceAll(/[^\x20-\x7e]/g, "?").slice(0, 200)}`;
  }
  const names = read.data.components.map(({ name }) => name);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  return twice === undefined ? read.data : `the component ${twice} is there twice`;
}

/** All scalars as text: `1` and "1" are one tier. */
function valueOf(node: Yaml): unknown {
  if (node.kind === "scalar") return node.text;
  if (node.kind === "list") return node.items.map(valueOf);
  // No prototype: a key may be called __proto__.
  const object = Object.create(null) as Record<string, unknown>;
  for (const [key, value] of node.entries) object[key] = valueOf(value);
  return object;
}
