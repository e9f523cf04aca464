import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Unread } from "../models/model.ts";
import {
  type Codeowners,
  codeownersLimits,
  ownershipOf,
  ownersOf,
  parseCodeowners,
} from "./codeowners.ts";

function read(text: string, path = "CODEOWNERS"): Codeowners {
  const value = parseCodeowners(text, path);
  if (value instanceof Unread) throw new Error(value.reason);
  return value;
}

/** The lines' owners for a path. */
const owners = (text: string, path: string, at?: string) => ownersOf(read(text, at), path);

describe("GitHub's documented example", () => {
  // Pattern and meaning from "About code owners"; owners renamed.
  const text = `
*       @o1 @o2
*.js    @js #This is an inline comment.
*.go docs@example.com
*.txt @octo-org/octocats
/build/logs/ @doctocat
docs/* docs@example.com
apps/ @octocat
/docs/ @doctocat
/scripts/ @doctocat @octocat
**/logs @logs
/apps/ @octocat
/apps/github
`;
  test.each([
    ["README.md", ["@o1", "@o2"]],
    ["src/deep/a.js", ["@js"]],
    ["a.go", ["docs@example.com"]],
    ["x/notes.txt", ["@octo-org/octocats"]],
    ["docs/getting-started.md", ["@doctocat"]],
    ["docs/build-app/troubleshooting.md", ["@doctocat"]],
    ["other/docs/a.md", ["@o1", "@o2"]],
    ["scripts/run", ["@doctocat", "@octocat"]],
    ["build/logs", ["@logs"]],
    ["build/logs/today", ["@logs"]],
    ["deeply/nested/logs/x/y", ["@logs"]],
    ["lib/apps/x", ["@octocat"]],
    ["apps/main/a.c", ["@octocat"]],
    ["apps/github", []],
    ["apps/github/a.c", []],
  ])("%s", (path, expected) => {
    expect(owners(text, path)).toEqual(expected);
  });
});

describe("GitHub's patterns", () => {
  test.each([
    ["docs/*", "docs/a.md", true],
    ["docs/*", "docs/b/a.md", false],
    ["docs/*", "x/docs/a.md", false],
    ["docs/*.md", "docs/a.md", true],
    ["docs/", "x/docs/y/z", true],
    ["docs/", "docs", false],
    ["docs", "docs", true],
    ["docs", "a/docs/b", true],
    ["/docs", "a/docs/b", false],
    ["/docs", "docs/b", true],
    ["/docs/**", "docs/b/c", true],
    ["/docs/**", "docs", false],
    ["/*", "a", true],
    ["/*", "a/b", false],
    ["a/**/b", "a/b", true],
    ["a/**/b", "a/x/y/b", true],
    ["a/**/b", "a/x/y/b/below", true],
    ["a/**/b", "a/xb", false],
    ["*.js", ".js", true],
    ["?.js", "a.js", true],
    ["?.js", "ab.js", false],
    ["a*b*c", "aXbYbZc", true],
    ["a*b*c", "aXbYbZ", false],
    ["/a\\ b", "a b", true],
    ["/a\\*", "ab", false],
    ["Docs", "docs", false],
    [".github/", ".github/workflows/ci.yml", true],
  ])("%s %s %s", (pattern, path, expected) => {
    expect(owners(`${pattern} @x`, path)).toEqual(expected ? ["@x"] : []);
  });

  test("what it does not know is skipped and told", () => {
    const file = read(
      "!a @x\n[ab].js @x\n\\#a @x\nb not-an-owner @x\nc @x\n",
      ".github/CODEOWNERS",
    );
    expect(file.skipped.map(({ line }) => line)).toEqual([1, 2, 3, 4]);
    expect(ownersOf(file, "a")).toEqual([]);
    expect(ownersOf(file, "b")).toEqual([]);
    expect(ownersOf(file, "c")).toEqual(["@x"]);
  });

  test("a line without owners takes them away, an unmatched path never had any", () => {
    const file = read("/a/ @x\n/a/b\n");
    expect(ownershipOf(file, "a/b")).toEqual([
      { section: "", optional: false, approvals: 1, owners: [], line: 2 },
    ]);
    expect(ownershipOf(file, "c")).toEqual([]);
  });
});

describe("GitLab's documented example", () => {
  const text = `
# app/ @commented-rule
* @default-codeowner
* @multiple @code @owners
*.rb @ruby-owner
\\#file_with_pound.rb @owner-file-with-pound
LICENSE @legal this_does_not_match janedoe@gitlab.com
README @group @group/with-nested/subgroup
/docs/ @all-docs
/docs/* @root-docs
/docs/**/*.md @markdown-docs
lib/ @lib-owner
/config/ @@maintainer
path\\ with\\ spaces/ @space-owner
`;
  const sections = `
[Documentation]
ee/docs    @docs
docs       @docs

[Development] @dev-team
*
README.md @docs-team
data-models/ @data-science-team

# one section with the first
[DOCUMENTATION]
README.md @docs

^[Maybe] @nobody-has-to
*.md
[Twice][2] @a
/ci/
!/ci/notes.md
/ci/notes.md @b
`;
  test.each([
    ["a", ["@code", "@multiple", "@owners"]],
    ["x/a.rb", ["@ruby-owner"]],
    ["#file_with_pound.rb", ["@owner-file-with-pound"]],
    ["LICENSE", ["@legal", "janedoe@gitlab.com"]],
    ["README", ["@group", "@group/with-nested/subgroup"]],
    ["docs/projects/index.txt", ["@all-docs"]],
    ["docs/index.txt", ["@root-docs"]],
    ["docs/projects/index.md", ["@markdown-docs"]],
    ["docs/index.md", ["@markdown-docs"]],
    ["a/lib/b/c", ["@lib-owner"]],
    ["config/a", ["@@maintainer"]],
    ["a/config/a", ["@code", "@multiple", "@owners"]],
    ["path with spaces/a", ["@space-owner"]],
  ])("%s", (path, expected) => {
    expect(owners(text, path, ".gitlab/CODEOWNERS")).toEqual(expected);
  });
  test.each([
    // GitLab takes `docs` for the path alone, not for what is below.
    ["docs", ["@dev-team", "@docs"]],
    ["docs/a", ["@dev-team"]],
    ["README.md", ["@docs", "@docs-team", "@nobody-has-to"]],
    ["data-models/x/y", ["@data-science-team"]],
    ["ci/run", ["@a", "@dev-team"]],
    ["ci/notes.md", ["@dev-team", "@nobody-has-to"]],
  ])("sections: %s", (path, expected) => {
    expect(owners(sections, path)).toEqual(expected);
  });

  test("approvals and optional sections", () => {
    const asked = ownershipOf(read(sections), "ci/x.md");
    expect(asked.map(({ section, optional, approvals }) => [section, optional, approvals])).toEqual(
      [
        ["Development", false, 1],
        ["Maybe", true, 0],
        ["Twice", false, 2],
      ],
    );
  });

  test.each([
    ["/[a-c]x", "bx", true],
    ["/[a-c]x", "dx", false],
    ["/[^a]x", "bx", true],
    ["/[^a]x", "ax", false],
    ["/[a", "[a", true],
    ["/docs/**", "docs/a", true],
    ["/docs/**", "docs/a/b", false],
    ["**/a.md", "x/y/a.md", true],
    ["**/a.md", "a.md", true],
  ])("%s %s %s", (pattern, path, expected) => {
    expect(owners(`${pattern} @x`, path, ".gitlab/CODEOWNERS")).toEqual(expected ? ["@x"] : []);
  });
});

describe("hostile files", () => {
  test("white space, line ends and a byte order mark change nothing", () => {
    const plain = "* @a\n/b/ @c @d\n";
    const other = "\ufeff  *\t@a  \r\n\r\n /b/   @c\t@d\r\n";
    for (const path of ["x", "b/y"]) expect(owners(other, path)).toEqual(owners(plain, path));
  });

  test("too much is not read", () => {
    expect(parseCodeowners("a".repeat(codeownersLimits.length + 1))).toBeInstanceOf(Unread);
    expect(parseCodeowners("a @b\n".repeat(codeownersLimits.rules + 1))).toBeInstanceOf(Unread);
    expect(parseCodeowners("*.a @b\n".repeat(codeownersLimits.wild + 1))).toBeInstanceOf(Unread);
    const headings = Array.from({ length: 1100 }, (_, i) => `[s${i}]\na @b`).join("\n");
    expect(parseCodeowners(headings)).toBeInstanceOf(Unread);
    expect(read(`${"a/".repeat(100)}b @x\n${"a".repeat(2000)} @x`).skipped).toHaveLength(2);
    expect(read(`a ${"@b ".repeat(300)}`).skipped).toHaveLength(1);
  });

  test("a megabyte on one line, and patterns that make others go back", () => {
    expect(read(`${"*a".repeat(500_000)} @x`).skipped).toHaveLength(1);
    expect(read(" ".repeat(1_000_000)).sections).toEqual([]);
    expect(owners(`${"*a".repeat(400)}b @x`, "a".repeat(4000))).toEqual([]);
    expect(owners(`${"**/".repeat(60)}b @x`, `${"a/".repeat(2000)}a`)).toEqual([]);
  });

  test("any text gives an answer", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (text, path) => {
        for (const at of [".github/CODEOWNERS", ".gitlab/CODEOWNERS"]) {
          expect(Array.isArray(owners(text, path, at))).toBe(true);
        }
      }),
    );
  });

  test("a later line for all paths wins over whatever was before", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom("*", "/a/", "b", "*.c")),
        fc.constantFrom("a/b.c", "b"),
        (lines, path) => {
          const text = [...lines.map((line) => `${line} @x`), "* @y"].join("\n");
          expect(owners(text, path)).toEqual(["@y"]);
        },
      ),
    );
  });
});
