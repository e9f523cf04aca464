import { chmod, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createKeyFile, readKeyFile, readPublicKey, resealKeyFile } from "./keys.ts";
import { openSealed, parseSealed, seal } from "./sealed-key.ts";
import { temporaryFolder } from "./testing/ledger-under-test.ts";

const key = { vkey: "example.com/log+00000000+AQ==", line: "PRIVATE+KEY+something" };

test("what was sealed is opened by the passphrase alone, however its accents were typed", async () => {
  const sealed = parseSealed(await seal(key, "pâte à choux"));
  expect(sealed.vkey).toBe(key.vkey);
  expect(await openSealed(sealed, "pâte à choux".normalize("NFD"))).toBe(key.line);
  await expect(openSealed(sealed, "pate a choux")).rejects.toThrow("does not open it");
  await expect(seal(key, "")).rejects.toThrow(TypeError);
});

test("a sealed file made elsewhere is opened: the format, byte by byte", async () => {
  // By Python's hashlib.scrypt and cryptography's AESGCM, as docs/spec/key-file.md says.
  const line =
    "countermand-key v1 example.com/log+00000000+AQ== scrypt 1024 8 1 AAECAwQFBgcICQoLDA0ODw== AAECAwQFBgcICQoL BOX";
  const box = "ftnLCXFJG6V9myXPbf2otSQ8iMwt/7SuPq8ZBX90m3Er5HJPag==";
  expect(await openSealed(parseSealed(line.replace("BOX", box)), "correct horse")).toBe(key.line);
});

test("every bit of it matters, and what it asks for is bounded", async () => {
  const line = await seal(key, "x");
  const { head } = parseSealed(line);
  for (const [from, to] of [
    ["log+0", "lag+0"],
    ["scrypt 131072 8 1", "scrypt 131072 8 2"],
  ] as const) {
    await expect(openSealed(parseSealed(line.replace(from, to)), "x")).rejects.toThrow("not open");
  }
  const flipped = `${head} ${line.slice(head.length + 1).replace(/^./, (c) => (c === "A" ? "B" : "A"))}`;
  await expect(openSealed(parseSealed(flipped), "x")).rejects.toThrow("not open");
  for (const parameters of ["2097152 8 1", "131073 8 1", "131072 9 1", "131072 8 5", "512 8 1"]) {
    expect(() => parseSealed(line.replace("131072 8 1", parameters))).toThrow();
  }
  expect(() => parseSealed(line.replace(" v1 ", " v2 "))).toThrow("in a form that is not known");
  expect(() => parseSealed(`${line} more`)).toThrow("was damaged");
});

test("a key file is sealed, opened and refused, and stays what it was when that fails", async () => {
  const file = join(temporaryFolder(), "log.key");
  const signer = await createKeyFile(file, "example.com/log", async () => "one");
  const before = await readFile(file, "utf8");
  expect(before).toMatch(/^countermand-key v1 example\.com\/log\+/);
  expect((await readPublicKey(file)).keyId).toBe(signer.keyId);
  expect((await readKeyFile(file, async () => "one")).vkey).toBe(signer.vkey);
  await expect(readKeyFile(file)).rejects.toThrow(`${file}: it is sealed, and no passphrase`);
  await expect(resealKeyFile(file, async () => "two", "three")).rejects.toThrow("does not open it");
  expect(await readFile(file, "utf8")).toBe(before);
  await resealKeyFile(file, async () => "one", "two");
  await expect(readKeyFile(file, async () => "one")).rejects.toThrow("does not open it");
  // The public half of another key in front is no longer what was sealed.
  const other = await createKeyFile(`${file}2`, "example.com/log");
  await writeFile(file, (await readFile(file, "utf8")).replace(signer.vkey, other.vkey));
  await expect(readKeyFile(file, async () => "two")).rejects.toThrow("does not open it");
  await chmod(file, 0o640);
  await expect(readPublicKey(file)).rejects.toThrow("may be read or changed by others");
});
