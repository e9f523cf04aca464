/** What opens by being there: guards that are skipped, endpoints marked as public. */
import type { Loss } from "./losses.ts";
import { type Meaning, scopeOf } from "./meaning.ts";

const skips =
  /^skip_(?:before_action|before_filter|authorization_check|authorize_resource|load_and_authorize_resource|after_action)\b/;
const opens =
  /^(?:@(?:csrf_exempt|PermitAll|AllowAnonymous|Public\(\)|allow_any|login_not_required)|\[AllowAnonymous|\[IgnoreAntiforgeryToken|permission_classes ?= ?[[(](?:\s?|\s?AllowAny,?\s?)[\])]|authentication_classes ?= ?[[(]\s?[\])]|#\[AllowAnonymous)/;
const permits =
  /\.(?:permitAll|anonymous)\(\)|\.csrf\(\)\.disable\(\)|csrf\w{0,20}(?:::|\.|->)disable|\bAllowAnonymous\(\)/;
const guarding =
  /auth|login|admin|permission|csrf|authenticity|forgery|verify|require|ensure|restrict|policy|user|session/i;

/** What came into a unit that stays; `gains` are then what it lost. */
export function opened(loss: Loss): Meaning | null {
  const say = (what: string, confidence: number): Meaning => ({
    implication: "authz.guard-removed",
    what,
    severity: "high",
    confidence,
  });
  const { text } = loss;
  if (skips.test(text)) {
    if (!guarding.test(text)) return null;
    const name = /[ (]:?(\w{1,100})/.exec(text)?.[1] ?? "";
    const before = loss.gains.find((one) => skips.test(one) && one.includes(name));
    if (before === undefined) return say("a guard is skipped", 75);
    // Skipping more actions is what narrows the guard: the scopes swap.
    const [from, to] = [scopeOf(before), scopeOf(text)];
    const wider =
      (from.only !== null &&
        (to.only === null || [...to.only].some((one) => !from.only?.has(one)))) ||
      [...from.except].some((one) => !to.except.has(one));
    return wider ? say("a guard is skipped for more actions", 85) : null;
  }
  if (opens.test(text)) {
    return loss.gains.some((one) => opens.test(one))
      ? null
      : say("a handler is open to everyone", 75);
  }
  if (permits.test(text)) {
    const had = loss.gains.some((one) => permits.test(one));
    return had ? null : say("requests are let through without a check", 65);
  }
  return null;
}
