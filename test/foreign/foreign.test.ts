/**
 * Other people's programs against ours: the load tool and the checker of Tessera on logs that
 * we serve and mirror, two witnesses under our policy, and our witness, monitor and mirror
 * reader on a log that Tessera made.
 */
import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  createReadStream,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, onTestFinished, test } from "vitest";
import { formatSignerKey } from "@countermand/tlog";
import { signerFromSeed } from "../../packages/app/src/ledger/keys.ts";
import { describeOnBothStores } from "../../packages/app/src/storage/testing/both-stores.ts";
import { cli, Workplace } from "../command-line.ts";
import { freePort, launch, start, until, type Running } from "../running.ts";

const tools = process.env["COUNTERMAND_FOREIGN_TOOLS"];
const unless =
  tools === undefined
    ? " (skipped without COUNTERMAND_FOREIGN_TOOLS: test/foreign/install.sh)"
    : "";
const tool = (name: string) => join(tools ?? "", name);

function workplace() {
  const place = new Workplace();
  onTestFinished(() => place[Symbol.dispose]());
  return { place, file: (name: string) => join(place.folder, name) };
}

/** A program of theirs, to its end. */
function run(place: Workplace, name: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(tool(name), args, {
    cwd: place.folder,
    env: place.env,
    encoding: "utf8",
    timeout: 120_000,
  });
  return { code: status, said: stdout + stderr };
}

/** Tessera's `fsck` of a log at an address or in a folder. */
function check(place: Workplace, key: string, where: string) {
  const file = join(place.folder, "log.pub");
  writeFileSync(file, `${key}\n`);
  return run(
    place,
    "fsck",
    `--storage_url=${where}`,
    `--public_key=${file}`,
    "--N=4",
    "--ui=false",
  );
}

/** A ledger with some entries. */
function ledger() {
  const { place, file } = workplace();
  const init = place.as("ada", "init", "--origin", "example.com/test", "--id", "ada");
  const key = /example\.com\/test\+\S+/.exec(init.out)?.[0] ?? "";
  return { place, file, key };
}

function addPerson(place: Workplace, id: string): void {
  if (!existsSync(place.key(id))) place.keygen(id);
  const key = place.key(`${id}.pub`);
  const added = place.as("ada", "person", "add", "--id", id, "--name", id, "--public-key", key);
  expect(added.code).toBe(0);
}

describe.skipIf(tools === undefined)(`other people's programs${unless}`, () => {
  describeOnBothStores("a log", (store) => {
    test(
      "takes Tessera's load, and Tessera's fsck finds it whole",
      { timeout: 180_000 },
      async () => {
        const { place } = workplace();
        const location = await store.place();
        const database: Record<string, string> =
          "url" in location ? { DATABASE_URL: location.url } : {};
        const log = await launch(
          place,
          [process.execPath, "-C", "source", cli, "serve", "--port", "0"],
          /\/log\/checkpoint\n\S+\n/,
          { COUNTERMAND_TEST_LOG: "example.com/load", ...database },
        );
        await until(() => /checkpoint\n\S+\n/.test(log.said()));
        const key = /checkpoint\n(\S+)\n/.exec(log.said())?.[1] ?? "";
        const load = run(
          place,
          "hammer",
          `--log_public_key=${key}`,
          `--log_url=${log.url}/log/`,
          `--write_log_url=${log.url}/`,
          "--num_writers=64",
          "--max_write_ops=2000",
          "--max_read_ops=500",
          "--num_readers_full=2",
          "--num_readers_random=4",
          "--leaf_min_size=1024",
          "--leaf_write_goal=5000",
          "--max_runtime=2m",
          "--show_ui=false",
        );
        expect(load).toMatchObject({ code: 0, said: expect.stringContaining("Reached tree size") });
        // What its readers and writers complain of, but for being stopped.
        const complaints = load.said.split("\n").filter((line) => /^[EWF]\d{4} /.test(line));
        expect(complaints.filter((line) => !line.endsWith("context canceled"))).toEqual([]);
        expect(check(place, key, `${log.url}/log/`)).toMatchObject({
          code: 0,
          said: expect.stringContaining("Successfully fsck'd log"),
        });
      },
    );
  });

  test("a ledger and its mirror: Tessera's fsck finds both whole, and a damaged copy not", async () => {
    const { place, file, key } = ledger();
    for (const id of ["bo", "cleo", "dan"]) addPerson(place, id);
    const server = await start(place, "serve", "--port", "0", "--mirror", file("mirror"));
    await until(() => readdirSync(place.folder).includes("mirror"));
    await until(() => readdirSync(file("mirror")).includes("checkpoint"));
    for (const where of [`${server.url}/log/`, `file://${file("mirror")}/`]) {
      expect(check(place, key, where)).toMatchObject({
        code: 0,
        said: expect.stringContaining("Successfully fsck'd log with size 4"),
      });
    }
    cpSync(file("mirror"), file("damaged"), { recursive: true });
    const bundle = file("damaged/tile/entries/000.p/4");
    const bytes = readFileSync(bundle);
    bytes[100] = (bytes[100] ?? 0) ^ 1;
    chmodSync(bundle, 0o644);
    writeFileSync(bundle, bytes);
    // It says so, and exits with 0 all the same.
    expect(check(place, key, `file://${file("damaged")}/`).said).toContain("fsck failed");
  });

  test(
    "omniwitness and litewitness cosign, and both are demanded",
    { timeout: 120_000 },
    async () => {
      const { place, file, key } = ledger();
      const omni = await omniwitness(place, key);
      const lite = await litewitness(place, key);
      const policy = [
        `log ${key}`,
        `witness omni ${omni.key} ${omni.url}`,
        `witness lite ${lite.key} ${lite.url}`,
        "group both all omni lite",
        "quorum both",
      ];
      writeFileSync(file("policy"), `${policy.join("\n")}\n`);
      const server = await start(place, "serve", "--port", "0", "--witness-policy", file("policy"));
      const witnessed = async (size: number) => {
        const answer = await fetch(`${server.url}/log/checkpoint`);
        return answer.ok && Number((await answer.text()).split("\n")[1]) === size;
      };
      // A log of one entry, then one that grew: the second time they ask for a proof.
      for (const [i, id] of ["bo", "cleo", "dan"].entries()) {
        addPerson(place, id);
        await until(async () => witnessed(i + 2));
      }
      const watched = place.run(
        "monitor",
        `${server.url}/log`,
        "--key",
        key,
        "--state",
        file("watched"),
        "--policy",
        file("policy"),
      );
      expect(watched).toMatchObject({
        code: 0,
        out: expect.stringMatching(/GOOD {2}4 entries.*omni.*lite|GOOD {2}4 entries.*lite.*omni/),
      });
    },
  );

  test(
    "a log of Tessera's is witnessed, followed and read by ours",
    { timeout: 120_000 },
    async () => {
      const { place, file } = workplace();
      const seed = new Uint8Array(randomBytes(32));
      const { vkey: key } = await signerFromSeed("example.com/log", seed);
      writeFileSync(file("log.key"), await formatSignerKey("example.com/log", seed));
      const witnessKey = place
        .run("witness", "init", "--name", "witness.example", "--key", file("w.key"))
        .out.trim();
      writeFileSync(file("logs"), `log ${key}\n`);
      const witness = await start(
        place,
        "witness",
        "--key",
        file("w.key"),
        "--logs",
        file("logs"),
        "--state",
        file("seen"),
        "--port",
        "0",
      );
      writeFileSync(file("theirs"), `witness w ${witnessKey} ${witness.url}\nquorum w\n`);
      writeFileSync(file("ours"), `log ${key}\nwitness w ${witnessKey} ${witness.url}\nquorum w\n`);
      mkdirSync(file("leaves"));
      const append = (from: number, to: number) => {
        for (let i = from; i < to; i++) writeFileSync(file(`leaves/${from}-${i}`), `leaf ${i}`);
        return run(
          place,
          "posix-oneshot",
          `--storage_dir=${file("tessera")}`,
          `--private_key=${file("log.key")}`,
          `--entries=${file("leaves")}/${from}-*`,
          `--witness_policy_file=${file("theirs")}`,
        );
      };
      const served = await serveFolder(file("tessera"));
      // Not by `run`, which would hold up the server in this process.
      const follow = async () => {
        const monitor = await start(
          place,
          "monitor",
          served,
          "--key",
          key,
          "--state",
          file("watched"),
          "--policy",
          file("ours"),
          "--any-entries",
        );
        return monitor.said();
      };
      expect(append(0, 3)).toMatchObject({ code: 0 });
      expect(await follow()).toMatch(/GOOD {2}3 entries/);
      expect(append(3, 600)).toMatchObject({ code: 0 });
      expect(await follow()).toMatch(/600 entries, 597 read now, cosigned by w/);
      expect(
        place.run("mirror", "verify", file("tessera"), "--key", key, "--any-entries"),
      ).toMatchObject({ code: 0 });
    },
  );
});

async function omniwitness(place: Workplace, key: string) {
  const file = (name: string) => join(place.folder, name);
  const made = place.run("witness", "init", "--name", "omni.example", "--key", file("omni.key"));
  // It takes the file as it is, and no line's end.
  writeFileSync(file("omni.line"), readFileSync(file("omni.key"), "utf8").trim());
  const origin = key.slice(0, key.indexOf("+"));
  const logs = `Logs:\n  - Origin: ${origin}\n    PublicKey: ${key}\n    URL: https://${origin}\n`;
  writeFileSync(file("omni.yaml"), logs);
  const url = `http://127.0.0.1:${await freePort()}`;
  await launch(
    place,
    [
      tool("omniwitness"),
      `--listen=${url.slice("http://".length)}`,
      "--metrics_listen=",
      `--private_key_path=${file("omni.line")}`,
      `--additional_logs=${file("omni.yaml")}`,
      `--db_file=${file("omni.db")}`,
      "--logtostderr",
    ],
    /Connecting to local DB/,
  );
  await answers(url);
  return { key: made.out.trim(), url };
}

/** Its key is in an agent; whom it witnesses stands in its database. */
async function litewitness(place: Workplace, key: string) {
  const file = (name: string) => join(place.folder, name);
  place.keygen("lite");
  const agent = file("agent");
  await launch(place, ["ssh-agent", "-D", "-a", agent], /SSH_AUTH_SOCK/);
  const env = { ...place.env, SSH_AUTH_SOCK: agent };
  execFileSync("ssh-add", ["-q", place.key("lite")], { env });
  const [, fingerprint = ""] = execFileSync("ssh-keygen", ["-lf", place.key("lite.pub")])
    .toString()
    .split(" ");
  const url = `http://127.0.0.1:${await freePort()}`;
  const witness: Running = await launch(
    place,
    [
      tool("litewitness"),
      `-listen=${url.slice("http://".length)}`,
      `-db=${file("lite.db")}`,
      `-ssh-agent=${agent}`,
      `-key=${fingerprint}`,
      "-name=lite.example",
    ],
    /vkey=\S+/,
  );
  await answers(url);
  const database = new DatabaseSync(file("lite.db"));
  const origin = key.slice(0, key.indexOf("+"));
  const empty = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
  database
    .prepare("insert into log (origin, tree_size, tree_hash) values (?, 0, ?)")
    .run(origin, empty);
  database.prepare("insert into key (origin, key) values (?, ?)").run(origin, key);
  database.close();
  return { key: /vkey="?([^\s"]+)/.exec(witness.said())?.[1] ?? "", url };
}

async function answers(url: string): Promise<void> {
  await until(async () => {
    try {
      await fetch(url);
      return true;
    } catch {
      return false;
    }
  });
}

/** Serves a folder as it is. */
async function serveFolder(folder: string): Promise<string> {
  const server = createServer((request, response) => {
    const path = join(folder, new URL(request.url ?? "/", "http://localhost").pathname);
    const isThere = statSync(path, { throwIfNoEntry: false })?.isFile() === true;
    response.writeHead(isThere ? 200 : 404);
    if (isThere) createReadStream(path).pipe(response);
    else response.end();
  }).listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
