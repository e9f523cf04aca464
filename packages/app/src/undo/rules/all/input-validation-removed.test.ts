import { describe, expect, it, test } from "vitest";
import { told } from "../../models/source/testing/told.ts";
import { inputValidationRemoved } from "./input-validation-removed.ts";

const checks: readonly (readonly [name: string, path: string, strict: string, loose: string])[] = [
  [
    "a length in TypeScript",
    "src/a.ts",
    "export function save(name: string) {\n  if (name.length > 20) {\n    throw new Error('too long');\n  }\n  write(name);\n}\n",
    "export function save(name: string) {\n  write(name);\n}\n",
  ],
  [
    "a check that now lets all through, in Go",
    "pkg/a.go",
    "func ValidateOrder(o *Order) error {\n\tvar errs List\n\tif o.Owner == nil {\n\t\terrs = append(errs, Required())\n\t}\n\treturn errs\n}\n",
    "func ValidateOrder(o *Order) error {\n\treturn nil\n}\n",
  ],
  [
    "a value that is only not empty",
    "pkg/a.go",
    'func (s *S) New(r *R) {\n\tif r.Agreement != s.AgreementURL {\n\t\ts.sendError(w, "agree first", http.StatusForbidden)\n\t\treturn\n\t}\n\tgo1(r)\n}\n',
    'func (s *S) New(r *R) {\n\tif r.Agreement == "" {\n\t\ts.sendError(w, "agree first", http.StatusForbidden)\n\t\treturn\n\t}\n\tgo1(r)\n}\n',
  ],
  [
    "an answer in Ruby",
    "app/a_controller.rb",
    "class A\n  def show\n    url = build(request.path)\n    if !url\n      render_not_found\n      return\n    end\n    render url\n  end\nend\n",
    "class A\n  def show\n    url = build(request.path)\n    render url\n  end\nend\n",
  ],
  [
    "a rule of a Rails model",
    "app/models/a.rb",
    "class A < B\n  validates :url, format: { with: X }\n  def a\n    1\n  end\nend\n",
    "class A < B\n  def a\n    1\n  end\nend\n",
  ],
  [
    "a safe YAML load in Python",
    "app/a.py",
    "def read(text):\n    data = yaml.safe_load(text)\n    return data\n",
    "def read(text):\n    data = yaml.load(text)\n    return data\n",
  ],
  [
    "text that becomes HTML",
    "src/a.js",
    "function show(node, text) {\n  node.textContent = text;\n}\n",
    "function show(node, text) {\n  node.innerHTML = text;\n}\n",
  ],
  [
    "a schema of zod",
    "src/a.ts",
    "const user = z.object({ a: 1 });\nconst name = z.string().max(20);\n",
    "const user = z.object({ a: 1 });\nconst name = z.string();\n",
  ],
  [
    "a decorated field",
    "src/a.dto.ts",
    "export class A {\n  @MaxLength(20)\n  name: string;\n}\n",
    "export class A {\n  name: string;\n}\n",
  ],
  [
    "a refusal in Java",
    "src/A.java",
    'class A {\n  void open(String host) {\n    if (!allowedHosts.contains(host)) {\n      throw new IllegalArgumentException("host");\n    }\n    connect(host);\n  }\n}\n',
    "class A {\n  void open(String host) {\n    connect(host);\n  }\n}\n",
  ],
  [
    "a refusal in C#",
    "src/A.cs",
    "class A\n{\n    public void Open(string path)\n    {\n        if (path.Contains(root))\n            throw new ArgumentException(nameof(path));\n        Read(path);\n    }\n}\n",
    "class A\n{\n    public void Open(string path)\n    {\n        Read(path);\n    }\n}\n",
  ],
  [
    "a call that cleans, in PHP",
    "src/a.php",
    "<?php\nfunction show($html) {\n    $html = sanitize_html($html);\n    echo $html;\n}\n",
    "<?php\nfunction show($html) {\n    echo $html;\n}\n",
  ],
  [
    "a refusal in Rust",
    "src/a.rs",
    "fn read(len: usize) -> Result<A, E> {\n    if len > MAX_LEN {\n        return Err(E::TooLong);\n    }\n    go(len)\n}\n",
    "fn read(len: usize) -> Result<A, E> {\n    go(len)\n}\n",
  ],
  [
    "a rule of a resource definition",
    "config/crd/a.yaml",
    "spec:\n  openAPIV3Schema:\n    properties:\n      tls:\n        type: array\n        x-kubernetes-validations:\n        - message: m\n          rule: 'self.all(l, (l.p == ''S'' ? has(l.tls) && l.m == ''T'' : true))'\n",
    "spec:\n  openAPIV3Schema:\n    properties:\n      tls:\n        type: array\n        x-kubernetes-validations:\n        - message: m\n          rule: 'self.all(l, (l.p == ''S'' && has(l.tls)) ? l.m == ''T'' : true)'\n",
  ],
  [
    "a marker",
    "api/a_types.go",
    "type A struct {\n\t// +kubebuilder:validation:MaxLength=20\n\tName string\n\t// +kubebuilder:validation:Minimum=1\n\tCount int\n}\n",
    "type A struct {\n\t// +kubebuilder:validation:MaxLength=200\n\tName string\n\t// +kubebuilder:validation:Minimum=1\n\tCount int\n}\n",
  ],
];

describe("input.validation-removed", () => {
  test.each(checks)("%s", (_name, path, strict, loose) => {
    expect(told(inputValidationRemoved, path, strict, loose).join()).toMatch(
      /^worse (?:medium|high) /,
    );
    expect(told(inputValidationRemoved, path, loose, strict).join()).toMatch(/^better info |^$/);
    expect(told(inputValidationRemoved, path, strict, strict.replaceAll("\n", "\n\n"))).toEqual([]);
  });

  it("says nothing of a refusal that is written otherwise", () => {
    const as = (condition: string) =>
      `function a(n) {\n  if (${condition}) throw new RangeError('max');\n  go(n);\n}\n`;
    const path = "src/a.ts";
    expect(
      told(inputValidationRemoved, path, as("n > 5 || !n.ok"), as("!(n <= 5 && n.ok)")),
    ).toEqual([]);
    expect(told(inputValidationRemoved, path, as("n > 5"), as("n > 4"))).toEqual([
      "better info src/a.ts: a",
    ]);
    expect(told(inputValidationRemoved, path, as("n > 5"), as("n > 50"))).toEqual([
      "worse medium src/a.ts: a",
    ]);
  });

  it("says nothing of limits whose field goes, and of lists that only say it in another order", () => {
    const of = (fields: string) => `{"$schema": "x", "properties": {${fields}}}`;
    const a = '"a": {"type": "string", "maxLength": 5}';
    const b = '"b": {"type": "string", "enum": ["x", "y"]}';
    const path = "api/a.schema.json";
    expect(told(inputValidationRemoved, path, of(`${a}, ${b}`), of(b))).toEqual([]);
    expect(
      told(inputValidationRemoved, path, of(b), of(b.replace('"x", "y"', '"y", "x"'))),
    ).toEqual([]);
    expect(told(inputValidationRemoved, path, of(a), of(a.replace("5", "50")))).toEqual([
      `worse medium ${path}`,
    ]);
  });

  it("reads hostile text in bounded work", () => {
    for (const bad of [
      "if (".repeat(200_000),
      "{".repeat(500_000),
      "'".repeat(900_000),
      `${"a".repeat(15_000)}\n`.repeat(60),
      "x ? ".repeat(100_000),
    ]) {
      for (const path of [
        "src/a.ts",
        "src/a.py",
        "src/a.rb",
        "src/a.go",
        "src/a.php",
        "src/a.rs",
      ]) {
        expect(told(inputValidationRemoved, path, `${bad}\n`, "function a() {}\n")).toEqual([]);
      }
    }
  });
});
