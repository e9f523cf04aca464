/** What holds dependencies fast: digests, pins, and the steps that prove where a build is from. */
import { describe, expect, test } from "vitest";
import { told } from "../../models/source/testing/told.ts";
import { changed, ruleInput } from "../../testing/rule-input.ts";
import { depDowngraded } from "./dep-downgraded.ts";
import { depIntegrityWeakened } from "./dep-integrity-weakened.ts";
import { depUnpinned } from "./dep-unpinned.ts";
import { supplyProvenanceDropped } from "./supply-provenance-dropped.ts";

const npmLock = (entry: Record<string, unknown>) =>
  JSON.stringify({ lockfileVersion: 3, packages: { "node_modules/a": entry } });
const held = {
  version: "1.0.0",
  resolved: "https://registry.npmjs.org/a/-/a-1.0.0.tgz",
  integrity: `sha512-${"A".repeat(86)}==`,
};
const cargo = (source: string) =>
  `version = 3\n\n[[package]]\nname = "a"\nversion = "1.0.0"\nsource = "${source}"\nchecksum = "${"0".repeat(64)}"\n`;

describe("dep.integrity-weakened", () => {
  const lock = (before: object, after: object) =>
    told(depIntegrityWeakened, "package-lock.json", npmLock({ ...before }), npmLock({ ...after }));

  test("a digest that is gone, weaker, or another host, is told", () => {
    const { integrity: _gone, ...without } = held;
    expect(lock(held, without)).toEqual(["worse high package-lock.json: a digest is gone"]);
    const weak = { ...held, integrity: `sha1-${"A".repeat(27)}=` };
    expect(lock(held, weak)).toEqual(["worse medium package-lock.json: a digest is weaker"]);
    const elsewhere = { ...held, resolved: "https://npm.example.com/a/-/a-1.0.0.tgz" };
    expect(lock(held, elsewhere)).toEqual([
      "worse medium package-lock.json: downloads go from https://registry.npmjs.org to https://npm.example.com",
    ]);
    const plain = { ...held, resolved: "http://registry.npmjs.org/a/-/a-1.0.0.tgz" };
    expect(lock(held, plain)).toEqual(["worse high package-lock.json: downloads go over http"]);
  });

  test("a digest that goes with a version, and none where another version stays", () => {
    const { integrity: _gone, ...older } = { ...held, version: "0.9.0" };
    expect(lock(held, older)).toEqual(["worse high package-lock.json: a digest is gone"]);
    // What a package brings along in itself has no digest of its own.
    expect(lock(held, { ...older, inBundle: true })).toEqual([]);
    const both = (...entries: (readonly [string, object])[]) =>
      JSON.stringify({ lockfileVersion: 3, packages: Object.fromEntries(entries) });
    const nested = ["node_modules/b/node_modules/a", older] as const;
    const [before, after] = [both(["node_modules/a", held], nested), both(nested)];
    expect(told(depIntegrityWeakened, "package-lock.json", before, after)).toEqual([]);
  });

  test("an index of packages that goes to http", () => {
    const [safe, plain] = ["https", "http"].map(
      (scheme) => `--index-url ${scheme}://pypi.example.com/simple\na==1.0\n`,
    ) as [string, string];
    expect(told(depIntegrityWeakened, "requirements.txt", safe, plain)).toEqual([
      "worse high requirements.txt: downloads go over http",
    ]);
    expect(told(depIntegrityWeakened, "requirements.txt", plain, safe)).toEqual([]);
  });

  test.each([
    ["svc/go.sum", "svc/go.mod", "go.mod"],
    ["gradle/verification-metadata.xml", "settings.gradle.kts", "app/settings.gradle.kts"],
  ])("%s goes while %s stays", (path, manifest, other) => {
    expect(depIntegrityWeakened.reads?.(path)).toBe(true);
    const run = (file: ReturnType<typeof changed>, before: string[], after: string[]) =>
      depIntegrityWeakened
        .run(ruleInput({ files: [file], paths: { before, after } }))
        .map(({ direction, severity }) => `${direction} ${severity}`);
    const gone = changed(path, "x\n", null);
    expect(run(gone, [manifest, path], [manifest])).toEqual(["worse medium"]);
    expect(run(gone, [manifest, path], [other])).toEqual([]);
    const come = changed(path, null, "x\n");
    expect(run(come, [manifest], [manifest, path])).toEqual(["better info"]);
  });

  test("what is as strong as before is not", () => {
    expect(lock(held, held)).toEqual([]);
    const mirror = { ...held, resolved: "https://registry.yarnpkg.com/a/-/a-1.0.0.tgz" };
    expect(lock(held, mirror)).toEqual([]);
    const git = cargo("registry+https://github.com/rust-lang/crates.io-index");
    const sparse = cargo("sparse+https://index.crates.io/");
    expect(told(depIntegrityWeakened, "Cargo.lock", git, sparse)).toEqual([]);
    expect(told(depIntegrityWeakened, "Cargo.lock", sparse, git)).toEqual([]);
    const other = cargo("registry+https://crates.example.com/index");
    expect(told(depIntegrityWeakened, "Cargo.lock", git, other)).toHaveLength(1);
    const classic = `# yarn lockfile v1\n\na@^1.0.0:\n  version "1.0.0"\n  resolved "https://registry.yarnpkg.com/a/-/a-1.0.0.tgz#x"\n  integrity sha512-${"A".repeat(86)}==\n`;
    const berry = `__metadata:\n  version: 8\n  cacheKey: 10c0\n\n"a@npm:^1.0.0":\n  version: 1.0.0\n  resolution: "a@npm:1.0.0"\n  checksum: 10c0/${"0".repeat(128)}\n  languageName: node\n  linkType: hard\n`;
    expect(told(depIntegrityWeakened, "yarn.lock", classic, berry)).toEqual([]);
    expect(told(depIntegrityWeakened, "yarn.lock", berry, classic)).toEqual([]);
  });

  test("a lock file that goes while its manifest stays, and one that comes", () => {
    const run = (file: ReturnType<typeof changed>, before: string[], after: string[]) =>
      depIntegrityWeakened
        .run(ruleInput({ files: [file], paths: { before, after } }))
        .map(({ direction, severity }) => `${direction} ${severity}`);
    const gone = changed("app/package-lock.json", npmLock(held), null);
    const manifest = "app/package.json";
    expect(run(gone, [manifest, gone.path], [manifest])).toEqual(["worse medium"]);
    expect(run(gone, [manifest, gone.path], [])).toEqual([]);
    expect(run(gone, [manifest, gone.path], [manifest, "app/yarn.lock"])).toEqual([]);
    const come = changed("app/package-lock.json", null, npmLock(held));
    expect(run(come, [manifest], [manifest, come.path])).toEqual(["better info"]);
  });
});

describe("dep.unpinned", () => {
  const digest = `sha256:${"a".repeat(64)}`;
  const image = (reference: string) => `FROM ${reference}\nRUN true\n`;
  const commit = "0123456789012345678901234567890123456789";
  const workflow = (reference: string) =>
    `on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: ${reference}\n`;

  test.each([
    ["Dockerfile", image(`nginx:1.25@${digest}`), image("nginx:1.25"), "medium"],
    ["Dockerfile", image("nginx:1.25"), image("nginx:latest"), "medium"],
    ["Dockerfile", image("nginx:1.25"), image("nginx"), "medium"],
    [
      ".github/workflows/a.yml",
      workflow(`actions/checkout@${commit}`),
      workflow("actions/checkout@v4"),
      "medium",
    ],
  ])("%s: what could not move, can", (path, safe, weak, severity) => {
    expect(told(depUnpinned, path, safe, weak)).toEqual([
      expect.stringMatching(`^worse ${severity} `),
    ]);
    expect(told(depUnpinned, path, weak, safe)).toEqual([expect.stringMatching("^better info ")]);
    expect(told(depUnpinned, path, safe, safe)).toEqual([]);
  });

  test("a tag of an action moves like a branch: neither is a pin", () => {
    const [tag, branch] = [workflow("actions/checkout@v4"), workflow("actions/checkout@main")];
    expect(told(depUnpinned, ".github/workflows/a.yml", tag, branch)).toEqual([]);
  });

  test("a provider with a lock file beside it is held by that; a module is not", () => {
    const provider = (version: string) =>
      `terraform {\n  required_providers {\n    aws = {\n      source  = "hashicorp/aws"\n      version = "${version}"\n    }\n  }\n}\n`;
    const module = (version: string) =>
      `module "vpc" {\n  source  = "terraform-aws-modules/vpc/aws"\n  version = "${version}"\n}\n`;
    const run = (make: (version: string) => string, lock: string) =>
      depUnpinned
        .run(
          ruleInput({
            files: [changed("infra/main.tf", make("5.31.0"), make("~> 5.0"))],
            paths: { before: ["infra/main.tf", lock], after: ["infra/main.tf", lock] },
          }),
        )
        .map(({ direction, severity }) => `${direction} ${severity}`);
    expect(run(provider, "infra/.terraform.lock.hcl")).toEqual([]);
    expect(run(provider, "other/.terraform.lock.hcl")).toEqual(["worse medium"]);
    expect(run(module, "infra/.terraform.lock.hcl")).toEqual(["worse medium"]);
  });

  test("an image of a compose file that loses its tag", () => {
    const compose = (image: string) => `services:\n  web:\n    image: ${image}\n`;
    expect(told(depUnpinned, "compose.yaml", compose("nginx:1.25"), compose("nginx"))).toEqual([
      "worse medium docker nginx",
    ]);
  });

  test("one version for another is no loss of a pin", () => {
    expect(told(depUnpinned, "Dockerfile", image("nginx:1.26"), image("nginx:1.25"))).toEqual([]);
  });
});

describe("dep.downgraded", () => {
  test("the language of go.mod is a minimum and has no end of life; the toolchain has", () => {
    const mod = (go: string, toolchain = "") => `module x\n\ngo ${go}\n${toolchain}`;
    expect(told(depDowngraded, "go.mod", mod("1.25"), mod("1.20"))).toEqual([
      "worse low pkg:generic/go-language 1.25 to 1.20",
    ]);
    const [now, old] = ["1.25.1", "1.20.1"].map((one) => mod("1.19", `toolchain go${one}\n`)) as [
      string,
      string,
    ];
    expect(told(depDowngraded, "go.mod", now, old)).toEqual([
      "worse medium pkg:generic/go-toolchain 1.25.1 to 1.20.1",
    ]);
  });
});

describe("supply.provenance-dropped", () => {
  const path = ".github/workflows/release.yml";
  test.each([
    ["signs with cosign", "      - run: cosign sign --yes $IMAGE"],
    ["attests builds", "      - uses: actions/attest-build-provenance@v2"],
    ["makes an SBOM", "      - uses: anchore/sbom-action@v0"],
    ["publishes with provenance", "      - run: npm publish --provenance --access public"],
    ["verifies checksums", "      - run: sha256sum -c SHA256SUMS"],
  ])("%s", (what, line) => {
    const withStep = `jobs:\n  a:\n    steps:\n${line}\n`;
    const without = "jobs:\n  a:\n    steps:\n      - run: make\n";
    expect(told(supplyProvenanceDropped, path, withStep, without)).toEqual([
      `worse medium ${what}`,
    ]);
    expect(told(supplyProvenanceDropped, path, without, withStep)).toEqual([`better info ${what}`]);
    const commented = withStep.replace(line, `      # ${line.trim()}`);
    expect(told(supplyProvenanceDropped, path, withStep, commented)).toHaveLength(1);
  });

  test("a workflow that goes as a whole takes its steps along", () => {
    const gone = changed(
      path,
      "jobs:\n  a:\n    steps:\n      - run: cosign sign --yes $I\n",
      null,
    );
    const run = supplyProvenanceDropped.run(ruleInput({ files: [gone] }));
    expect(run.map(({ subject }) => subject)).toEqual(["signs with cosign"]);
  });

  test("what moves to another workflow is not gone; documents and tests do not count", () => {
    const line = "      - run: cosign sign --yes $IMAGE\n";
    const elsewhere = changed(".github/workflows/sign.yml", null, `steps:\n${line}`);
    expect(told(supplyProvenanceDropped, path, line, "", [elsewhere])).toEqual([]);
    expect(told(supplyProvenanceDropped, "docs/release.md", line, "")).toEqual([]);
  });
});
