/** `countermand context check [FILE]`: is this a context, and what does it say of a path? */
import { Command } from "commander";
import { Context as PathContext, contextLine } from "../../undo/context/context.ts";
import { type ContextFile, contextFileName } from "../../undo/context/context-file.ts";
import { count, forTerminal } from "../../undo/text.ts";
import type { Context } from "../context.ts";
import { readContextFile } from "../context-file.ts";
import { collect } from "./shared.ts";

export function contextCommand(context: Context): Command {
  const command = new Command("context")
    .summary("where parts run and what they hold: check countermand.yaml")
    .description(
      "A countermand.yaml at the top of a repository, or a file of the operator's, says of components where they run, how much depends on them, what data they hold and what tags they carry (docs/spec/context.md).",
    );
  command
    .command("check")
    .summary("check a file and say what it means")
    .argument("[file]", "the file", contextFileName)
    .option("--path <path>", "what is said of this path, repeatable", collect)
    .action(async (file: string, options: { path?: readonly string[] }) => {
      const read = await readContextFile(context, file);
      context.out(options.path === undefined ? explained(read) : ofPaths(read, options.path));
    });
  return command;
}

function explained(file: ContextFile): string {
  const { components } = file;
  const lines = [
    `good: ${count(components.length, "component")}`,
    `  everything else  ${contextLine(factsOf(file)) || "nothing is said of it; it counts as production"}`,
    ...components.flatMap((one) => {
      const { name, paths, ...facts } = one;
      const said = contextLine(facts);
      return [
        `  ${name}  ${said === "" ? "as everything else" : said}`,
        ...paths.map((path) => `    ${forTerminal(path, 200)}`),
      ];
    }),
    "What runs in development or test only reaches no further than development; storage whose data are public may be public. All else is shown and weighs nothing.",
  ];
  return `${lines.join("\n")}\n`;
}

function factsOf({ version: _version, components: _components, ...facts }: ContextFile) {
  return facts;
}

function ofPaths(file: ContextFile, paths: readonly string[]): string {
  const of = new PathContext({ operator: file });
  return paths
    .map((path) => {
      const said = contextLine(of.of([path.replace(/^\.?\//, "")]));
      return `${forTerminal(path, 200)}  ${said === "" ? "nothing is said of it" : said}\n`;
    })
    .join("");
}
