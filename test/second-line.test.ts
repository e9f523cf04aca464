/** The second line of a log's checkpoints, from its key to a package that is verified with both. */
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { complete, Workplace } from "./command-line.ts";

const rb = (n: number) => `RB-${new Date().getUTCFullYear()}-${n}`;

test("a ledger gets a second key, and who demands it gets it", { timeout: 120_000 }, () => {
  const place = new Workplace();
  onTestFinished(() => place[Symbol.dispose]());
  const [target] = place.makeRepository();
  expect(place.run("log-key", "second")).toMatchObject({
    code: 2,
    err: expect.stringContaining("There is no ledger"),
  });
  const opened = place.as("ada", "init", "--origin", "example.com/test", "--id", "ada");
  const logKey = /example\.com\/test\+[0-9a-f]{8}\+\S+/.exec(opened.out)?.[0] ?? "";
  const propose = () => place.as("ada", "propose", "--target", target, ...complete).code;
  expect(propose()).toBe(0);
  const before = join(place.folder, "before.tar");
  expect(place.run("export", rb(1), "-o", before).code).toBe(0);

  const made = place.run("log-key", "second");
  expect(made).toMatchObject({ code: 0, out: expect.stringMatching(/^example\.com\/test\+/) });
  const second = made.out.trim();
  expect(place.run("log-key", "second").out).toBe(made.out);
  const after = join(place.folder, "after.tar");
  expect(propose()).toBe(0);
  expect(place.run("export", rb(2), "-o", after).code).toBe(0);
  expect(place.run("fsck").code).toBe(0);

  const both = ["--log-key", logKey, "--second-key", second];
  // Whatever the runtime thinks of its ML-DSA, nobody is told while they verify.
  expect(place.run("verify", after, ...both)).toMatchObject({ code: 0, err: "" });
  // Who does not know it reads on; who demands it is told where it is missing.
  expect(place.run("verify", after, "--log-key", logKey).code).toBe(0);
  expect(place.run("verify", before, ...both)).toMatchObject({
    code: 1,
    out: expect.stringContaining("the checkpoint is signed by the second key, too"),
  });
  expect(place.run("verify", after, "--second-key", logKey)).toMatchObject({
    code: 2,
    err: expect.stringContaining("name it with --log-key"),
  });
  expect(place.run("verify", after, "--second-key", "nonsense")).toMatchObject({
    code: 2,
    err: expect.stringContaining("is no verifier key"),
  });
});
