/** Rules about data and secrets: migrations, schemas, keys, credentials. */
import { cryptoRetiredMaterialRestored } from "../all/crypto-retired-material-restored.ts";
import { dataMigrationIrreversible } from "../all/data-migration-irreversible.ts";
import { dataSchemaContractBroken } from "../all/data-schema-contract-broken.ts";
import { secretReintroduced } from "../all/secret-reintroduced.ts";
import { secretRotationUndone } from "../all/secret-rotation-undone.ts";
import { secretStaticOrDefaultCredential } from "../all/secret-static-or-default-credential.ts";
import type { Rule } from "../rule.ts";

export const dataRules: readonly Rule[] = [
  cryptoRetiredMaterialRestored,
  dataMigrationIrreversible,
  dataSchemaContractBroken,
  secretReintroduced,
  secretRotationUndone,
  secretStaticOrDefaultCredential,
];
