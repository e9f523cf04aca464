/**
 * A real scanner for tests, small: reports every line that holds a pattern of its
 * configuration as SARIF. Run as `node grep-scanner.ts <tree> <out> <config> [trick]`;
 * a trick is one of the ways in which a scanner goes wrong. Without a tree it
 * says its version.
 */
import { spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { connect } from "node:net";
import { join, relative } from "node:path";

type Pattern = {
  readonly id: string;
  readonly text: string;
  readonly cwe?: string;
  readonly severity?: string;
};

const [tree, out = "", config = "", trick = "", value = ""] = process.argv.slice(2);

function files(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? files(path) : [path];
  });
}

function scan(root: string): unknown {
  const patterns = JSON.parse(readFileSync(config, "utf8")) as Pattern[];
  // What a careless scanner does: the tree says what not to report.
  const own = join(root, ".grep-scanner");
  const ignored = existsSync(own) ? readFileSync(own, "utf8").split("\n") : [];
  const results = files(root)
    .sort()
    .flatMap((file) =>
      readFileSync(file, "utf8")
        .split("\n")
        .flatMap((line, index) =>
          patterns
            .filter(({ id, text }) => line.includes(text) && !ignored.includes(id))
            .map(({ id }) => ({
              ruleId: id,
              message: { text: `found ${line}` },
              locations: [
                {
                  physicalLocation: {
                    artifactLocation: {
                      uri: relative(root, file).split("/").map(encodeURIComponent).join("/"),
                      uriBaseId: "ROOT",
                    },
                    region: { startLine: index + 1 },
                  },
                },
              ],
            })),
        ),
    );
  return {
    version: "2.1.0",
    runs: [
      {
        tool: {
          driver: {
            name: "grep-scanner",
            version: "1.2.3",
            rules: patterns.map(({ id, cwe, severity }) => ({
              id,
              shortDescription: { text: `Finds ${id}` },
              properties: {
                tags: cwe === undefined ? [] : [`external/cwe/${cwe}`],
                ...(severity === undefined ? {} : { "security-severity": severity }),
              },
            })),
          },
        },
        originalUriBaseIds: { ROOT: { uri: `file://${root}/` } },
        results,
      },
    ],
  };
}

const write = (sarif: unknown) => {
  writeFileSync(out, JSON.stringify(sarif));
};

if (tree === undefined) {
  process.stdout.write("grep-scanner 1.2.3\n");
} else if (trick === "crash") {
  process.exitCode = 3;
} else if (trick === "kill") {
  process.kill(process.pid, "SIGKILL");
} else if (trick === "hang") {
  // A child in the same group and one that leaves it; both have to go.
  const waiting = `require("fs").appendFileSync(${JSON.stringify(value)}, process.pid + "\\n"); setInterval(() => {}, 1000)`;
  spawn(process.execPath, ["-e", waiting], { stdio: "inherit" });
  spawn(process.execPath, ["-e", waiting], { stdio: "inherit", detached: true });
  setInterval(() => {}, 1000);
} else if (trick === "garbage") {
  writeFileSync(out, "{ no JSON");
} else if (trick === "flood") {
  // Written for ever; the reader has to stop it.
  const block = "x".repeat(1024 * 1024);
  const more = () => {
    while (process.stdout.write(block));
    process.stdout.once("drain", more);
  };
  more();
} else if (trick === "nothing") {
  process.exitCode = 0;
} else if (trick === "link") {
  symlinkSync("/etc/passwd", out);
} else if (trick === "environment") {
  write(scan(tree));
  writeFileSync(value, JSON.stringify([process.env, process.cwd()]));
} else if (trick === "network") {
  const socket = connect(Number(value), "127.0.0.1");
  socket.on("connect", () => {
    socket.end("reached");
    write(scan(tree));
  });
  socket.on("error", () => {
    write(scan(tree));
  });
} else if (trick === "escape") {
  for (const place of [join(tree, "planted"), value]) {
    try {
      mkdirSync(place);
    } catch {
      // Kept from it, which is what is wanted.
    }
  }
  write(scan(tree));
} else if (trick === "standard-input") {
  // Must not wait for a terminal.
  readSync(0, Buffer.alloc(1));
  write(scan(tree));
} else if (trick === "outside") {
  const text = JSON.stringify(scan(tree)).replaceAll('"uriBaseId":"ROOT"', '"x":1');
  writeFileSync(out, text.replaceAll(/"uri":"(?!file:)/g, '"uri":"../'));
} else if (trick === "errors") {
  const said = scan(tree) as { runs: { invocations?: unknown }[] };
  for (const run of said.runs) {
    run.invocations = [
      { executionSuccessful: true, toolExecutionNotifications: [{ level: "error" }] },
    ];
  }
  write(said);
} else if (trick === "moody") {
  // Other rules for other trees.
  const said = scan(tree) as { runs: { tool: { driver: { rules: { id: string }[] } } }[] };
  const size = files(tree).reduce((sum, file) => sum + statSync(file).size, 0);
  said.runs[0]?.tool.driver.rules.push({ id: `extra-${size}` });
  write(said);
} else {
  write(scan(tree));
}
