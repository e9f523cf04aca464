import { expect, test } from "vitest";
import { told } from "../../models/source/testing/told.ts";
import { authnWeakened } from "./authn-weakened.ts";

const checks: readonly (readonly [path: string, safe: string, weak: string])[] = [
  [
    "app/a.rb",
    "class A < B\n  before_action :confirm_two_factor_authenticated\n  def a\n    1\n  end\nend\n",
    "class A < B\n  def a\n    1\n  end\nend\n",
  ],
  [
    "app/user.rb",
    "class User < B\n  validates :password, length: { minimum: 12 }\nend\n",
    "class User < B\nend\n",
  ],
  [
    "src/a.ts",
    "async function login(user, body) {\n  if (!(await verifyCaptcha(body.token))) {\n    throw new BadRequestError();\n  }\n  return enter(user, body);\n}\n",
    "async function login(user, body) {\n  return enter(user, body);\n}\n",
  ],
  [
    "app/a.py",
    "def login(user):\n    if user.failed_attempts > 5:\n        raise Locked()\n    return enter(user)\n",
    "def login(user):\n    return enter(user)\n",
  ],
  [
    "pkg/a.go",
    "func login(u *User, code string) error {\n\tif !u.VerifyOTP(code) {\n\t\treturn errBad\n\t}\n\treturn enter(u, code)\n}\n",
    "func login(u *User, code string) error {\n\treturn enter(u, code)\n}\n",
  ],
];

test.each(checks)("%s", (path, safe, weak) => {
  expect(told(authnWeakened, path, safe, weak).join()).toMatch(/^worse medium /);
  expect(told(authnWeakened, path, weak, safe).join()).toMatch(/^better info /);
  expect(told(authnWeakened, path, safe, safe.replaceAll("\n", "\n\n"))).toEqual([]);
});
