/** The README inside a package: what it is, and the exact commands for tools that nobody here wrote. */
import { decodeBase64 } from "../bytes/encoding.ts";
import { parseEntry } from "../entry/entry.ts";
import type { RecordState } from "../lifecycle/state.ts";
import { parsePayload } from "../statements/signed-statement.ts";
import { namespaceOf } from "../statements/statement-type.ts";
import { paths } from "./layout.ts";
import type { SignedEntry } from "./signature-files.ts";
import type { PackageTime } from "./times.ts";

export function packageReadme(
  state: RecordState,
  origin: string,
  entries: readonly SignedEntry[],
  times: readonly PackageTime[],
): string {
  const commands = entries.map(({ index, bytes }) => {
    const { type, head } = parsePayload(decodeBase64(parseEntry(bytes).envelope.payload));
    return `ssh-keygen -Y verify -f ${paths.allowedSigners} -I ${head.actor} -n ${namespaceOf(type.name)} -s ${paths.signature(index)} < ${paths.pae(index)}`;
  });
  return `# ${state.id}, from the ledger ${origin}

This archive is the evidence of one rollback record. It can be checked without
a server, without a network and without trusting whoever sent it.

## With Countermand

    countermand verify FILE
    countermand verify FILE --log-key 'KEY'

The second form also checks that the ledger is the one you know: KEY is its
verifier key, got from somewhere other than this archive.

## With OpenSSH (8.9 or later)

Every statement was signed by a person's own key. Unpack the archive, then:

${commands.map((command) => `    ${command}`).join("\n")}

Each answers \`Good "<namespace>" signature for <actor>\`. OpenSSH checks the
signature, not the rules: who may say what, and when, is in docs/spec of
Countermand. A touch on a security key is checked by Countermand alone.

## With any transparency-log client

\`${paths.checkpoint}\` is a C2SP signed note, \`${paths.logKey}\` its verifier key, and
\`proofs/*.tlog-proof\` are C2SP proof files: each binds \`entries/<index>.json\`
(leaf hash SHA-256(0x00 || bytes)) to that checkpoint.

${timeReadme(times)}## What is in it

    manifest.json     what the archive holds
    entries/          the ledger's entries: the record's, and all of the registry's
    proofs/           an inclusion proof for each
    signatures/       signed bytes and signature of each, for ssh-keygen
    openings.json     texts behind the commitments; what is withheld is not here
    evidence/         artefacts, named by their SHA-256
${times.length === 0 ? "" : "    times/            tokens of a time authority, the checkpoints that they are over, and proofs\n"}`;
}

function timeReadme(times: readonly PackageTime[]): string {
  if (times.length === 0) return "";
  const commands = times.map(({ size, attestedAt }) => {
    const at = Math.floor(Date.parse(attestedAt) / 1000);
    return `    openssl ts -verify -data ${paths.timedCheckpoint(size)} -in ${paths.time(size)} -token_in -CAfile ROOTS.pem -attime ${at}`;
  });
  return `## When, by another clock (RFC 3161)

A time authority signed checkpoints of the log. ROOTS.pem are its certificates,
got from the authority. With Countermand: \`countermand verify FILE --time-roots ROOTS.pem\`.
With OpenSSL:

${commands.join("\n")}

\`times/<index>.tlog-proof\` shows that the entry was under that checkpoint.

`;
}
