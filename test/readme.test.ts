/** The README's rollback, as printed: in a fresh repository, by somebody with an SSH key. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { Workplace } from "./command-line.ts";

const root = join(import.meta.dirname, "..");

test("one rollback, start to finish", () => {
  const readme = readFileSync(join(root, "README.md"), "utf8");
  const block = /## One rollback, start to finish\n\n```sh\n([\s\S]*?)```/.exec(readme)?.[1] ?? "";
  expect(block.match(/^npx countermand /gm)).toHaveLength(12);
  // The number has the year of the day; `npx` is left out because it looks things up first.
  const commands = block
    .replaceAll("RB-2026-", `RB-${new Date().getUTCFullYear()}-`)
    .replaceAll("npx countermand", join(root, "packages/app/bin/countermand.js"));
  using place = new Workplace();
  place.makeRepository();
  mkdirSync(join(place.env["HOME"] ?? "", ".ssh"));
  execFileSync("cp", [
    place.key("ada"),
    place.key("ada.pub"),
    join(place.env["HOME"] ?? "", ".ssh"),
  ]);
  execFileSync("sh", [
    "-c",
    `cd ${place.env["HOME"]}/.ssh && mv ada id_ed25519 && mv ada.pub id_ed25519.pub`,
  ]);
  const run = spawnSync("sh", ["-e"], {
    cwd: place.repository,
    env: { ...place.env, PATH: `${dirname(process.execPath)}:${place.env["PATH"]}` },
    input: commands,
    encoding: "utf8",
    timeout: 100_000,
  });
  expect(run.stderr).not.toMatch(/countermand: /);
  expect(run.status).toBe(0);
  expect(run.stdout).toMatch(/is now closed[\s\S]*GOOD {2}every check passed/);
}, 120_000);
