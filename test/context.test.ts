import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Workplace } from "./command-line.ts";

test("context check says what a file means, or what is wrong with it; undo takes the operator's", () => {
  using place = new Workplace();
  const [target] = place.makeRepository();
  expect(place.run("context", "check")).toMatchObject({
    code: 2,
    err: expect.stringMatching(/countermand\.yaml cannot be read \(ENOENT\)/),
  });
  const file = join(place.repository, "countermand.yaml");
  writeFileSync(
    file,
    "version: 1\ncomponents:\n  - name: parser\n    paths: [/parser.js]\n    tier: 1\n    regulations: [pci-dss]\n",
  );
  expect(place.run("context", "check")).toMatchObject({
    code: 0,
    out: expect.stringMatching(
      /good: 1 component[\s\S]*counts as production[\s\S]*parser {2}tier 1, pci-dss/,
    ),
  });
  expect(place.run("context", "check", "--path", "./parser.js", "--path", "x").out).toBe(
    "./parser.js  parser, tier 1, pci-dss\nx  nothing is said of it\n",
  );
  const operator = place.run("undo", target, "--context", file, "--json");
  expect((JSON.parse(operator.out) as { inputs: object }).inputs).toHaveProperty("context");
  writeFileSync(file, "version: 1\nenviroment: test\n");
  for (const asked of [
    ["context", "check", file],
    ["undo", target, "--context", file],
  ]) {
    expect(place.run(...asked)).toMatchObject({
      code: 2,
      err: expect.stringMatching(/is no context: it is wrong: .*enviroment/),
    });
  }
}, 60_000);
