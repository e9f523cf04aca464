/** What an audit found in a repository's history: a table, and a page where one is not enough. */
import { html, type Html } from "./html.ts";
import { page } from "./layout.ts";
import { paths } from "./paths.ts";
import { table } from "./table.ts";
import { count, instant, span } from "./time.ts";
import type { AuditedRows, LedgerView, ReversalRow } from "./views.ts";

/** `/reversals`: one repository's, page after page. */
export function reversalsPage(view: {
  readonly ledger: LedgerView | undefined;
  readonly found: AuditedRows;
}): string {
  const { ledger, found } = view;
  return page({
    title: `Reversals in ${found.audit.repository}`,
    ...(ledger === undefined ? {} : { ledger: html`Ledger <strong>${ledger.origin}</strong>` }),
    main: html`<p class="trail"><a href="${paths.home()}">All records</a></p>
      <h1>Reversals in <bdi>${found.audit.repository}</bdi></h1>
      ${reversalSection(found, { heading: false })}`,
  });
}

/** One repository: coverage first, because a list says nothing without what was looked at. */
export function reversalSection(
  { audit, reversals }: AuditedRows,
  { heading }: { readonly heading: boolean },
): Html {
  return html`${heading && html`<h3><bdi>${audit.repository}</bdi></h3>`}
    <p>
      ${count(audit.reversals, "reversal")} in ${count(audit.commits, "commit")} up to
      <code>${audit.head.slice(0, 12)}</code>, audited ${instant(audit.finishedAt)}.
    </p>
    ${
      audit.unknowns.length > 0 &&
      html`<p>What the audit could not see:</p>
        <ul>
          ${audit.unknowns.map((unknown) => html`<li><bdi>${unknown}</bdi></li>`)}
        </ul>`
    }
    ${
      reversals.items.length === 0
        ? html`<p class="empty">Nothing was taken back, as far as content and messages show.</p>`
        : table({
            caption: html`Reversals in <bdi>${audit.repository}</bdi>, newest first`,
            columns: [
              "Commit",
              "Subject",
              "Undid",
              "How long after",
              "Re-applied",
              "Risk",
              "Reason and review",
              "When",
            ],
            rows: reversals.items.map(reversalRow),
          })
    }
    ${
      reversals.next !== undefined &&
      html`<p>
        <a rel="next" href="${paths.reversals(audit.repository, reversals.next)}"
          >Older reversals in <bdi>${audit.repository}</bdi></a
        >
      </p>`
    }`;
}

function reversalRow(row: ReversalRow): readonly Html[] {
  return [
    html`<code>${row.commit.slice(0, 12)}</code>`,
    html`<bdi>${row.subject}</bdi> <span class="quiet">by <bdi>${row.author}</bdi></span>`,
    row.undoes.length === 0
      ? html`<span class="quiet">nothing that could be found</span>`
      : html`<ul class="plain">
          ${row.undoes.map(
            (item) =>
              html`<li>
                <code>${item.commit.slice(0, 12)}</code> ${item.match}${share(item.share)}
              </li>`,
          )}
        </ul>`,
    typeof row.delay === "number"
      ? html`${span(row.delay * 1000)}`
      : html`<span class="quiet">unknown</span>`,
    row.reappliedBy === null ? html`no` : html`by <code>${row.reappliedBy.slice(0, 12)}</code>`,
    risk(row),
    html`<div>
        ${
          row.reason === null
            ? html`<span class="quiet">no reason given</span>`
            : html`<bdi>${row.reason}</bdi>`
        }
      </div>
      ${reviews(row)}`,
    instant(row.committedAt),
  ];
}

/** How much it took away, how much of it was seen, and what. */
function risk({ risk: found, implications, unknowns }: ReversalRow): Html {
  const worse = implications.filter(({ direction }) => direction === "worse").length;
  const told =
    found === null
      ? html`<span class="quiet">not looked at</span>`
      : html`${badge(found.level)} ${found.score} of 100, ${found.coverage} % seen`;
  if (implications.length === 0 && unknowns.length === 0) {
    return html`<div>${told}</div>
      ${found !== null && html`<div class="quiet">no implication was found</div>`}`;
  }
  return html`<div>${told}</div>
    <details>
      <summary>
        ${count(implications.length, "implication")}${worse > 0 && `, ${worse} for the worse`}${
          unknowns.length > 0 && `, ${unknowns.length} unknown`
        }
      </summary>
      <ul>
        ${implications.map(
          (item) =>
            html`<li>
              <a href="${paths.implication(item.id)}">${item.id}</a>
              ${item.direction === "worse" ? html`<strong class="void">worse</strong>` : item.direction},
              ${item.severity}: <bdi>${item.subject}</bdi>
              <span class="quiet">${item.confidence} %, ${item.rule}</span>
            </li>`,
        )}
        ${unknowns.map((item) => html`<li><span class="quiet">unknown:</span> <bdi>${item}</bdi></li>`)}
      </ul>
    </details>`;
}

/** The level as words; its colour says no more than they do. */
function badge(level: string): Html {
  const grave = level === "high" || level === "critical";
  const kind = grave ? "bad" : level === "none" || level === "low" ? "good" : "waits";
  return html`<strong class="badge ${kind}">${level}</strong>`;
}

function reviews({ reviews: found }: ReversalRow): Html {
  return found.length === 0
    ? html`<div class="quiet">no review trailer</div>`
    : html`<ul class="plain quiet">
        ${found.map((item) => html`<li>${item.trailer}: <bdi>${item.who}</bdi></li>`)}
      </ul>`;
}

/** `, 72 %`; the whole of it needs no number. Never rounded up to the whole. */
function share(part: number): string {
  return part >= 1 ? "" : `, ${Math.floor(part * 100)} %`;
}
