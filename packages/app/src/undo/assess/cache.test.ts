import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { auditHistory } from "../audit/audit.ts";
import type { Reversal } from "../audit/reversal.ts";
import { openRepository } from "../git/repository.ts";
import { HistoryBuilder, textLines } from "../testing/builder.ts";
import { testKnowledge } from "../testing/rule-input.ts";
import { openImplicationCache, versionsOf } from "./cache.ts";
import { contentReader, type ImplicationReader } from "./reversal.ts";

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

const workflow = (permission: string) =>
  `on: push\npermissions:\n  contents: ${permission}\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: npm test\n`;

/** Three reversals, one of which gives a workflow more power. */
function history(): string {
  const built = new HistoryBuilder();
  cleanups.push(() => {
    built.remove();
  });
  built.commit("Base", {
    files: { a: textLines("a", 9), ".github/workflows/ci.yml": workflow("write") },
  });
  const one = built.commit("One", { files: { a: textLines("b", 9) } });
  built.commit(`Revert "One"\n\nThis reverts commit ${one}.`, { files: { a: textLines("a", 9) } });
  const two = built.commit("Two", { files: { ".github/workflows/ci.yml": workflow("read") } });
  built.commit(`Revert "Two"\n\nThis reverts commit ${two}.`, {
    files: { ".github/workflows/ci.yml": workflow("write") },
  });
  return built.directory;
}

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), "countermand-cache-"));
  cleanups.push(() => {
    rmSync(made, { recursive: true, force: true });
  });
  return made;
}

async function audit(
  directory: string,
  cache: string,
  versions = versionsOf(testKnowledge),
): Promise<{ found: Reversal[]; read: number }> {
  const repo = await openRepository(directory);
  let read = 0;
  const content = contentReader(repo, testKnowledge);
  const counting: ImplicationReader = (...facts) => {
    read++;
    return content(...facts);
  };
  const opened = await openImplicationCache(cache, repo.gitDir, versions, counting);
  try {
    const found: Reversal[] = [];
    const implications = { reader: opened.reader, versions };
    for await (const reversal of auditHistory(repo, { implications })) found.push(reversal);
    return { found, read };
  } finally {
    await opened.close();
    await repo.close();
  }
}

const fileOf = (cache: string) => {
  const [repository = ""] = readdirSync(cache);
  const [name = ""] = readdirSync(join(cache, repository));
  return join(cache, repository, name);
};

describe("implications kept between audits", () => {
  it("are those of reading again, without reading", async () => {
    const [directory, cache] = [history(), folder()];
    const first = await audit(directory, cache);
    expect(first.read).toBe(2);
    expect(first.found.flatMap(({ implications }) => implications.map(({ id }) => id))).toContain(
      "gate.ci-privilege-widened",
    );
    expect(await audit(directory, cache)).toEqual({ found: first.found, read: 0 });
  });

  it("are read again under other versions, and the old ones are gone", async () => {
    const [directory, cache] = [history(), folder()];
    const { found } = await audit(directory, cache);
    const old = fileOf(cache);
    expect(await audit(directory, cache, "0".repeat(32))).toEqual({ found, read: 2 });
    expect(fileOf(cache)).not.toBe(old);
  });

  it("that were cut by a kill are dropped from the cut on", async () => {
    const [directory, cache] = [history(), folder()];
    const { found } = await audit(directory, cache);
    const whole = readFileSync(fileOf(cache), "utf8");
    appendFileSync(fileOf(cache), '0123456789abcdef0123456789abcdef {"findings":[');
    expect(await audit(directory, cache)).toEqual({ found, read: 0 });
    expect(readFileSync(fileOf(cache), "utf8")).toBe(whole);
  });
});
