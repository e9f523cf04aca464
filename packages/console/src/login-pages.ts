/** Logging in, and letting a command line in. The only page with script is the first: passkeys need it. */
import { html, type Html } from "./html.ts";
import { page } from "./layout.ts";
import { passkeyLibrary } from "./passkey-script.ts";
import { paths } from "./paths.ts";
import { ago } from "./time.ts";

/** Who looks at the page; `session` is there wherever somebody is logged in. */
export interface WhoView {
  readonly kind: string;
  /** Absent: the account is linked to nobody. */
  readonly person?: string;
  readonly session?: {
    readonly id: string;
    readonly account?: { readonly issuer: string; readonly subject: string };
    readonly roles: readonly string[];
  };
}

export function loginPage(view: {
  /** The identity provider's issuer, if there is one. */
  readonly provider: string | undefined;
  /** Where to go afterwards: a path of this server. */
  readonly back: string;
}): string {
  const { provider, back } = view;
  return page({
    title: "Log in",
    script: paths.loginScript(),
    main: html`<h1>Log in</h1>
      <p>Logging in lets you read. Whoever decides signs, each time.</p>
      ${
        provider !== undefined &&
        html`<h2>With your organisation's account</h2>
          <p>
            <a class="button" href="${paths.loginAtProvider(back)}"
              >Log in at ${hostOf(provider)}</a
            >
          </p>`
      }
      <h2>With a passkey</h2>
      <p id="passkey-lacks">
        This needs a browser with passkeys, and script, which only pages that ask for one use.
      </p>
      <div>
        <button id="passkey" type="button" data-back="${back}" hidden>Use a passkey</button>
      </div>
      <p id="told" role="status" aria-live="polite"></p>
      <h2>With a one-time link</h2>
      <p>Whoever runs this server can have one printed for you:</p>
      <pre><code>countermand login-link &lt;person&gt;</code></pre>`,
  });
}

/** For `/login.js`: asks the browser for a passkey and hands in what it answers. */
export const loginScript = `${passkeyLibrary}
whereThereArePasskeys("passkey", async (button) => {
  const asked = await post("/login/passkey/begin", { back: button.dataset.back });
  const { response } = await navigator.credentials.get({
    publicKey: {
      challenge: toBytes(asked.challenge),
      rpId: asked.relyingParty,
      userVerification: "required",
      timeout: 120000,
    },
  });
  const done = await post("/login/passkey", {
    message: asked.message,
    userHandle: toText(response.userHandle ?? new ArrayBuffer(0)),
    authenticatorData: toText(response.authenticatorData),
    clientDataJson: toText(response.clientDataJSON),
    signature: toText(response.signature),
  });
  location.assign(done.back);
});
`;

/** A one-time link, before it is used. */
export function linkPage({ person, code }: { readonly person: string; readonly code: string }) {
  return page({
    title: "Log in with a link",
    main: html`<h1>Log in as ${person}?</h1>
      <p>
        This link works once. Go on only if you asked for it: whoever sends you their own link wants
        you to work as them.
      </p>
      <form method="post" action="${paths.loginByLink()}">
        <input type="hidden" id="code" name="code" value="${code}" />
        <button type="submit">Log in as ${person}</button>
        <a href="${paths.home()}">Do not</a>
      </form>`,
  });
}

/** A command line on this machine asks to come in. */
export function commandLinePage(view: {
  readonly who: WhoView;
  readonly form: string;
  readonly port: string;
  readonly challenge: string;
  readonly state: string;
}): string {
  const { who, form, port, challenge, state } = view;
  return page({
    title: "Let a command line in",
    main: html`<h1>Let a command line in?</h1>
      <p>
        A program on this computer, at port ${port}, asks to read and to hand in signed statements
        as ${shown(who)}. Go on only if you have just run
        <code>countermand login</code> yourself.
      </p>
      <form method="post" action="${paths.commandLine()}">
        ${hidden({ form, port, challenge, state })}
        <button type="submit">Let it in</button>
        <a href="${paths.home()}">Do not</a>
      </form>`,
  });
}

/** Type a code; then see who waits for it. */
export function devicePage(view: {
  readonly who: WhoView;
  readonly form: string;
  readonly now: Date;
  readonly code?: string;
  readonly device?: {
    readonly client: string;
    readonly address: string;
    readonly askedAt: string;
  };
}): string {
  const { who, form, now, code, device } = view;
  if (code === undefined || device === undefined) {
    return page({
      title: "Let a command line in",
      main: html`<h1>Let a command line in</h1>
        <p>
          For <code>countermand login --device</code>, on a machine without a browser. Type the code
          that it shows.
        </p>
        <form method="get" action="${paths.device()}">
          <div>
            <label for="code">Code</label>
            <input
              id="code"
              name="code"
              maxlength="20"
              autocomplete="off"
              spellcheck="false"
              required
            />
          </div>
          <button type="submit">Look who it is</button>
        </form>`,
    });
  }
  return page({
    title: "Let a command line in",
    main: html`<h1>Let this command line in?</h1>
      <p>
        It calls itself <strong>${device.client}</strong>, asked from
        <strong>${device.address}</strong>, ${ago(device.askedAt, now)}, and would read and hand in
        signed statements as ${shown(who)}.
      </p>
      <p class="next">
        If somebody sent you this code, refuse: it lets them in as you. Go on only if you started
        the command yourself, a moment ago.
      </p>
      <form method="post" action="${paths.device()}">
        ${hidden({ form, code })}
        <button type="submit" name="answer" value="allow">Let it in</button>
        <button type="submit" name="answer" value="refuse">Refuse</button>
      </form>`,
  });
}

/** One sentence, where there is nothing else to do. */
export function noticePage(title: string, text: string): string {
  return page({
    title,
    main: html`<h1>${title}</h1>
      <p>${text}</p>
      <p><a href="${paths.home()}">All records</a></p>`,
  });
}

/** Fields that nobody sees. */
export function hidden(fields: Readonly<Record<string, string>>): readonly Html[] {
  return Object.entries(fields).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`,
  );
}

/** Whose name a command line will have. */
function shown({ person, session }: WhoView): Html {
  if (person !== undefined) return html`<strong>${person}</strong>`;
  const account = session?.account;
  return account === undefined
    ? html`you`
    : html`<strong>${account.subject}</strong> at ${hostOf(account.issuer)}`;
}

/** The host of an issuer's URL, for people. */
export function hostOf(issuer: string): string {
  return /^https?:\/\/([^/?#]+)/.exec(issuer)?.[1] ?? issuer;
}
