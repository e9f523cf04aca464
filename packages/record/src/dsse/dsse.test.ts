import { generateKeyPairSync, sign } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalBytes, parseCanonical, type JsonValue } from "../bytes/canonical-json.ts";
import {
  concat,
  decodeBase64,
  decodeBase64Url,
  decodeUtf8,
  encodeBase64,
  encodeUtf8,
} from "../bytes/encoding.ts";
import { RecordError } from "../bytes/error.ts";
import { fingerprint } from "../sshsig/public-key.ts";
import { ed25519KeyBlob, makeEd25519Sshsig } from "../sshsig/sign.ts";
import { verifySshsig } from "../sshsig/verify.ts";
import { formatEnvelope, parseEnvelope } from "./envelope.ts";
import { pae } from "./pae.ts";
import { formatStatement, parseStatement, statementPayloadType } from "./statement.ts";

describe("PAE", () => {
  test("known answer of the DSSE specification", () => {
    expect(decodeUtf8(pae("http://example.com/HelloWorld", encodeUtf8("hello world")))).toBe(
      "DSSEv1 29 http://example.com/HelloWorld 11 hello world",
    );
  });

  test("lengths are of bytes, and nothing is 0", () => {
    expect(decodeUtf8(pae("", new Uint8Array(0)))).toBe("DSSEv1 0  0 ");
    expect(decodeUtf8(pae("caf\u00e9", encodeUtf8("\u20ac")))).toBe("DSSEv1 5 caf\u00e9 3 \u20ac");
    expect(pae("a", new Uint8Array([0xff, 0]))).toEqual(
      concat(encodeUtf8("DSSEv1 1 a 2 "), new Uint8Array([0xff, 0])),
    );
  });

  test("no two pairs give the same bytes", () => {
    const seen = new Map<string, string>();
    const texts = ["", " ", "1", "a", "a 1", "1 a", " 1 ", "a 1 a", "0 ", " 0", "11"];
    for (const type of texts) {
      for (const payload of texts) {
        const bytes = decodeUtf8(pae(type, encodeUtf8(payload)));
        const pair = JSON.stringify([type, payload]);
        expect(seen.get(bytes) ?? pair).toBe(pair);
        seen.set(bytes, pair);
      }
    }
    expect(seen.size).toBe(texts.length ** 2);
  });
});

const keyid = `SHA256:${"A".repeat(43)}`;
const good = {
  payload: "e30=",
  payloadType: statementPayloadType,
  signatures: [{ keyid, sig: "AAAA" }],
};

describe("envelope", () => {
  test("reads back", () => {
    expect(formatEnvelope(parseEnvelope(good))).toEqual(good);
    const bytes = canonicalBytes(formatEnvelope(parseEnvelope(good)));
    expect(canonicalBytes(formatEnvelope(parseEnvelope(parseCanonical(bytes))))).toEqual(bytes);
    expect(decodeUtf8(bytes)).toBe(
      `{"payload":"e30=","payloadType":"application/vnd.in-toto+json","signatures":[{"keyid":"${keyid}","sig":"AAAA"}]}`,
    );
  });

  test.each<[string, JsonValue, string]>([
    ["no object", "x", "found a string; expected an object"],
    ["another key", { ...good, extra: "x" }, "extra: this key is unknown"],
    [
      "no payload",
      { payloadType: "x", signatures: good.signatures },
      "payload: this key is missing",
    ],
    ["an empty payload", { ...good, payload: "" }, "payload: found 0 characters"],
    ["unpadded base64", { ...good, payload: "e30" }, "payload: found 3 characters"],
    ["base64url", { ...good, payload: "e30_" }, "payload: not the base64"],
    ["bits that belong to no byte", { ...good, payload: "e31=" }, "payload: not the base64"],
    ["no signature", { ...good, signatures: [] }, "signatures: found 0 items; expected 1 to 16"],
    [
      "no keyid",
      { ...good, signatures: [{ sig: "AAAA" }] },
      "signatures[0].keyid: this key is missing",
    ],
    [
      "another keyid",
      { ...good, signatures: [{ keyid: "me", sig: "AAAA" }] },
      "signatures[0].keyid: found",
    ],
    [
      "base64 of a sig that does not print back",
      { ...good, signatures: [{ keyid, sig: "AAB=" }] },
      "signatures[0].sig: not the base64",
    ],
    [
      "one key twice",
      { ...good, signatures: [good.signatures[0], { keyid, sig: "AAAB" }] as JsonValue },
      "signatures[1].keyid: the key",
    ],
    ["a type with a space", { ...good, payloadType: "a b" }, "payloadType: found"],
  ])("refuses %s", (_, json, problem) => {
    expect(() => parseEnvelope(json)).toThrow(problem);
    try {
      parseEnvelope(json);
    } catch (error) {
      expect(error).toBeInstanceOf(RecordError);
      expect((error as RecordError).code).toBe("envelope");
    }
  });

  test("what cannot be read is not written", () => {
    expect(() => formatEnvelope({ ...good, signatures: [] })).toThrow("found 0 items");
  });
});

const sha256 = "ab".repeat(32);
const statement = {
  subject: [
    { name: "urn:countermand:rollback:RB-1/plan", digest: { sha256 } },
    { name: "target", digest: { gitCommit: "c".repeat(40) } },
  ],
  predicateType: "https://example.com/decision/v1",
  predicate: { decision: "approve", count: 1 },
};

describe("in-toto statement", () => {
  test("known answer, byte for byte", () => {
    expect(decodeUtf8(formatStatement(statement))).toBe(
      '{"_type":"https://in-toto.io/Statement/v1",' +
        '"predicate":{"count":1,"decision":"approve"},' +
        '"predicateType":"https://example.com/decision/v1",' +
        `"subject":[{"digest":{"sha256":"${sha256}"},"name":"urn:countermand:rollback:RB-1/plan"},` +
        `{"digest":{"gitCommit":"${"c".repeat(40)}"},"name":"target"}]}`,
    );
  });

  test("reads back", () => {
    const bytes = formatStatement(statement);
    expect(parseStatement(bytes)).toEqual(statement);
    expect(formatStatement(parseStatement(bytes))).toEqual(bytes);
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.string()), (members) => {
        const said = { ...statement, predicate: { ...members } };
        expect(parseStatement(formatStatement(said))).toEqual(said);
      }),
    );
  });

  const json = { _type: "https://in-toto.io/Statement/v1", ...statement };
  test.each<[string, JsonValue, string]>([
    ["another _type", { ...json, _type: "https://in-toto.io/Statement/v0.1" }, "_type: found"],
    ["no subject", { ...json, subject: [] }, "subject: found 0 items"],
    [
      "a subject without digest",
      { ...json, subject: [{ name: "a", digest: {} }] },
      "subject[0].digest: no digest",
    ],
    [
      "a weak digest",
      { ...json, subject: [{ name: "a", digest: { sha1: "00" } }] },
      "subject[0].digest.sha1: this key is unknown",
    ],
    [
      "a digest in upper case",
      { ...json, subject: [{ name: "a", digest: { sha256: sha256.toUpperCase() } }] },
      "subject[0].digest.sha256: found",
    ],
    [
      "an abbreviated commit",
      { ...json, subject: [{ name: "a", digest: { gitCommit: "abc1234" } }] },
      "40 or 64",
    ],
    [
      "one name twice",
      { ...json, subject: [statement.subject[1], statement.subject[1]] as JsonValue },
      'subject[1].name: "target" is named twice',
    ],
    [
      "a name with a control character",
      { ...json, subject: [{ name: "a\u0007", digest: { sha256 } }] },
      "subject[0].name: found",
    ],
    [
      "a predicate type that is no URI",
      { ...json, predicateType: "decision" },
      "predicateType: found",
    ],
    ["a predicate that is no object", { ...json, predicate: ["x"] }, "predicate: found an array"],
    ["another key", { ...json, extra: true }, "extra: this key is unknown"],
  ])("refuses %s", (_, value, problem) => {
    expect(() => parseStatement(canonicalBytes(value))).toThrow(problem);
  });

  test("refuses what is not canonical, and does not write what it refuses", () => {
    const spaced = encodeUtf8(JSON.stringify(json, undefined, 1));
    expect(() => parseStatement(spaced)).toThrow("the canonical form has");
    expect(() => formatStatement({ ...statement, subject: [] })).toThrow("subject: found 0 items");
    expect(() => parseStatement(formatStatement(statement), { maxBytes: 100 })).toThrow(
      "the limit is 100",
    );
  });
});

test("an SSHSIG in an envelope: signed, packed, read, verified", async () => {
  const { privateKey } = generateKeyPairSync("ed25519");
  const { x = "" } = privateKey.export({ format: "jwk" }) as { x?: string };
  const publicKey = decodeBase64Url(x);
  const namespace = "decision.v1@countermand";
  const payload = formatStatement(statement);
  const sig = await makeEd25519Sshsig({
    publicKey,
    namespace,
    message: pae(statementPayloadType, payload),
    sign: (data) => sign(null, data, privateKey),
  });
  const envelope = parseEnvelope(
    parseCanonical(
      canonicalBytes(
        formatEnvelope({
          payload: encodeBase64(payload),
          payloadType: statementPayloadType,
          signatures: [{ keyid: fingerprint(ed25519KeyBlob(publicKey)), sig: encodeBase64(sig) }],
        }),
      ),
    ),
  );
  const read = decodeBase64(envelope.payload);
  const [signature] = envelope.signatures;
  const require = { userPresence: false, userVerification: false };
  const request = { signature: decodeBase64(signature?.sig ?? ""), namespace, require };
  const verified = await verifySshsig({ ...request, message: pae(envelope.payloadType, read) });
  expect(verified.fingerprint).toBe(signature?.keyid);
  expect(parseStatement(read)).toEqual(statement);
  // The type is signed too, and the bare payload is not what was signed.
  await expect(verifySshsig({ ...request, message: pae("text/plain", read) })).rejects.toThrow(
    "not true",
  );
  await expect(verifySshsig({ ...request, message: read })).rejects.toThrow("not true");
});
