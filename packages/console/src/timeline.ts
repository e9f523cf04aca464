/** Every entry of a record in the order of the log, with both clocks and what a doubter needs. */
import type { RecordState, TimelineItem } from "@countermand/record";
import { html, type Html } from "./html.ts";
import type { ShowActor } from "./people.ts";
import { facts } from "./table.ts";
import { instant, lateAfter, span } from "./time.ts";

export function timeline(state: RecordState, actor: ShowActor): Html {
  return html`<section aria-labelledby="timeline">
    <h2 id="timeline">Timeline</h2>
    <ol class="timeline">
      ${state.timeline.map(
        (item) =>
          html`<li>
            <p>${instant(item.recordedAt)} ${actor(item.actor)} ${item.says}</p>
            ${gap(item)}
            <details>
              <summary>Entry ${item.index}</summary>
              ${facts([
                ["Said to have happened", instant(item.occurredAt)],
                ["Recorded", instant(item.recordedAt)],
                ["Statement", html`${item.type} <code class="hash">${item.statement}</code>`],
                ["Signed with", html`<code class="hash">${item.key}</code>`],
                ["Leaf hash", html`<code class="hash">${item.leafHash}</code>`],
              ])}
            </details>
          </li>`,
      )}
    </ol>
  </section>`;
}

/** Late is shown as late, whichever clock is ahead. */
function gap(item: TimelineItem): Html {
  const late = Date.parse(item.recordedAt) - Date.parse(item.occurredAt);
  if (!(Math.abs(late) > lateAfter)) return html``;
  const side = late > 0 ? "before" : "after";
  return html`<p class="late">
    <strong>Clocks differ:</strong> at ${instant(item.occurredAt)}, as it says,
    ${span(Math.abs(late))} ${side} it was recorded.
  </p>`;
}
