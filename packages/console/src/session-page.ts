/** `/session`: who the server takes you for, and where else you are logged in. */
import { html, type Html } from "./html.ts";
import { page } from "./layout.ts";
import { hidden, type WhoView } from "./login-pages.ts";
import { paths } from "./paths.ts";
import { facts, table } from "./table.ts";
import { ago } from "./time.ts";

export interface SessionRow {
  readonly id: string;
  readonly use: "page" | "command-line";
  readonly method: "oidc" | "passkey" | "link";
  readonly client: string;
  readonly address: string;
  readonly createdAt: string;
  readonly seenAt: string;
  readonly idleAt: string;
  readonly endsAt: string;
}

export interface SessionView {
  readonly who: WhoView;
  readonly sessions: readonly SessionRow[];
  readonly form: string;
  readonly now: Date;
}

const methods: Readonly<Record<SessionRow["method"], string>> = {
  oidc: "identity provider",
  passkey: "passkey",
  link: "one-time link",
};

const uses: Readonly<Record<SessionRow["use"], string>> = {
  page: "browser",
  "command-line": "command line",
};

export function sessionPage({ who, sessions, form, now }: SessionView): string {
  return page({
    title: "Your session",
    main: html`<h1>Your session</h1>
      ${identity(who)}
      <form method="post" action="${paths.logout()}">
        ${hidden({ form })}
        <button type="submit">Log out</button>
      </form>
      <h2>Where you are logged in</h2>
      ${table({
        caption: html`Sessions that have not ended, newest first. End one that you do not know.`,
        columns: ["Session", "Where", "Logged in with", "Began", "Last seen", "Ends", "End it"],
        rows: sessions.map((row) => sessionRow(row, row.id === who.session?.id, form, now)),
      })}
      <p>
        API tokens are listed and revoked with <code>countermand token list</code> and
        <code>countermand token revoke</code>.
      </p>`,
  });
}

function identity({ person, session }: WhoView): Html {
  const account = session?.account;
  const roles = session?.roles ?? [];
  return html`${
    person === undefined &&
    html`<p class="next">
      Your account is linked to no enrolled person, so you may read and nothing else. An
      administrator links it with the issuer and the subject below.
    </p>`
  }
  ${facts([
    [
      "Person",
      person === undefined
        ? html`<span class="absent">nobody</span>`
        : html`<strong>${person}</strong>`,
    ],
    ...(account === undefined
      ? []
      : ([
          ["Issuer", html`<code>${account.issuer}</code>`],
          ["Subject", html`<code>${account.subject}</code>`],
        ] as const)),
    [
      "Roles from groups",
      roles.length === 0 ? html`<span class="absent">none</span>` : html`${roles.join(", ")}`,
    ],
  ])}`;
}

function sessionRow(row: SessionRow, own: boolean, form: string, now: Date): readonly Html[] {
  const end = row.idleAt < row.endsAt ? row.idleAt : row.endsAt;
  return [
    html`<span class="id">${row.id}</span>${own && html` <strong>this one</strong>`}`,
    html`${uses[row.use]}: ${row.client} <span class="quiet">from ${row.address}</span>`,
    html`${methods[row.method]}`,
    ago(row.createdAt, now),
    ago(row.seenAt, now),
    ago(end, now),
    own
      ? html`<span class="quiet">log out above</span>`
      : html`<form method="post" action="${paths.endSession()}">
          ${hidden({ form, id: row.id })}
          <button type="submit" aria-label="End session ${row.id}">End</button>
        </form>`,
  ];
}
