/**
 * YAML files as all rules read them: plain, or as a template of Helm whose
 * `{{ }}` actions are blanked out first. A template is read leniently: its
 * repeated keys are branches of which the first counts, a document that stays
 * unreadable is left out, and what encloses a line is kept as its guards.
 * Left out: what actions would put in their place, `range` and `with` scopes.
 */
import { readYaml, type Yaml } from "../../lattice/yaml.ts";
import { type Model, type Models, type Sided, Unread } from "../model.ts";
import type { Side } from "../../rules/rule.ts";

export type Template = {
  readonly documents: readonly Yaml[];
  /** By 1-based line, the conditions that hold there, outermost first; index 0 is empty. */
  readonly guards: readonly (readonly string[])[];
};

export const yamlModel: Model<readonly Yaml[]> = {
  id: "yaml",
  version: 1,
  parse(text) {
    const documents = readYaml(text);
    return typeof documents === "string" ? new Unread(documents) : documents;
  },
};

export const templateModel: Model<Template> = {
  id: "yaml.template",
  version: 1,
  parse(text) {
    if (text.length > 1_000_000) return new Unread("longer than 1000000 characters");
    const { plain, guards } = blankActions(text);
    const documents = readYaml(plain, { lenient: true });
    return typeof documents === "string"
      ? new Unread(`a template with {{ }}; ${documents}`)
      : { documents, guards };
  },
};

export type Documents = {
  readonly documents: readonly Yaml[];
  readonly isTemplate: boolean;
  guardsAt(line: number): readonly string[];
};

/** The documents of a file on a side; null where there is none or it cannot be read. */
export function documentsOf(models: Models, file: Sided, side: Side): Documents | null {
  const text = file[side];
  if (text === undefined) return null;
  if (!text.includes("{{") || !/(?:^|\/)templates\/|\.(?:tpl|tmpl|gotmpl)$/.test(file.path)) {
    const documents = models.of(yamlModel, file, side);
    if (documents !== null) return { documents, isTemplate: false, guardsAt: () => [] };
    if (!text.includes("{{")) return null;
  }
  const template = models.of(templateModel, file, side);
  return template === null
    ? null
    : {
        documents: template.documents,
        isTemplate: true,
        guardsAt: (line) => template.guards[line] ?? [],
      };
}

/** Actions alone on their line go; those beside text become a word of the same length. */
function blankActions(text: string): { plain: string; guards: (readonly string[])[] } {
  const open: { guard: string | null }[] = [];
  const guards: (readonly string[])[] = [[]];
  const lines = joinActions(text).split("\n");
  const plain = lines.map((line) => {
    const actions = line.match(/\{\{[^{}]{0,2000}\}\}/g) ?? [];
    for (const action of actions) follow(action, open);
    guards.push(open.flatMap(({ guard }) => guard ?? []).slice(0, 16));
    if (actions.length === 0) return line;
    const rest = line.replaceAll(/\{\{[^{}]{0,2000}\}\}/g, (action) =>
      /^\{\{-?\s*(?:if|else|end|range|with|define|\/\*)/.test(action)
        ? " ".repeat(action.length)
        : action.replaceAll(/[^A-Za-z0-9]/g, "_"),
    );
    return /^\s*\{\{/.test(line) && !/^\s*[\w.-]{1,200}\s*:/.test(rest) ? "" : rest;
  });
  return { plain: plain.join("\n"), guards };
}

/** An action over several lines (a comment, mostly) is blanked; the lines stay. */
function joinActions(text: string): string {
  return text.replaceAll(/\{\{[^{}]{0,4000}\}\}/g, (action) =>
    action.includes("\n") ? action.replaceAll(/[^\n]/g, " ") : action,
  );
}

function follow(action: string, open: { guard: string | null }[]): void {
  const inner = action.replaceAll(/^\{\{-?\s*|\s*-?\}\}$/g, "");
  const word = /^[a-z]{1,10}/.exec(inner)?.[0];
  if (word === "if") open.push({ guard: inner.slice(2).trim().slice(0, 200) });
  else if (word === "range" || word === "with" || word === "define" || word === "block") {
    open.push({ guard: null });
  } else if (word === "else") {
    const last = open.pop();
    if (last !== undefined) {
      open.push({ guard: last.guard === null ? null : `else of ${last.guard}`.slice(0, 200) });
    }
  } else if (word === "end") open.pop();
}
