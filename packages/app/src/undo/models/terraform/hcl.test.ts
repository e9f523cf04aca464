import { assert, constantFrom, property, string } from "fast-check";
import { describe, expect, it } from "vitest";
import { textOf } from "../../lattice/cloud-values.ts";
import { Unread } from "../model.ts";
import { readHcl } from "./hcl.ts";
import { terraformModel } from "./terraform.ts";

function read(text: string) {
  const file = readHcl(text);
  if (file instanceof Unread) throw new Error(file.reason);
  return file;
}

describe("the HCL reader", () => {
  it("reads blocks, labels, values and their lines", () => {
    const { blocks } = read(`# first
resource "aws_x" "y" {
  a = "one" // end
  b = [1, true,
    "three",]
  c = { k = "v", "q:r" : null }
  d = jsonencode({ A = "b" })
  e = var.x ? 1 : 2
  f = <<-EOT
    text \${var.y}
  EOT
  g = "\${var.z}"
  nested { h = 1 }
  nested { h = 2 }
}
`);
    const body = blocks[0]?.body;
    expect(blocks[0]).toMatchObject({
      type: "resource",
      labels: ["aws_x", "y"],
      line: 2,
      endLine: 15,
    });
    expect(body?.entries.get("a")).toEqual({
      kind: "text",
      text: "one",
      literal: true,
      line: 3,
      endLine: 3,
    });
    expect(body?.entries.get("b")).toMatchObject({ kind: "list", line: 4, endLine: 5 });
    expect([...(body?.entries ?? [])].map(([key, value]) => `${key}: ${textOf(value)}`)).toEqual([
      "a: one",
      "b: [1,true,three]",
      "c: {k=v,q:r=null}",
      'd: jsonencode({ A = "b" })',
      "e: var.x ? 1 : 2",
      "f:     text ${var.y}\n",
      "g: var.z",
      "nested: [{h=1},{h=2}]",
    ]);
  });

  it("passes over what it cannot read and goes on", () => {
    const { blocks } = read('locals {\n  a = = 3\n  b = "x"\n}\nresource "t" "n" {}\n');
    expect(blocks.map(({ type }) => type)).toEqual(["locals", "resource"]);
    expect(blocks[0]?.body.entries.has("b")).toBe(true);
  });

  it("reads the same from CRLF", () => {
    const text = 'a "b" {\n  c = [\n    1,\n  ]\n}\n';
    expect(read(text.replaceAll("\n", "\r\n"))).toEqual(read(text));
  });

  it("does not read hostile text, and never throws", () => {
    for (const text of [
      `a = ${"[".repeat(100_000)}`,
      `a = "${"${".repeat(200_000)}`,
      "a {".repeat(50_000),
      "a".repeat(900_000),
      `a = ${"x+".repeat(400_000)}`,
      "x".repeat(1_000_001),
      "a = <<E\n".repeat(50_000),
      'x "\n'.repeat(200_000),
    ]) {
      expect(() => readHcl(text)).not.toThrow();
    }
    expect(readHcl("a = \0")).toBeInstanceOf(Unread);
    assert(
      property(
        string({
          unit: constantFrom(...'a = " { } [ ] ( ) $ < E , . 1 * / #'.split(" "), "\n", " "),
        }),
        (text) => {
          readHcl(text);
        },
      ),
    );
  });
});

describe("one shape for all", () => {
  const shapes = (path: string, text: string) => {
    const file = terraformModel.parse(text, path);
    return file instanceof Unread
      ? file.reason
      : file.resources.map((one) => `${one.type} ${one.name} ${textOf(one.body)}`);
  };

  it("reads JSON syntax, plans and CloudFormation as it reads HCL", () => {
    const expected = ["aws_db_instance db {publicly_accessible=true}"];
    expect(
      shapes("a.tf", 'resource "aws_db_instance" "db" {\n publicly_accessible = true\n}'),
    ).toEqual(expected);
    expect(
      shapes("a.tf.json", '{"resource":{"aws_db_instance":{"db":{"publicly_accessible":true}}}}'),
    ).toEqual(expected);
    expect(
      shapes(
        "plan.json",
        '{"planned_values":{"root_module":{"resources":[{"type":"aws_db_instance","name":"db","address":"aws_db_instance.db","values":{"publicly_accessible":true}}]}}}',
      ),
    ).toEqual(expected);
    expect(
      shapes(
        "template.yaml",
        "Resources:\n  db:\n    Type: AWS::RDS::DBInstance\n    Properties:\n      PubliclyAccessible: true\n",
      ),
    ).toEqual(expected);
  });

  it("reads a dynamic block as the block", () => {
    expect(
      shapes(
        "a.tf",
        'resource "t_x" "n" {\n dynamic "logging" {\n for_each = var.a\n content {\n bucket = "b"\n }\n }\n}',
      ),
    ).toEqual(["t_x n {logging=[{bucket=b}]}"]);
  });
});
