import { describe, expect, it } from "vitest";
import { settingRows } from "../../lattice/setting-rows.ts";
import { platformRules } from "../../rules/areas/platform.ts";
import type { ChangedFile } from "../../rules/rule.ts";
import { changed, ruleInput } from "../../testing/rule-input.ts";
import { Unread } from "../model.ts";
import { settingsModel } from "./settings.ts";

const run = (files: ChangedFile[]) => {
  const input = ruleInput({ files });
  return platformRules
    .flatMap((rule) => rule.run(input))
    .map((one) => `${one.direction} ${one.implication}`);
};

/** Path, strong, weak, implication: each must be worse one way and better the other. */
const vectors: readonly [string, string, string, string][] = [
  [
    "config.yaml",
    "db:\n  sslmode: verify-full\n",
    "db:\n  sslmode: require\n",
    "crypto.tls-weakened",
  ],
  ["app.py", 'uri += "sslmode=verify-full"\n', "uri = x\n", "crypto.tls-weakened"],
  [
    "a.go",
    "c := tls.Config{}\n",
    "c := tls.Config{InsecureSkipVerify: true}\n",
    "crypto.tls-weakened",
  ],
  [
    "nginx.conf",
    "server {\n  ssl_protocols TLSv1.3;\n}\n",
    "server {\n  ssl_protocols TLSv1 TLSv1.3;\n}\n",
    "crypto.tls-weakened",
  ],
  [
    "sshd_config",
    "Ciphers aes256-ctr\n",
    "Ciphers aes256-ctr,3des-cbc\n",
    "crypto.algorithm-weakened",
  ],
  ["hash.go", "h := sha256.New()\n", "h := md5.New()\n", "crypto.algorithm-weakened"],
  [
    "settings.py",
    "SESSION_COOKIE_SECURE = True\n",
    "SESSION_COOKIE_SECURE = False\n",
    "session.weakened",
  ],
  [
    "config/initializers/secure_headers.rb",
    "config.cookies = {\n  samesite: {\n    strict: true\n  },\n}\n",
    "config.cookies = {\n  samesite: {\n    lax: true\n  },\n}\n",
    "session.weakened",
  ],
  [
    "settings.toml",
    "[auth]\nmfa_required = true\n",
    "[auth]\nmfa_required = false\n",
    "authn.weakened",
  ],
  [".env", "MAX_LOGIN_ATTEMPTS=5\n", "MAX_LOGIN_ATTEMPTS=0\n", "authn.weakened"],
  [
    "config.json",
    '{"cors": {"origin": "https://a.example"}}',
    '{"cors": {"origin": "*"}}',
    "exposure.cors-widened",
  ],
  [
    "nginx.conf",
    'add_header X-Frame-Options "DENY" always;\n',
    'add_header X-Frame-Options "SAMEORIGIN";\n',
    "exposure.headers-weakened",
  ],
  [
    "nginx.conf",
    "add_header Content-Security-Policy \"default-src 'self'\";\n",
    "add_header Content-Security-Policy \"default-src 'self' 'unsafe-inline'\";\n",
    "exposure.headers-weakened",
  ],
  ["settings.py", "DEBUG = False\n", "DEBUG = True\n", "config.security-key-reverted"],
  [
    "values.yaml",
    "x:\n  securityContext:\n    a: 1\n    runAsNonRoot: true\n",
    "x:\n  securityContext:\n    a: 1\n",
    "workload.hardening-removed",
  ],
];

describe("settings", () => {
  it.each(vectors)("%s: %j is stronger than %j", (path, strong, weak, implication) => {
    expect(run([changed(path, strong, weak)])).toContain(`worse ${implication}`);
    const back = run([changed(path, weak, strong)]);
    expect(back).toContain(`better ${implication}`);
    expect(back).not.toContain(`worse ${implication}`);
  });

  it.each(vectors)("%s: white space is nothing", (path, strong) => {
    if (/\.(?:ya?ml|json)$/.test(path)) return;
    expect(run([changed(path, strong, strong.replaceAll("\n", "\r\n"))])).toEqual([]);
  });

  it("takes what moves to another file, or goes with its file or block, for no loss", () => {
    const text = "SESSION_COOKIE_SECURE = True\nX_FRAME_OPTIONS = 'DENY'\n";
    expect(
      run([
        changed("a/settings.py", `${text}A = 1\n`, "A = 1\n"),
        changed("b/settings.py", null, text),
      ]),
    ).toEqual([]);
    expect(run([changed("a/settings.py", text, null)])).toEqual([]);
    expect(
      run([changed("c.yaml", "a: 1\nb:\n  headers:\n    x-frame-options: deny\n", "a: 1\n")]),
    ).toEqual([]);
  });

  it("keeps checksums quiet", () => {
    expect(run([changed("a.go", "etag := sha256.Sum(x)\n", "etag := md5.Sum(x)\n")])).toEqual([]);
  });

  it("reads hostile text in bounds", () => {
    expect(settingsModel.parse("a".repeat(1_000_001), "a.toml")).toBeInstanceOf(Unread);
    for (const path of ["a.toml", "settings.py", "nginx.conf"]) {
      for (const part of ["a", "[", "{", "a=", "a:{\n", '"', " "]) {
        const text = part.repeat(Math.floor(1_000_000 / part.length));
        expect(settingsModel.parse(text, path)).toBeDefined();
        expect(run([changed(path, text, "a = 1\n")])).toEqual([]);
      }
    }
  });

  it("has a source for each row and no key twice for one implication", () => {
    for (const row of settingRows) expect(row.source, row.id).not.toBe("");
    const keys = settingRows.flatMap((row) => row.keys.map((key) => `${row.implication} ${key}`));
    expect(new Set(keys).size).toBe(keys.length);
  });
});
