/** What an implication means: its names in the field's catalogues and its page of the documentation. */
import { html, type Html, type Part } from "./html.ts";
import { page } from "./layout.ts";
import { paths } from "./paths.ts";
import { facts } from "./table.ts";

export interface ImplicationView {
  readonly id: string;
  /** A clause without a full stop. */
  readonly title: string;
  readonly severity: string;
  readonly cwe: readonly number[];
  readonly attack: readonly string[];
  readonly controls: readonly string[];
  /** Its page, in the Markdown that this project writes; undefined where the folder is not here. */
  readonly text: string | undefined;
}

export function implicationPage(view: ImplicationView): string {
  return page({
    title: view.id,
    main: html`<p class="trail"><a href="${paths.home()}">All records</a></p>
      <h1>${view.id}</h1>
      <p class="lead">${view.title.charAt(0).toUpperCase()}${view.title.slice(1)}.</p>
      ${facts([
        ["Usual severity", html`${view.severity}`],
        ["CWE", names(view.cwe.map((id) => `CWE-${id}`))],
        ["ATT&CK", names(view.attack)],
        ["Controls", names(view.controls)],
      ])}
      ${
        view.text === undefined
          ? html`<p class="empty">
              Its page is not part of this installation: docs/implications/${view.id}.md in the
              source.
            </p>`
          : blocks(view.text)
      }`,
  });
}

function names(found: readonly string[]): Html {
  return found.length === 0 ? html`<span class="quiet">none</span>` : html`${found.join(", ")}`;
}

/** Paragraphs, lists and second headings; the first heading is the page's own. Anything else stays as it is written. */
function blocks(text: string): readonly Html[] {
  return text
    .replaceAll("\r", "")
    .split(/\n{2,}|(?<=^#.*)\n/m)
    .map((block) => block.trim())
    .filter((block) => block !== "" && !block.startsWith("# "))
    .map((block) => {
      if (block.startsWith("## ")) return html`<h2>${inline(block.slice(3))}</h2>`;
      if (block.startsWith("- ")) {
        const items = block.slice(2).split(/\n- /);
        return html`<ul>
          ${items.map((item) => html`<li>${inline(item)}</li>`)}
        </ul>`;
      }
      if (/^(?:\||```)/.test(block)) return html`<pre><code>${block}</code></pre>`;
      return html`<p>${inline(block)}</p>`;
    });
}

/** Bold, code and links to other implications; other links are text, for they lead into the source. */
function inline(text: string): readonly Part[] {
  const parts: Part[] = [];
  let from = 0;
  for (const match of text.matchAll(/\*\*([^*]+)\*\*|`([^`]+)`|\[([^\]]+)\]\(([^)\s]+)\)/g)) {
    const [whole, bold, code, label, target = ""] = match;
    parts.push(words(text.slice(from, match.index)));
    from = match.index + whole.length;
    if (bold !== undefined) parts.push(html`<strong>${words(bold)}</strong>`);
    else if (code !== undefined) parts.push(html`<code>${words(code)}</code>`);
    else parts.push(linked(words(label ?? ""), target));
  }
  return [...parts, words(text.slice(from))];
}

function linked(label: string, target: string): Html {
  const id = /^([a-z]+(?:[.-][a-z]+)+)\.md$/.exec(target)?.[1];
  return id === undefined ? html`${label}` : html`<a href="${paths.implication(id)}">${label}</a>`;
}

/** Lines are broken where the source is narrow; a paragraph is one line. */
function words(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, " ");
}
