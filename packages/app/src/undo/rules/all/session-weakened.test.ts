import { describe, expect, it, test } from "vitest";
import { told } from "../../models/source/testing/told.ts";
import { sessionWeakened } from "./session-weakened.ts";

const ends: readonly (readonly [name: string, path: string, safe: string, weak: string])[] = [
  [
    "a session that is renewed at login, in Ruby",
    "app/sessions_controller.rb",
    "class S\n  def create\n    sign_in(@user) do |status|\n      reset_session\n      go\n    end\n  end\nend\n",
    "class S\n  def create\n    sign_in(@user) do |status|\n      go\n    end\n  end\nend\n",
  ],
  [
    "a stored session that is destroyed",
    "app/logout.rb",
    "class S\n  def logout(id)\n    SessionAccessor.new(id).destroy\n    render x\n  end\nend\n",
    "class S\n  def logout(id)\n    User.find(id).update!(session: nil)\n    render x\n  end\nend\n",
  ],
  [
    "a key that is cycled, in Python",
    "app/views.py",
    "def enter(request):\n    request.session.cycle_key()\n    return page(request)\n",
    "def enter(request):\n    return page(request)\n",
  ],
  [
    "tokens that are revoked, in TypeScript",
    "src/a.ts",
    "async function change(user: User) {\n  await save(user);\n  await revokeTokens(user.id);\n}\n",
    "async function change(user: User) {\n  await save(user);\n}\n",
  ],
  [
    "a flag of a cookie, in JavaScript",
    "src/a.js",
    "function enter(res) {\n  res.cookie('sid', id, { httpOnly: true, secure: true });\n}\n",
    "function enter(res) {\n  res.cookie('sid', id, { secure: true });\n}\n",
  ],
  [
    "a flag of a cookie, in Go",
    "pkg/a.go",
    'func enter(w http.ResponseWriter) {\n\thttp.SetCookie(w, &http.Cookie{Name: "a", HttpOnly: true})\n}\n',
    'func enter(w http.ResponseWriter) {\n\thttp.SetCookie(w, &http.Cookie{Name: "a"})\n}\n',
  ],
  [
    "a session that is ended, in Java",
    "src/A.java",
    "class A {\n  void leave(HttpServletRequest request) {\n    request.getSession().invalidate();\n    go(request);\n  }\n}\n",
    "class A {\n  void leave(HttpServletRequest request) {\n    go(request);\n  }\n}\n",
  ],
  [
    "an id that is renewed, in PHP",
    "src/a.php",
    "<?php\nfunction enter($user) {\n    session_regenerate_id(true);\n    go($user);\n}\n",
    "<?php\nfunction enter($user) {\n    go($user);\n}\n",
  ],
];

describe("session.weakened", () => {
  test.each(ends)("%s", (_name, path, safe, weak) => {
    expect(told(sessionWeakened, path, safe, weak).join()).toMatch(/^worse (?:medium|high) /);
    expect(told(sessionWeakened, path, weak, safe).join()).toMatch(/^better info /);
    expect(told(sessionWeakened, path, safe, safe.replaceAll("\n", "\n\n"))).toEqual([]);
  });

  it("knows the sessions of databases, and another way to end the same", () => {
    const of = (call: string) => `def change(request, row):\n    ${call}\n    return row\n`;
    const gone = (call: string, other = "pass") =>
      told(sessionWeakened, "app/a.py", of(call), of(other));
    expect(gone("db.session.delete(row)")).toEqual([]);
    expect(gone("session.flush()")).toEqual([]);
    expect(gone("request.session.cycle_key()", "request.session.invalidate()")).toEqual([]);
    expect(gone("request.session.cycle_key()")).toEqual(["worse high app/a.py: change"]);
  });
});
