/**
 * The text form of an SSHSIG blob: BEGIN line, base64, END line, as
 * `ssh-keygen -Y sign` writes it (70 columns). Read back are 70 or 76 columns
 * and a missing last newline; nothing else, because the armor is only a way to
 * carry the blob and never what is stored.
 *
 *     parseArmor(formatArmor(blob)) equals blob
 */
import { decodeBase64, encodeBase64 } from "../bytes/encoding.ts";
import { RecordError } from "../bytes/error.ts";

const begin = "-----BEGIN SSH SIGNATURE-----";
const end = "-----END SSH SIGNATURE-----";
const columns = 70;
const maxArmorLength = 32 * 1024;

export function formatArmor(blob: Uint8Array): string {
  const lines = encodeBase64(blob).match(/.{1,70}/g) ?? [];
  return `${[begin, ...lines, end].join("\n")}\n`;
}

export function parseArmor(text: string): Uint8Array<ArrayBuffer> {
  if (text.length > maxArmorLength) {
    throw refused(`${text.length} characters; the limit is ${maxArmorLength}`);
  }
  const lines = (text.endsWith("\n") ? text.slice(0, -1) : text).split("\n");
  if (lines[0] !== begin) throw refused(`the first line is not ${begin}`, 1);
  if (lines.length < 3 || lines.at(-1) !== end) {
    throw refused(`the last line is not ${end}`, lines.length);
  }
  const body = lines.slice(1, -1);
  const width = body.length > 1 ? body[0]?.length : undefined;
  if (width !== undefined && width !== columns && width !== 76) {
    throw refused(`the line has ${width} characters; full lines have 70 or 76`, 2);
  }
  for (const [i, line] of body.entries()) {
    const isLast = i === body.length - 1;
    if (isLast ? line.length < 1 || line.length > (width ?? 76) : line.length !== width) {
      throw refused(`the line has ${line.length} characters, unlike the lines before it`, i + 2);
    }
  }
  return decodeBase64(body.join(""));
}

function refused(problem: string, line?: number): RecordError {
  return new RecordError("signature", problem, {
    where: line === undefined ? "armor" : `armor line ${line}`,
  });
}
