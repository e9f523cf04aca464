/** A job of a pipeline brings a key of its own for one record, as GitHub Actions would run it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { Workplace } from "./command-line.ts";

async function issuer(): Promise<string> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "issuer.ts")], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const [said] = (await once(child.stdout, "data")) as [Buffer];
  return said.toString().trim();
}

test("asked for, shown, used, and for nothing else", async () => {
  const place = new Workplace();
  onTestFinished(() => place[Symbol.dispose]());
  place.makeRepository();
  const url = await issuer();
  place.as("ada", "init", "--origin", "example.com/test", "--id", "ada");
  place.keygen("ci");
  place.as(
    "ada",
    "person",
    "add",
    "--id=ci",
    "--kind=workload",
    `--public-key=${place.key("ci")}.pub`,
  );
  place.as(
    "ada",
    "propose",
    "--service=shop",
    "--environment=prod",
    "--kind=revert",
    "--target=HEAD~1",
    "--reason=availability",
    "--ticket=INC-1",
    "--impact=Carts work",
    "--security=Nothing",
    "--rationale=Checkout fails for 12 % of carts since 1.42.0 at 02:40 (INC-1); a fix takes longer",
  );
  const key = join(place.folder, "job");
  const env = (more = "") => ({
    env: {
      ACTIONS_ID_TOKEN_REQUEST_URL: `${url}/token?v=1${more}`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: "job",
    },
  });
  const bring = (more = "", ...args: string[]) =>
    place.runWith(env(more), "job-key", "RB-2026-1", "--as", "ci", "--key", key, ...args);

  expect(bring().err).toContain("bound to no tokens");
  const bind = ["person", "bind-workload", "ci", "--issuer", url];
  expect(place.as("ada", ...bind, "--claim", "repository_id").code).toBe(2);
  expect(place.as("ada", ...bind, "--claim", "repository_id=4711").code).toBe(0);
  expect(place.run("person", "list").out).toContain("repository_id=4711");
  expect(bring("&repository=666").err).toContain("repository_id");
  expect(place.run("job-key", "RB-2026-1", "--as", "ci", "--key", key).err).toContain("id-token");
  const file = join(place.folder, "token");
  writeFileSync(file, "not.a.token");
  expect(bring("", "--token", file).code).toBe(2);
  expect(bring("", "--audience").out).toMatch(/^countermand:[\w-]{43}\n$/);

  const brought = bring();
  expect(brought.err).toBe("");
  expect(brought.out).toContain("recorded workload-key");
  const job = (...args: string[]) => place.run(...args, "--key", key);
  expect(job("check", "RB-2026-1", "smoke", "passed").code).toBe(0);
  expect(place.run("show", "RB-2026-1").out).toContain("ci reports the check smoke: passed");
  expect(job("approve", "RB-2026-1", "-y").err).toContain("lacks the permission");
  expect(bring().err).toContain("is or was in use");
  const pack = join(place.folder, "record.tar");
  expect(place.run("export", "RB-2026-1", "-o", pack).code).toBe(0);
  expect(place.run("verify", pack).out).toContain("for 1 of them an identity provider said so");
});
