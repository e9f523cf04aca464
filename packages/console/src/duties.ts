/** What the record is bound to beside its main line: emergency, end, obligation, retrospective. */
import { dutiesOf, type RecordState } from "@countermand/record";
import { html, type Html } from "./html.ts";
import type { ShowActor } from "./people.ts";
import { facts } from "./table.ts";
import type { ShowText } from "./texts.ts";

/** Nothing where there is none: most records have no duties beside the main line. */
export function duties(state: RecordState, actor: ShowActor, text: ShowText): Html {
  const found = dutiesOf(state);
  if (found.length === 0) return html``;
  return html`<section aria-labelledby="duties">
    <h2 id="duties">Bound to</h2>
    ${facts(
      found.map((item) => [
        item.term,
        html`${item.tone === "bad" ? html`<strong class="void">${item.says}</strong>` : item.says}
        ${item.actor !== undefined && actor(item.actor)} ${(item.texts ?? []).map(text)}`,
      ]),
    )}
  </section>`;
}
