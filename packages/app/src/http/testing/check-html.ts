/**
 * For tests: reads a page as strictly as a machine can without a browser, and
 * answers its elements. Throws at the first thing that a browser would have to
 * repair, and at every place where script or style could hide.
 */
export interface Element {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  /** Names of the elements around it, the outermost first. */
  readonly path: readonly string[];
}

const empty = new Set(["meta", "link", "input", "br"]);
/** Which parents an element must have. */
const parents: Readonly<Record<string, readonly string[]>> = {
  li: ["ul", "ol"],
  tr: ["thead", "tbody"],
  th: ["tr"],
  td: ["tr"],
  thead: ["table"],
  tbody: ["table"],
  caption: ["table"],
  dt: ["div"],
  dd: ["div"],
  option: ["select"],
  summary: ["details"],
};
/** Only words and phrases may be inside these. */
const phrasing = new Set([
  "p",
  "h1",
  "h2",
  "h3",
  "a",
  "span",
  "code",
  "strong",
  "bdi",
  "time",
  "caption",
  "summary",
  "label",
  "dt",
  "pre",
  "button",
  "option",
  "title",
]);
const phrases = new Set(["a", "span", "code", "strong", "bdi", "time"]);
const links = /^(?:\/(?!\/)|#[a-z]|https?:\/\/)/;

export function checkHtml(page: string): readonly Element[] {
  const elements: Element[] = [];
  const open: string[] = [];
  const doctype = "<!doctype html>";
  if (!page.startsWith(doctype)) throw new Error("the page has no doctype");
  const token =
    /<(\/?)([a-z][a-z0-9]*)((?:\s+[a-z][a-z-]*(?:="[^"<>]*")?)*)\s*(\/?)>|([^<]+)|(<)/gy;
  token.lastIndex = doctype.length;
  for (let match = token.exec(page); match !== null; match = token.exec(page)) {
    const [all, close, name, attributes = "", , text, stray] = match;
    const where = `${open.join(" ")} at ${match.index}: ${all.slice(0, 80)}`;
    if (stray !== undefined) throw new Error(`stray < in ${where}`);
    if (text !== undefined) {
      if (/&(?!(?:amp|lt|gt|quot|#\d{1,3});)/.test(text)) throw new Error(`bare & in ${where}`);
      continue;
    }
    if (name === undefined) throw new Error(`no element in ${where}`);
    if (close === "/") {
      if (open.pop() !== name) throw new Error(`closes what is not open: ${where}`);
      continue;
    }
    if (["script", "style", "iframe", "object", "embed", "svg", "base", "img"].includes(name)) {
      throw new Error(`${name} in ${where}`);
    }
    const found = new Map(
      [...attributes.matchAll(/([a-z-]+)(?:="([^"]*)")?/g)].map((it) => [it[1] ?? "", it[2] ?? ""]),
    );
    for (const [attribute, value] of found) {
      if (attribute === "style" || attribute.startsWith("on"))
        throw new Error(`${attribute} in ${where}`);
      if (["href", "action", "src"].includes(attribute) && !links.test(value)) {
        throw new Error(`${attribute} leads to ${value}`);
      }
    }
    const parent = open.at(-1) ?? "";
    if (phrasing.has(parent) && !phrases.has(name))
      throw new Error(`${name} inside ${parent}: ${where}`);
    if (name === "a" && open.includes("a")) throw new Error(`a link in a link: ${where}`);
    if (parents[name]?.includes(parent) === false)
      throw new Error(`${name} inside ${parent}: ${where}`);
    if (["ul", "ol"].includes(parent) && name !== "li")
      throw new Error(`${name} inside ${parent}: ${where}`);
    elements.push({ name, attributes: found, path: [...open] });
    if (!empty.has(name)) open.push(name);
  }
  if (open.length > 0) throw new Error(`never closed: ${open.join(" ")}`);
  checkReferences(elements);
  checkHeadings(elements);
  return elements;
}

function checkReferences(elements: readonly Element[]): void {
  const ids = elements.flatMap(({ attributes }) => attributes.get("id") ?? []);
  if (new Set(ids).size !== ids.length) throw new Error(`an id twice: ${ids.join(" ")}`);
  for (const { name, attributes } of elements) {
    for (const reference of ["for", "aria-labelledby"]) {
      const id = attributes.get(reference);
      if (id !== undefined && !ids.includes(id)) throw new Error(`${name} refers to ${id}`);
    }
  }
}

/** One h1, and no level left out on the way down. */
function checkHeadings(elements: readonly Element[]): void {
  const levels = elements.flatMap(({ name }) =>
    /^h\d$/.test(name) ? [Number(name.slice(1))] : [],
  );
  if (levels[0] !== 1 || levels.filter((level) => level === 1).length !== 1) {
    throw new Error(`headings ${levels.join(" ")}`);
  }
  levels.forEach((level, i) => {
    if (level > (levels[i - 1] ?? 0) + 1) throw new Error(`headings ${levels.join(" ")}`);
  });
}
