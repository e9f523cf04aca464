/**
 * The one style sheet. System fonts, no images. Colours have a contrast of at
 * least 4.5 to 1 against their ground in both schemes; a status is also words.
 */
export const style = `:root {
  color-scheme: light dark;
  --ground: #ffffff;
  --raised: #f4f5f7;
  --line: #d3d7de;
  --text: #1a1f28;
  --quiet: #555e6d;
  --link: #0b57b7;
  --good: #17673a;
  --bad: #b3261e;
  --runs: #0b57b7;
  --waits: #8a5200;
  --mono: ui-monospace, "SFMono-Regular", Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #12151a;
    --raised: #1b2027;
    --line: #39414d;
    --text: #e6e9ee;
    --quiet: #a3adbb;
    --link: #86b7ff;
    --good: #6fd196;
    --bad: #ff8f86;
    --runs: #86b7ff;
    --waits: #f0b35c;
  }
}
* { box-sizing: border-box; }
html { font: 100%/1.5 system-ui, "Liberation Sans", sans-serif; background: var(--ground); color: var(--text); }
body { max-width: 84rem; margin: 0 auto; padding: 0 1rem 3rem; overflow-wrap: anywhere; }
a { color: var(--link); text-underline-offset: 0.15em; }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; border-radius: 2px; }
main:focus { outline: none; }
.skip { position: absolute; left: -100vw; top: 0; padding: 0.6rem 1rem; background: var(--ground); z-index: 1; }
.skip:focus { left: 0; }
header { border-bottom: 1px solid var(--line); padding: 1rem 0 0.9rem; margin-bottom: 1.5rem; color: var(--quiet); }
header p { margin: 0; max-width: none; }
.brand a { font-size: 1.25rem; font-weight: 700; color: var(--text); text-decoration: none; }
.ledger { margin-top: 0.3rem; }
.ledger strong { color: var(--text); }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 0.75rem; }
h2 { font-size: 1.25rem; line-height: 1.3; margin: 2.25rem 0 0.6rem; padding-top: 1rem; border-top: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 1.2rem 0 0.3rem; }
p { margin: 0.4rem 0; }
p, .cards, .timeline { max-width: 48rem; }
.lead { font-size: 1.1rem; }
.next { background: var(--raised); border-left: 4px solid var(--waits); padding: 0.6rem 0.9rem; margin: 0.9rem 0 1.3rem; }
.quiet, .absent, .id { color: var(--quiet); }
.absent { font-style: italic; }
.id { display: inline-block; max-width: 100%; }
.id, code, pre { font-family: var(--mono); font-size: 0.9em; }
pre { background: var(--raised); border: 1px solid var(--line); border-radius: 4px; padding: 0.6rem 0.8rem; margin: 0.5rem 0; max-width: 60rem; white-space: pre-wrap; }
pre code { font-size: 1em; }
.text { white-space: pre-wrap; border-left: 3px solid var(--line); padding-left: 0.8rem; }
.empty, .weak { color: var(--quiet); }
.empty code, .empty pre { color: var(--text); }
.trail { margin-bottom: 0.8rem; }
.void, .late strong { color: var(--bad); }
.late { color: var(--quiet); }
.badge { display: inline-block; white-space: nowrap; font-size: 0.875rem; font-weight: 600; line-height: 1.4; padding: 0.05rem 0.55rem; border: 1px solid currentcolor; border-radius: 1rem; color: var(--quiet); vertical-align: middle; }
.badge.good { color: var(--good); }
.badge.bad { color: var(--bad); }
.badge.runs { color: var(--runs); }
.badge.waits { color: var(--waits); }
.button { display: inline-block; padding: 0.45rem 0.9rem; border: 1px solid var(--link); border-radius: 4px; text-decoration: none; font-weight: 600; }
form { display: flex; flex-wrap: wrap; gap: 0.75rem; align-items: end; margin: 0 0 1.25rem; }
form label { display: block; font-size: 0.875rem; color: var(--quiet); }
input, select, button { font: inherit; color: inherit; background: var(--ground); border: 1px solid var(--quiet); border-radius: 4px; padding: 0.4rem 0.6rem; min-height: 2.5rem; }
button { font-weight: 600; padding-inline: 1.1rem; background: var(--raised); cursor: pointer; }
form > a { padding: 0.5rem 0.25rem; }
form.tall { flex-direction: column; align-items: stretch; max-width: 42rem; }
form.tall > * { margin: 0; }
fieldset { border: 1px solid var(--quiet); border-radius: 4px; padding: 0.25rem 1rem 0.75rem; }
fieldset label { display: flex; align-items: center; gap: 0.6rem; color: inherit; font-size: 1rem; min-height: 2.5rem; }
input[type="radio"] { min-height: 0; width: 1.15rem; height: 1.15rem; }
textarea { font: inherit; color: inherit; background: var(--ground); border: 1px solid var(--quiet); border-radius: 4px; padding: 0.4rem 0.6rem; width: 100%; box-sizing: border-box; }
form.tall input:not([type]), form.tall select { width: 100%; box-sizing: border-box; }
table { border-collapse: collapse; width: 100%; margin: 0.6rem 0 0.9rem; font-size: 0.95rem; }
caption { text-align: left; color: var(--quiet); font-size: 0.875rem; padding-bottom: 0.3rem; }
th, td { text-align: left; vertical-align: top; padding: 0.5rem 0.9rem 0.5rem 0; border-bottom: 1px solid var(--line); font-weight: normal; }
thead th { font-size: 0.875rem; font-weight: 600; color: var(--quiet); white-space: nowrap; }
/* Cells may break anywhere, but not to a sliver of a word. */
th > div, td > div { min-width: 6.75rem; }
tbody th a { font-weight: 600; white-space: nowrap; }
tbody time { white-space: nowrap; }
ul.plain, .cards, .timeline, nav ul { list-style: none; padding: 0; margin: 0; }
.cards > li, .timeline > li { padding: 0.5rem 0 0.5rem 0.9rem; border-left: 3px solid var(--line); margin: 0.6rem 0; }
.timeline p { margin: 0; }
.timeline > li > p > time { color: var(--quiet); margin-right: 0.4rem; }
details { margin-top: 0.2rem; }
summary { cursor: pointer; color: var(--quiet); width: fit-content; }
.facts { margin: 0.6rem 0; }
.facts > div { display: grid; grid-template-columns: 11rem 1fr; gap: 0.25rem 1rem; padding: 0.25rem 0; }
.split > section > h2 { margin-top: 0; padding-top: 0; border: 0; }
@media (min-width: 70rem) {
  .split { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 0 3rem; }
}
.facts dt { color: var(--quiet); }
.facts dd { margin: 0; }
nav ul { display: flex; flex-wrap: wrap; gap: 0.4rem 1.25rem; }
footer { margin-top: 3rem; border-top: 1px solid var(--line); padding-top: 1rem; color: var(--quiet); font-size: 0.875rem; }
@media (max-width: 69.99rem) {
  table, tbody, tr, caption { display: block; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  tbody tr { border: 1px solid var(--line); border-radius: 4px; padding: 0.35rem 0.75rem; margin: 0.6rem 0; }
  tbody th, tbody td { display: grid; grid-template-columns: 6.5rem minmax(0, 1fr); gap: 0.75rem; border: 0; padding: 0.2rem 0; }
  tbody th::before, tbody td::before { content: attr(data-label); color: var(--quiet); font-size: 0.875rem; }
  th > div, td > div { min-width: 0; }
  tbody time { white-space: normal; }
  form > div { flex: 1 1 9rem; }
  input, select { width: 100%; }
}
@media (max-width: 36rem) {
  .facts > div { grid-template-columns: 1fr; gap: 0; }
}
@media print {
  .skip, form, footer, .next { display: none; }
}
`;
