/** `/records/{id}`: everything that is known of one record, in the order in which people ask. */
import {
  deadlinesOf,
  showIdentity,
  timerSays,
  type Opening,
  type RecordState,
} from "@countermand/record";
import { duties } from "./duties.ts";
import { html, type Html } from "./html.ts";
import { page } from "./layout.ts";
import { paths } from "./paths.ts";
import { actors, type ShowActor } from "./people.ts";
import { approvals, assessment, evidence, executions, outcome } from "./record-parts.ts";
import { badge, nextStep, statusName } from "./status.ts";
import { facts } from "./table.ts";
import { showText } from "./texts.ts";
import { ago, instant } from "./time.ts";
import { timeline } from "./timeline.ts";
import type { LedgerView } from "./views.ts";

export interface RecordPageView {
  readonly ledger: LedgerView;
  readonly state: RecordState;
  /** Of the record; what is not among them is withheld or deleted. */
  readonly openings: readonly Opening[];
  readonly now: Date;
}

export function recordPage({ ledger, state, openings, now }: RecordPageView): string {
  const { proposal } = state;
  const actor = actors(ledger.registry, ledger.openings);
  const text = showText(openings, state.deletedOpenings);
  return page({
    title: `${state.id}, ${statusName(state.status)}`,
    ledger: html`Ledger <strong>${ledger.origin}</strong>`,
    main: html`<p class="trail"><a href="${paths.home()}">All records</a></p>
      <h1>${state.id} ${badge(state.status)}</h1>
      <p class="lead">
        ${proposal.kind} of <strong>${proposal.service}</strong> in
        <strong>${proposal.environment}</strong>, back to
        <code>${showIdentity(proposal.target)}</code>
      </p>
      <p class="next">
        <strong>Next:</strong> ${nextStep(state.id, state.status)}
        ${
          state.status === "pending_approval" &&
          html`Or <a href="${paths.decide(state.id)}">decide with a passkey</a>.`
        }
      </p>
      <div class="split">${head(state, actor, now)} ${why(state, text)}</div>
      ${duties(state, actor, text)} ${assessment(state, actor)}
      ${approvals(state, ledger.registry, actor, text)} ${evidence(state, actor)}
      ${executions(state, actor, text)} ${outcome(state, actor)} ${timeline(state, actor)}
      ${proof(state, ledger)}`,
  });
}

function head(state: RecordState, actor: ShowActor, now: Date): Html {
  const { proposal } = state;
  const deadlines = deadlinesOf(state);
  return facts([
    ["From", html`<code>${showIdentity(proposal.current)}</code>`],
    ["Back to", html`<code>${showIdentity(proposal.target)}</code>`],
    ["Reason", html`${proposal.reason}`],
    ["Tickets", proposal.tickets.length === 0 ? html`none` : html`${tickets(proposal.tickets)}`],
    ["Proposed by", html`${actor(proposal.actor)}, ${instant(proposal.recordedAt)}`],
    ["Status since", instant(state.since)],
    [
      "Due",
      deadlines.length === 0
        ? html`nothing by itself`
        : html`${deadlines.map(
            (item, i) =>
              html`${i > 0 && html`<br />`}${timerSays[item.type]} ${ago(item.at, now)},
              ${instant(item.at)}`,
          )}`,
    ],
    [
      "Lasts",
      proposal.expiresAt === undefined
        ? html`until something else is deployed`
        : html`temporary, until ${instant(proposal.expiresAt)}`,
    ],
    ["Policy", html`${state.policy.id} version ${state.policy.version}`],
    ["Revision", html`${state.revision}`],
    ["Record hash", html`<code class="hash">${state.hash}</code>`],
  ]);
}

/** A ticket that is a web address becomes a link; anything else, and any other scheme, stays text. */
function tickets(found: readonly string[]): Html {
  return html`<ul class="plain">
    ${found.map((ticket) =>
      /^https?:\/\//.test(ticket)
        ? html`<li><a href="${ticket}" rel="noopener noreferrer">${ticket}</a></li>`
        : html`<li>${ticket}</li>`,
    )}
  </ul>`;
}

export function why({ proposal }: RecordState, text: (commitment: string) => Html): Html {
  return html`<section aria-labelledby="why">
    <h2 id="why">Why</h2>
    <h3>Rationale</h3>
    ${text(proposal.rationale)}
    <h3>What users notice</h3>
    ${text(proposal.impact)}
    <h3>Security</h3>
    ${text(proposal.security)}
  </section>`;
}

function proof(state: RecordState, ledger: LedgerView): Html {
  const file = `${state.id}.tar`;
  return html`<section aria-labelledby="proof">
    <h2 id="proof">Check it without trusting this server</h2>
    <p>
      <a class="button" href="${paths.package(state.id)}" download="${file}"
        >Download the evidence package</a
      >
    </p>
    <p>Then, on any machine, without a network:</p>
    <pre><code>countermand verify ${file} --log-key '${ledger.logKey}'</code></pre>
    <p>Take the log key from where you first learnt it, not from this page.</p>
  </section>`;
}
