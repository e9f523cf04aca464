/**
 * Logs that others made: Tessera's golden log, followed by the monitor and cosigned
 * by the witness, checkpoint by checkpoint; and where Sunlight's witnesses put what
 * they saw.
 */
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  consistencyProof,
  decodeTile,
  formatAddCheckpoint,
  parseCheckpoint,
  parseNote,
  parseVerifierKey,
  tileHashReader,
  tilePath,
  keysOf,
} from "@countermand/tlog";
import { describe, expect, onTestFinished, test } from "vitest";
import { createWitnessKey } from "./key-file.ts";
import { look } from "./monitor.ts";
import { monitorStore } from "./monitor-store.ts";
import { remoteLog } from "./remote-log.ts";
import { openSeenStore } from "./seen-store.ts";
import { originHash, Witness } from "./witness.ts";

const vectors = join(import.meta.dirname, "../../../../../shared/vectors/tlog");
const golden = join(vectors, "tessera-testdata/log");
const verifier = parseVerifierKey(
  "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx",
);
const unless = existsSync(vectors) ? "" : " (skipped: ../shared/vectors/tlog is not there)";

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), "countermand-vectors-"));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

const checkpoint = (size: number) => readFileSync(join(golden, `checkpoint.${size}`));

describe.skipIf(unless !== "")(`logs of others${unless}`, () => {
  test("the monitor follows Tessera's golden log through its 16 checkpoints", async () => {
    let size = 0;
    const server = createServer((request, response) => {
      const path = (request.url ?? "").slice(1);
      const file = join(golden, path);
      if (path === "checkpoint") response.end(checkpoint(size));
      else if (existsSync(file)) response.end(readFileSync(file));
      else response.writeHead(404).end();
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const { port } = server.address() as { port: number };
    const store = monitorStore(folder(), verifier.name);
    for (; size <= 15; size++) {
      const seen = await look({
        log: remoteLog(`http://127.0.0.1:${port}`),
        verifier,
        store,
        ours: false,
        now: () => new Date(),
        onProgress: () => {},
        interrupted: new AbortController().signal,
      });
      expect(seen).toMatchObject({ kind: "good", size, read: size === 0 ? 0 : 1 });
    }
  });

  test("the witness cosigns Tessera's golden checkpoints in their order, and in no other", async () => {
    const place = folder();
    const key = await createWitnessKey(join(place, "key"), "witness.example", () => 1);
    const store = openSeenStore(join(place, "state"));
    onTestFinished(() => store.close());
    const logs = new Map([[verifier.name, { name: verifier.name, keys: keysOf(verifier) }]]);
    const witness = new Witness({ keys: [key], store, logs: async () => logs, report: () => {} });
    const ask = async (oldSize: number, size: number) => {
      const reader = tileHashReader(size, async ({ level, n, width }) =>
        decodeTile(readFileSync(join(golden, tilePath(level, n, width))), width),
      );
      const proof = await consistencyProof(reader, oldSize, size);
      const body = formatAddCheckpoint({ oldSize, proof, checkpoint: checkpoint(size) });
      return await witness.addCheckpoint(body);
    };
    for (const [old, size] of [
      [0, 0],
      [0, 1],
      [1, 7],
      [7, 8],
      [8, 8],
      [8, 15],
    ] as const) {
      expect((await ask(old, size)).status).toBe(200);
    }
    expect(await ask(8, 12)).toMatchObject({ status: 409, body: "15\n" });
    expect(store.get(verifier.name)?.size).toBe(15);
  });

  test.each(["witness", "witness2"])("Sunlight's %s keeps a log where ours would", (name) => {
    const place = join(vectors, "sunlight-testdata", name);
    const origins = ["rome2026h1.example.org", "milan2026h1.example.org"];
    const kept = origins.filter((origin) => existsSync(join(place, originHash(origin))));
    expect(kept).toHaveLength(1);
    const note = readFileSync(join(place, originHash(kept[0] ?? ""), "checkpoint"));
    expect(parseCheckpoint(parseNote(note).text).origin).toBe(kept[0]);
  });
});
