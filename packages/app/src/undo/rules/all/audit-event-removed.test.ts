import { expect, test } from "vitest";
import { told } from "../../models/source/testing/told.ts";
import { changed } from "../../testing/rule-input.ts";
import { auditEventRemoved } from "./audit-event-removed.ts";

const records: readonly (readonly [path: string, with_: string, without: string])[] = [
  [
    "app/a.rb",
    "class A\n  def a(user)\n    analytics.track_event(:a, user)\n    go(user)\n  end\nend\n",
    "class A\n  def a(user)\n    go(user)\n  end\nend\n",
  ],
  ["app/a.py", "def a(user):\n    audit_log(user)\n    go(user)\n", "def a(user):\n    go(user)\n"],
  [
    "src/a.ts",
    "function a(user) {\n  auditService.log(user);\n  go(user);\n}\n",
    "function a(user) {\n  go(user);\n}\n",
  ],
  [
    "pkg/a.go",
    "func a(user *User) {\n\ts.log.AuditInfo(user)\n\tgo1(user)\n}\n",
    "func a(user *User) {\n\tgo1(user)\n}\n",
  ],
  [
    "src/A.cs",
    "class A {\n  void B(User user) {\n    LogSecurityEvent(user);\n    Go(user);\n  }\n}\n",
    "class A {\n  void B(User user) {\n    Go(user);\n  }\n}\n",
  ],
];

test.each(records)("%s", (path, recorded, silent) => {
  expect(told(auditEventRemoved, path, recorded, silent).join()).toMatch(/^worse (?:low|medium) /);
  expect(told(auditEventRemoved, path, silent, recorded).join()).toMatch(/^better info /);
  expect(told(auditEventRemoved, path, recorded, "\n")).toEqual([]);
  const [moved] = [changed("lib/other.rb", "def b\nend\n", "def b\nend\n")];
  expect(told(auditEventRemoved, path, recorded, recorded, [moved])).toEqual([]);
});
