/** A proof of an inverse: made, checked by somebody else, and what is wrong with others. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Workplace } from "./command-line.ts";

function commit(place: Workplace, message: string, content: string): string {
  writeFileSync(join(place.repository, "guard.ts"), content);
  place.git("add", "-A");
  place.git("-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "-qm", message);
  return place.git("rev-parse", "HEAD");
}

function reverted(place: Workplace): { readonly change: string } {
  place.makeRepository();
  commit(place, "Start", "one\ntwo\nthree\nfour\nfive\n");
  const change = commit(place, "Change", "one\nTWO\nthree\nfour\nfive\n");
  commit(place, "Since", "one\nTWO\nthree\nfour\nfive\nsix\n");
  place.git("-c", "user.name=A", "-c", "user.email=a@example.org", "revert", "--no-edit", change);
  return { change };
}

test("made to a file or to standard output, and checked", () => {
  using place = new Workplace();
  const { change } = reverted(place);
  const file = join(place.folder, "proof.json");
  const made = place.run("inverse", "make", change, "--out", file);
  expect(made).toMatchObject({ code: 0, err: "" });
  const digest = /^sha256:([0-9a-f]{64})$/m.exec(made.out)?.[1] ?? "";
  expect(made.out).toContain(`${change} Change`);
  expect(place.run("inverse", "make", change).out).toBe(readFileSync(file, "utf8"));
  const range = place.run("inverse", "make", `${change}~1..${change}`);
  expect(JSON.parse(range.out)).toEqual(JSON.parse(readFileSync(file, "utf8")));
  const states = ["--from", "HEAD~1", "--to", "HEAD"];
  expect(place.run("inverse", "make", change, ...states).out).toBe(range.out);
  const checked = place.run("inverse", "check", file, "--digest", `sha256:${digest}`);
  expect(checked).toMatchObject({ code: 0, err: "", out: expect.stringMatching(/^holds:\n/) });
  expect(JSON.parse(place.run("inverse", "check", file, "--json").out)).toEqual({
    holds: true,
    takesBack: "all",
    digest,
    problems: [],
    unseen: [],
  });
});

test("what is no inverse, no proof, not the proof that was meant, or cannot be known", () => {
  using place = new Workplace();
  const { change } = reverted(place);
  const file = join(place.folder, "proof.json");
  place.run("inverse", "make", change, "--out", file);
  expect(place.run("inverse", "check", file, "--digest", "00".repeat(32))).toMatchObject({
    code: 1,
    out: expect.stringContaining("its digest is"),
  });
  const text = readFileSync(file, "utf8");
  writeFileSync(join(place.folder, "claims"), text.replace('"merge"', '"swap"'));
  expect(place.run("inverse", "check", join(place.folder, "claims"))).toMatchObject({
    code: 1,
    out: expect.stringMatching(/^does not hold:\n/),
  });
  writeFileSync(join(place.folder, "cut"), text.slice(0, -1));
  expect(place.run("inverse", "check", join(place.folder, "cut"))).toMatchObject({
    code: 2,
    err: expect.stringContaining("no proof of an inverse"),
  });
  expect(place.run("inverse", "check", join(place.folder, "none"))).toMatchObject({ code: 2 });
  using other = new Workplace();
  other.makeRepository();
  expect(other.run("inverse", "check", file)).toMatchObject({
    code: 3,
    err: expect.stringContaining("is not in this repository"),
  });
  expect(place.run("inverse", "make", "HEAD~1")).toMatchObject({
    code: 1,
    err: expect.stringContaining("guard.ts: it is not what taking the change back gives"),
  });
  expect(place.run("inverse", "make", change, "--from", "HEAD")).toMatchObject({ code: 2 });
  expect(place.run("inverse", "make", "nowhere")).toMatchObject({ code: 2 });
  expect(place.run("inverse", "make", change, "--out", "/nonexistent/x")).toMatchObject({
    code: 2,
  });
  expect(place.run("inverse", "make", change, "--repo", place.folder)).toMatchObject({ code: 2 });
});
