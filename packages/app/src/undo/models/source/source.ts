/**
 * Source code as rules compare it: units (functions, classes, handlers) with their
 * statements, marks and exits. TypeScript and JavaScript, Python, Ruby, Go, Java (Kotlin
 * and Scala as far as they look the same), C#, PHP, Rust. No grammar is loaded: see
 * docs/design/source-models.md for why.
 */
import { type Model, type Models, type Sided, Unread } from "../model.ts";
import type { Side } from "../../rules/rule.ts";
import { languageOf } from "./languages.ts";
import { strip } from "./strip.ts";
import { treeOf } from "./tree.ts";
import { type Unit, unitsOf } from "./units.ts";

/** UTF-16 units. Longer source is generated or data. */
const longest = 1_000_000;
/** A line above this is minified. */
const longestLine = 20_000;

export const sourceModel: Model<readonly Unit[]> = {
  id: "source",
  version: 1,
  parse(text, path) {
    const language = languageOf(path);
    if (language === null) return new Unread("no source code that is read");
    if (text.length > longest) return new Unread(`longer than ${longest} characters`);
    if (isMinified(text)) return new Unread(`a line is longer than ${longestLine} characters`);
    const nodes = treeOf(strip(text.replaceAll("\r\n", "\n"), language), language);
    return typeof nodes === "string" ? new Unread(nodes) : unitsOf(nodes, language);
  },
};

function isMinified(text: string): boolean {
  let start = 0;
  while (start < text.length) {
    const end = text.indexOf("\n", start);
    if ((end === -1 ? text.length : end) - start > longestLine) return true;
    if (end === -1) return false;
    start = end + 1;
  }
  return false;
}

/** The units of a file on a side; null where it is not there or not readable. */
export function sourceOf(models: Models, file: Sided, side: Side): readonly Unit[] | null {
  return models.of(sourceModel, file, side);
}
