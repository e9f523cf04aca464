/**
 * What a loss in source means: which protection it was, how grave, how sure. Names
 * decide what a structural loss is about; a name alone is never a loss. Each loss
 * has at most one meaning, the first that fits, so that it counts once.
 */
import type { Severity } from "../../rules/rule.ts";
import type { Loss } from "./losses.ts";
import { isNarrower, type Meaning } from "./meaning.ts";
import { opened } from "./openings.ts";
import { replaced } from "./replacements.ts";
import { unsafePair } from "./unsafe-calls.ts";
import { callsOf, namesOf, squash, withoutStrings, wordsOf } from "./words.ts";

/** None: a loss that says nothing of protection by itself. */
export function meaningsOf(loss: Loss): Meaning[] {
  if (loss.kind === "gained") return [opened(loss) ?? []].flat();
  const first =
    ofSession(loss) ??
    ofLogin(loss) ??
    replaced(loss) ??
    ofAccess(loss) ??
    ofAudit(loss) ??
    ofInput(loss);
  if (first === null) return [];
  // A refusal of access by a condition that names nothing of access is a check of input as well.
  const refusal = first.implication === "authz.guard-removed" && loss.effect === "refuses";
  const text = joined(loss.text);
  const second = refusal && !strong.test(text) && !weak.test(text) ? ofInput(loss) : null;
  return [first, ...(second === null ? [] : [second])].map((meaning) =>
    loss.subjectStays
      ? meaning
      : { ...meaning, severity: "low", confidence: Math.min(40, meaning.confidence) },
  );
}

function says(
  implication: Meaning["implication"],
  what: string,
  severity: Severity,
  confidence: number,
): Meaning {
  return { implication, what, severity, confidence };
}

const exact =
  /\b(?:reset_session|session_regenerate_id|session_destroy|cycle_key|renew_session|regenerate_session|RotateSession|migrateSession)\b|\bsession\.(?:regenerate|invalidate|destroy|renew|migrate|reset)\b/i;
const ending =
  /^(?:reset|destroy|invalidate|revoke|expire|regenerate|rotate|renew|terminate|forget|clear|delete|kill|flush|logout|signout|remove)$/;
const database =
  /\bdb\.|\bsession\.(?:flush|expire|delete|close|expunge|remove|clear)\b|transaction|sql/i;

function endsSession(text: string): boolean {
  const plain = withoutStrings(text);
  if (exact.test(plain) || /\b(?:sign_out|log_?out_user|signOut)\b\s?!?(?:\(|$| )/.test(plain))
    return true;
  const words = callsOf(plain).flatMap(wordsOf);
  const verb = words.find((word) => ending.test(word));
  if (verb === undefined || database.test(plain)) return false;
  const about = wordsOf(plain);
  if (about.some((word) => /^(?:sessions?|cookies?)$/.test(word))) return true;
  return (
    about.some((word) => /^tokens?$/.test(word)) &&
    /^(?:revoke|invalidate|expire|rotate|destroy|delete)$/.test(verb)
  );
}

const cookieFlag =
  /\b(http_?only|secure|same_?site)\b["']?\s?(?:=>|[:=])\s?(?!false|False|["']?none|SameSiteNone)/gi;

function ofSession(loss: Loss): Meaning | null {
  if (loss.kind !== "statement" || loss.unitKind === "class") return null;
  const flags = [...loss.text.matchAll(cookieFlag)].map(([, flag]) => flag?.toLowerCase() ?? "");
  if (flags.length > 0 && /cookie|http_?only|same_?site/i.test(loss.text)) {
    const now = loss.gains
      .filter((text) => /cookie|http_?only|same_?site|\bsecure\b/i.test(text))
      .join(" ");
    const kept = [...now.matchAll(cookieFlag)].map(([, flag]) => flag?.toLowerCase() ?? "");
    const lost = flags.filter((flag) => !kept.includes(flag));
    if (now !== "" && lost.length > 0) {
      return says("session.weakened", `a cookie is set without ${lost.join(", ")}`, "medium", 75);
    }
  }
  if (!endsSession(loss.text) || loss.gains.some(endsSession)) return null;
  return exact.test(loss.text)
    ? says("session.weakened", "a session is no longer renewed or ended", "high", 60)
    : says("session.weakened", "a session, token or cookie is no longer ended", "medium", 65);
}

const login =
  /\b(?:mfa|2fa|otp|totp|two_?factor\w*|multi_?factor\w*|second_?factor|webauthn|reauth\w*|re_authenticate\w*|captcha|recaptcha|hcaptcha|turnstile|lock_?out|locked_?out|account_?locked|max_?(?:login_?)?attempts|failed_?(?:login_?)?attempts|too_?many_?attempts|pwned|breached|password_?(?:strength|length|complexity|policy|expired))\b/i;

/** Words joined by `_`, so that `requireTwoFactor` and `require_two_factor` read the same. */
function joined(text: string): string {
  return wordsOf(withoutStrings(text)).join("_");
}

function ofLogin(loss: Loss): Meaning | null {
  const text = joined(loss.text);
  if (!isCheck(loss) || /otp_app/.test(text)) return null;
  const spaced = `_${text}_`
    .replaceAll("_", " ")
    .replaceAll(/ (two|multi|second) factor/g, " $1factor");
  if (login.test(spaced.replaceAll(/ (lock|locked) out/g, " lockout"))) {
    return says("authn.weakened", "a check of the login is gone", "medium", 55);
  }
  const called = loss.kind === "exit" || loss.kind === "narrowed" ? joined(loss.body) : text;
  const all = `${text}_${called}`;
  if (
    /(?:lock_out|lockout|max_attempts|failed_attempts|too_many_attempts|password_(?:strength|complexity|policy|expired)|pwned|two_factor|multi_factor|(?:verify|check|valid\w*)_(?:password|otp|totp|mfa|captcha|recaptcha|jwt)|re_?authenticate)/.test(
      all,
    )
  ) {
    return says("authn.weakened", "a check of the login is gone", "medium", 55);
  }
  if (loss.unitKind === "class" && /^validates?_.*password/.test(text)) {
    return says("authn.weakened", "a rule for passwords is gone", "medium", 65);
  }
  return null;
}

/** An exit, a mark, or a statement that calls something: not an assignment of data. */
function isCheck(loss: Loss): boolean {
  if (loss.kind !== "statement") return true;
  return callsOf(loss.text).length > 0 && loss.instead === null;
}

const strong =
  /(?:^|_)(?:authori[sz]e[ds]?|authori[sz]ation|unauthori[sz]ed|authenticate[ds]?|permissions?|permit(?:s|ted)?|forbid(?:den)?|forbids|privileges?|privileged|rbac|acl|csrf|superuser|access_denied|deny_access|check_access|has_access|can_access|access_control|(?:require|requires|ensure|verify|check|must_be|only)_(?:\w{1,20}_)?(?:auth|login|logged_in|admin|owner|role|member|user|staff|signed_in|sudo)|is_(?:admin|owner|staff|superuser|authenticated)|(?:login|admin|auth|role|owner|permission|jwt|token)_required|has_(?:role|authority|permission|any_role)|current_user_can|pre_authorize|roles_allowed|secured|use_guards|policy_scope|verify_authorized|is_granted|antiforgery|anti_forgery|permission_classes|authenticity_token|authenticity|protect_from_forgery|allowed_to|authz|middleware_auth|auth_middleware|user_passes_test|can_can)(?:_|$)/;
const weak =
  /(?:^|_)(?:roles?|owners?|ownership|admins?|tenants?|scopes?|viewers?|editors?|members?|memberships?|organi[sz]ations?|accounts?|banned|suspended|disabled)(?:_|$)/;
const denies =
  /\b(?:403|401|\w{0,40}Forbidden\w*|StatusForbidden|StatusUnauthorized|Unauthorized\w*|PermissionDenied\w*|AccessDenied\w*|NotAuthorized\w*|HTTP_40[13]\w*)\b|:(?:forbidden|unauthorized)\b|permission denied|not (?:allowed|authorized|permitted)|access denied/i;

function ofAccess(loss: Loss): Meaning | null {
  const guard = (what: string, severity: Severity, confidence: number) =>
    says("authz.guard-removed", what, severity, confidence);
  const text = joined(loss.text);
  if (loss.kind === "mark" || loss.unitKind === "class") return ofMacro(loss, text, guard);
  if (loss.kind === "exit" || loss.kind === "narrowed") {
    const verb = loss.kind === "exit" ? "gone" : "narrower";
    const refuses = loss.effect === "refuses";
    if (denies.test(loss.body)) return guard(`a refusal of access is ${verb}`, "high", 65);
    if (strong.test(text)) return guard(`a check of access is ${verb}`, "high", refuses ? 60 : 45);
    return weak.test(text) && refuses ? guard(`a check of who may is ${verb}`, "medium", 60) : null;
  }
  if (loss.kind !== "statement") return null;
  if (loss.instead !== null || isRoute(loss.text)) return ofRoute(loss, guard);
  const call = callsOf(loss.text).find(
    (name) =>
      strong.test(joined(name)) &&
      !/^(?:set|get|log|build|new|make|create|add|format|render|with|to|fetch|load|list|find|print|describe)(?:_|$)/.test(
        joined(name),
      ),
  );
  if (call === undefined || loss.gains.some((gain) => strong.test(joined(gain)))) return null;
  // A guard acts by being called; what only asks is used by an exit, or shows and hides.
  const acts =
    /(?:^|_)(?:requires?|authori[sz]e[ds]?|ensures?|check|verify|assert|enforce|deny|forbid|must|only|protect|authenticate)(?:_|$)/;
  const command =
    /^(?:await )?[\w@$.:]{0,120}!?(?:[ (]|$)/.test(loss.text) &&
    !/=|^(?:return|const|let|var|if)\b/.test(withoutStrings(loss.text));
  return acts.test(joined(call)) || command
    ? guard("a call that guards access is gone", "high", 55)
    : null;
}

type Say = (what: string, severity: Severity, confidence: number) => Meaning;

/** Class-level calls, annotations, decorators and attributes. */
function ofMacro(loss: Loss, text: string, guard: Say): Meaning | null {
  const name = callsOf(loss.text)[0] ?? "";
  const filter = /^(?:prepend_|append_)?before_(?:action|filter)$/.test(name);
  // In a class body a statement is a guard only as a command, not as a property or a method.
  if (
    loss.kind !== "mark" &&
    !/^(?:[@[#]|[a-z_]\w{0,60}[ (:!]{1,2}[^=]|permission_classes\b)/.test(loss.text)
  ) {
    return null;
  }
  if (
    /^(?:skip_|private|public|protected|static|const|let|var|delegate|include|require|import|using|use|return|if)/.test(
      `${name} ${loss.text}`,
    )
  )
    return null;
  if (
    loss.kind === "mark"
      ? strong.test(text) || /^(?:auth|guard|guards|roles|policy|admin|login)_?/.test(text)
      : filter
        ? guards(text)
        : strong.test(text) && callsOf(loss.text).length > 0
  ) {
    const again = loss.gains.find(
      (gain) =>
        (callsOf(gain)[0] ?? "") === name && firstArgument(gain) === firstArgument(loss.text),
    );
    if (again === undefined) {
      // The same guard elsewhere in a wider form is no loss; another of its kind may be.
      const replaced = loss.gains.some((gain) => strong.test(joined(gain)));
      return guard("a guard of a class or handler is gone", "high", replaced ? 40 : 75);
    }
    return isNarrower(loss.text, again) ? guard("a guard covers fewer actions", "high", 80) : null;
  }
  return null;
}

function guards(text: string): boolean {
  return (
    strong.test(text) ||
    /_(?:require|ensure|verify|check|confirm|authenticate|authorize|restrict|forbid|deny|block|reject|handle|validate|protect)[a-z]*_\w*(?:user|admin|access|login|auth|signed|session|owner|banned|role|permission|mfa|token|enabled|authenticated)/.test(
      text,
    )
  );
}

function firstArgument(text: string): string {
  return /^\S{1,80}?[ (]([:\w'"@.]{1,100})/.exec(text.replace(/^@/, ""))?.[1] ?? "";
}

function isRoute(text: string): boolean {
  return (
    /\b\w{0,40}\.(?:get|post|put|patch|delete|all|use|route|group|handle|handlefunc|with|service|scope|wrap|layer|route_layer)\(/i.test(
      text,
    ) || /\b(?:Handle|HandleFunc)\(/.test(text)
  );
}

/** A guard among the arguments of a route, gone while the route stays. */
function ofRoute(loss: Loss, guard: Say): Meaning | null {
  if (!isRoute(loss.text) && !/\b(?:Depends|Security)\(/.test(loss.text)) return null;
  const prefix = squash(loss.text).slice(0, 12);
  const now =
    loss.instead ??
    loss.gains.find((gain) => squash(gain).startsWith(prefix)) ??
    (/\.use\(/i.test(loss.text) ? "" : null);
  if (now === null) return null;
  const left = new Set([...loss.gains.flatMap((gain) => [...namesOf(gain)]), ...namesOf(now)]);
  const gone = [...namesOf(loss.text)].find((name) => !left.has(name) && isGuardName(joined(name)));
  return gone === undefined ? null : guard("a guard of a route is gone", "high", 70);
}

function isGuardName(name: string): boolean {
  return (
    strong.test(name) ||
    /^(?:auth|protect|guard|require_auth\w*|ensure_\w+|verify_token|check_auth|jwt_auth|passport)$|_(?:auth|guard)$/.test(
      name,
    )
  );
}

const audited =
  /(?:^|_)(?:audit|audits|audited|auditor|track_events?|log_events?|security_logs?|security_events?|record_(?:event|activity|login|audit|access)|activity_log\w*|event_log\w*|create_event|paper_trail|log_(?:security|access|login|auth\w*|admin)\w*|analytics_track\w*|track_\w+_event)(?:_|$)/;

function ofAudit(loss: Loss): Meaning | null {
  if (loss.kind !== "statement" || loss.instead !== null) return null;
  const receiver = /^[\w.@$]{1,100}(?=\()/.exec(loss.text)?.[0] ?? "";
  const calls = [...callsOf(loss.text).map(joined), joined(receiver)];
  if (
    !calls.some((call) => audited.test(call)) ||
    loss.gains.some((gain) => audited.test(joined(gain)))
  ) {
    return null;
  }
  return /audit|security|access|login|paper_trail/.test(calls.join(" "))
    ? says("audit.logging-removed", "a call that records what happened is gone", "medium", 60)
    : says("audit.logging-removed", "a call that tracks an event is gone", "low", 50);
}

const checking =
  /(?:^|_)(?:valid|invalid|validat\w+|validates|sanitiz\w+|saniti[sz]e|escape\w*|verify|verified|verifies|check|checks|ensure|allowed|allow_?list|white_?list|black_?list|block_?list|deny_?list|trusted|untrusted|safe|unsafe|length|len|size|limit|limits|max|maximum|min|minimum|range|bounds|format|regexp?|regex|match|matches|pattern|scheme|host|hostname|origin|url|uri|domain|path|traversal|prefix|suffix|signature|checksum|digest|nonce|expected|recognized?|private_ip|loopback|ssrf|redirect|required|mime|content_type|extension|overflow|immutable|unique|duplicate|supported|policy)(?:_|$)/;
const cleaning =
  /(?:^|_)(?:validate\w*|sanitiz\w*|saniti[sz]e\w*|escape\w*|html_escape|h|purify|strip_tags|strip_\w+|verify\w*|clean_\w+|check_\w+|ensure_\w+|assert_\w+|full_clean|is_valid|valid|whitelist\w*|allowlist\w*)(?:_|$)/;

/** What only attackers send, or what only the inside may reach. */
const hazard =
  /__proto__|["']constructor["']|["'`]\.\.["'`/\\]|javascript:|["']localhost|127\.0\.0\.1|169\.254|["']file:|\\0|\\x00|isPrivate|isLoopback|is_private|is_loopback/;

function ofInput(loss: Loss): Meaning | null {
  const input = (what: string, severity: Severity, confidence: number) =>
    says("input.validation-removed", what, severity, confidence);
  if (loss.kind === "emptied")
    return input("a function that checks now lets all through", "high", 70);
  const [text, unit] = [joined(loss.text), joined(loss.unit.split(".").at(-1) ?? "")];
  if (loss.kind === "narrowed") {
    return checking.test(text) || checking.test(unit) || loss.effect === "refuses"
      ? input(
          "fewer inputs are refused",
          "medium",
          checking.test(text) || checking.test(unit) ? 60 : 40,
        )
      : null;
  }
  if (loss.kind === "exit" && hazard.test(loss.text)) {
    return input("input that is known to harm is let through", "medium", 60);
  }
  if (loss.kind === "exit") {
    const inCheck = /(?:^|_)(?:valid\w*|check\w*|verif\w*|sanitiz\w*|ensure|assert)(?:_|$)/.test(
      unit,
    );
    if (
      loss.effect === "refuses" &&
      (inCheck ||
        checking.test(text) ||
        checking.test(joined(loss.body)) ||
        /invalid|must |too (?:long|large|many)|not allowed/i.test(loss.body))
    ) {
      return input("inputs that were refused are taken", "medium", inCheck ? 55 : 45);
    }
    if (
      inCheck ||
      (loss.effect === "refuses" && /not_found|bad_request|40[04]|422/i.test(loss.body))
    ) {
      return input("inputs that were refused are taken", "medium", 40);
    }
    return null;
  }
  if (loss.kind === "mark") return null;
  const unsafe = unsafePair(loss);
  if (unsafe !== null) return input(`${unsafe} takes the place of a safe call`, "medium", 75);
  const constraint = constraintOf(loss);
  if (constraint !== null) return input(constraint, "medium", 55);
  const call = callsOf(loss.text).find((name) => cleaning.test(joined(name)));
  if (call === undefined || loss.instead !== null || loss.unitKind !== "function") return null;
  if (
    /^(?:return|yield)\b/.test(loss.text) ||
    loss.gains.some((gain) => cleaning.test(joined(gain)))
  )
    return null;
  return input(
    "a call that checks or cleans is gone",
    "medium",
    /saniti|escape|purify|strip_tags/.test(joined(call)) ? 60 : 40,
  );
}

const validators =
  /^(?:validates?(?:_\w+)?\b|@(?:IsIn|IsEmail|IsUrl|IsUUID|IsEnum|IsInt|MaxLength|MinLength|Length|Max|Min|Matches|NotNull|NotBlank|NotEmpty|Size|Pattern|Valid|Validated|Email|Digits|IsNotEmpty|ArrayMaxSize|validator|field_validator|model_validator|ValidateNested)\b|\[(?:Required|StringLength|MaxLength|MinLength|Range|RegularExpression|EmailAddress)\b)/;
const constraintCall =
  /(?:\.(max|min|email|url|uuid|regex|refine|superRefine|length|pattern|required|enum|valid|strict|integer|positive)\(|\b(max_length|min_length|regex|pattern|gt|ge|lt|le|maxLength|minLength|maximum|minimum|additionalProperties|validators)\s?[=:])/g;

/** Rules for data on models, forms and schemas. */
function constraintOf(loss: Loss): string | null {
  if (loss.unitKind !== "function" && validators.test(loss.text)) {
    const subject = firstArgument(loss.text);
    const kept = loss.gains.some(
      (gain) => validators.test(gain) && (firstArgument(gain) === subject || subject === ""),
    );
    return kept ? null : "a rule for data is gone";
  }
  const had = constraints(loss.text);
  if (had.length === 0) return null;
  const start = /^[\w$.'" ]{1,80}?(?=[=:(])/.exec(loss.text)?.[0];
  const again = start === undefined ? undefined : loss.gains.find((gain) => gain.startsWith(start));
  if (
    again === undefined ||
    !/\b(?:z|Joi|joi|yup|v|Field|models|forms|serializers|constr|conint|Schema|Column)\b/.test(
      loss.text,
    )
  )
    return null;
  const has = constraints(again);
  return had.some((one) => !has.includes(one)) ? "a rule for data is gone" : null;
}

function constraints(text: string): string[] {
  return [...text.matchAll(constraintCall)].map(([, method, key]) => method ?? key ?? "");
}
