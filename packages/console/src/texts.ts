/** Free texts of a record by their commitments: the text, or why it is not here. */
import type { Opening } from "@countermand/record";
import { html, type Html } from "./html.ts";

export type ShowText = (commitment: string) => Html;

export function showText(openings: readonly Opening[], deleted: readonly string[]): ShowText {
  const texts = new Map(openings.map((opening) => [opening.commitment, opening.value]));
  return (commitment) => {
    const value = texts.get(commitment);
    if (typeof value === "string") return html`<p class="text" dir="auto">${value}</p>`;
    if (value !== undefined) return html`<p class="text">${JSON.stringify(value)}</p>`;
    return deleted.includes(commitment)
      ? html`<p class="absent">Deleted. The commitment to it stays in the ledger.</p>`
      : html`<p class="absent">Withheld. It is not kept here.</p>`;
  };
}
