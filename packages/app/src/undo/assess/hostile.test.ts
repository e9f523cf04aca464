/**
 * Every kind of file that any rule reads, with content made to hurt whoever reads
 * it. What matters: it ends, nothing is thrown, and what was not read is said.
 */
import { describe, expect, it } from "vitest";
import { changed, testKnowledge } from "../testing/rule-input.ts";
import type { ChangedFile } from "../rules/rule.ts";
import { assessFilesWidely } from "./assess.ts";

const paths = [
  ".github/workflows/ci.yml",
  ".github/CODEOWNERS",
  ".gitlab-ci.yml",
  "deploy/app.yaml",
  "charts/app/values.yaml",
  "charts/app/templates/deployment.yaml",
  "charts/app/Chart.yaml",
  "policies/deny.rego",
  "Dockerfile",
  "docker-compose.yml",
  "infra/main.tf",
  "infra/main.tf.json",
  "infra/prod.tfvars",
  "cloudformation/template.yaml",
  "edge/main.vcl",
  "nginx/nginx.conf",
  "etc/ssh/sshd_config",
  "package-lock.json",
  "package.json",
  "yarn.lock",
  "pnpm-lock.yaml",
  "bun.lock",
  "requirements.txt",
  "poetry.lock",
  "uv.lock",
  "Pipfile.lock",
  "pyproject.toml",
  "Cargo.lock",
  "Cargo.toml",
  "go.mod",
  "go.sum",
  "pom.xml",
  "build.gradle",
  "gradle.lockfile",
  "gradle/verification-metadata.xml",
  "App.csproj",
  "packages.lock.json",
  "packages.config",
  "Gemfile.lock",
  "composer.lock",
  "bom.cdx.json",
  "sbom.spdx.json",
  "src/auth/login.ts",
  "src/auth/Login.tsx",
  "src/auth/login.js",
  "src/auth/login.py",
  "app/controllers/login_controller.rb",
  "pkg/auth/login.go",
  "src/main/java/Login.java",
  "src/Login.cs",
  "src/login.php",
  "src/login.rs",
  "test/auth/login.test.ts",
  "db/migrate/20260101000000_drop_users.rb",
  "db/migrations/V1__drop.sql",
  "app/migrations/0002_drop.py",
  "prisma/schema.prisma",
  "db/schema.rb",
  "config/settings.py",
  "config/application.properties",
  "config/initializers/session_store.rb",
  ".env",
  "config/app.toml",
  "config/app.ini",
  "flags/flags.json",
  "api/openapi.yaml",
  "api/service.proto",
  "api/schema.graphql",
  "api/thing.schema.json",
  "catalog-info.yaml",
  "keys/server.pem",
  "keys/jwks.json",
  "secrets/prod.enc.yaml",
  ".trivyignore",
  ".snyk",
];

const size = 40_000;
const word = "password: admin token secret allow if return verify ";

const hostile: Readonly<Record<string, () => string>> = {
  "one long line": () => "a".repeat(size),
  "one long line of words": () => word.repeat(size / word.length),
  "nested brackets": () => "[".repeat(size),
  "nested braces": () => '{"a":'.repeat(size / 5),
  "nested calls": () => "f(".repeat(size / 2),
  "nested elements": () => "<a>".repeat(size / 3),
  "nested blocks": () => 'resource "a" "b" {\n'.repeat(size / 20),
  "quotes that never end": () => `"${'\\"'.repeat(size / 2)}`,
  "spaces before the end": () => `${" ".repeat(size)}x`,
  "the same key again": () => "a: 1\n".repeat(size / 5),
  "YAML aliases": () =>
    `a0: &a0 x\n${Array.from({ length: 40 }, (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i}, `.repeat(9)}*a${i}]\n`).join("")}`,
  "XML entities": () =>
    `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a0 "x">${Array.from({ length: 30 }, (_, i) => `<!ENTITY a${i + 1} "${`&a${i};`.repeat(10)}">`).join("")}]><x>&a30;</x>`,
  "patterns that backtrack": () =>
    `${"x".repeat(500)}${" = ".repeat(500)}${"-".repeat(20_000)}${"(a+)+".repeat(2000)}${"/*".repeat(5000)}${"#{".repeat(5000)}\n`.repeat(
      3,
    ),
  "lines of nothing": () => "\n".repeat(size),
  "prototype keys": () => '{"__proto__":{"x":1},"constructor":{"prototype":1},"toString":null}',
  "names that are text direction": () => "\u202eadmin\u2066: \u0000\ufeff\u2028x\n".repeat(2000),
};

describe.each(Object.entries(hostile))("%s", (_name, make) => {
  it("ends in every kind of file, on either side, and in both", async () => {
    const text = make();
    for (const [before, after] of [
      [text, "x\n"],
      ["x\n", text],
      [text, `${text}\n`],
      [null, text],
      [text, null],
    ]) {
      const files: ChangedFile[] = paths.map((path) =>
        changed(path, before ?? null, after ?? null),
      );
      const assessed = assessFilesWidely(
        {
          files: files.sort((a, b) => (a.path < b.path ? -1 : 1)),
          unchanged: [],
          paths: { before: paths.toSorted(), after: paths.toSorted() },
          undone: [],
          undoing: null,
          reversal: null,
          wanted: files.length,
          unread: 0,
          wantedBytes: 0,
          unreadBytes: 0,
          unknowns: [],
        },
        testKnowledge,
      );
      for (const unknown of assessed.unknowns) expect(unknown).toMatch(/^[\x20-\x7e]{1,300}$/);
      for (const finding of assessed.findings) {
        expect(finding.subject.length).toBeLessThan(2000);
        for (const { text: shown } of finding.evidence) expect(shown.length).toBeLessThan(2000);
      }
    }
  });
});
