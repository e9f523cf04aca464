import { describe, expect, it, test } from "vitest";
import * as fc from "fast-check";
import { Unread } from "../model.ts";
import { sourceModel } from "./source.ts";
import { languageOf } from "./languages.ts";
import { strip } from "./strip.ts";

function units(path: string, text: string) {
  const read = sourceModel.parse(text, path);
  if (read instanceof Unread) throw new Error(read.reason);
  return read;
}

function shape(path: string, text: string): string[] {
  return units(path, text).flatMap(({ kind, name, line, endLine, exits }) =>
    name === ""
      ? []
      : [`${kind} ${name} ${line}-${endLine}`, ...exits.map((e) => `${e.effect} ${e.condition}`)],
  );
}

describe("source", () => {
  test.each([
    [
      "a.ts",
      "class A {\n  async b(x: T): Promise<void> {\n    if (!x) return;\n    if (x.y) {\n      throw new E('{');\n    }\n  }\n}\nconst c = async (z) => {\n  go(z);\n};\n",
      ["class A 1-8", "function A.b 2-7", "leaves !x", "refuses x.y", "function c 9-11"],
    ],
    [
      "a.py",
      'class A:\n    """if x:"""\n    async def b(self, x):\n        if not x:  # if y\n            return None\n        for a in (\n            x\n        ):\n            go(a)\n\ndef c():\n    pass\n',
      ["class A 1-9", "function A.b 3-9", "leaves not x", "function c 11-12"],
    ],
    [
      "a.rb",
      "module A\n  class B\n    def c?(x)\n      return unless x\n      list.each do |one|\n        go if one\n      end\n      x = if y then 1 else 2 end\n    end\n    def d = 1\n  end\nend\n",
      ["class A 1-12", "class A.B 2-11", "function A.B.c? 3-9", "leaves !(x)"],
    ],
    [
      "a.go",
      "func (a *A) b(x T) (int, error) {\n\ts := `}`\n\tif err := go1(x); err != nil {\n\t\treturn 0, err\n\t}\n\ty := []T{{1}, {2}}\n\treturn 1, nil\n}\nfunc c() {\n}\n",
      ["function A.b 1-8", "refuses err != nil", "function c 9-10"],
    ],
    [
      "A.java",
      'class A {\n  @B("x")\n  public int c(String x) throws E {\n    if (x == null) {\n      throw new F("}");\n    }\n    return 1;\n  }\n}\n',
      ["class A 1-9", "function A.c 3-8", "refuses x == null"],
    ],
    [
      "A.cs",
      "namespace N\n{\n    class A\n    {\n        public bool B(int x)\n        {\n            if (x > 1)\n                return false;\n            return true;\n        }\n    }\n}\n",
      ["class N 1-12", "class N.A 3-11", "function N.A.B 5-10", "leaves x > 1"],
    ],
    [
      "a.php",
      "<?php\nclass A {\n    // }\n    # }\n    public function b($x) {\n        if (!$x) {\n            return false;\n        }\n    }\n}\n",
      ["class A 2-10", "function A.b 5-9", "leaves !$x"],
    ],
    [
      "a.rs",
      "impl<'a> A<'a> {\n    pub fn b(&'a self, c: char) -> Result<(), E> {\n        if c == '{' {\n            return Err(E::F);\n        }\n        let Some(d) = e() else {\n            return Err(E::G);\n        };\n        Ok(())\n    }\n}\n",
      ["class A 1-11", "function A.b 2-10", "refuses c == '{'", "refuses !(Some(d) = e())"],
    ],
  ])("of %s has units with their lines and exits", (path, text, expected) => {
    expect(shape(path, text)).toEqual(expected);
  });

  it("keeps every place when comments and strings go", () => {
    const language = languageOf("a.ts");
    fc.assert(
      fc.property(
        fc.array(
          fc.constantFrom("'", '"', "`", "/", "*", "//", "/*", "*/", "\n", "\\", "a", "#", "<<X"),
        ),
        (parts) => {
          const text = parts.join("");
          for (const one of [
            language,
            languageOf("a.rb"),
            languageOf("a.rs"),
            languageOf("a.py"),
            languageOf("a.php"),
          ]) {
            if (one === null) throw new Error("a language");
            const { code, kept } = strip(text, one);
            expect([code.length, kept.length]).toEqual([text.length, text.length]);
            expect(code.split("\n").length).toBe(text.split("\n").length);
          }
        },
      ),
    );
  });

  it("does not read what is too long, too deep, minified or no source", () => {
    const reason = (path: string, text: string) => {
      const read = sourceModel.parse(text, path);
      return read instanceof Unread ? read.reason : "read";
    };
    expect(reason("a.ts", "a;\n".repeat(400_000))).toMatch(/longer than/);
    expect(reason("a.ts", "a;".repeat(20_000))).toMatch(/a line/);
    expect(reason("a.ts", "{\n".repeat(1000))).toMatch(/deeper/);
    expect(reason("a.rb", "if a\n".repeat(1000))).toMatch(/deeper/);
    expect(reason("a.ts", "a;\n".repeat(70_000))).toMatch(/statements/);
    expect(reason("a.md", "a")).toMatch(/no source/);
  });
});
