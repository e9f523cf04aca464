/** The ledger itself: who may speak in it, how it is opened, whether it is well. */
import {
  actorKinds,
  permissions,
  type Account,
  type ClearedAlarm,
  type EnrolledKey,
  type JsonObject,
  type Person,
  type PolicyProposal,
  type Registry,
  type Role,
  type LogClosed,
  type Predecessor,
} from "@countermand/record";
import { z } from "zod";
import type { ScrubHealth } from "../../ledger/scrubber.ts";
import type { TimeHealth } from "../../ledger/timestamps/stamper.ts";
import type { WitnessedHealth } from "../../ledger/witnesses/publisher.ts";
import type { NotifyHealth } from "../../notify/notifier.ts";
import type { Instance, OpeningRequest } from "../../rollbacks/countermand.ts";
import {
  actor,
  commitment,
  fingerprint,
  givenOpenings,
  givenPolicy,
  index,
  instant,
  opening,
  policy,
  sha256Hex,
} from "./words.ts";

const clearedAlarm: z.ZodType<ClearedAlarm> = z
  .object({
    index: index.describe("Of the entry by which the log went on"),
    found: z.string(),
    foundAt: instant.exactOptional(),
    clearedBy: actor,
    clearedAt: instant,
  })
  .describe("The log had stopped because something was not as it was signed, and went on");

const key: z.ZodType<EnrolledKey> = z.object({
  fingerprint,
  publicKey: z.string().describe("One line in authorized_keys form"),
  addedAt: index,
  enrolledOn: instant,
  assurance: z
    .enum(["administrator", "identity-provider"])
    .describe("Whose word it is that the key is this person's"),
  expiresAt: instant.exactOptional(),
  revokedAt: index.exactOptional(),
  doubtfulSince: instant
    .exactOptional()
    .describe("What it signed from then on may be somebody else's"),
});

const account: z.ZodType<Account> = z.object({
  id: z.uuid(),
  issuer: z.string().max(200),
  subject: commitment,
});

const names = z.array(z.string().max(100)).max(100);
const role: z.ZodType<Role> = z.object({
  id: z.uuid().describe("The statement that granted it"),
  role: z.string().max(100),
  services: names.exactOptional().describe("Absent: all"),
  environments: names.exactOptional().describe("Absent: all"),
  until: instant.exactOptional(),
});

const person: z.ZodType<Person> = z.object({
  id: actor,
  kind: z.enum(actorKinds),
  permissions: z.array(z.enum(permissions)),
  keys: z.array(key),
  name: commitment.exactOptional(),
  emails: z.array(commitment),
  accounts: z.array(account),
  workloads: z
    .array(
      z.object({
        issuer: z.string().max(200),
        claims: z.array(z.object({ name: z.string(), value: z.string() })),
      }),
    )
    .describe("Which pipelines it is, by what their tokens must say"),
  roles: z.array(role),
});

const rules = z.object({ digest: sha256Hex, size: z.int().min(0) });
const policyProposal: z.ZodType<PolicyProposal> = z
  .object({
    id: z.uuid().describe("The statement that proposed it"),
    by: actor,
    settings: policy,
    rules: rules.exactOptional(),
  })
  .describe("A policy that waits for another administrator");

const closed: z.ZodType<LogClosed> = z
  .object({
    index,
    reason: z.string(),
    successor: z.object({ origin: z.string(), logKey: z.string() }).exactOptional(),
  })
  .describe("The ledger has ended, by this entry");
const predecessor: z.ZodType<Predecessor> = z
  .strictObject({
    origin: z.string().max(255),
    logKey: z.string().max(400),
    size: z.int().min(1),
    root: z.string().max(44).describe("Base64"),
  })
  .describe("The closed ledger that this one goes on from, as its last checkpoint has it");

const registry: z.ZodType<Registry> = z
  .object({
    instance: z.string().describe("The ledger's origin"),
    logKey: z.string().describe("The key that the log was opened with"),
    logKeys: z
      .array(
        z.object({
          vkey: z.string(),
          from: index,
          until: index.exactOptional(),
          announcedAt: index.describe("Index of the entry that announced it"),
        }),
      )
      .exactOptional()
      .describe(
        "Once a key followed another: all of them, and the tree sizes that each may sign, from `from` to below `until`",
      ),
    closed: closed.exactOptional(),
    predecessor: predecessor.exactOptional(),
    system: z.object({ actor, fingerprint, publicKey: z.string() }),
    policy,
    policyDigest: sha256Hex,
    rules: rules.exactOptional().describe("The policy's rules, an artefact"),
    policyProposal: policyProposal.exactOptional(),
    policyReviewDue: index.exactOptional(),
    alarms: z.array(clearedAlarm).exactOptional(),
    persons: z.record(z.string(), person).describe("By id"),
    head: sha256Hex.describe("Leaf hash of the registry's newest entry"),
    length: z.int().min(0),
  })
  .describe("Who may speak, and the policy in force");

const origin = z
  .string()
  .min(1)
  .max(255)
  .describe(
    "The ledger's name for ever: a URL without scheme, such as audit.example.com/rollbacks",
  );

export const instance: z.ZodType<Instance> = z
  .object({
    origin,
    logKey: z.string().describe("C2SP verifier key of the log"),
    registry,
    openings: z.array(opening).describe("Names and mail addresses that are not deleted"),
  })
  .describe("What a signer must know of the ledger");

/** The first person, as `log-opened` carries them; the record's rules say what is in it. */
const administrator: z.ZodType<JsonObject> = z
  .strictObject({
    id: actor,
    kind: z.enum(actorKinds),
    permissions: z.array(z.enum(permissions)).max(permissions.length),
    key: z.strictObject({ fingerprint, line: z.string().max(4000) }),
    emails: z.array(commitment).max(10),
    name: commitment.exactOptional(),
  })
  .describe("The first administrator");

export const openingRequest: z.ZodType<OpeningRequest> = z
  .strictObject({
    origin,
    policy: givenPolicy,
    administrator,
    openings: givenOpenings,
    predecessor: predecessor.exactOptional(),
  })
  .describe("Opens the ledger, once");

const witnessing: z.ZodType<WitnessedHealth> = z
  .object({
    size: index.exactOptional().describe("Entries under the checkpoint that is shown"),
    behind: index.describe("Entries in the log that are not under it yet"),
    alarm: z
      .string()
      .exactOptional()
      .describe("The policy has not been met for more than a minute"),
    witnesses: z.array(
      z.object({
        name: z.string(),
        size: index.exactOptional().describe("The newest size that it signed"),
        signedAt: z.iso.datetime().exactOptional(),
        problem: z.string().exactOptional().describe("Why it did not sign when it was last asked"),
      }),
    ),
  })
  .describe("How far witnesses are, where they are asked");

const mirror = z
  .object({
    place: z.string().describe("A folder, or a bucket with a prefix"),
    size: index.exactOptional().describe("Entries under the mirror's checkpoint"),
    behind: index.describe("Entries that may be shown and are not in the mirror yet"),
    problem: z.string().exactOptional().describe("Why the last copying failed"),
    since: z.iso.datetime().exactOptional().describe("Since when it fails"),
  })
  .describe("How far a mirror is");

const timestamping: z.ZodType<TimeHealth> = z
  .object({
    authority: z.string().describe("The address that is asked"),
    size: index.exactOptional().describe("Entries under the newest checkpoint with a token"),
    attestedAt: z.iso.datetime().exactOptional().describe("The authority's time in that token"),
    ahead: z
      .number()
      .exactOptional()
      .describe("Seconds by which this server's clock is ahead of the authority's, at least"),
    alarm: z.string().exactOptional().describe("The clock is wrong, or no token was had when due"),
  })
  .describe("What a time authority says, where one is asked");

const scrubbing: z.ZodType<ScrubHealth> = z
  .object({
    checked: index.describe("Entries read in the pass that is under way"),
    of: index.describe("Of how many"),
    last: z
      .object({ at: z.iso.datetime(), entries: index })
      .exactOptional()
      .describe("End of the last whole pass"),
    alarm: z.string().exactOptional().describe("What was found, or why it could not be read"),
  })
  .describe("How far the log was read through");

const notifying: z.ZodType<NotifyHealth> = z
  .object({
    waiting: index.describe("Deliveries that wait, for their first attempt or another one"),
    dead: index.describe("Given up in the last 30 days"),
    skipped: index.describe("Of the last 30 days, with nobody to send them to"),
    channels: z.array(
      z.object({
        name: z.string(),
        type: z.string(),
        waiting: index,
        dead: index,
        failingSince: z.iso.datetime().exactOptional().describe("Every attempt has failed since"),
      }),
    ),
  })
  .describe("How far telling people of entries is, where anybody is told");

export const health = z
  .object({
    status: z.literal("ok"),
    ledger: z.string().exactOptional().describe("Origin of the ledger; absent before it is opened"),
    size: z.int().min(0).exactOptional().describe("Entries under the newest checkpoint"),
    witnessed: witnessing.exactOptional(),
    mirrors: z.array(mirror).exactOptional(),
    timestamps: timestamping.exactOptional(),
    scrub: scrubbing.exactOptional(),
    lastAlarm: clearedAlarm.exactOptional(),
    closed: closed.exactOptional(),
    duties: z
      .record(z.string(), z.enum(["here", "elsewhere"]))
      .exactOptional()
      .describe("Where servers share a database: which work beside the log this one does"),
    tenants: z
      .object({
        served: z.int().min(0),
        stopped: z.int().min(0).describe("Their folders have a file `problem` that says why"),
      })
      .exactOptional()
      .describe("Other ledgers behind this port; absent where there are none"),
    notices: notifying.exactOptional(),
  })
  .describe("The server answers");
