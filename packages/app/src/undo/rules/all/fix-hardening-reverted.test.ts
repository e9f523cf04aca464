import { describe, expect, it } from "vitest";
import { told } from "../../models/source/testing/told.ts";
import { changed, ruleInput } from "../../testing/rule-input.ts";
import { authzGuardRemoved } from "./authz-guard-removed.ts";
import { fixHardeningReverted } from "./fix-hardening-reverted.ts";

const strict =
  "def open(path)\n  return nil if path.include?('..')\n  raise Bad if path.empty?\n  read(path)\nend\n";
const loose = "def open(path)\n  read(path)\nend\n";

function undone(message: string) {
  return [{ commit: "c".repeat(40), subject: message.split("\n")[0] ?? "", message }];
}

function found(message: string, before = strict, after = loose, path = "lib/a.rb") {
  return told(fixHardeningReverted, path, before, after, [], undone(message));
}

describe("fix.hardening-reverted", () => {
  it("needs words and a loss", () => {
    expect(found("Fix path traversal")).toEqual(["worse medium code:lib/a.rb#open"]);
    expect(found("Open files\n\nThis is a vulnerability.")).toHaveLength(1);
    expect(found("Refuse empty paths")).toEqual([]);
    expect(found("Fix path traversal", loose, strict)).toEqual([]);
    expect(found("Fix path traversal", strict, strict.replace("read", "load"))).toEqual([]);
    expect(found("Fix path traversal", strict, loose, "spec/a_spec.rb")).toEqual([]);
  });

  it("does not ask a commit that takes back, nor its trailers", () => {
    expect(found('Revert "Fix path traversal"')).toEqual([]);
    expect(found("Open files\n\nSigned-off-by: Security Team <a@b.c>")).toEqual([]);
  });

  it("has the root cause of the rule that saw the same", () => {
    const guard = "def open(user)\n  raise Forbidden unless user.admin?\n  read(user)\nend\n";
    const input = ruleInput({
      files: [changed("lib/a.rb", guard, "def open(user)\n  read(user)\nend\n")],
      undone: undone("Security: admins only"),
    });
    const [fix] = fixHardeningReverted.run(input);
    expect(fix?.rootCause).toBe("code:lib/a.rb#open");
    expect(authzGuardRemoved.run(input).map(({ rootCause }) => rootCause)).toEqual([
      fix?.rootCause,
    ]);
  });

  it("sees limits of schemas and who may take a role", () => {
    const limit = "type A struct {\n\t// +kubebuilder:validation:MaxLength=5\n\tName string\n}\n";
    const without = "type A struct {\n\tName string\n}\n";
    expect(found("Harden names", limit, without, "api/a.go")).toEqual([
      "worse medium schema:api/a.go",
    ]);
    const role = 'module "role" {\n  subjects = ["a/b:ref:refs/heads/main"]\n}\n';
    expect(found("Restrict roles to main", role, "\n", "iam.tf")).toEqual([
      "worse low trust:iam.tf",
    ]);
    expect(found("Roles for main", role, "\n", "iam.tf")).toEqual([]);
    expect(found("Restrict roles", "\n", role, "iam.tf")).toEqual([]);
  });
});
