/**
 * A scanner as data: how to start it so that only the operator decides what it
 * looks for. A descriptor never comes from the repository that is assessed.
 */

/** Stand-ins in arguments and environment values; each is a path. */
export const standIns = ["{tree}", "{out}", "{outDir}", "{config}", "{data}", "{empty}"] as const;

export type ScannerDescriptor = {
  /** Lower-case letters, digits and hyphens; the rule is `scanner.<id>`. */
  readonly id: string;
  /** An absolute path, or a name that is looked up in absolute folders of PATH. */
  readonly command: string;
  readonly versionArgs: readonly string[];
  /**
   * `{tree}` the files to look at, `{outDir}` the one folder it may write to,
   * `{out}` the result in it, `{config}` and `{data}` what the operator pinned,
   * `{empty}` a file with nothing in it.
   */
  readonly args: readonly string[];
  /** The result's name in `{outDir}`; `-`: it is written to standard output. */
  readonly result: string;
  /** Exit codes that mean that the tool ran to its end; most tools have one for "something found". */
  readonly exitCodes: readonly number[];
  /** What the operator has to pin before the tool is run at all. */
  readonly needs: readonly ("config" | "data")[];
  /** Beside the few variables that every tool gets. */
  readonly environment: Readonly<Record<string, string>>;
  /** Names of files and folders that steer the tool; left out of the folders, wherever they are. */
  readonly leftOut: readonly string[];
  /** The result names every rule of the run, so two runs can be told to have had the same. */
  readonly listsAllRules: boolean;
};

/** A scanner as the operator wants it run. */
export type ScannerSetup = {
  readonly descriptor: ScannerDescriptor;
  /** Absolute path of the tool's own configuration: rules, settings. */
  readonly config?: string;
  /** Absolute path of its data: vulnerability database, policies. */
  readonly data?: string;
  readonly timeoutMs: number;
};

export const defaultTimeoutMs = 300_000;

/** The arguments or values with their stand-ins replaced; a missing one makes it null. */
export function fill(
  texts: readonly string[],
  values: Readonly<Record<string, string | undefined>>,
): string[] | null {
  let whole = true;
  const filled = texts.map((text) =>
    // One pass, so that what is put in is not looked through again.
    text.replaceAll(/\{\w{1,20}\}/g, (found) => {
      if (!(standIns as readonly string[]).includes(found)) return found;
      const value = values[found];
      if (value === undefined) whole = false;
      return value ?? "";
    }),
  );
  return whole ? filled : null;
}
