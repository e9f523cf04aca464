/** The small words of the API: ids, digests, times, identities. Shapes only; the record's own parsers decide. */
import { z } from "zod";
import {
  rollbackKinds,
  statuses,
  type Envelope,
  type Identity,
  type Opening,
  type Policy,
} from "@countermand/record";

export const sha256Hex = z
  .string()
  .regex(/^[0-9a-f]{64}$/, "is a SHA-256 digest of 64 lower-case hex digits")
  .describe("SHA-256, in hex");

export const commitment = z
  .string()
  .regex(/^hmac-sha256:[0-9a-f]{64}$/, "is a commitment: hmac-sha256: and 64 lower-case hex digits")
  .describe("Commitment to a text that is kept beside the ledger");

export const instant = z.iso.datetime().describe("RFC 3339, UTC");
export const index = z.int().min(0).describe("Index of an entry in the log");
export const actor = z.string().max(64).describe("Opaque id of a person, workload or controller");
export const recordId = z.string().max(20).describe("Record number, for instance RB-2026-7");
export const fingerprint = z.string().max(50).describe("SSH key fingerprint, SHA256:…");
export const size = z.int().min(0).describe("In bytes");
export const status = z.enum(statuses).describe("Status of a record");
export const kind = z.enum(rollbackKinds).describe("Kind of rollback");

export const artefact = z
  .object({ digest: sha256Hex, size })
  .describe("Bytes kept beside the ledger, named by their digest");

export const identity: z.ZodType<Identity> = z
  .discriminatedUnion("type", [
    z.object({ type: z.literal("commit"), commit: z.string() }),
    z.object({ type: z.literal("image"), digest: z.string(), name: z.string().exactOptional() }),
    z.object({ type: z.literal("artifact"), digest: z.string(), name: z.string().exactOptional() }),
    z.object({ type: z.literal("version"), name: z.string(), version: z.string() }),
  ])
  .describe("Immutable identity of a state; never a tag or a branch");

const policyFields = {
  id: z.string().max(100),
  version: z.int().min(1),
  approvals: z.int().min(1).describe("Distinct persons who must approve"),
  reasons: z.array(z.string().max(100)).max(50),
  requestHours: z.int().min(1).describe("A request without its quorum expires after this"),
  windowMinutes: z.int().min(1).describe("An authorisation may be used this long"),
  temporaryDays: z.int().min(1).describe("A temporary rollback lasts at most this long"),
  emergencyMinutes: z
    .int()
    .min(1)
    .exactOptional()
    .describe("An emergency's authorisation may be used this long; 60 where it is absent"),
  executionMinutes: z
    .int()
    .min(1)
    .exactOptional()
    .describe("A run that nobody reported on is asked after; 120 where it is absent"),
  retrospectiveHours: z
    .int()
    .min(1)
    .exactOptional()
    .describe("An emergency's retrospective is due after this; 72 where it is absent"),
  renewals: z
    .int()
    .min(0)
    .exactOptional()
    .describe("How often a temporary rollback may be renewed; 2 where it is absent"),
  owner: z.string().max(100).exactOptional().describe("Who answers for the policy"),
  reviewBy: instant.exactOptional().describe("When the policy is to be looked at again"),
  groups: z
    .array(z.strictObject({ issuer: z.string(), group: z.string(), role: z.string() }))
    .max(500)
    .exactOptional()
    .describe("Groups of identity providers whose members may read without being enrolled"),
  enrolment: z
    .array(z.strictObject({ issuer: z.string(), client: z.string() }))
    .max(20)
    .exactOptional()
    .describe("Clients of identity providers at which people enrol keys of their own"),
};
export const policy: z.ZodType<Policy> = z.object(policyFields).describe("The policy in force");
export const givenPolicy: z.ZodType<Policy> = z
  .strictObject(policyFields)
  .describe("The policy to begin with");

const openingFields = {
  commitment,
  salt: z.string().regex(/^[A-Za-z0-9+/]{43}=$/, "is base64 of 32 bytes"),
  value: z.string().max(8000).describe("The text"),
};
/** An opening as the server tells it. */
export const opening: z.ZodType<Opening> = z
  .object(openingFields)
  .describe("Salt and text that open a commitment");

/** Openings as a client gives them: every commitment of its statement, opened. */
export const givenOpenings: z.ZodType<Opening[]> = z
  .array(z.strictObject(openingFields))
  .max(64)
  .describe("Every commitment of the statement, opened");

export const envelope: z.ZodType<Envelope> = z
  .strictObject({
    payload: z.string().max(1_000_000).describe("Base64 of the canonical in-toto Statement"),
    payloadType: z.string().max(256).describe("application/vnd.in-toto+json"),
    signatures: z
      .array(
        z.strictObject({
          keyid: z.string().max(64).describe("Fingerprint of the key, SHA256:…"),
          sig: z.string().max(1_000_000).describe("Base64 of an SSHSIG blob"),
        }),
      )
      .min(1)
      .max(16),
  })
  .describe("A DSSE envelope around a signed statement");
