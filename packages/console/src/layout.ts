/** The frame of every page: what this is, which ledger, the way to the content. */
import { html, render, type Html } from "./html.ts";
import { paths } from "./paths.ts";

export interface Frame {
  readonly title: string;
  /** Which ledger, or that there is none; nothing where that is not known. */
  readonly ledger?: Html;
  readonly main: Html;
  /** The address of the page's script; only pages that need a passkey have one. */
  readonly script?: string;
}

/** A whole document, ready to send. */
export function page({ title, ledger, main, script }: Frame): string {
  return render(
    html`<!doctype html>
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <meta name="color-scheme" content="light dark" />
          <title>${title} · Countermand</title>
          <link rel="stylesheet" href="${paths.style()}" />
          ${script !== undefined && html`<script src="${script}" defer></script>`}
        </head>
        <body>
          <a class="skip" href="#main">Skip to the content</a>
          <header>
            <p class="brand"><a href="${paths.home()}">Countermand</a></p>
            <p>
              The record of every rollback: what was undone, why, on whose authority, and what
              happened next.
            </p>
            ${ledger !== undefined && html`<p class="ledger">${ledger}</p>`}
          </header>
          <main id="main" tabindex="-1">${main}</main>
          <footer>
            <nav aria-label="About this server">
              <ul>
                <li><a href="${paths.checkpoint()}">Checkpoint</a></li>
                <li><a href="${paths.logKey()}">Log key</a></li>
                <li><a href="${paths.openapi()}">API</a></li>
                <li><a href="${paths.session()}">Your session</a></li>
              </ul>
            </nav>
            <p>Whoever decides signs, with the command line or a passkey. Times are UTC.</p>
          </footer>
        </body>
      </html> `,
  );
}

/** A page that says in one sentence why there is no other. */
export function problemPage(problem: {
  readonly status: number;
  readonly title: string;
  readonly detail: string;
}): string {
  return page({
    title: problem.title,
    main: html`<h1>${problem.title}</h1>
      <p class="text">${problem.detail}</p>
      <p>
        <a href="${paths.home()}">All records</a> · answer <span class="id">${problem.status}</span>
      </p>`,
  });
}
