/** The parts of a record's page between its reasons and its timeline. */
import {
  approvalsInForce,
  type Artefact,
  assuranceOf,
  type Decision,
  type RecordState,
  type Registry,
  showCondition,
  showIdentity,
} from "@countermand/record";
import { html, type Html } from "./html.ts";
import { paths } from "./paths.ts";
import type { ShowActor } from "./people.ts";
import { statusName } from "./status.ts";
import { facts, table } from "./table.ts";
import type { ShowText } from "./texts.ts";
import { bytes, count, instant, span } from "./time.ts";

export function assessment({ assessment: found }: RecordState, actor: ShowActor): Html {
  return html`<section aria-labelledby="undoes">
    <h2 id="undoes">What it undoes</h2>
    ${
      found === undefined
        ? html`<p class="empty">Not assessed yet: what it undoes is unknown.</p>`
        : html`<p>
              ${
                found.report === undefined
                  ? html`<strong>Unknown:</strong> no analysis of the difference was possible.`
                  : html`${count(found.commits, "commit")} in ${count(found.files, "file")};
                    ${download(found.report, "the whole report")}.`
              }
              Assessed by ${actor(found.actor)}, ${instant(found.recordedAt)}.
            </p>
            ${
              found.risk !== undefined &&
              html`<p>
                Risk <strong>${found.risk.score} of 100, ${found.risk.level}</strong>;
                ${found.risk.coverage} % of what was to be looked at was seen.
              </p>`
            }
            ${
              found.implications.length > 0 &&
              table({
                caption: html`What going back brings with it`,
                columns: ["Implication", "Direction", "Severity", "Places", "Rule"],
                rows: found.implications.map((item) => [
                  html`<a href="${paths.implication(item.id)}">${item.id}</a>`,
                  item.direction === "worse"
                    ? html`<strong class="void">worse</strong>`
                    : html`${item.direction}`,
                  html`${item.severity}`,
                  html`${item.count}`,
                  html`<code>${item.rule}</code>`,
                ]),
              })
            }
            ${
              (found.unknowns.length > 0 || found.unknownAuthors > 0) &&
              html`<h3>Unknown</h3>
                <ul>
                  ${found.unknowns.map((unknown) => html`<li>${unknown}</li>`)}
                  ${
                    found.unknownAuthors > 0 &&
                    html`<li>
                      whether an approver is among ${count(found.unknownAuthors, "author")} of
                      undone commits who ${found.unknownAuthors === 1 ? "is" : "are"} not enrolled
                    </li>`
                  }
                </ul>`
            }
            ${
              found.inputs !== undefined &&
              html`<p>
                Rules <code>${found.inputs.rules.slice(0, 12)}</code>,
                ${
                  found.inputs.advisories === undefined
                    ? "no advisory data"
                    : html`advisory data <code>${found.inputs.advisories.slice(0, 12)}</code>`
                },
                ${
                  found.inputs.context !== undefined &&
                  html`context <code>${found.inputs.context.slice(0, 12)}</code>, `
                }
                ${
                  found.inputs.clearings !== undefined &&
                  html`clearings <code>${found.inputs.clearings.slice(0, 12)}</code>, `
                }
                as of ${instant(found.inputs.asOf)}.
              </p>`
            }
            ${
              found.authors.length > 0 &&
              html`<h3>Authors of undone commits</h3>
                <ul>
                  ${found.authors.map((author) => html`<li>${actor(author)}</li>`)}
                </ul>`
            }`
    }
  </section>`;
}

export function approvals(
  state: RecordState,
  registry: Registry,
  actor: ShowActor,
  text: ShowText,
): Html {
  const inForce = approvalsInForce(state);
  const counted = new Set(inForce.map((item) => item.index));
  const window = state.authorisation;
  return html`<section aria-labelledby="approvals">
    <h2 id="approvals">Approvals: ${inForce.length} of ${state.obligations.approvals}</h2>
    ${
      state.decisions.length === 0
        ? html`<p class="empty">Nobody has decided yet.</p>`
        : html`<ol class="cards">
            ${state.decisions.map(
              (item) =>
                html`<li>
                  <p>
                    <strong
                      >${decided[item.decision]}${item.to !== undefined && html` to ${item.to}`}</strong
                    >
                    by ${actor(item.actor)}, ${instant(item.recordedAt)} (entry
                    ${item.index}).${
                      assuranceOf(registry, item.key) === "administrator" &&
                      html` <span class="weak">Whose key it is, an administrator said.</span>`
                    }
                    ${standing(item, counted)}
                  </p>
                  ${
                    item.conditions.length > 0 &&
                    html`<p>On condition: ${item.conditions.map(showCondition).join("; ")}.</p>`
                  }
                  ${item.comment !== undefined && text(item.comment)}
                </li>`,
            )}
          </ol>`
    }
    ${
      window !== undefined &&
      html`<p>
        May be executed from ${instant(window.notBefore)} to ${instant(window.notAfter)}, by entry
        ${window.index}.
      </p>`
    }
  </section>`;
}

const decided: Readonly<Record<Decision["decision"], string>> = {
  approve: "Approved",
  reject: "Rejected",
  "request-changes": "Changes asked for",
  delegate: "Delegated",
  escalate: "Escalated",
};

function standing(item: Decision, counted: ReadonlySet<number>): Html {
  if (item.voidedBy !== undefined) {
    return html`<strong class="void">Void</strong> since entry ${item.voidedBy}: the record changed.`;
  }
  if (item.withdrawnBy !== undefined) {
    return html`<strong class="void">Taken back</strong> by entry ${item.withdrawnBy}.`;
  }
  if (item.decision !== "approve" || counted.has(item.index)) return html``;
  return html`<strong class="void">Does not count</strong>: it is of another version, or this person
    approved before.`;
}

export function evidence(state: RecordState, actor: ShowActor): Html {
  return html`<section aria-labelledby="evidence">
    <h2 id="evidence">Evidence</h2>
    ${
      state.evidence.length === 0
        ? html`<p class="empty">
            None. Add a test result, a scan or a screenshot:
            <code>countermand evidence ${state.id} &lt;file&gt;</code>
          </p>`
        : table({
            caption: html`Artefacts, by SHA-256 of their content`,
            columns: ["Artefact", "Kind", "Type", "Size", "By", "Recorded"],
            rows: state.evidence.map((item) => [
              download(item, `${item.digest.slice(0, 16)}…`),
              html`${item.kind}`,
              html`${item.mediaType}`,
              html`${bytes(item.size)}`,
              actor(item.actor),
              instant(item.recordedAt),
            ]),
          })
    }
  </section>`;
}

export function executions(state: RecordState, actor: ShowActor, text: ShowText): Html {
  return html`<section aria-labelledby="executions">
    <h2 id="executions">Execution</h2>
    ${
      state.executions.length === 0
        ? html`<p class="empty">Not run.</p>`
        : html`<ol class="cards">
            ${state.executions.map(
              ({ finished, command, gate, actor: by, recordedAt }) =>
                html`<li>
                  ${
                    command === undefined
                      ? html`<p>The gate let ${gate} deploy it.</p>`
                      : text(command)
                  }
                  <p>
                    ${
                      finished === undefined
                        ? html`<strong>Running</strong>, started`
                        : html`<strong>${statusName(finished.outcome)}</strong> after
                            ${span(Date.parse(finished.finishedAt) - Date.parse(finished.startedAt))},
                            started`
                    }
                    ${instant(finished?.startedAt ?? recordedAt)} by ${actor(by)}.
                    ${
                      finished?.output !== undefined &&
                      html`${download(finished.output, "What it printed")}
                      (${bytes(finished.output.size)}).`
                    }
                  </p>
                </li>`,
            )}
          </ol>`
    }
  </section>`;
}

/** Observations, whether it helped, the review and the close. */
export function outcome(state: RecordState, actor: ShowActor): Html {
  const { observations, verifications, review, closure } = state;
  return html`<section aria-labelledby="outcome">
    <h2 id="outcome">Outcome</h2>
    ${
      observations.length === 0
        ? html`<p class="empty">Nobody has said what runs now.</p>`
        : table({
            caption: html`What runs, as observed`,
            columns: ["Runs", "Agrees", "Observer", "Source", "Recorded"],
            rows: observations.map((item) => [
              html`<code>${showIdentity(item.running)}</code>`,
              item.agrees ? html`yes` : html`<strong>no</strong>`,
              html`${actor(item.actor)}${
                !item.independent &&
                html` <span class="quiet">(the executor: does not count)</span>`
              }`,
              html`${item.source}`,
              instant(item.recordedAt),
            ]),
          })
    }
    ${
      verifications.length > 0 &&
      html`<h3>Did it help?</h3>
        <ol class="cards">
          ${verifications.map(
            (item) =>
              html`<li>
                <p>
                  <strong>${item.outcome}</strong> says ${actor(item.actor)},
                  ${instant(item.recordedAt)}.
                </p>
                <ul>
                  ${item.checks.map((check) => html`<li>${check.name}: ${check.outcome}</li>`)}
                </ul>
              </li>`,
          )}
        </ol>`
    }
    ${
      (review !== undefined || closure !== undefined) &&
      facts([
        ...(review === undefined
          ? []
          : [
              [
                "Review",
                html`${statusName(review.outcome)}, by ${actor(review.actor)},
                ${instant(review.recordedAt)}`,
              ] as const,
              [
                "Actions",
                review.actions.length === 0 ? html`none` : html`${review.actions.join(", ")}`,
              ] as const,
            ]),
        ...(closure === undefined
          ? []
          : [
              [
                "Closed",
                html`${statusName(closure.alignment)}, by ${actor(closure.actor)},
                ${instant(closure.recordedAt)}`,
              ] as const,
            ]),
      ])
    }
  </section>`;
}

function download(artefact: Artefact, text: string): Html {
  return html`<a href="${paths.artefact(artefact.digest)}" download>${text}</a>`;
}
