import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openRepository } from "../git/repository.ts";
import { CommitSource } from "../history/source.ts";
import { HistoryBuilder, textLines } from "../testing/builder.ts";
import { invertsInPlace } from "./in-place.ts";

let h: HistoryBuilder;
beforeEach(() => {
  h = new HistoryBuilder();
  h.commit("start", { files: { f: base, g: "g\n" } });
});
afterEach(() => {
  h.remove();
});

const base = textLines("base", 20);
const edited = base.replace("number 9 ", "new 9 ");

/** Whether HEAD takes these commits back in their places. */
async function inPlace(...targets: readonly string[]) {
  const repo = await openRepository(h.directory);
  const source = new CommitSource(repo);
  try {
    const changes = async (oid: string) =>
      source.changes((await source.commit(oid))?.parents[0] ?? null, oid);
    const undone = await Promise.all(targets.map(changes));
    return await invertsInPlace(source.objects, await changes(h.head()), undone);
  } finally {
    source.close();
    await repo.close();
  }
}

describe("in place", () => {
  it("yes: by ids, by lines, beside lines that changed since, several with the newest first", async () => {
    const one = h.commit("One", { files: { f: edited } });
    h.commit("Top", { files: { f: `top\n${edited}` } });
    h.commit("Back", { files: { f: `top\n${base}` } });
    expect(await inPlace(one)).toBe("yes");
    h.commit("Fresh", { files: { f: base } });
    const two = h.commit("Two", { files: { f: `${base}two\n` } });
    h.commit("After it", { files: { f: `${base}two\nthree\n` } });
    h.commit("Back", { files: { f: `${base}three\n` } });
    expect(await inPlace(two)).toBe("yes");
    h.commit("Fresh", { files: { f: base } });
    const three = h.commit("Three", { files: { f: edited } });
    const four = h.commit("Four", { files: { f: edited.replace("new 9 ", "newer 9 "), g: "G\n" } });
    const five = h.commit("Five", { files: { g: "g\n" } });
    h.commit("Back", { files: { f: base } });
    expect(await inPlace(five, four, three)).toBe("yes");
    expect(await inPlace(three, four, five)).not.toBe("yes");
  });

  it("no: elsewhere, something more, something less, something that was back already", async () => {
    const one = h.commit("One", { files: { f: edited, g: "G\n" } });
    h.commit("Back, and more", { files: { f: base, g: "g\n", extra: "x" } });
    expect(await inPlace(one)).toBe("no");
    const two = h.commit("Two", { files: { f: edited, g: "G\n" } });
    h.commit("Half", { files: { f: base } });
    expect(await inPlace(two)).toBe("no");
    h.commit("The rest", { files: { g: "g\n" } });
    expect(await inPlace(two)).toBe("no");
    const three = h.commit("Two places", { files: { f: edited.replace("number 15 ", "15 ") } });
    h.commit("One of them", { files: { f: edited } });
    h.commit("The other", { files: { f: base } });
    expect(await inPlace(three)).toBe("no");
    const guard = h.commit("Guard away", { files: { f: base.replace(/.*number 9 .*\n/, "") } });
    h.commit("Top", { files: { f: `top\n${base.replace(/.*number 9 .*\n/, "")}` } });
    const line = /.*number 9 .*\n/.exec(base)?.[0] ?? "";
    h.commit("Elsewhere", { files: { f: `top\n${base.replace(line, "")}${line}` } });
    expect(await inPlace(guard)).toBe("no");
  });

  it("untold: what is around has changed, or is not here", async () => {
    const one = h.commit("One", { files: { f: base.replace(/.*number 9 .*\n/, "") } });
    const gap = /.*number 9 .*\n/.exec(base)?.[0] ?? "";
    const without = base.replace(gap, "");
    const at = base.indexOf(gap);
    const put = (text: string) => without.slice(0, at) + text + without.slice(at);
    h.commit("In its place", { files: { f: put("other\n") } });
    h.commit("Back, before or after it?", { files: { f: put(`other\n${gap}`) } });
    expect(await inPlace(one)).toBe("untold");
    h.commit("Fresh", { files: { f: base } });
    const two = h.commit("Two", { files: { f: edited } });
    h.commit("Top", { files: { f: `top\n${edited}` } });
    h.commit("Back", { files: { f: `top\n${base}` } });
    const blob = h.git(["rev-parse", `${two}:f`]);
    rmSync(join(h.directory, ".git/objects", blob.slice(0, 2), blob.slice(2)));
    expect(await inPlace(two)).toBe("untold");
  });
});
