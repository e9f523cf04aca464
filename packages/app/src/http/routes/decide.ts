/** Deciding with a passkey: `/records/{id}/decide`, its script, and what the browser signed. */
import { decidePage, signPage, signScript } from "@countermand/console";
import {
  parsePublicKey,
  parsePublicKeyLine,
  usableKey,
  type Condition,
  type Registry,
} from "@countermand/record";
import { z } from "zod";
import { RollbacksError } from "../../rollbacks/error.ts";
import { envelopeFromPasskey, prepareDecision } from "../../rollbacks/prepare.ts";
import { webauthnBytes } from "../contract/login.ts";
import { accepted } from "../contract/statement.ts";
import { givenOpenings, recordId } from "../contract/words.ts";
import { checkForm, formField, formOf, formType } from "../form.ts";
import { loginOf } from "../login-deps.ts";
import { pageHeaders } from "../page-headers.ts";
import { HttpProblem } from "../problem.ts";
import { route, type Asked, type HttpDeps } from "../route.ts";
import { scriptRoute } from "../script-route.ts";

const mediaType = "text/html; charset=utf-8";
const params = z.object({ id: recordId });

export const decidePageRoute = route({
  method: "GET",
  path: "/records/:id/decide",
  operationId: "decidePage",
  tag: "page",
  summary: "Decide on a record with a passkey, as a page",
  params,
  responses: { 200: { description: "A page", mediaType } },
  async handle(asked, deps) {
    const { countermand } = deps;
    const person = personOf(asked.who);
    const [ledger, { state, openings }] = await Promise.all([
      countermand.instance(),
      countermand.record(asked.params.id),
    ]);
    const passkeys = passkeysOf(ledger.registry, person, deps).map((key) => key.fingerprint);
    return {
      headers: pageHeaders(),
      body: decidePage({ ledger, state, openings, person, passkeys, form: formOf(asked) }),
    };
  },
});

export const signPageRoute = route({
  method: "POST",
  path: "/records/:id/decide",
  operationId: "signPage",
  tag: "page",
  summary: "The sentence that is to be signed, as a page",
  consumes: formType,
  params,
  body: z.strictObject({
    form: formField,
    hash: z.string().max(64),
    decision: z.enum(["approve", "reject", "request-changes"]),
    check: z.string().max(100),
    comment: z.string().max(8000),
    key: z.string().max(100),
  }),
  responses: { 200: { description: "A page", mediaType } },
  async handle(asked, deps) {
    checkForm(asked);
    const { countermand } = deps;
    const person = personOf(asked.who);
    const { decision, check, comment, key, hash } = asked.body;
    const [ledger, { state }] = await Promise.all([
      countermand.instance(),
      countermand.record(asked.params.id),
    ]);
    if (state.hash !== hash) {
      throw new RollbacksError(
        "conflict",
        `${state.id} changed while you read it; open it again and decide on what it says now`,
      );
    }
    const passkey = passkeysOf(ledger.registry, person, deps).find(
      (item) => item.fingerprint === key,
    );
    if (passkey === undefined) {
      throw new RollbacksError("invalid", `${person} has no passkey ${key.slice(0, 60)} here`);
    }
    const conditions: readonly Condition[] =
      check === "" || decision !== "approve" ? [] : [{ type: "check", name: check }];
    const prepared = prepareDecision(state, {
      origin: ledger.origin,
      person,
      fingerprint: passkey.fingerprint,
      decision,
      conditions,
      comment: comment.trim(),
      now: deps.now(),
    });
    return {
      headers: pageHeaders({ script: true }),
      body: signPage({
        ledger,
        state,
        sentence: prepared.sentence,
        comment: comment.trim(),
        remarks: prepared.remarks,
        fingerprint: passkey.fingerprint,
        payload: Buffer.from(prepared.payload).toString("base64url"),
        challenge: Buffer.from(prepared.challenge).toString("base64url"),
        openings: JSON.stringify(prepared.openings),
        relyingParty: loginOf(deps).base.hostname,
      }),
    };
  },
});

export const signScriptRoute = scriptRoute({
  path: "/sign.js",
  operationId: "signScript",
  summary: "What asks the browser for a passkey's signature",
  script: signScript,
});

export const submitByPasskeyRoute = route({
  method: "POST",
  path: "/v1/passkey-statements",
  operationId: "submitByPasskey",
  tag: "records",
  summary: "Submit a statement that a passkey signed",
  description:
    "The answer of navigator.credentials.get becomes an SSHSIG signature, and from there the statement is as any other.",
  consumes: "application/json",
  body: z.strictObject({
    payload: webauthnBytes.describe("The statement that was signed"),
    openings: givenOpenings,
    fingerprint: z.string().max(100),
    authenticatorData: webauthnBytes,
    clientDataJson: webauthnBytes,
    signature: webauthnBytes,
  }),
  responses: {
    200: { description: "It was in the ledger already", schema: accepted },
    201: { description: "It is in the ledger", schema: accepted },
  },
  async handle({ body, who }, deps) {
    const { countermand } = deps;
    const { registry } = await countermand.instance();
    const person = personOf(who);
    const key = passkeysOf(registry, person, deps).find(
      (item) => item.fingerprint === body.fingerprint,
    );
    if (key === undefined) {
      throw new RollbacksError("invalid", `${person} has no such passkey for this server`);
    }
    const bytes = (text: string) => new Uint8Array(Buffer.from(text, "base64url"));
    const envelope = envelopeFromPasskey(
      bytes(body.payload),
      { fingerprint: key.fingerprint, line: key.publicKey },
      {
        authenticatorData: bytes(body.authenticatorData),
        clientDataJson: bytes(body.clientDataJson),
        signature: bytes(body.signature),
      },
    );
    const result = await countermand.submit({ envelope, openings: body.openings });
    return { status: result.repeated ? 200 : 201, body: result };
  },
});

/** The enrolled person who is logged in. */
export function personOf(who: Asked<unknown, unknown, unknown>["who"]): string {
  if (who.kind === "session" && who.person !== undefined) return who.person;
  throw new HttpProblem(
    "forbidden",
    "this page is for an enrolled person who is logged in here; without a login, decide with the command line",
  );
}

/** The person's keys that a browser at this server can use. */
export function passkeysOf(registry: Registry, id: string, deps: HttpDeps) {
  const host = loginOf(deps).base.hostname;
  const person = Object.hasOwn(registry.persons, id) ? registry.persons[id] : undefined;
  const now = deps.now().toISOString();
  return (person?.keys ?? []).filter((key) => {
    if (person === undefined || usableKey(person, key.fingerprint, now) === undefined) return false;
    const parsed = parsePublicKey(parsePublicKeyLine(key.publicKey));
    return parsed.type === "sk-ecdsa-sha2-nistp256@openssh.com" && parsed.application === host;
  });
}
