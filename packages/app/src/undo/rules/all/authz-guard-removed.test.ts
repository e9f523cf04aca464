import { describe, expect, it, test } from "vitest";
import { told } from "../../models/source/testing/told.ts";
import { changed, ruleInput } from "../../testing/rule-input.ts";
import { authzGuardRemoved } from "./authz-guard-removed.ts";

/** File, with the guard, without it. */
const guards: readonly (readonly [name: string, path: string, guarded: string, open: string])[] = [
  [
    "a filter of Rails",
    "app/a_controller.rb",
    "class AController < B\n  before_action :require_admin\n  def show\n    render x\n  end\nend\n",
    "class AController < B\n  def show\n    render x\n  end\nend\n",
  ],
  [
    "a filter for all actions, then for some",
    "app/a_controller.rb",
    "class AController < B\n  before_action :authenticate_user!\nend\n",
    "class AController < B\n  before_action :authenticate_user!, only: [:edit]\nend\n",
  ],
  [
    "a filter that is skipped for all actions",
    "app/a_controller.rb",
    "class AController < B\n  skip_before_action :verify_authenticity_token, only: [:a]\nend\n",
    "class AController < B\n  skip_before_action :verify_authenticity_token\nend\n",
  ],
  [
    "a call of Pundit",
    "app/a_controller.rb",
    "class A\n  def show\n    @a = find(1)\n    authorize @a\n    render @a\n  end\nend\n",
    "class A\n  def show\n    @a = find(1)\n    render @a\n  end\nend\n",
  ],
  [
    "a decorator of Django",
    "app/views.py",
    "@login_required\n@permission_required('a.b')\ndef show(request):\n    return page(request)\n",
    "def show(request):\n    return page(request)\n",
  ],
  [
    "permission classes",
    "app/views.py",
    "class A(View):\n    permission_classes = [IsAdmin]\n    queryset = 1\n",
    "class A(View):\n    permission_classes = []\n    queryset = 1\n",
  ],
  [
    "a dependency of FastAPI",
    "app/api.py",
    '@app.get("/a")\ndef show(id: int, user=Depends(get_authenticated_user)):\n    return load(id)\n',
    '@app.get("/a")\ndef show(id: int):\n    return load(id)\n',
  ],
  [
    "an early return in Python",
    "app/api.py",
    "def show(request, doc):\n    if doc.owner != request.user:\n        raise PermissionDenied()\n    return doc\n",
    "def show(request, doc):\n    return doc\n",
  ],
  [
    "a middleware of Express",
    "src/routes.ts",
    "router.get('/a', requireAuth, (req, res) => {\n  res.send(1);\n});\n",
    "router.get('/a', (req, res) => {\n  res.send(1);\n});\n",
  ],
  [
    "a middleware of Express with a named handler",
    "src/routes.ts",
    "export function routes(router) {\n  router.post('/a', isAdmin, save);\n}\n",
    "export function routes(router) {\n  router.post('/a', save);\n}\n",
  ],
  [
    "a guard of Nest",
    "src/a.controller.ts",
    "@Controller('a')\nexport class A {\n  @UseGuards(AuthGuard)\n  @Get()\n  find(): string {\n    return x();\n  }\n}\n",
    "@Controller('a')\nexport class A {\n  @Get()\n  find(): string {\n    return x();\n  }\n}\n",
  ],
  [
    "an early return of a page",
    "src/page.tsx",
    "export async function handler(req, res) {\n  if (!session.user.isAdmin) {\n    return res.status(403).end();\n  }\n  res.json(session);\n}\n",
    "export async function handler(req, res) {\n  res.json(session);\n}\n",
  ],
  [
    "an annotation of Spring",
    "src/A.java",
    "class A {\n  @PreAuthorize(\"hasRole('ADMIN')\")\n  public void drop(long id) {\n    repo.drop(id);\n  }\n}\n",
    "class A {\n  public void drop(long id) {\n    repo.drop(id);\n  }\n}\n",
  ],
  [
    "an attribute of ASP.NET",
    "src/A.cs",
    '[ApiController]\npublic class A : ControllerBase\n{\n    [Authorize(Roles = "Admin")]\n    [HttpDelete]\n    public IActionResult Drop(int id)\n    {\n        return Ok(id);\n    }\n}\n',
    "[ApiController]\npublic class A : ControllerBase\n{\n    [HttpDelete]\n    public IActionResult Drop(int id)\n    {\n        return Ok(id);\n    }\n}\n",
  ],
  [
    "an action for anyone",
    "src/A.cs",
    "public class A\n{\n    [HttpDelete]\n    public IActionResult Drop(int id)\n    {\n        return Ok(id);\n    }\n}\n",
    "public class A\n{\n    [AllowAnonymous]\n    [HttpDelete]\n    public IActionResult Drop(int id)\n    {\n        return Ok(id);\n    }\n}\n",
  ],
  [
    "an early return in Go",
    "pkg/a.go",
    'func (s *Service) Drop(ctx context.Context, id string) error {\n\tif !s.authz.CanDelete(ctx, id) || user.Role != RoleAdmin {\n\t\treturn status.Error(codes.PermissionDenied, "no")\n\t}\n\treturn s.repo.Drop(ctx, id, user)\n}\n',
    "func (s *Service) Drop(ctx context.Context, id string) error {\n\treturn s.repo.Drop(ctx, id, user)\n}\n",
  ],
  [
    "a middleware in Go",
    "pkg/routes.go",
    'func routes(r *Router) {\n\tr.Use(RequireAuth)\n\tr.Get("/a", show)\n}\n',
    'func routes(r *Router) {\n\tr.Get("/a", show)\n}\n',
  ],
  [
    "an early return in PHP",
    "src/A.php",
    "<?php\nclass A {\n    public function drop($id) {\n        if (!$this->user->isAdmin()) {\n            throw new AccessDeniedException();\n        }\n        $this->repo->drop($id, $this->user);\n    }\n}\n",
    "<?php\nclass A {\n    public function drop($id) {\n        $this->repo->drop($id, $this->user);\n    }\n}\n",
  ],
  [
    "an early return in Rust",
    "src/a.rs",
    "impl A {\n    pub fn drop(&self, user: &User) -> Result<(), Error> {\n        if !user.is_admin {\n            return Err(Error::Forbidden);\n        }\n        self.go(user)\n    }\n}\n",
    "impl A {\n    pub fn drop(&self, user: &User) -> Result<(), Error> {\n        self.go(user)\n    }\n}\n",
  ],
  [
    "an operand of a condition",
    "src/a.ts",
    "function save(user, doc) {\n  if (!user.admin || doc.locked) throw new ForbiddenError();\n  write(doc, user);\n}\n",
    "function save(user, doc) {\n  if (!user.admin && doc.locked) throw new ForbiddenError();\n  write(doc, user);\n}\n",
  ],
];

describe("authz.guard-removed", () => {
  test.each(guards)("%s", (_name, path, guarded, open) => {
    expect(told(authzGuardRemoved, path, guarded, open).join()).toMatch(/^worse high /);
    expect(told(authzGuardRemoved, path, open, guarded).join()).toMatch(/^better info /);
  });

  test.each(guards)(
    "%s: with other white space and comments it is the same",
    (_name, path, guarded) => {
      const mark = /\.(?:py|rb)$/.test(path) ? "#" : "//";
      const commented = guarded.replace(
        "\n",
        ` ${mark} if (!admin) return\n${mark} unless admin\n\n`,
      );
      expect(told(authzGuardRemoved, path, guarded, commented)).toEqual([]);
      expect(told(authzGuardRemoved, path, guarded, guarded.replaceAll("\n", "\r\n"))).toEqual([]);
    },
  );

  const guard = "  if (!user.isAdmin()) {\n    throw new ForbiddenError();\n  }\n";
  const has = `function drop(user) {\n${guard}  go(user);\n}\n`;
  const hasNot = "function drop(user) {\n  go(user);\n}\n";

  it("says nothing of a guard that moved to another function or file", () => {
    const moved = `function check(user) {\n${guard}}\n`;
    expect(told(authzGuardRemoved, "src/a.ts", has, hasNot + moved)).toEqual([]);
    expect(
      told(authzGuardRemoved, "src/a.ts", has, hasNot, [changed("src/b.ts", null, moved)]),
    ).toEqual([]);
  });

  it("says nothing where the function goes, or its file", () => {
    expect(told(authzGuardRemoved, "src/a.ts", has, "export const a = 1;\n")).toEqual([]);
    const input = ruleInput({ files: [changed("src/a.ts", has, null)] });
    expect(authzGuardRemoved.run(input)).toEqual([]);
  });

  it("follows a function that moved to another file", () => {
    const found = told(authzGuardRemoved, "src/a.ts", has, "", [changed("src/b.ts", null, hasNot)]);
    expect(found).toEqual(["worse high src/a.ts: drop"]);
  });

  it("is low where what was checked is gone as well", () => {
    const before =
      "function drop(id, role) {\n  if (role !== admin()) throw new ForbiddenError();\n  go(id);\n}\n";
    const after = "function drop(id) {\n  go(id);\n}\n";
    expect(told(authzGuardRemoved, "src/a.ts", before, after)).toEqual([
      "worse low src/a.ts: drop",
    ]);
  });

  it("leaves tests, documentation and vendored code alone", () => {
    for (const path of ["src/a.test.ts", "docs/a.ts", "vendor/a.ts"]) {
      expect(told(authzGuardRemoved, path, has, hasNot)).toEqual([]);
    }
  });
});
