/**
 * crypto.tls-weakened: transport encryption, its version, ciphers or verification are weaker,
 * by settings (setting-rows.ts) and by what lines of code state (token-moves.ts).
 */
import { settingFindings } from "../../lattice/setting-moves.ts";
import { tokenFindings, tokenReads } from "../../lattice/token-moves.ts";
import { formatOf } from "../../models/settings/settings.ts";
import type { Rule } from "../rule.ts";

const hasTokens = tokenReads("crypto.tls-weakened");

export const cryptoTlsWeakened: Rule = {
  id: "crypto.tls-weakened",
  version: 1,
  implications: ["crypto.tls-weakened"],
  reads: (path) => formatOf(path) !== null || hasTokens(path),
  run(input) {
    const settings = settingFindings(cryptoTlsWeakened, input, "crypto.tls-weakened");
    // A setting that is read by its key is not told again by its line.
    const told = new Set(settings.flatMap(({ locations }) => locations.map(({ path }) => path)));
    const tokens = tokenFindings(cryptoTlsWeakened, input, "crypto.tls-weakened");
    return [
      ...settings,
      ...tokens.filter(({ locations }) => locations.every(({ path }) => !told.has(path))),
    ];
  },
};
