/** Deciding on a record with a passkey: choose, read the one sentence, sign it. */
import {
  exampleFor,
  guidance,
  showIdentity,
  type Opening,
  type RationaleUse,
  type RecordState,
  type Remark,
} from "@countermand/record";
import { duties } from "./duties.ts";
import { html, type Html } from "./html.ts";
import { page } from "./layout.ts";
import { paths } from "./paths.ts";
import { actors } from "./people.ts";
import { why } from "./record-page.ts";
import { approvals, assessment, evidence } from "./record-parts.ts";
import { badge } from "./status.ts";
import { showText } from "./texts.ts";
import type { LedgerView } from "./views.ts";

export interface DecideView {
  readonly ledger: LedgerView;
  readonly state: RecordState;
  readonly openings: readonly Opening[];
  readonly person: string;
  /** Fingerprints of the person's passkeys for this server. */
  readonly passkeys: readonly string[];
  readonly form: string;
}

export function decidePage(view: DecideView): string {
  const { ledger, state, openings, person, passkeys, form } = view;
  const actor = actors(ledger.registry, ledger.openings);
  const text = showText(openings, state.deletedOpenings);
  return page({
    title: `Decide on ${state.id}`,
    ledger: html`Ledger <strong>${ledger.origin}</strong>`,
    main: html`<p class="trail"><a href="${paths.record(state.id)}">${state.id}</a></p>
      <h1>Decide on ${state.id} ${badge(state.status)}</h1>
      <p class="lead">
        ${state.proposal.kind} of <strong>${state.proposal.service}</strong> in
        <strong>${state.proposal.environment}</strong>, from
        <code>${showIdentity(state.proposal.current)}</code> back to
        <code>${showIdentity(state.proposal.target)}</code>, for ${state.proposal.reason}, proposed
        by ${actor(state.proposal.actor)}
      </p>
      ${why(state, text)} ${duties(state, actor, text)} ${assessment(state, actor)}
      ${evidence(state, actor)} ${approvals(state, ledger.registry, actor, text)}
      <section aria-labelledby="decide">
        <h2 id="decide">Your decision</h2>
        ${passkeys.length === 0 ? noPasskey(person) : decisionForm(state, passkeys, form)}
      </section>`,
  });
}

function noPasskey(person: string): Html {
  return html`<p class="empty">
    ${person} has no passkey enrolled for this server.
    <a href="${paths.passkeys()}">Make one</a>, or decide with the command line.
  </p>`;
}

function decisionForm(state: RecordState, passkeys: readonly string[], form: string): Html {
  const choice = (value: string, label: string, checked = false) =>
    html`<p>
      <label
        ><input
          type="radio"
          name="decision"
          value="${value}"
          required
          ${checked && html`checked`}
        />
        ${label}</label
      >
    </p>`;
  return html`<form class="tall" method="post" action="${paths.decide(state.id)}">
    <input type="hidden" name="form" value="${form}" />
    <input type="hidden" name="hash" value="${state.hash}" />
    <fieldset>
      <legend>What do you decide?</legend>
      ${choice("approve", "Approve")} ${choice("request-changes", "Ask for changes")}
      ${choice("reject", "Reject")}
    </fieldset>
    <p>
      <label for="check">Only if this check passed (a name, may stay empty)</label>
      <input id="check" name="check" maxlength="100" autocomplete="off" />
    </p>
    <p>
      <label for="comment">Why (may stay empty with an approval)</label>
      <textarea
        id="comment"
        name="comment"
        rows="4"
        maxlength="8000"
        aria-describedby="good-reason"
      ></textarea>
    </p>
    <details id="good-reason">
      <summary>What a good reason has</summary>
      ${help("rejection", "To reject")} ${help("change-request", "To ask for changes")}
      ${help("condition", "To approve on a check")}
    </details>
    <p>
      <label for="key">Passkey</label>
      <select id="key" name="key">
        ${passkeys.map((item) => html`<option value="${item}">${item}</option>`)}
      </select>
    </p>
    <p><button type="submit">Read what I sign</button></p>
  </form>`;
}

function help(use: RationaleUse, to: string): Html {
  return html`<p>${to}:</p>
    <ul>
      ${guidance[use].has.map((item) => html`<li>${item}</li>`)}
    </ul>
    <p class="text">${exampleFor({ use })}</p>`;
}

/** What the reason could say more, before it is signed. */
function hints(found: readonly Remark[], state: RecordState): Html | false {
  return (
    found.length > 0 &&
    html`<div class="next">
      <p>The reason could say more; you may sign it as it is:</p>
      <ul>
        ${found.map((item) => html`<li>${item.says} <code>${item.name}</code></li>`)}
      </ul>
      <p>For example: <q>${found[0]?.example}</q></p>
      <p><a href="${paths.decide(state.id)}">Write it again</a></p>
    </div>`
  );
}

export interface SignView {
  readonly ledger: LedgerView;
  readonly state: RecordState;
  /** The sentence that is signed. */
  readonly sentence: string;
  readonly comment: string;
  /** What the comment could say more. */
  readonly remarks: readonly Remark[];
  readonly fingerprint: string;
  /** Base64 of the statement, and of what WebAuthn calls the challenge. */
  readonly payload: string;
  readonly challenge: string;
  readonly openings: string;
  readonly relyingParty: string;
}

export function signPage(view: SignView): string {
  const { ledger, state, sentence, comment, fingerprint } = view;
  return page({
    title: `Sign about ${state.id}`,
    ledger: html`Ledger <strong>${ledger.origin}</strong>`,
    script: paths.signScript(),
    main: html`<p class="trail"><a href="${paths.record(state.id)}">${state.id}</a></p>
      <h1>Sign about ${state.id}</h1>
      <p>You sign this sentence, about exactly this version of the record:</p>
      <blockquote class="text">${sentence}</blockquote>
      ${
        comment !== "" &&
        html`<p>With the comment:</p>
          <p class="text">${comment}</p>`
      }
      ${hints(view.remarks, state)}
      <dl class="facts">
        <div>
          <dt>Record hash</dt>
          <dd><code>${state.hash}</code></dd>
        </div>
        <div>
          <dt>Passkey</dt>
          <dd><code>${fingerprint}</code></dd>
        </div>
      </dl>
      <p id="passkey-lacks">This needs a browser with passkeys, and script.</p>
      <p>
        <button
          id="sign"
          type="button"
          hidden
          data-challenge="${view.challenge}"
          data-relying-party="${view.relyingParty}"
          data-payload="${view.payload}"
          data-openings="${view.openings}"
          data-fingerprint="${fingerprint}"
          data-after="${paths.record(state.id)}"
        >
          Sign with the passkey
        </button>
        <a href="${paths.decide(state.id)}">Do not</a>
      </p>
      <p id="told" role="status" aria-live="polite"></p>`,
  });
}

/** Making a passkey: it counts once an administrator has enrolled it. */
export function passkeyPage(view: {
  readonly person: string;
  readonly relyingParty: string;
  readonly enrolled: readonly string[];
}): string {
  const { person, relyingParty, enrolled } = view;
  return page({
    title: "Your passkeys",
    script: paths.passkeyScript(),
    main: html`<h1>Your passkeys</h1>
      ${
        enrolled.length === 0
          ? html`<p class="empty">None is enrolled for ${person} at ${relyingParty}.</p>`
          : html`<p>Enrolled for ${person} at ${relyingParty}:</p>
              <ul>
                ${enrolled.map((item) => html`<li><code>${item}</code></li>`)}
              </ul>`
      }
      <h2>Make another</h2>
      <p>
        This device makes a key that never leaves it, for ${relyingParty} alone. An administrator
        then enrols its public half: compare the fingerprint with them, not by mail.
      </p>
      <p id="passkey-lacks">This needs a browser with passkeys, and script.</p>
      <p>
        <button
          id="make"
          type="button"
          hidden
          data-relying-party="${relyingParty}"
          data-person="${person}"
        >
          Make a passkey
        </button>
      </p>
      <p id="told" role="status" aria-live="polite"></p>
      <div id="made" hidden>
        <p>Fingerprint: <code id="fingerprint"></code></p>
        <p>An administrator runs:</p>
        <pre><code id="command"></code></pre>
        <p>The public key:</p>
        <pre><code id="line"></code></pre>
      </div>`,
  });
}
