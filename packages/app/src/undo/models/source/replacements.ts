/**
 * A statement that is still there in another form, and weaker: a wrapped call that
 * cleaned is gone from it, a lookup no longer asks who asks, a list of what is allowed
 * is longer. Both forms must be seen in the same function and share their names.
 */
import type { Loss } from "./losses.ts";
import type { Meaning } from "./meaning.ts";
import { callsOf, namesOf, squash, wordsOf } from "./words.ts";

export function replaced(loss: Loss): Meaning | null {
  if (loss.kind !== "statement") return null;
  if (loss.instead !== null) return ofHeader(loss.text, loss.instead);
  return ofWrapped(loss) ?? ofLookup(loss) ?? ofList(loss) ?? ofParameters(loss);
}

function says(
  implication: Meaning["implication"],
  what: string,
  severity: Meaning["severity"],
  confidence: number,
): Meaning {
  return { implication, what, severity, confidence };
}

/** What a class inherits and a parameter is marked with. */
function ofHeader(before: string, after: string): Meaning | null {
  const mixin =
    /\b\w{0,60}(?:LoginRequired|PermissionRequired|UserPassesTest|AccessMixin|Authorized|AuthRequired|AdminRequired)\w{0,40}/;
  const had = mixin.exec(before)?.[0];
  if (had !== undefined && !mixin.test(after)) {
    return says("authz.guard-removed", "a class no longer inherits its guard", "high", 75);
  }
  const marks = (text: string) => text.match(/@(?:Valid|Validated)\b/g)?.length ?? 0;
  return marks(before) > marks(after)
    ? says("input.validation-removed", "a parameter is no longer validated", "medium", 60)
    : null;
}

const wrappers =
  /^(?:encodeURI(?:Component)?|htmlspecialchars|htmlentities|html_escape|escape\w{0,40}|sanitize\w{0,40}|quote|quoteattr|strip_tags|basename|Clean|LimitReader|MaxBytesReader|EscapeString|HTMLEscapeString|QueryEscape|PathEscape|h|purify|secure_filename|realpath|parameterize|shellescape|escapeshellarg|addslashes|mysqli_real_escape_string|canonicalize|normalize_path|ensure!?|debug_assert!?)$/;

function ofWrapped(loss: Loss): Meaning | null {
  const call = callsOf(loss.text).find((name) => wrappers.test(name));
  if (
    call === undefined ||
    loss.gains.some((gain) => callsOf(gain).some((name) => wrappers.test(name)))
  ) {
    return null;
  }
  const alone = /^(?:ensure|escape|sanitize)/.test(call) || /^[\w$.]{1,60} ?:?= /.test(loss.text);
  if (!alone && similar(loss, 0.3) === undefined) return null;
  return says("input.validation-removed", "a call that cleans or bounds is gone", "medium", 55);
}

/** The statement that came and has most of the same names, call or literal aside. */
function similar(loss: Loss, least: number): string | undefined {
  const names = namesOf(loss.text);
  return loss.gains.find((gain) => {
    const others = namesOf(gain);
    const all = new Set([...names, ...others]).size;
    const both = [...names].filter((name) => others.has(name)).length;
    return (all > 0 && both / all >= least) || head(gain) === head(loss.text);
  });
}

function head(text: string): string {
  return /^(?:return )?[@\w$.]{1,80} ?(?::?=|\()/.exec(text)?.[0] ?? text;
}

const looks =
  /\b(?:find\w{0,20}|filter\w{0,10}|where|get\w{0,30}|first\w{0,20}|select|query|lookup|all|load\w{0,20}|exists\w{0,10})\b[!(.\s]/i;
const asker =
  /(?:^|_)(?:current_(?:user|account|organi[sz]ation|team|tenant)|owner(?:_id)?|tenant(?:_id)?|org(?:_id)|organi[sz]ation_id|account_id|team_id|workspace_id|policy_scope|accessible_by|for_user|visible_to|user_id)(?:_|$)/;

function ofLookup(loss: Loss): Meaning | null {
  const owned = (text: string) => asker.test(wordsOf(text).join("_"));
  if (!looks.test(loss.text) || !owned(loss.text)) return null;
  const now = similar(loss, 0.2);
  if (now === undefined || !looks.test(now) || loss.gains.some(owned)) return null;
  return says("authz.guard-removed", "a lookup is no longer bound to who asks", "medium", 55);
}

const allows =
  /(?:^|_)(?:allow\w*|permitted|white_?list\w*|safe|trusted|valid|accepted|supported|origins|hosts|domains)(?:_|$)/;
const denies =
  /(?:^|_)(?:block\w*|deny\w*|denied|forbid\w*|forbidden|black_?list\w*|disallow\w*|banned|reserved|sensitive|redact\w*|filtered)(?:_|$)/;

/** A list by its name: what is allowed grew, what is refused shrank. */
function ofList(loss: Loss): Meaning | null {
  const start = /^[^=:[]{1,100}[=:]/.exec(loss.text)?.[0];
  if (start === undefined || !/[[({]/.test(loss.text)) return null;
  const now = loss.gains.find((gain) => gain.startsWith(start));
  if (now === undefined) return null;
  const name = wordsOf(start).join("_");
  const [had, has] = [loss.text, now].map((text) => new Set(literals(text)));
  if (had === undefined || has === undefined || had.size === 0) return null;
  const within = (a: Set<string>, b: Set<string>) =>
    a.size < b.size && [...a].every((one) => b.has(one));
  if (denies.test(name) && within(has, had)) {
    return says("input.validation-removed", "a list of what is refused is shorter", "medium", 55);
  }
  return allows.test(name) && !denies.test(name) && within(had, has)
    ? says("input.validation-removed", "a list of what is allowed is longer", "low", 60)
    : null;
}

function literals(text: string): string[] {
  return text.match(/"[^"]{0,200}"|'[^']{0,200}'|:\w{1,80}|\b[A-Z]\w{1,80}/g) ?? [];
}

/** Parameters that a request may set, and middleware that a route names in a string. */
function ofParameters(loss: Loss): Meaning | null {
  const guarded =
    /->(?:middleware|can)\(.{0,100}(?:auth|can|role|permission|admin|verified|signed)/i;
  if (guarded.test(loss.text)) {
    const route = squash(loss.text).slice(0, 16);
    const now = loss.gains.find((gain) => squash(gain).startsWith(route));
    if (now !== undefined && !guarded.test(now)) {
      return says("authz.guard-removed", "a guard of a route is gone", "high", 70);
    }
  }
  if (!/\.permit\(/.test(loss.text)) return null;
  const now = loss.gains.find((gain) => /\.permit[!(]/.test(gain));
  if (now === undefined) return null;
  const had = new Set(literals(loss.text));
  const powers = literals(now).filter(
    (name) => !had.has(name) && /admin|role|owner|permission|password|account|user_id/.test(name),
  );
  return now.includes(".permit!") || powers.length > 0
    ? says("input.validation-removed", "a request may set more than before", "medium", 70)
    : null;
}
