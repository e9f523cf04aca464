/** `countermand evidence RB FILE`: lay an artefact before the approvers. */
import { readFile } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { Command } from "commander";
import { evidenceKinds } from "@countermand/record";
import type { Context } from "../context.ts";
import { usage } from "../exit.ts";
import { say, Texts } from "../say.ts";
import { sshSigner } from "../ssh-signer.ts";
import { speakOptions, tellAccepted, withLedger, type SpeakOptions } from "./shared.ts";

const mediaTypes: Readonly<Record<(typeof evidenceKinds)[number], string>> = {
  junit: "application/xml",
  sarif: "application/sarif+json",
  cyclonedx: "application/vnd.cyclonedx+json",
  spdx: "application/spdx+json",
  openvex: "application/json",
  "in-toto": "application/vnd.in-toto+json",
  log: "text/plain",
  screenshot: "image/png",
  file: "application/octet-stream",
};

interface EvidenceOptions extends SpeakOptions {
  readonly kind: string;
  readonly mediaType?: string;
  readonly comment?: string;
}

export function evidenceCommand(context: Context): Command {
  const command = new Command("evidence")
    .summary("add an artefact to a record")
    .argument("<record>", "for instance RB-2026-7")
    .argument("<file>", "the artefact")
    .option("--kind <kind>", `one of ${evidenceKinds.join(", ")}`, "file")
    .option("--media-type <type>", "if the kind's usual one is wrong")
    .option("--comment <text>", "what it shows");
  return speakOptions(command).action(
    async (id: string, file: string, options: EvidenceOptions) => {
      const kind = evidenceKinds.find((item) => item === options.kind);
      if (kind === undefined) throw usage(`--kind is one of ${evidenceKinds.join(", ")}.`);
      const signer = sshSigner(context, options.key);
      const bytes = await readFile(resolve(context.cwd, file));
      await withLedger(context, options, async ({ countermand }) => {
        const [{ registry }, { state }] = await Promise.all([
          countermand.instance(),
          countermand.record(id),
        ]);
        const artefact = await countermand.putArtefact(bytes);
        const texts = new Texts();
        const body = {
          record: state.id,
          kind,
          ...artefact,
          mediaType: options.mediaType ?? mediaTypes[kind],
          comment: texts.commit(options.comment ?? basename(file)),
        };
        const speaker = { context, countermand, signer };
        tellAccepted(context, await say(speaker, registry, "evidence", state, body, texts));
      });
    },
  );
}
