/** A repository whose own configuration tries every way known to us of running a program or changing git's output. */
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { HistoryBuilder, textLines } from "./builder.ts";

export type Hostile = {
  readonly history: HistoryBuilder;
  readonly change: string;
  readonly revert: string;
  /** Exists as soon as any program of the repository has run. */
  readonly marker: string;
};

/** The same history without the hostility is made by `plainHistory`; ids are equal. */
export function hostileRepository(): Hostile {
  const { history, change, revert } = plainHistory();
  const marker = join(history.directory, "..", `${history.directory.split("/").at(-1)}-ran`);
  const program = join(history.directory, ".git", "program.sh");
  writeFileSync(program, `#!/bin/sh\ntouch '${marker}'\ncat "$1" 2>/dev/null\nexit 0\n`);
  chmodSync(program, 0o755);
  const dotGit = join(history.directory, ".git");
  mkdirSync(join(dotGit, "hooks"), { recursive: true });
  for (const hook of [
    "post-checkout",
    "reference-transaction",
    "post-index-change",
    "fsmonitor-watchman",
    "pre-auto-gc",
  ]) {
    writeFileSync(join(dotGit, "hooks", hook), `#!/bin/sh\ntouch '${marker}'\n`);
    chmodSync(join(dotGit, "hooks", hook), 0o755);
  }
  mkdirSync(join(dotGit, "info"), { recursive: true });
  writeFileSync(join(dotGit, "info", "attributes"), "* diff=evil filter=evil -text\n");
  writeFileSync(join(history.directory, ".gitattributes"), "* -diff diff=evil filter=evil\n");
  writeFileSync(
    join(dotGit, "config"),
    `[core]
\trepositoryformatversion = 1
\tfilemode = true
\tbare = false
\tfsmonitor = ${program}
\tpager = ${program}
\tsshCommand = ${program}
\teditor = ${program}
\taskPass = ${program}
\tgitProxy = ${program}
\talternateRefsCommand = ${program}
\tquotePath = false
\tattributesFile = ${join(dotGit, "info", "attributes")}
\tabbrev = 4
\tworktree = ${history.directory}
[pager]
\tlog = ${program}
\trev-parse = ${program}
\tfor-each-ref = ${program}
[extensions]
\tpartialClone = evil
[remote "evil"]
\turl = ext::${program} %S
\tpromisor = true
\tpartialclonefilter = blob:none
\tuploadpack = ${program}
\tvcs = evil
[protocol]
\tallow = always
[protocol "ext"]
\tallow = always
[protocol "file"]
\tallow = always
[diff]
\texternal = ${program}
\tnoprefix = true
\tmnemonicPrefix = true
\trenames = copies
\talgorithm = patience
\trelative = true
\torderFile = ${program}
\tignoreSubmodules = all
\twordRegex = .
[diff "evil"]
\ttextconv = ${program}
\tcommand = ${program}
\tbinary = true
[filter "evil"]
\tclean = ${program}
\tsmudge = ${program}
\tprocess = ${program}
\trequired = true
[log]
\tshowSignature = true
\tmailmap = true
\tfollow = true
\tdecorate = full
\tdate = relative
\tdiffMerges = off
\tshowRoot = false
[mailmap]
\tblob = HEAD:file.txt
[format]
\tpretty = oneline
\tnotes = true
[notes]
\tdisplayRef = refs/*
[color]
\tui = always
[color "diff"]
\tmeta = red
[gpg]
\tprogram = ${program}
[i18n]
\tlogOutputEncoding = UTF-16
\tcommitEncoding = UTF-16
[credential]
\thelper = ${program}
[alias]
\tlog = !${program}
\trev-parse = !${program}
[include]
\tpath = ${join(dotGit, "more")}
`,
  );
  writeFileSync(join(dotGit, "more"), "[core]\n\thooksPath = hooks\n");
  return { history, change, revert, marker };
}

/** A change, something else, and the exact revert of the change. */
export function plainHistory(): { history: HistoryBuilder; change: string; revert: string } {
  const history = new HistoryBuilder();
  history.commit("start", { files: { "file.txt": textLines("first", 20) } });
  const change = history.commit("Add a guard", {
    files: { "file.txt": textLines("first", 20) + textLines("guard", 5) },
  });
  history.commit("Something else", { files: { "other.txt": textLines("other", 3) } });
  const revert = history.revert(change);
  return { history, change, revert };
}
