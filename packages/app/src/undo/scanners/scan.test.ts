import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openRepository, type Repository } from "../git/repository.ts";
import { HistoryBuilder } from "../testing/builder.ts";
import type { ScannerSetup } from "./descriptor.ts";
import { detectIsolation, type Isolation, noIsolation } from "./isolation.ts";
import { pluginOf } from "./plugin.ts";
import { scan, type ScanOptions } from "./scan.ts";

const script = join(import.meta.dirname, "testing", "grep-scanner.ts");
const folder = mkdtempSync(join(tmpdir(), "countermand-scan-test-"));
const temporary = join(folder, "tmp");
const config = join(folder, "patterns.json");

function setup(trick: readonly string[] = [], more: Partial<ScannerSetup> = {}): ScannerSetup {
  return {
    descriptor: {
      id: "grep",
      command: process.execPath,
      versionArgs: [script],
      args: [script, "{tree}", "{out}", "{config}", ...trick],
      result: "result.sarif",
      exitCodes: [0],
      needs: ["config"],
      environment: {},
      leftOut: [".grep-scanner"],
      listsAllRules: true,
    },
    config,
    timeoutMs: 60_000,
    ...more,
  };
}

let history: HistoryBuilder;
let repo: Repository;
let isolation: Isolation;
let fixed: string;
let vulnerable: string;
const code = (verify: string) =>
  `import requests\n\ndef get(url):\n    # ask the other side\n    return requests.get(url, ${verify})\n`;

beforeAll(async () => {
  writeFileSync(
    config,
    JSON.stringify([
      { id: "no-verify", text: "verify=False", cwe: "cwe-295", severity: "7.4" },
      { id: "debug", text: "DEBUG" },
    ]),
  );
  // Of its own, so that what is left behind can be counted.
  mkdirSync(temporary);
  process.env["TMPDIR"] = temporary;
  isolation = await detectIsolation();
  history = new HistoryBuilder();
  vulnerable = history.commit("start", {
    files: {
      "src/client.py": code("verify=False"),
      "src/old name.py": "x = 1\ny = 2\nz = DEBUG\nw = 3\n",
      ".grep-scanner": "no-verify\n",
    },
  });
  history.git(["mv", "src/old name.py", "src/new name.py"]);
  fixed = history.commit("Verify certificates", {
    files: {
      "src/client.py": `# more\n# lines\n${code("verify=True")}`,
      "src/later.py": "a = DEBUG\n",
    },
  });
  repo = await openRepository(history.directory);
});

afterAll(async () => {
  await repo.close();
  history.remove();
  rmSync(folder, { recursive: true, force: true });
});

function run(some: ScannerSetup, options: Partial<ScanOptions> = {}) {
  return scan(repo, {
    before: fixed,
    after: vulnerable,
    plugins: [pluginOf(some)],
    isolation,
    ...options,
  });
}

/** Folders of ours that are left in the temporary folder. */
const leftovers = () =>
  readdirSync(temporary).filter((name) => !/^countermand-(?:git|history)-/.test(name));

describe("both directions", () => {
  test("what comes back is worse, what goes is better, what moved is neither", async () => {
    const report = await run(setup());
    expect(report.incomparable.filter(({ reason }) => !reason.includes("network"))).toEqual([]);
    expect(report.scanned).toMatchObject([
      { tool: "grep", version: "1.2.3", added: 1, gone: 1, unchanged: 1 },
    ]);
    expect(
      report.findings.map(({ rule, implication, direction, subject, severity, locations }) => ({
        rule,
        implication,
        direction,
        subject,
        severity,
        locations,
      })),
    ).toEqual([
      {
        rule: "scanner.grep",
        implication: "config.security-key-reverted",
        direction: "better",
        subject: "debug in src/later.py",
        severity: "info",
        locations: [{ side: "before", path: "src/later.py", startLine: 1, endLine: 1 }],
      },
      {
        rule: "scanner.grep",
        implication: "crypto.tls-weakened",
        direction: "worse",
        subject: "no-verify in src/client.py",
        severity: "high",
        locations: [{ side: "after", path: "src/client.py", startLine: 5, endLine: 5 }],
      },
    ]);
    // The other way round.
    const forward = await run(setup(), { before: vulnerable, after: fixed });
    expect(forward.findings.map(({ direction, subject }) => [direction, subject])).toEqual([
      ["better", "no-verify in src/client.py"],
      ["worse", "debug in src/later.py"],
    ]);
    // What the repository says of a line is not repeated.
    expect(JSON.stringify(report)).not.toContain("requests.get");
  });

  test("the same state twice: nothing", async () => {
    const report = await run(setup(), { before: fixed, after: fixed });
    expect(report.findings).toEqual([]);
    expect(report.scanned).toMatchObject([{ added: 0, gone: 0, unchanged: 2 }]);
  });

  test("what one scanner must not see, another does", async () => {
    const plain = setup();
    const blind = {
      ...plain,
      descriptor: { ...plain.descriptor, id: "blind", leftOut: [".grep-scanner", "client.py"] },
    };
    const report = await run(plain, { plugins: [pluginOf(blind), pluginOf(plain)] });
    expect(report.findings.map(({ rule, direction }) => [rule, direction])).toEqual([
      ["scanner.blind", "better"],
      ["scanner.grep", "better"],
      ["scanner.grep", "worse"],
    ]);
    expect(leftovers()).toEqual([]);
  });

  test("the tree's own configuration of the tool has no say", async () => {
    const obeyed = setup();
    const report = await run({ ...obeyed, descriptor: { ...obeyed.descriptor, leftOut: [] } });
    expect(report.findings.map(({ direction }) => direction)).toEqual(["better"]);
    const pinned = await run(setup());
    expect(pinned.findings.map(({ direction }) => direction)).toEqual(["better", "worse"]);
    expect(pinned.scanned[0]?.notShown).toEqual(["1 scanner configuration of the repository"]);
  });
});

describe("a scanner that goes wrong is incomparable, and nothing stays behind", () => {
  test.each([
    ["crash", /exit code 3/],
    // As the first process of its namespace it cannot even kill itself.
    ["kill", /ended by a signal|no result file/],
    ["garbage", /not JSON/],
    ["flood", /printed more than/],
    ["nothing", /no result file/],
    ["link", /no result file/],
  ])("%s", async (trick, reason) => {
    const report = await run(setup([trick]));
    expect(report.scanned).toEqual([]);
    expect(report.findings).toEqual([]);
    const reasons = report.incomparable.filter((one) => reason.test(one.reason));
    expect(reasons).toHaveLength(2);
    expect(leftovers()).toEqual([]);
  });

  test("hang: all of its processes are ended in time", async () => {
    const pids = join(folder, "pids");
    writeFileSync(pids, "");
    // Without namespaces only the group is killed, so the one that left it is not looked for.
    const report = await run(setup(["hang", pids], { timeoutMs: 2000 }));
    expect(report.incomparable.map(({ reason }) => reason).join()).toContain(
      "took longer than 2 s",
    );
    const alive = execFileSync("ps", ["-eo", "args"]).toString().split("\n");
    const left = alive.filter((line) => line.includes(pids) && !line.includes("vitest"));
    expect(left.length).toBeLessThanOrEqual(isolation.files ? 0 : 2);
  });

  test("aborted: rejects, nothing stays behind", async () => {
    const abort = new AbortController();
    setTimeout(() => {
      abort.abort();
    }, 1500);
    await expect(
      run(setup(["hang", join(folder, "pids2")]), { signal: abort.signal }),
    ).rejects.toThrow();
    expect(leftovers()).toEqual([]);
  });

  test("not installed, not pinned, no version", async () => {
    const plain = setup();
    const missing = {
      ...plain,
      descriptor: { ...plain.descriptor, command: "countermand-no-such" },
    };
    const { config: _config, ...unpinned } = plain;
    const mute = { ...plain, descriptor: { ...plain.descriptor, versionArgs: ["-e", "0"] } };
    const reasons = [];
    for (const one of [missing, unpinned, mute]) {
      const report = await run(one);
      reasons.push(report.incomparable.at(-1)?.reason);
      expect(report.findings).toEqual([]);
    }
    expect(reasons).toEqual([
      "it is not installed",
      "no config is pinned for it",
      "it does not say its version",
    ]);
  });

  test("other rules on the two sides", async () => {
    const report = await run(setup(["moody"]));
    expect(report.incomparable.at(-1)?.reason).toContain("different rules");
    expect(report.findings).toEqual([]);
  });

  test("its own errors and places outside of the tree lower the coverage", async () => {
    const errors = await run(setup(["errors"]));
    expect(errors.findings).toHaveLength(2);
    expect(errors.incomparable.map(({ reason }) => reason).join()).toContain("1 things went wrong");
    const outside = await run(setup(["outside"]));
    expect(outside.findings).toEqual([]);
    expect(outside.incomparable.map(({ reason }) => reason).join()).toContain(
      "outside of the tree",
    );
  });

  test("configuration that changes meanwhile", async () => {
    const other = join(folder, "moving.json");
    writeFileSync(other, "[]");
    const plugin = pluginOf(setup([], { config: other }));
    const report = await run(setup(), {
      plugins: [
        {
          ...plugin,
          run: async (request) => {
            const output = await plugin.run(request);
            writeFileSync(other, '[{"id":"a","text":"b"}]');
            return output;
          },
        },
      ],
    });
    expect(report.incomparable.at(-1)?.reason).toContain("changed while it ran");
    expect(report.findings).toEqual([]);
  });
});

describe("what a scanner is kept from", () => {
  test("our variables, our folder", async () => {
    process.env["COUNTERMAND_TEST_SECRET"] = "hunter2";
    const told = join(folder, "told.json");
    await run(setup(["environment", told]), { isolation: noIsolation });
    delete process.env["COUNTERMAND_TEST_SECRET"];
    const [environment, cwd] = JSON.parse(readFileSync(told, "utf8")) as [
      Record<string, string>,
      string,
    ];
    expect(
      Object.keys(environment)
        .filter((name) => !["PWD", "SHLVL", "_", "OLDPWD"].includes(name))
        .sort(),
    ).toEqual([
      "HOME",
      "LC_ALL",
      "NO_COLOR",
      "PATH",
      "TMPDIR",
      "TZ",
      "XDG_CACHE_HOME",
      "XDG_CONFIG_HOME",
    ]);
    expect(environment["HOME"]).toBe(cwd);
    expect(cwd).toMatch(/countermand-scan-/);
  });

  test("the network, where the machine can; said where it cannot", async () => {
    let reached = 0;
    const server = createServer((socket) => {
      reached++;
      socket.end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    const said = ({ incomparable }: Awaited<ReturnType<typeof scan>>) =>
      incomparable.map(({ reason }) => reason).join();
    const open = await run(setup(["network", String(port)]), { isolation: noIsolation });
    expect(reached).toBe(2);
    expect(said(open)).toContain("nothing but its own settings");
    reached = 0;
    const refused = await run(setup(["network", String(port)]), {
      isolation: noIsolation,
      requireIsolation: true,
    });
    expect(reached).toBe(0);
    expect(said(refused)).toContain("was not run");
    expect(refused.scanned).toEqual([]);
    if (isolation.network) {
      const kept = await run(setup(["network", String(port)]));
      expect(reached).toBe(0);
      expect(said(kept)).toBe("");
      expect(kept.findings).toHaveLength(2);
    }
    server.close();
  });

  test("other places, where the machine can", async () => {
    const place = join(folder, "planted");
    const report = await run(setup(["escape", place]));
    expect(report.findings).toHaveLength(2);
    if (isolation.files) expect(readdirSync(folder)).not.toContain("planted");
  });
});

describe("cache", () => {
  test("a second run starts nothing; other data, configuration or a damaged file does", async () => {
    const cache = join(folder, "cache");
    const ran: string[] = [];
    const counted = (some: ScannerSetup) => {
      const plugin = pluginOf(some);
      return {
        ...plugin,
        run: (request: Parameters<typeof plugin.run>[0]) => {
          ran.push(request.tree);
          return plugin.run(request);
        },
      };
    };
    const first = await run(setup(), { cache, plugins: [counted(setup())] });
    expect(ran).toHaveLength(2);
    const second = await run(setup(), { cache, plugins: [counted(setup())] });
    expect(ran).toHaveLength(2);
    expect(second).toEqual(first);
    const data = join(folder, "data");
    writeFileSync(data, "1");
    await run(setup(), { cache, plugins: [counted(setup([], { data }))] });
    expect(ran).toHaveLength(4);
    const names = readdirSync(cache);
    const contents = names.map((name) => readFileSync(join(cache, name)));
    for (const [at, name] of names.entries()) {
      writeFileSync(join(cache, name), contents[(at + 1) % contents.length] ?? "");
    }
    expect(await run(setup(), { cache, plugins: [counted(setup())] })).toEqual(first);
    expect(ran).toHaveLength(6);
    for (const name of names) writeFileSync(join(cache, name), '{"key":"x","value":{}}');
    const third = await run(setup(), { cache, plugins: [counted(setup())] });
    expect(ran).toHaveLength(8);
    expect(third).toEqual(first);
  });
});
