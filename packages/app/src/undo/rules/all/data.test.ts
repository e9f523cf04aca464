import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { changed, ruleInput } from "../../testing/rule-input.ts";
import type { ChangedFile, Rule, UndoneCommit } from "../rule.ts";
import { cryptoRetiredMaterialRestored } from "./crypto-retired-material-restored.ts";
import { dataMigrationIrreversible } from "./data-migration-irreversible.ts";
import { dataSchemaContractBroken } from "./data-schema-contract-broken.ts";
import { gateScriptCheckRemoved } from "./gate-script-check-removed.ts";
import { secretReintroduced } from "./secret-reintroduced.ts";
import { secretRotationUndone } from "./secret-rotation-undone.ts";
import { secretStaticOrDefaultCredential } from "./secret-static-or-default-credential.ts";

const says = (message: string): UndoneCommit[] => [
  { commit: "c".repeat(40), subject: message, message },
];
function found(rule: Rule, files: readonly ChangedFile[], undone: UndoneCommit[] = []) {
  return rule
    .run(ruleInput({ files, undone }))
    .map((f) => [f.direction, f.severity, f.subject] as const);
}

describe("data.migration-irreversible", () => {
  const rails = `class DropTokens < ActiveRecord::Migration[7.0]\n  def change\n    remove_column :users, :token, :string\n  end\nend\n`;
  it.each([
    ["db/migrate/20260101000000_drop_tokens.rb", rails, "high"],
    [
      "db/migrate/20260101000000_add_token.rb",
      rails.replace("remove_column", "add_column"),
      "medium",
    ],
    ["app/migrations/0002_drop.py", "operations = [migrations.RemoveField('user', 'x')]\n", "high"],
    [
      "migrations/versions/0363_x.py",
      "def upgrade():\n    op.add_column('a', b)\n\ndef downgrade():\n    op.drop_column('a', 'b')\n",
      "medium",
    ],
    ["src/main/resources/db/migration/V2__drop.sql", "DROP TABLE orders;\n", "high"],
    ["migrations/2026-01-01_x/up.sql", "ALTER TABLE a ADD COLUMN b int;\n", "medium"],
    ["prisma/migrations/20260101_x/migration.sql", "UPDATE users SET a = 1;\n", "high"],
    ["storage/schema/main/delta/82/03_drop_old.sql", "DROP TABLE old;\n", "high"],
    [
      "Migrations/20260101000000_Drop.cs",
      "void Up(MigrationBuilder m) { m.DropColumn(); }\nvoid Down(MigrationBuilder m) { m.AddColumn(); }\n",
      "high",
    ],
    [
      "database/migrations/2026_01_01_000000_drop.php",
      "public function up() { Schema::dropIfExists('a'); }\npublic function down() {}\n",
      "high",
    ],
    [
      "migrations/20260101_drop.js",
      "exports.up = (k) => k.schema.dropTable('a')\nexports.down = () => {}\n",
      "high",
    ],
  ])("%s: deleted", (path, text, severity) => {
    const [one] = found(dataMigrationIrreversible, [changed(path, text, null)]);
    expect(one?.slice(0, 2)).toEqual(["worse", severity]);
    expect(found(dataMigrationIrreversible, [changed(path, null, text)])[0]?.slice(0, 2)).toEqual([
      "changed",
      "info",
    ]);
  });

  it("is silent on what moved, on tests, and on a change of comments", () => {
    const path = "db/migrate/20260101000000_drop_tokens.rb";
    const other = "db/migrate/20260202000000_drop_tokens_again.rb";
    expect(
      found(dataMigrationIrreversible, [changed(path, rails, null), changed(other, null, rails)]),
    ).toEqual([["changed", "info", "20260202000000_drop_tokens_again"]]);
    expect(
      found(dataMigrationIrreversible, [changed(`spec/fixtures/${path}`, rails, null)]),
    ).toEqual([]);
    expect(found(dataMigrationIrreversible, [changed(path, rails, `# x\n${rails}`)])).toEqual([]);
  });

  it("reads the way up apart from the way down", () => {
    const text =
      "def upgrade():\n    op.create_table('a')\n\ndef downgrade():\n    op.drop_table('a')\n";
    const [one] = dataMigrationIrreversible.run(
      ruleInput({ files: [changed("migrations/versions/1_a.py", text, null)] }),
    );
    expect(one?.evidence.map((e) => e.text)).toEqual([
      "alembic: adds",
      "its way down deletes data, and goes with the file",
    ]);
  });
});

describe("data.schema-contract-broken", () => {
  it("names constraints and renames of a deleted migration, not additions", () => {
    const sql = (text: string) =>
      found(dataSchemaContractBroken, [changed("db/migrations/V9__x.sql", text, null)]);
    expect(sql("ALTER TABLE a ALTER COLUMN b SET NOT NULL;\n")).toEqual([
      ["worse", "medium", "V9__x"],
    ]);
    expect(sql("ALTER TABLE a RENAME COLUMN b TO c;\n")).toHaveLength(1);
    expect(sql("CREATE INDEX i ON a (b);\n")).toEqual([]);
  });

  it("sees a version of a schema or format that goes down", () => {
    const moved = (before: string, after: string) =>
      found(dataSchemaContractBroken, [changed("store/schema.py", before, after)]);
    expect(moved("SCHEMA_COMPAT_VERSION = 82\n", "SCHEMA_COMPAT_VERSION = 80\n")).toEqual([
      ["worse", "high", "store/schema.py: SCHEMA_COMPAT_VERSION"],
    ]);
    expect(moved("SCHEMA_COMPAT_VERSION = 80\n", "SCHEMA_COMPAT_VERSION = 82\n")[0]?.[0]).toBe(
      "better",
    );
    expect(moved("VERSION = '2.0'\n", "VERSION = '1.0'\n")).toEqual([]);
    expect(moved("formatVersion = 3\n", "formatVersion = 3  # x\n")).toEqual([]);
  });

  it("sees a reader of a cipher that goes while its neighbour stays", () => {
    const gone = changed("app/services/encryption/multi_client.rb", "def decrypt(x)\nend\n", null);
    const stays = changed("app/services/encryption/client.rb", "a\n", "b\n");
    expect(found(dataSchemaContractBroken, [gone, stays])).toEqual([
      ["worse", "medium", gone.path],
    ]);
    expect(found(dataSchemaContractBroken, [gone])).toEqual([]);
    const moved = changed("lib/multi_client.rb", null, "def decrypt(x)\nend\n");
    expect(found(dataSchemaContractBroken, [gone, stays, moved])).toEqual([]);
  });
});

/** Made here so that no scanner takes this file for a leak. */
const token = `ghp_${"aB3dE6gH9jK2mN5pQ8sT1vW4yZ7cF0iL3oR6".slice(0, 36)}`;
const password = ["tR7", "kQ2", "vX9", "mB4"].join("!");

describe("secret.reintroduced", () => {
  it("tells where a secret is back, and nothing of it", () => {
    const files = [changed("app/config.yml", "token: x\n", `a: 1\ntoken: ${token}\n`)];
    const [one] = secretReintroduced.run(ruleInput({ files }));
    expect(one).toMatchObject({
      direction: "worse",
      severity: "critical",
      subject: "GitHub token in app/config.yml",
      locations: [{ side: "after", startLine: 2 }],
    });
    expect(JSON.stringify(one)).not.toContain(token.slice(4));
    expect(one?.clearBy[0]).toMatchObject({ kind: "secret-revoked" });
  });

  it("is silent on what both sides have, on examples and placeholders, and on what goes", () => {
    const of = (before: string, after: string, path = "app/a.env") =>
      found(secretReintroduced, [changed(path, before, after)]);
    expect(of(`x=${token}\n`, `y=1\nx=${token}\n`)).toEqual([]);
    expect(of(`x=${token}\n`, "x=\n")).toEqual([]);
    expect(of("", "key = AKIAIOSFODNN7EXAMPLE\n")).toEqual([]);
    expect(of("", 'password: "changeme-please-1A"\n')).toEqual([]);
    expect(of("", 'password: "${DB_PASSWORD}"\n')).toEqual([]);
    expect(of("", `password: "${password}"\n`)).toEqual([
      ["worse", "medium", "password as text in app/a.env"],
    ]);
  });

  it("moved is not back", () => {
    const files = [changed("a.env", `x=${token}\n`, "\n"), changed("b.env", "\n", `x=${token}\n`)];
    expect(found(secretReintroduced, files)).toEqual([]);
  });
});

describe("secret.rotation-undone", () => {
  const sops = (value: string) =>
    `password: ENC[AES256_GCM,data:${value},iv:x,tag:y,type:str]\nsops:\n  lastmodified: "2026"\n`;
  it("is sure where a message speaks of rotation", () => {
    const files = [changed("secrets/prod.enc.yaml", sops("new"), sops("old"))];
    expect(found(secretRotationUndone, files, says("Rotate the database password"))[0]?.[1]).toBe(
      "high",
    );
    expect(found(secretRotationUndone, files)[0]?.[1]).toBe("medium");
  });

  it("takes binary ciphertext by its path, and a new timestamp for nothing", () => {
    const binary: ChangedFile = { path: "infra/terraform.tfvars", status: "modified" };
    expect(
      found(secretRotationUndone, [binary], says("dockerhub password has been rotated")),
    ).toHaveLength(1);
    expect(found(secretRotationUndone, [{ path: "logo.png", status: "modified" }])).toEqual([]);
    const stamped = sops("same").replace("2026", "2027");
    expect(found(secretRotationUndone, [changed("secrets/a.yaml", sops("same"), stamped)])).toEqual(
      [],
    );
  });
});

describe("secret.static-or-default-credential", () => {
  const path = ".github/workflows/release.yml";
  const federated =
    "permissions:\n  id-token: write\njobs:\n  a:\n    steps:\n      - run: deploy\n";
  const stored =
    "jobs:\n  a:\n    steps:\n      - run: deploy\n        env:\n          KEY: ${{ secrets.DEPLOY_KEY }}\n";
  it("sees a stored credential where identity was proven for the job", () => {
    expect(found(secretStaticOrDefaultCredential, [changed(path, federated, stored)])).toEqual([
      ["worse", "high", `${path}: DEPLOY_KEY`],
    ]);
    expect(found(secretStaticOrDefaultCredential, [changed(path, stored, federated)])).toEqual([]);
    expect(
      found(secretStaticOrDefaultCredential, [
        changed(path, stored, stored.replace("deploy", "ship")),
      ]),
    ).toEqual([]);
  });

  it("sees a password that everybody knows, not one that was there", () => {
    const of = (before: string, after: string) =>
      found(secretStaticOrDefaultCredential, [changed("config/db.yml", before, after)]);
    expect(of("password: <%= ENV['P'] %>\n", "password: changeme\n")[0]?.[1]).toBe("high");
    expect(of("password: changeme\n", "a: 1\npassword: changeme\n")).toEqual([]);
  });
});

describe("crypto.retired-material-restored", () => {
  const folder = mkdtempSync(join(tmpdir(), "countermand-cert-"));
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  /** Valid from now for a day. */
  const certificate = (): string => {
    const file = join(folder, "c");
    const args = ["req", "-x509", "-newkey", "ed25519", "-nodes", "-days", "1"];
    execFileSync(
      "openssl",
      [...args, "-keyout", join(folder, "k"), "-out", file, "-subj", "/CN=x"],
      {
        stdio: "ignore",
      },
    );
    return readFileSync(file, "utf8");
  };

  it("is sure of one that has run out, less so of one that is valid", () => {
    const text = certificate();
    const of = (before: string | null, after: string, asOf: string) =>
      cryptoRetiredMaterialRestored
        .run(ruleInput({ files: [changed("certs/saml.crt", before, after)], asOf }))
        .map((f) => [f.severity, f.confidence]);
    expect(of(null, text, "2096-01-01T00:00:00Z")).toEqual([["high", 95]]);
    expect(of(null, text, "2020-01-01T00:00:00Z")).toEqual([["medium", 50]]);
    expect(of(text, `# again\n${text}`, "2096-01-01T00:00:00Z")).toEqual([]);
    expect(of(text, "gone\n", "2096-01-01T00:00:00Z")).toEqual([]);
  });

  it("sees a key file that comes, and key ids where a message speaks of rotation", () => {
    const key = changed("config/saml2023.key.enc", null, "ciphertext");
    expect(found(cryptoRetiredMaterialRestored, [key])).toEqual([["worse", "medium", key.path]]);
    const jwks = changed("jwks.json", '{"kid":"new"}', '{"kid":"old"}');
    expect(found(cryptoRetiredMaterialRestored, [jwks], says("Rotate signing keys"))).toHaveLength(
      1,
    );
    expect(found(cryptoRetiredMaterialRestored, [jwks])).toEqual([]);
  });

  it("is not led by what only calls itself a certificate", () => {
    const text = `-----BEGIN CERTIFICATE-----\n${"A".repeat(400)}\n-----END CERTIFICATE-----\n`;
    expect(found(cryptoRetiredMaterialRestored, [changed("a.pem", null, text)])).toEqual([]);
  });
});

describe("gate.script-check-removed", () => {
  const path = "deploy/validate_config.py";
  const before =
    "def validate(c):\n    if not c.url:\n        raise ValueError('url')\n    if c.admins:\n        raise ValueError('admins')\n";
  const after = "def validate(c):\n    if not c.url:\n        raise ValueError('url')\n";
  it("sees a script that stops fewer deliveries, either way", () => {
    expect(found(gateScriptCheckRemoved, [changed(path, before, after)])).toEqual([
      ["worse", "medium", path],
    ]);
    expect(found(gateScriptCheckRemoved, [changed(path, after, before)])[0]?.[0]).toBe("better");
    expect(
      found(gateScriptCheckRemoved, [changed(path, before, before.replace("url", "uri"))]),
    ).toEqual([]);
    expect(found(gateScriptCheckRemoved, [changed("src/model.py", before, after)])).toEqual([]);
    const moved = changed("ci/validate.py", null, before);
    expect(found(gateScriptCheckRemoved, [changed(path, before, null), moved])).toEqual([]);
  });
});
