/**
 * crypto.algorithm-weakened: a weaker hash, cipher, key size or cost is used,
 * by settings (setting-rows.ts) and by what lines of code state (token-moves.ts).
 */
import { settingFindings } from "../../lattice/setting-moves.ts";
import { tokenFindings, tokenReads } from "../../lattice/token-moves.ts";
import { formatOf } from "../../models/settings/settings.ts";
import type { Rule } from "../rule.ts";

const hasTokens = tokenReads("crypto.algorithm-weakened");

export const cryptoAlgorithmWeakened: Rule = {
  id: "crypto.algorithm-weakened",
  version: 1,
  implications: ["crypto.algorithm-weakened"],
  reads: (path) => formatOf(path) !== null || hasTokens(path),
  run(input) {
    const settings = settingFindings(cryptoAlgorithmWeakened, input, "crypto.algorithm-weakened");
    // A setting that is read by its key is not told again by its line.
    const told = new Set(settings.flatMap(({ locations }) => locations.map(({ path }) => path)));
    const tokens = tokenFindings(cryptoAlgorithmWeakened, input, "crypto.algorithm-weakened");
    return [
      ...settings,
      ...tokens.filter(({ locations }) => locations.every(({ path }) => !told.has(path))),
    ];
  },
};
