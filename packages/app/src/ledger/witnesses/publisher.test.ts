/** The publisher over a real log and real sockets: good witnesses, and all kinds of bad ones. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  cosigner,
  decideAddCheckpoint,
  cosign,
  formatVerifierKey,
  openCheckpoint,
  parseAddCheckpoint,
  parseCheckpoint,
  parseNote,
  sha256,
  verifyProofFile,
  type Seen,
} from "@countermand/tlog";
import { expect, onTestFinished, test } from "vitest";
import type { Database } from "../../storage/database.ts";
import { describeOnBothStores } from "../../storage/testing/both-stores.ts";
import type { Ledger } from "../ledger.ts";
import {
  makeTestLog,
  temporaryFolder,
  testLog,
  type TestLog,
} from "../testing/ledger-under-test.ts";
import type { NoteCommand } from "../testing/notes.ts";
import { PolicyFile, parseWitnessPolicy } from "./policy-file.ts";
import { type Evidence, WitnessPublisher } from "./publisher.ts";

type Handler = (body: Uint8Array, response: ServerResponse) => void | Promise<void>;

/** A witness that is good until it is told to answer otherwise. */
class FakeWitness {
  readonly name: string;
  readonly signer: Awaited<ReturnType<typeof cosigner>>;
  readonly asked: { oldSize: number; size: number }[] = [];
  url = "";
  seen: Seen | undefined;
  answer: Handler | undefined;
  time = 1_795_000_000;

  private constructor(name: string, signer: FakeWitness["signer"]) {
    this.name = name;
    this.signer = signer;
  }

  static async start(name: string, log: TestLog): Promise<FakeWitness> {
    const seed = sha256(new TextEncoder().encode(name));
    let self: FakeWitness | undefined;
    const signer = await cosigner(name, seed, () => self?.time ?? 0);
    self = new FakeWitness(name, signer);
    const witness = self;
    const good: Handler = async (body, response) => {
      const { verifier } = log.signer;
      const request = parseAddCheckpoint(body);
      const verdict = await decideAddCheckpoint(request, {
        verifiers: [verifier],
        seen: witness.seen,
      });
      if (verdict.status === 200) {
        witness.seen = verdict.checkpoint;
        response.end(await cosign(request.checkpoint, [signer]));
      } else if (verdict.status === 409) {
        response.writeHead(409, { "content-type": "text/x.tlog.size" }).end(`${verdict.size}\n`);
      } else {
        response.writeHead(verdict.status).end(`${verdict.problem}\n`);
      }
    };
    const server = createServer((request: IncomingMessage, response) => {
      void (async () => {
        const body = Buffer.concat(await request.toArray());
        const { oldSize, checkpoint } = parseAddCheckpoint(body);
        const { size } = parseCheckpoint(parseNote(checkpoint).text);
        witness.asked.push({ oldSize, size });
        await (witness.answer ?? good)(body, response);
      })();
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    witness.url = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
    return witness;
  }

  get vkey(): string {
    return formatVerifierKey(this.signer.verifier);
  }
}

function policyText(log: TestLog, witnesses: readonly FakeWitness[], quorum: number | "none") {
  return [
    `log ${log.signer.vkey}`,
    ...witnesses.map(({ name, vkey, url }) => `witness ${name} ${vkey} ${url}`),
    ...(quorum === "none"
      ? ["quorum none"]
      : [`group g ${quorum} ${witnesses.map(({ name }) => name).join(" ")}`, "quorum g"]),
    "",
  ].join("\n");
}

interface Setting {
  readonly database: Database;
  readonly log: TestLog;
  readonly ledger: Ledger<NoteCommand, string>;
  readonly witnesses: readonly FakeWitness[];
  readonly publisher: WitnessPublisher;
  readonly evidence: Evidence[];
  readonly said: string[];
  readonly file: string;
  later(milliseconds: number): void;
  again(): Promise<WitnessPublisher>;
}

async function set(
  database: Database,
  {
    count = 1,
    quorum = count,
    timeout = 1_000,
  }: { count?: number; quorum?: number | "none"; timeout?: number },
): Promise<Setting> {
  const log = await makeTestLog(database);
  const ledger = await log.open(database);
  const witnesses = await Promise.all(
    Array.from({ length: count }, (_, i) => FakeWitness.start(`w${i}.example`, log)),
  );
  const file = join(temporaryFolder(), "policy");
  writeFileSync(file, policyText(log, witnesses, quorum));
  const evidence: Evidence[] = [];
  const said: string[] = [];
  let clock = Date.parse("2026-11-23T10:00:00Z");
  const again = async () =>
    await WitnessPublisher.open({
      database,
      log: ledger.log(),
      verifier: log.signer.verifier,
      policy: await PolicyFile.open(file, log.signer.verifier, (line) => said.push(line)),
      look: () => ledger.look(),
      freeze: (reason) => ledger.freeze(reason),
      keepEvidence: async (one) => {
        evidence.push(one);
        return "the evidence folder";
      },
      now: () => new Date(clock),
      report: (line) => said.push(line),
      timeout,
    });
  const publisher = await again();
  const later = (milliseconds: number) => void (clock += milliseconds);
  return { database, log, ledger, witnesses, publisher, evidence, said, file, later, again };
}

async function append(ledger: Ledger<NoteCommand, string>, from: number, to: number) {
  for (let i = from; i < to; i++) await ledger.submit({ id: `n${i}`, text: `note n${i}` });
}

describeOnBothStores("publishing to witnesses", (store) => {
  test("only what the policy is satisfied by is shown; appends go on", async () => {
    const it = await set(await store.open(), { count: 3, quorum: 2 });
    const { ledger, publisher, witnesses } = it;
    expect(publisher.log()).toBeUndefined();
    await append(ledger, 0, 3);
    await publisher.round();
    expect(publisher.witnessed()?.size).toBe(3);
    const shown = publisher.log();
    const verifiers = [it.log.signer.verifier, ...witnesses.map(({ signer }) => signer.verifier)];
    const opened = await openCheckpoint(
      shown?.checkpoint() ?? Buffer.of(),
      verifiers,
      it.log.signer.name,
    );
    expect(opened.note.verified.length).toBeGreaterThanOrEqual(3);

    for (const one of witnesses.slice(1))
      one.answer = (_, response) => void response.writeHead(503).end();
    await append(ledger, 3, 300);
    await publisher.round();
    // One of three has signed 300 entries: that is not enough to show them.
    expect(publisher.witnessed()?.size).toBe(3);
    expect(await shown?.tile(0, 0, 3)).toHaveLength(96);
    expect(await shown?.tile(0, 0, 4)).toBeUndefined();
    expect(await shown?.bundle(0, 256)).toBeUndefined();
    expect(publisher.health()).toMatchObject({ size: 3, behind: 297 });
    it.later(61_000);
    await publisher.round();
    expect(publisher.health().alarm).toMatch(/not been met for 61 s/);
    expect(it.said.join("\n")).toContain("w1.example did not sign: it answered 503");

    for (const one of witnesses) one.answer = undefined;
    it.later(61_000);
    await publisher.round();
    expect(publisher.health()).toMatchObject({ size: 300, behind: 0 });
    expect(publisher.health().alarm).toBeUndefined();
    expect(await shown?.tile(0, 0, 256)).toHaveLength(8192);
    // Each was asked with the size that it saw last; heads in between were never sent.
    expect(witnesses[0]?.asked).toEqual([
      { oldSize: 0, size: 3 },
      { oldSize: 3, size: 300 },
    ]);
    // Somebody else's process, or this one after a restart, finds the same.
    expect((await it.again()).witnessed()).toEqual(publisher.witnessed());
  });

  test("a witness that has seen more than we knew of is asked again from there", async () => {
    const it = await set(await store.open(), {});
    await append(it.ledger, 0, 4);
    await it.publisher.round();
    await append(it.ledger, 4, 9);
    const restarted = await it.again();
    await restarted.round();
    expect(it.witnesses[0]?.asked.slice(1)).toEqual([
      { oldSize: 0, size: 9 },
      { oldSize: 4, size: 9 },
    ]);
    expect(restarted.witnessed()?.size).toBe(9);
    // Nothing new: nobody is asked, until the time is to be refreshed.
    await restarted.round();
    expect(it.witnesses[0]?.asked).toHaveLength(3);
    it.later(10 * 60_000);
    const [witness] = it.witnesses;
    if (witness !== undefined) witness.time += 600;
    await restarted.round();
    expect(witness?.asked.at(-1)).toEqual({ oldSize: 9, size: 9 });
    const rows = await it.database.read.selectFrom("cosignature").selectAll().execute();
    expect(rows.map(({ size, signed_at: at }) => [size, at])).toEqual([
      [4, 1_795_000_000],
      [9, 1_795_000_600],
    ]);
  });

  test("who is late is not waited for, and its line is added to the same size", async () => {
    const it = await set(await store.open(), { count: 2, quorum: 1 });
    const [, late] = it.witnesses;
    if (late === undefined) throw new Error("no witness");
    let goOn = () => {};
    const held = new Promise<void>((resolve) => (goOn = resolve));
    late.answer = async (body, response) => {
      await held;
      const { checkpoint } = parseAddCheckpoint(body);
      response.end(await cosign(checkpoint, [late.signer]));
    };
    await append(it.ledger, 0, 2);
    await it.publisher.round();
    const lines = () => parseNote(Buffer.from(it.publisher.witnessed()?.note ?? "")).signatures;
    expect(lines()).toHaveLength(2);
    goOn();
    await expect.poll(() => lines().length).toBe(3);
    expect(it.publisher.witnessed()?.size).toBe(2);
  });

  test("a proof of an entry has the witnesses' signatures in it", async () => {
    const it = await set(await store.open(), {});
    await append(it.ledger, 0, 5);
    await it.publisher.round();
    const shown = it.publisher.witnessed();
    const { formatProofFile, leafHash } = await import("@countermand/tlog");
    const hashes = await it.ledger.log().inclusionProof(2, shown?.size);
    const file = formatProofFile({ index: 2, hashes, checkpoint: Buffer.from(shown?.note ?? "") });
    const { checkpoint } = await verifyProofFile({
      file,
      leafHash: leafHash(Buffer.from("note n2")),
      origin: it.log.signer.name,
      verifiers: [it.log.signer.verifier, ...it.witnesses.map(({ signer }) => signer.verifier)],
    });
    expect(checkpoint.note.verified.map(({ timestamp }) => timestamp)).toEqual([
      undefined,
      1_795_000_000,
    ]);
  });

  const bad: readonly (readonly [string, RegExp, Handler])[] = [
    ["429", /answered 429/, (_, r) => void r.writeHead(429).end()],
    [
      "403 for a log that it does not know",
      /answered 403/,
      (_, r) => void r.writeHead(403).end("unknown log\n"),
    ],
    ["404", /answered 404/, (_, r) => void r.writeHead(404).end()],
    ["400", /answered 400/, (_, r) => void r.writeHead(400).end()],
    ["500", /answered 500/, (_, r) => void r.writeHead(500).end("\u001b[31mred")],
    [
      "a redirect",
      /answered 302/,
      (_, r) => void r.writeHead(302, { location: "http://169.254.169.254/" }).end(),
    ],
    ["silence", /did not answer within/, () => {}],
    ["a cut connection", /./, (_, r) => void r.destroy()],
    ["a huge answer", /bytes/, (_, r) => void r.end(Buffer.alloc(8_000_000, "a"))],
    [
      "an endless answer",
      /bytes|did not answer/,
      (_, r) => void r.write(Buffer.alloc(1_000_000, "a")),
    ],
    ["nothing", /./, (_, r) => void r.end()],
    ["no signature line", /./, (_, r) => void r.end("hello\n")],
    [
      "another key under its name",
      /not true|none of/,
      async (body, r) => {
        const thief = await cosigner("w0.example", new Uint8Array(32).fill(7), () => 1);
        r.end(await cosign(parseAddCheckpoint(body).checkpoint, [thief]));
      },
    ],
  ];
  test.each(bad)("%s is no cosignature, and stops nothing", async (_, problem, handler) => {
    const it = await set(await store.open(), { timeout: 300 });
    const [witness] = it.witnesses;
    if (witness === undefined) throw new Error("no witness");
    witness.answer = handler;
    await append(it.ledger, 0, 2);
    await it.publisher.round();
    expect(it.publisher.witnessed()).toBeUndefined();
    expect(it.publisher.health().witnesses[0]?.problem).toMatch(problem);
    // Not asked again at once.
    await it.publisher.round();
    expect(witness.asked).toHaveLength(1);
    expect(it.ledger.state().kind).toBe("running");
    expect(it.evidence).toEqual([]);
    witness.answer = undefined;
    it.later(1_000);
    await it.publisher.round();
    expect(it.publisher.witnessed()?.size).toBe(2);
  });

  test("a time of zero says nothing about the largest tree, and does not count", async () => {
    const it = await set(await store.open(), {});
    const [witness] = it.witnesses;
    if (witness !== undefined) witness.time = 0;
    await append(it.ledger, 0, 2);
    await it.publisher.round();
    expect(it.publisher.witnessed()).toBeUndefined();
  });

  const size = { "content-type": "text/x.tlog.size" };
  const contradictions: readonly (readonly [string, Handler])[] = [
    ["409 with a size that we never had", (_, r) => void r.writeHead(409, size).end("1000\n")],
    ["409 without a size", (_, r) => void r.writeHead(409).end()],
    ["422", (_, r) => void r.writeHead(422).end("inconsistent\n")],
  ];
  test.each(contradictions)("%s freezes the log, with evidence", async (_, handler) => {
    const it = await set(await store.open(), { count: 2, quorum: 1 });
    const [, second] = it.witnesses;
    if (second === undefined) throw new Error("no witness");
    await append(it.ledger, 0, 2);
    await it.publisher.round();
    await append(it.ledger, 2, 4);
    second.answer = handler;
    // It may still be at the first question: who is late is asked in a later round.
    for (let i = 0; i < 100 && it.ledger.state().kind === "running"; i++) {
      await it.publisher.round();
      await sleep(20);
    }
    const reason = await it.ledger.frozen;
    expect(reason).toContain("the witness w1.example");
    expect(reason).toContain('see docs/operations/ledger.md, "A witness contradicts the log"');
    await expect(it.ledger.submit({ id: "x", text: "note x" })).rejects.toMatchObject({
      code: "frozen",
    });
    const [kept] = it.evidence;
    expect(kept).toMatchObject({ witness: "w1.example" });
    expect(kept?.request).toContain(`${it.log.signer.name}\n4\n`);
    // For every process, not for this one alone.
    const { state } = await it.database.read
      .selectFrom("log")
      .select("state")
      .executeTakeFirstOrThrow();
    expect(state).toBe("frozen");
  });

  test("what another server committed and published is no contradiction", async () => {
    const database = await store.open();
    const it = await set(database, {});
    await append(it.ledger, 0, 2);
    await it.publisher.round();
    const folder = temporaryFolder();
    const other = await testLog(it.log.signer, folder).open(database, { adopt: true });
    await append(other, 2, 7);
    const elsewhere = await WitnessPublisher.open({
      database,
      log: other.log(),
      verifier: it.log.signer.verifier,
      policy: await PolicyFile.open(it.file, it.log.signer.verifier, () => {}),
      look: () => other.look(),
      freeze: (reason) => other.freeze(reason),
      keepEvidence: async () => "",
      now: () => new Date(),
      report: () => {},
    });
    await elsewhere.round();
    expect(elsewhere.witnessed()?.size).toBe(7);
    it.later(10 * 60_000);
    // This server still stands at 2, and its witness at 7.
    await it.publisher.round();
    expect(it.ledger.state().kind).toBe("running");
    await expect.poll(() => it.ledger.log().published().size).toBe(7);
    await it.publisher.round();
    expect(it.publisher.witnessed()?.size).toBe(7);
    expect(it.evidence).toEqual([]);
  });

  test("a stored line that was changed is not shown", async () => {
    const location = await store.place();
    const it = await set(await store.open(location), {});
    await append(it.ledger, 0, 2);
    await it.publisher.round();
    await append(it.ledger, 2, 3);
    await store.tamper(location, "update cosignature set size = 3");
    const restarted = await it.again();
    expect(restarted.witnessed()).toBeUndefined();
  });

  test("without a quorum everything is shown; a policy may change, a bad one may not", async () => {
    const it = await set(await store.open(), { count: 2, quorum: "none" });
    await append(it.ledger, 0, 2);
    await it.publisher.round();
    expect(it.publisher.witnessed()?.size).toBe(2);
    writeFileSync(it.file, "quorum nonsense\n");
    await append(it.ledger, 2, 3);
    await it.publisher.round();
    expect(it.publisher.witnessed()?.size).toBe(3);
    expect(it.said.join("\n")).toContain("stays in force");
    for (const one of it.witnesses) one.answer = (_, r) => void r.writeHead(503).end();
    writeFileSync(it.file, policyText(it.log, it.witnesses, 2));
    await append(it.ledger, 3, 4);
    await it.publisher.round();
    expect(it.publisher.witnessed()?.size).toBe(3);
  });
});

test("a policy must have this log, and an address for each witness that is one", async () => {
  const { testSigner } = await import("../testing/test-signer.ts");
  const signer = await testSigner();
  const other = await testSigner("other.example");
  const { verifier } = await cosigner("w.example", new Uint8Array(32).fill(1), () => 1);
  const vkey = formatVerifierKey(verifier);
  const parse = (text: string) => parseWitnessPolicy(Buffer.from(text), signer.verifier);
  const log = `log ${signer.vkey}\n`;
  expect(() => parse(`log ${other.vkey}\nquorum none\n`)).toThrow("no line for this log");
  expect(() => parse(`${log}witness w ${vkey}\nquorum w\n`)).toThrow("no address");
  expect(() => parse(`${log}witness w ${other.vkey} https://w.example\nquorum w\n`)).toThrow(
    "type 4",
  );
  for (const url of [
    "ftp://w.example",
    "//w.example",
    "https://u:p@w.example",
    "https://w.example/?x=1",
    "file:///etc/passwd",
  ]) {
    expect(() => parse(`${log}witness w ${vkey} ${url}\nquorum w\n`)).toThrow("address");
  }
  const { witnesses } = parse(`${log}witness w ${vkey} https://w.example/a/\nquorum w\n`);
  expect(witnesses).toMatchObject([{ name: "w", url: "https://w.example/a/add-checkpoint" }]);
});
