/** `/`: the records, newest first, and below them what audits of repositories found. */
import { modes, statuses } from "@countermand/record";
import { html, type Html } from "./html.ts";
import { page } from "./layout.ts";
import { paths, type ListQuery } from "./paths.ts";
import { actors, type ShowActor } from "./people.ts";
import { reversalSection } from "./reversals.ts";
import { badge, statusName } from "./status.ts";
import { table } from "./table.ts";
import { ago } from "./time.ts";
import type { HomeView, LedgerView, RecordRow } from "./views.ts";

export function homePage(view: HomeView): string {
  const { ledger, query, audits } = view;
  return page({
    title: "Rollbacks",
    ledger:
      ledger === undefined
        ? html`No ledger is open here yet.`
        : html`Ledger <strong>${ledger.origin}</strong>${ended(ledger)}`,
    main: html`<section aria-labelledby="records">
        <h1 id="records">Rollbacks</h1>
        ${ledger === undefined ? noLedger() : records(view, ledger, query)}
      </section>
      <section aria-labelledby="reversals">
        <h2 id="reversals">Reversals that an audit found</h2>
        ${
          audits.length === 0
            ? noAudit()
            : audits.map((found) => reversalSection(found, { heading: true }))
        }
      </section>`,
  });
}

/** Nothing is proposed here any more; what was recorded stays. */
function ended({ registry: { closed } }: LedgerView): Html | false {
  if (closed === undefined) return false;
  const on = closed.successor && html`; it goes on as <strong>${closed.successor.origin}</strong>`;
  return html`, closed for ever by entry ${closed.index}: ${closed.reason}${on}`;
}

function records(view: HomeView, ledger: LedgerView, query: ListQuery): Html {
  const { items, next } = view.records;
  const { status, service, environment, mode, mandatory } = query;
  const filtered = [status, service, environment, mode, mandatory].some(isGiven);
  const older = isGiven(query.after);
  return html`${owed(view, ledger)} ${filter(query)}
  ${
    items.length === 0
      ? empty(filtered, older)
      : table({
          caption: html`${older ? "Older records" : "Records"}, newest
          first${filtered && ", as filtered"}`,
          columns: listColumns,
          rows: items.map((row) =>
            recordRow(row, actors(ledger.registry, ledger.openings), view.now),
          ),
        })
  }
  ${
    (older || next !== undefined) &&
    html`<nav aria-label="Pages of records">
      <ul>
        ${older && html`<li><a href="${paths.home({ ...query, after: "" })}">Newest</a></li>`}
        ${
          next !== undefined &&
          html`<li>
            <a rel="next" href="${paths.home({ ...query, after: next })}">Older records</a>
          </li>`
        }
      </ul>
    </nav>`
  }`;
}

/** What somebody must do comes before everything that there is. */
function owed({ owed: { items, next }, now }: HomeView, ledger: LedgerView): Html | false {
  if (items.length === 0) return false;
  return html`${table({
    caption: html`Mandatory, and not run
    yet${
      next !== undefined &&
      html` (the newest ${items.length};
        <a href="${paths.home({ mandatory: "true" })}">show all</a>)`
    }`,
    columns: listColumns,
    rows: items.map((row) => recordRow(row, actors(ledger.registry, ledger.openings), now)),
  })}`;
}

const listColumns = [
  "Record",
  "Status",
  "What",
  "Back to",
  "Reason",
  "Proposed by",
  "Age",
  "Due",
] as const;

function recordRow(row: RecordRow, actor: ShowActor, now: Date): readonly Html[] {
  return [
    html`<a href="${paths.record(row.id)}">${row.id}</a>`,
    badge(row.status),
    html`${row.kind} of <strong>${row.service}</strong> in <strong>${row.environment}</strong>`,
    html`<code>${row.target}</code>`,
    html`${row.reason}`,
    actor(row.proposer),
    ago(row.proposedAt, now),
    row.dueAt === undefined ? html`<span class="quiet">–</span>` : ago(row.dueAt, now),
  ];
}

function filter(query: ListQuery): Html {
  return html`<form method="get" action="${paths.home()}" role="search" aria-label="Records">
    <div>
      <label for="status">Status</label>
      <select id="status" name="status">
        <option value="">any</option>
        ${statuses.map((status) =>
          status === query.status
            ? html`<option value="${status}" selected>${statusName(status)}</option>`
            : html`<option value="${status}">${statusName(status)}</option>`,
        )}
      </select>
    </div>
    <div>
      <label for="mode">Mode</label>
      <select id="mode" name="mode">
        <option value="">any</option>
        ${["ordinary", ...modes].map((mode) =>
          mode === query.mode
            ? html`<option value="${mode}" selected>${mode}</option>`
            : html`<option value="${mode}">${mode}</option>`,
        )}
      </select>
    </div>
    <div>
      <label for="mandatory">Must run</label>
      <select id="mandatory" name="mandatory">
        <option value="">any</option>
        ${
          query.mandatory === "true"
            ? html`<option value="true" selected>mandatory, not run yet</option>`
            : html`<option value="true">mandatory, not run yet</option>`
        }
      </select>
    </div>
    <div>
      <label for="service">Service</label>
      <input
        id="service"
        name="service"
        value="${query.service ?? ""}"
        maxlength="100"
        autocomplete="off"
        spellcheck="false"
      />
    </div>
    <div>
      <label for="environment">Environment</label>
      <input
        id="environment"
        name="environment"
        value="${query.environment ?? ""}"
        maxlength="100"
        autocomplete="off"
        spellcheck="false"
      />
    </div>
    <button type="submit">Filter</button>
    <a href="${paths.home()}">Clear</a>
  </form>`;
}

function empty(filtered: boolean, older: boolean): Html {
  if (filtered) {
    return html`<p class="empty">
      No record matches. <a href="${paths.home()}">Show all records</a>.
    </p>`;
  }
  if (older) {
    return html`<p class="empty">There is nothing older.</p>`;
  }
  return html`<div class="empty">
    <p>No rollback is recorded yet. Propose the first one from a clone of the repository:</p>
    <pre><code>countermand propose</code></pre>
    <p>To see first what going back would undo, without recording anything:</p>
    <pre><code>countermand undo &lt;target&gt;</code></pre>
  </div>`;
}

function noLedger(): Html {
  return html`<div class="empty">
    <p>
      Nothing can be recorded before a ledger is open. On the machine that holds the data folder:
    </p>
    <pre><code>countermand init</code></pre>
    <p>It enrols your SSH key as the first administrator. Then enrol somebody who can approve.</p>
  </div>`;
}

function noAudit(): Html {
  return html`<div class="empty">
    <p>
      No repository has been audited for this page yet. To find the rollbacks that nobody recorded,
      start the server with:
    </p>
    <pre><code>countermand serve --audit &lt;repository&gt;</code></pre>
    <p>Or read them in a terminal, without a server and without a ledger:</p>
    <pre><code>countermand audit &lt;repository&gt;</code></pre>
  </div>`;
}

function isGiven(text: string | undefined): boolean {
  return text !== undefined && text !== "";
}
