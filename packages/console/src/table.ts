/**
 * Tables with a caption and a header a row. On a narrow screen the style sheet
 * turns each row into a block that carries its column's name; browsers then
 * forget that it is a table, so the roles are written out.
 */
import { html, type Html } from "./html.ts";

export interface Table {
  readonly caption: Html;
  /** The first column heads its row. */
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Html[])[];
}

export function table({ caption, columns, rows }: Table): Html {
  return html`<table role="table">
    <caption>
      ${caption}
    </caption>
    <thead role="rowgroup">
      <tr role="row">
        ${columns.map((name) => html`<th role="columnheader" scope="col">${name}</th>`)}
      </tr>
    </thead>
    <tbody role="rowgroup">
      ${rows.map(
        (cells) =>
          html`<tr role="row">
            ${cells.map((cell, i) => tableCell(cell, columns[i] ?? "", i === 0))}
          </tr>`,
      )}
    </tbody>
  </table>`;
}

function tableCell(cell: Html, column: string, heads: boolean): Html {
  return heads
    ? html`<th role="rowheader" scope="row" data-label="${column}"><div>${cell}</div></th>`
    : html`<td role="cell" data-label="${column}"><div>${cell}</div></td>`;
}

/** Terms and what they are. */
export function facts(rows: readonly (readonly [string, Html])[]): Html {
  return html`<dl class="facts">
    ${rows.map(
      ([term, value]) =>
        html`<div>
          <dt>${term}</dt>
          <dd>${value}</dd>
        </div>`,
    )}
  </dl>`;
}
