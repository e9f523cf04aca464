import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Unread } from "../../models/model.ts";
import { isDependencyFile, packagesModel } from "../packages-model.ts";

/** `ecosystem name@version line pin`, with `dev` where it is, and `#` where a digest is there. */
function read(path: string, text: string): string[] | string {
  const set = packagesModel.parse(text, path);
  if (set instanceof Unread) return set.reason;
  return set.packages.map(
    (one) =>
      `${one.ecosystem} ${one.name}@${one.version ?? "?"} ${one.line} ${one.pin}${one.dev ? " dev" : ""}${one.integrity.length > 0 ? " #" : ""}`,
  );
}

const files: readonly (readonly [string, string, readonly string[]])[] = [
  [
    "package-lock.json",
    `{\n"lockfileVersion": 3,\n"packages": {\n"": {"dependencies": {"a": "1"}},\n"node_modules/a": {"version": "1.2.3", "integrity": "sha512-x"},\n"node_modules/a/node_modules/@s/b": {"version": "2.0.0", "dev": true}\n}}`,
    ["npm a@1.2.3 5 version #", "npm @s/b@2.0.0 6 version dev"],
  ],
  [
    "yarn.lock",
    `# yarn lockfile v1\n\n"@s/a@^1.0.0", "@s/a@^1.1.0":\n  version "1.1.0"\n  resolved "https://registry.yarnpkg.com/@s/a/-/a-1.1.0.tgz#0123456789012345678901234567890123456789"\n  integrity sha512-x==\n`,
    ["npm @s/a@1.1.0 3 version #"],
  ],
  [
    "yarn.lock",
    `__metadata:\n  version: 8\n\n"a@npm:^1.0.0":\n  version: 1.0.1\n  checksum: 10c0/abc\n\n"own@workspace:.":\n  version: 0.0.0\n`,
    ["npm a@1.0.1 4 version #"],
  ],
  [
    "pnpm-lock.yaml",
    `lockfileVersion: '9.0'\n\npackages:\n\n  '@s/a@1.0.0':\n    resolution: {integrity: sha512-x}\n\n  b@2.0.0(a@1.0.0):\n    resolution: {integrity: sha512-y}\n`,
    ["npm @s/a@1.0.0 5 version #", "npm b@2.0.0 8 version #"],
  ],
  [
    "package.json",
    `{\n"dependencies": {"a": "^1.0.0"},\n"devDependencies": {\n"b": "2.0.0"}}`,
    ["npm a@1.0.0 2 moving", "npm b@2.0.0 4 version dev"],
  ],
  [
    "requirements.txt",
    "# pinned\nDjango_Rest==3.1 \\\n    --hash=sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\nrequests>=2.0 ; python_version > '3'\n-r other.txt\ngit+https://x/y@main#egg=z\n",
    ["PyPI django-rest@3.1 2 version #", "PyPI requests@2.0 4 moving", "PyPI z@? 6 moving"],
  ],
  [
    "poetry.lock",
    `[[package]]\nname = "Requests"\nversion = "2.32.0"\nfiles = [{file = "a", hash = "sha256:x"}]\n`,
    ["PyPI requests@2.32.0 2 version #"],
  ],
  [
    "Pipfile.lock",
    `{"default": {\n"a": {"version": "==1.0", "hashes": ["sha256:x"]}},\n"develop": {"b": {"version": "==2.0"}}}`,
    ["PyPI a@1.0 2 version #", "PyPI b@2.0 3 version dev"],
  ],
  [
    "pyproject.toml",
    `[project]\ndependencies = [\n  "a==1.0",\n  "b>=2",\n]\n`,
    ["PyPI a@1.0 3 version", "PyPI b@2 4 moving"],
  ],
  [
    "Cargo.lock",
    `[[package]]\nname = "own"\nversion = "0.1.0"\n\n[[package]]\nname = "a"\nversion = "1.0.0"\nsource = "registry+https://x"\nchecksum = "ab"\n`,
    ["crates.io a@1.0.0 6 version #"],
  ],
  [
    "go.mod",
    "module x\n\ngo 1.24\n\nrequire (\n\tgithub.com/a/b v1.2.3\n\tgithub.com/c/d v0.1.0 // indirect\n)\nreplace github.com/c/d => github.com/e/f v0.2.0\n",
    [
      "generic go-language@1.24 3 version",
      "Go github.com/a/b@v1.2.3 6 version",
      "Go github.com/e/f@v0.2.0 9 version",
    ],
  ],
  [
    "pom.xml",
    "<project><properties><v>1.5</v></properties>\n<dependencies><dependency><groupId>g</groupId>\n<artifactId>a</artifactId><version>${v}</version></dependency>\n<dependency><groupId>g</groupId><artifactId>b</artifactId><version>${missing}</version></dependency></dependencies></project>",
    ["Maven g:a@1.5 3 version"],
  ],
  [
    "gradle.lockfile",
    "# x\ng:a:1.0=compileClasspath\ng:b:2.0=testCompileClasspath\n",
    ["Maven g:a@1.0 2 version", "Maven g:b@2.0 3 version dev"],
  ],
  [
    "build.gradle.kts",
    `implementation("g:a:1.0")\ntestImplementation("g:b:2.+")\n`,
    ["Maven g:a@1.0 1 version", "Maven g:b@2.+ 2 moving dev"],
  ],
  [
    "gradle/libs.versions.toml",
    `[versions]\nx = "1.0"\n[libraries]\na = { module = "g:a", version.ref = "x" }\n`,
    ["Maven g:a@1.0 2 version"],
  ],
  [
    "packages.lock.json",
    `{"dependencies": {"net8": {\n"A.B": {"type": "Direct", "resolved": "1.0", "contentHash": "x"}}}}`,
    ["NuGet a.b@1.0 2 version #"],
  ],
  [
    "App.csproj",
    `<Project><ItemGroup>\n<PackageReference Include="A" Version="1.0" /></ItemGroup></Project>`,
    ["NuGet a@1.0 2 version"],
  ],
  [
    "Gemfile.lock",
    "GEM\n  remote: https://rubygems.org/\n  specs:\n    a (1.0)\n    b (2.0-x86_64-linux)\n\nDEPENDENCIES\n  a\n\nRUBY VERSION\n   ruby 3.3.1p55\n",
    ["RubyGems a@1.0 4 version", "RubyGems b@2.0 5 version", "generic ruby@3.3.1 11 version"],
  ],
  [
    "composer.lock",
    `{"packages": [\n{"name": "V/a",\n"version": "v1.0", "source": {"reference": "abc"}}],\n"packages-dev": []}`,
    ["Packagist v/a@v1.0 1 version #"],
  ],
  [
    "Dockerfile",
    `ARG V=3.12\nFROM python:\${V}-slim AS build\nFROM alpine@sha256:${"a".repeat(64)}\nCOPY --from=build /x /x\nCOPY --from=nginx:latest /y /y\n`,
    [
      "docker python@3.12-slim 2 version",
      "docker alpine@? 3 digest #",
      "docker nginx@latest 5 moving",
    ],
  ],
  [
    "compose.yaml",
    "services:\n  a:\n    image: docker.io/library/redis:7.2\n",
    ["docker redis@7.2 3 version"],
  ],
  [
    "values.yaml",
    "image:\n  repository: org/app\n  tag: 1.2.3\n",
    ["docker org/app@1.2.3 3 version"],
  ],
  [
    ".github/workflows/ci.yml",
    `steps:\n  - uses: actions/checkout@v4\n  - uses: a/b@${"0".repeat(40)} # v1.2.3\n  - uses: ./local\n  - uses: c/d@v1.2.3\n`,
    [
      "GitHub Actions actions/checkout@v4 2 moving",
      "GitHub Actions a/b@v1.2.3 3 digest #",
      "GitHub Actions c/d@v1.2.3 5 version",
    ],
  ],
  [
    ".pre-commit-config.yaml",
    "repos:\n  - repo: https://x/y\n    rev: v1.0\n",
    ["generic https://x/y@v1.0 3 version dev"],
  ],
  [
    "go.mod",
    "module x\n\nrequire github.com/a/b v1.2.3\nreplace github.com/a/b v0.9.0 => github.com/e/f v0.2.0\n",
    ["Go github.com/a/b@v1.2.3 3 version"],
  ],
  [
    "go.mod",
    "module x\n\nrequire github.com/a/b v1.2.3\nreplace github.com/a/b v1.2.3 => github.com/e/f v0.2.0\n",
    ["Go github.com/e/f@v0.2.0 4 version"],
  ],
  [
    "Cargo.lock",
    `[[package]]\nname = "a"\nversion = "1.0.0"\nsource = "registry+x"\n\n[[package]]\nname = "a"\nversion = "2.0.0"\nsource = "registry+x"\n`,
    ["crates.io a@1.0.0 2 version", "crates.io a@2.0.0 7 version"],
  ],
  [
    "Cargo.toml",
    `[package]\nname = "own"\n\n[dependencies]\na = "1"\n\n[dependencies.b]\nversion = "=2.0.0"\n\n[target.'cfg(target_os = "linux")'.dependencies]\nc.version = "3"\n\n[target.x86_64-pc-windows-msvc.dev-dependencies]\na = "4"\n`,
    [
      "crates.io a@1 5 moving",
      "crates.io b@2.0.0 7 version",
      "crates.io c@3 11 moving",
      "crates.io a@4 14 moving dev",
    ],
  ],
  [
    "package-lock.json",
    `{"lockfileVersion": 1, "dependencies": {\n"a": {"version": "1.0.0", "requires": {"b": "1"}},\n"c": {"version": "1.0.0", "dependencies": {\n"a": {"version": "2.0.0"}}}\n}}`,
    ["npm a@1.0.0 2 version", "npm c@1.0.0 3 version", "npm a@2.0.0 4 version"],
  ],
  [
    "package.json",
    `{\n"scripts": {\n"jest": "jest"},\n"dependencies": {\n"old": "npm:@s/real@^1.2.0"},\n"devDependencies": {\n"jest": "29.0.0"}}`,
    ["npm @s/real@1.2.0 5 moving", "npm jest@29.0.0 7 version dev"],
  ],
  [
    "composer.json",
    `{\n"config": {"v/a": 1},\n"require": {\n"v/a": "1.0"}}`,
    ["Packagist v/a@1.0 4 version"],
  ],
  [
    "yarn.lock",
    `# yarn lockfile v1\n\n"old@npm:@s/real@^1.0.0":\n  version "1.1.0"\n`,
    ["npm @s/real@1.1.0 3 version"],
  ],
  [
    "yarn.lock",
    `__metadata:\n  version: 8\n\n"old@npm:@s/real@^1.0.0":\n  version: 1.0.1\n  resolution: "@s/real@npm:1.0.1"\n`,
    ["npm @s/real@1.0.1 4 version"],
  ],
  [
    "poetry.lock",
    `[[package]]\nname = "a"\nversion = "1.0"\n\n[[package]]\nname = "a"\nversion = "2.0"\n`,
    ["PyPI a@1.0 2 version", "PyPI a@2.0 6 version"],
  ],
  [
    "pyproject.toml",
    `[build-system]\nrequires = [\n  "setuptools==70.0.0",\n]\n[project.optional-dependencies]\nx = [\n  "a==1.0",\n]\n[dependency-groups]\nt = [\n  "b==2.0",\n  {include-group = "u"},\n]\n`,
    ["PyPI a@1.0 7 version", "PyPI b@2.0 11 version dev", "PyPI setuptools@70.0.0 3 version dev"],
  ],
  [
    "requirements.txt",
    "--index-url https://pypi.example.com/simple\na==1.0\n",
    ["generic package index@? 1 version", "PyPI a@1.0 2 version"],
  ],
  [
    "pom.xml",
    "<project><profiles><profile><id>p</id><dependencies><dependency><groupId>g</groupId>\n<artifactId>a</artifactId><version>1.5</version></dependency></dependencies></profile></profiles></project>",
    ["Maven g:a@1.5 2 version"],
  ],
  ["compose.yaml", "services:\n  a:\n    image: nginx\n", ["docker nginx@? 3 moving"]],
  ["other.yaml", "step:\n  image: words\n", []],
  [
    "values.yaml",
    "image:\n  registry: ghcr.io\n  tag: 1.2.3\n  pullSecrets:\n    - name: x\n  repository: org/app\nname: own\nversion: 1.0.0\n",
    ["docker ghcr.io/org/app@1.2.3 3 version"],
  ],
  [
    "kustomization.yaml",
    "images:\n  - name: org/app\n    newTag: v1.2\n  - name: org/b\n    newName: ghcr.io/org/b\n    newTag: v3.0\n",
    ["docker org/app@v1.2 3 version", "docker ghcr.io/org/b@v3.0 6 version"],
  ],
  [
    ".github/workflows/inline.yml",
    "steps:\n  - {name: a, uses: actions/checkout@v4}\n  - { uses: a/b@v1.2.3, with: {x: y} }\n",
    ["GitHub Actions actions/checkout@v4 2 moving", "GitHub Actions a/b@v1.2.3 3 version"],
  ],
  [
    "main.tf",
    `terraform {\n  required_providers {\n    aws = {\n      source  = "registry.terraform.io/hashicorp/aws"\n      version = "~> 5.0"\n    }\n  }\n}\n`,
    ["terraform hashicorp/aws@5.0 5 moving"],
  ],
  [
    ".terraform.lock.hcl",
    `provider "registry.terraform.io/hashicorp/aws" {\n  version     = "5.31.0"\n  hashes = [\n    "h1:0123456789abcdef",\n  ]\n}\n`,
    ["terraform hashicorp/aws@5.31.0 2 version #"],
  ],
  [
    "Chart.yaml",
    "dependencies:\n  - name: own\n    version: 1.0.0\n    repository: file://../own\n  - name: redis\n    version: 1.2.3\n    repository: https://x\n",
    ["helm redis@1.2.3 5 version"],
  ],
  [
    "Chart.yaml",
    "dependencies:\n  - name: redis\n    version: 1.2.3\n    repository: https://x\n",
    ["helm redis@1.2.3 2 version"],
  ],
  [
    "main.tf",
    `module "m" {\n  source  = "git::https://x/y?ref=v1.0"\n}\n`,
    ["terraform git::https://x/y@v1.0 1 version"],
  ],
  [".tool-versions", "nodejs 20.1.0\n", ["generic node@20.1.0 1 version"]],
  [".nvmrc", "v22.1\n", ["generic node@22.1 1 version"]],
  [
    "bom.cdx.json",
    `{"bomFormat": "CycloneDX", "components": [\n{"purl": "pkg:npm/%40s/a@1.0"}]}`,
    ["npm @s/a@1.0 2 version"],
  ],
  [
    "a.spdx.json",
    `{"spdxVersion": "SPDX-2.3", "packages": [{"externalRefs": [\n{"referenceType": "purl", "referenceLocator": "pkg:maven/g/a@1.0"}]}]}`,
    ["Maven g:a@1.0 2 version"],
  ],
];

describe("readers", () => {
  it.each(files)("%s", (path, text, expected) => {
    expect(isDependencyFile(path)).toBe(true);
    expect(read(path, text)).toEqual(expected);
    expect(read(path, `\uFEFF${text}`)).toEqual(expected);
  });

  it("say why they do not read", () => {
    expect(read("package-lock.json", "{")).toBe("not JSON");
    expect(read("package-lock.json", "[".repeat(1_000_000))).toMatch(/deeper/);
    expect(read("pom.xml", '<!DOCTYPE x [<!ENTITY a "b">]><project/>')).toBe(
      "XML with a document type",
    );
    expect(read("pom.xml", "<a>".repeat(200_000))).toMatch(/deeper/);
    expect(read("Cargo.lock", "= = =")).toBe("not TOML");
    expect(read("bom.json", "{}")).toBe("a bill of materials of no known kind");
    expect(read("yarn.lock", "x".repeat(20_000_001))).toMatch(/longer/);
  });

  it("answer any text, the same each time", () => {
    const one = fc.constantFrom(...files);
    fc.assert(
      fc.property(one, fc.nat(), fc.nat({ max: 40 }), fc.string(), ([path, text], at, cut, put) => {
        const where = at % (text.length + 1);
        const mutated = text.slice(0, where) + put + text.slice(where + cut);
        expect(read(path, mutated)).toEqual(read(path, mutated));
      }),
      { numRuns: 2000 },
    );
  });

  it("end on texts made to hurt", () => {
    for (const text of [
      "\n".repeat(1_000_000),
      "a".repeat(1_000_000),
      `${" ".repeat(1_000_000)}x`,
      '{"a":'.repeat(200_000),
      "- a: b\n".repeat(140_000),
      '"a'.repeat(500_000),
      "a.".repeat(500_000),
      `${"a.".repeat(1900)}\n`.repeat(250),
      "  - name: a\n".repeat(80_000),
      Array.from({ length: 1400 }, (_, i) => `${" ".repeat(i)}name: a\n`).join(""),
    ]) {
      for (const [path] of files) read(path, text);
    }
  });
});
