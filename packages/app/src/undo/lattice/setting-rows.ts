/**
 * Settings of many programs under their usual names, weak to strong. A key is a
 * path without punctuation (see models/settings); it matches at its end. A row's
 * `absent` is the documented default of the program that uses the name, or
 * `unknown`, where going says nothing.
 */
import type { Severity } from "../rules/rule.ts";

export type SettingRow = {
  readonly id: string;
  /** `a.b`: the last keys of the path. */
  readonly keys: readonly string[];
  readonly scale:
    | { readonly kind: "flag"; readonly strong: boolean }
    | { readonly kind: "order"; readonly groups: readonly (readonly string[])[] }
    | {
        readonly kind: "number";
        readonly more: "weaker" | "stronger";
        readonly zero?: "unlimited" | "off";
      }
    /** The members given and, if one is gained or lost, what that means. */
    | { readonly kind: "members"; readonly weak: RegExp; readonly split?: RegExp }
    | { readonly kind: "policy" };
  readonly absent: string;
  readonly implication: string;
  readonly severity: Severity;
  readonly source: string;
};

const many = (text: string) => text.split(/\s+/);
const flag = (
  keys: string,
  strong: boolean,
  implication: string,
  severity: Severity,
  source: string,
  absent = "unknown",
): SettingRow => ({
  id: `${implication}:${many(keys)[0] ?? ""}`,
  keys: many(keys),
  scale: { kind: "flag", strong },
  absent,
  implication,
  severity,
  source,
});
const order = (
  keys: string,
  groups: readonly string[],
  implication: string,
  severity: Severity,
  source: string,
  absent = "unknown",
): SettingRow => ({
  id: `${implication}:${many(keys)[0] ?? ""}`,
  keys: many(keys),
  scale: { kind: "order", groups: groups.map(many) },
  absent,
  implication,
  severity,
  source,
});
const number = (
  keys: string,
  more: "weaker" | "stronger",
  implication: string,
  severity: Severity,
  source: string,
  zero?: "unlimited" | "off",
): SettingRow => ({
  id: `${implication}:${many(keys)[0] ?? ""}`,
  keys: many(keys),
  scale: { kind: "number", more, ...(zero === undefined ? {} : { zero }) },
  absent: "unknown",
  implication,
  severity,
  source,
});
const members = (
  keys: string,
  weak: RegExp,
  implication: string,
  severity: Severity,
  source: string,
  split?: RegExp,
): SettingRow => ({
  id: `${implication}:${many(keys)[0] ?? ""}`,
  keys: many(keys),
  scale: { kind: "members", weak, ...(split === undefined ? {} : { split }) },
  absent: "unknown",
  implication,
  severity,
  source,
});
const policy = (
  keys: string,
  implication: string,
  severity: Severity,
  source: string,
): SettingRow => ({
  id: `${implication}:${many(keys)[0] ?? ""}`,
  keys: many(keys),
  scale: { kind: "policy" },
  absent: "none",
  implication,
  severity,
  source,
});

const tls = "crypto.tls-weakened";
const algorithm = "crypto.algorithm-weakened";
const session = "session.weakened";
const authn = "authn.weakened";
const cors = "exposure.cors-widened";
const headers = "exposure.headers-weakened";
const limit = "exposure.ratelimit-waf-removed";
const config = "config.security-key-reverted";
const workload = "workload.hardening-removed";

const pg = "https://www.postgresql.org/docs/18/libpq-ssl.html";
const django = "https://docs.djangoproject.com/en/5.2/ref/settings/";
const rails = "https://guides.rubyonrails.org/configuring.html";
const mdn = "https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers";
const asvs = "https://owasp.org/www-project-application-security-verification-standard/";
const nginx = "https://nginx.org/en/docs/http/";
const k8s = "https://kubernetes.io/docs/concepts/security/pod-security-standards/";
const ssh = "https://man.openbsd.org/sshd_config";

const versions = [
  "sslv2 sslv3 ssl2.0 ssl3.0",
  "tlsv1 tlsv1.0 tls1.0 tls10 tls1_0 tlsv1_0 versiontls10 1.0",
  "tlsv1.1 tls1.1 tls11 tls1_1 tlsv1_1 versiontls11 1.1",
  "tlsv1.2 tls1.2 tls12 tls1_2 tlsv1_2 versiontls12 1.2",
  "tlsv1.3 tls1.3 tls13 tls1_3 tlsv1_3 versiontls13 1.3",
];

export const settingRows: readonly SettingRow[] = [
  order(
    "sslmode pgsslmode",
    ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"],
    tls,
    "high",
    pg,
    "prefer",
  ),
  order(
    "minversion mintlsversion tlsminversion sslminversion minprotocolversion minimumprotocolversion tlsminimumprotocolversion sslminimumversion minimumtlsversion",
    versions,
    tls,
    "high",
    asvs,
  ),
  members(
    "sslprotocols sslprotocol tlsprotocols enabledprotocols",
    /^\+?(?:all|sslv[23]|tlsv1(?:\.[01])?)$/i,
    tls,
    "high",
    `${nginx}ngx_http_ssl_module.html#ssl_protocols`,
  ),
  members(
    "sslciphers sslciphersuite ciphersuites",
    /(?:^|[-_+])(?:rc4|des|3des|null|export|exp|md5|anull|enull|arcfour|cbc)/i,
    tls,
    "medium",
    `${nginx}ngx_http_ssl_module.html#ssl_ciphers`,
    /[:,\s]+/,
  ),
  flag(
    "insecureskipverify insecureskiptlsverify skiptlsverify sslnoverify tlsinsecure skipsslvalidation insecuretls tls.insecure allowinsecuretls trustservercertificate",
    false,
    tls,
    "high",
    asvs,
    "false",
  ),
  flag(
    "verifyssl sslverify tlsverify verifytls verifycertificate verifycerts sslverification rejectunauthorized nodetlsrejectunauthorized strictssl verifypeer",
    true,
    tls,
    "high",
    asvs,
    "true",
  ),
  flag(
    "securesslredirect forcessl sslredirect forcesslredirect requiressl requiretls httpsonly enforcessl forcehttps redirecthttps httpsredirect enablessl requiresecuretransport",
    true,
    tls,
    "high",
    `${django}#secure-ssl-redirect`,
    "false",
  ),
  order(
    "mtls.mode peerauthentication.mode spec.mtls.mode",
    ["disable", "permissive", "strict"],
    tls,
    "high",
    "https://istio.io/latest/docs/reference/config/security/peer_authentication/",
    "permissive",
  ),
  order(
    "tls.mode trafficpolicy.tls.mode",
    ["disable", "simple", "mutual istio_mutual"],
    tls,
    "high",
    "https://istio.io/latest/docs/reference/config/networking/destination-rule/",
  ),

  members(
    "ciphers macs kexalgorithms hostkeyalgorithms pubkeyacceptedalgorithms",
    /^(?:3des|arcfour|blowfish|cast128|.*-cbc|hmac-(?:md5|sha1)|umac-64|.*-sha1$|ssh-(?:dss|rsa)$|diffie-hellman-group1-)/,
    algorithm,
    "high",
    ssh,
    /,/,
  ),
  number(
    "bcryptcost bcryptrounds saltrounds hashrounds stretches pbkdf2iterations hashiterations kdfiterations argon2memory argon2time passworditerations",
    "stronger",
    algorithm,
    "high",
    asvs,
  ),
  number(
    "rsakeysize rsabits keysize privatekey.size keybits rsakeylength",
    "stronger",
    algorithm,
    "medium",
    "https://csrc.nist.gov/pubs/sp/800/57/pt1/r5/final",
  ),
  order(
    "privatekey.algorithm jwtalgorithm jwtalg tokenalgorithm idtokensigningalg",
    ["none", "hs256 hs384 hs512", "*"],
    algorithm,
    "high",
    "https://www.rfc-editor.org/rfc/rfc8725",
  ),
  order(
    "passwordhasher passwordhash passwordalgorithm passwordencryption hashalgorithm digestalgorithm hashdigestclass signaturealgorithm",
    ["none plain plaintext", "md5", "sha1 sha-1", "*"],
    algorithm,
    "high",
    asvs,
  ),

  flag(
    "sessioncookiesecure csrfcookiesecure cookiesecure session.cookie.secure cookie.secure cookies.secure securecookie securecookies",
    true,
    session,
    "high",
    `${django}#session-cookie-secure`,
  ),
  flag(
    "sessioncookiehttponly cookiehttponly cookie.httponly cookies.httponly session.cookie.httponly csrfcookiehttponly",
    true,
    session,
    "high",
    `${django}#session-cookie-httponly`,
  ),
  order(
    "sessioncookiesamesite csrfcookiesamesite cookiesamesite cookie.samesite session.cookie.samesite samesite",
    ["none", "lax", "strict"],
    session,
    "medium",
    `${mdn}/Set-Cookie#samesitesamesite-value`,
    "unknown",
  ),
  flag(
    "samesite.strict",
    true,
    session,
    "medium",
    `${mdn}/Set-Cookie#samesitesamesite-value`,
    "false",
  ),
  number(
    "sessioncookieage sessiontimeout sessionlifetime sessionmaxage sessionttl sessiontimeoutinseconds sessiontimeoutinminutes rememberfor idletimeoutseconds sessionidletimeout sessionexpiry permanentsessionlifetime sessiondurationminutes",
    "weaker",
    session,
    "medium",
    asvs,
    "unlimited",
  ),
  flag(
    "csrfenabled enablecsrf csrfprotection wtfcsrfenabled csrf.enabled protectfromforgery allowforgeryprotection performcsrfcheck csrfusesessions",
    true,
    session,
    "high",
    `${rails}#config-action-controller-allow-forgery-protection`,
    "unknown",
  ),

  flag(
    "mfarequired requiremfa mfaenabled mfa.enabled require2fa twofactorrequired enforcemfa enforce2fa requiretwofactor otprequired mfaenforced",
    true,
    authn,
    "high",
    asvs,
  ),
  number(
    "maxloginattempts maxfailedattempts maximumattempts lockoutthreshold maxattempts failedloginlimit loginmaxattempts loginmaxattemptsbeforemaxdelay maxauthtries maxpasswordattempts",
    "weaker",
    authn,
    "high",
    asvs,
    "unlimited",
  ),
  number(
    "passwordminlength minpasswordlength minimumpasswordlength passwordlength.min passwordpolicy.minlength passwordpolicy.minimumlength",
    "stronger",
    authn,
    "high",
    asvs,
  ),
  number(
    "accesstokenttl tokenttl tokenlifetime accesstokenlifetime accesstokenexpiry tokenexpiry tokenexpiration jwtexpiration jwtexpiry jwtexpiresin refreshtokenlifetime refreshtokenttl idtokenlifetime passwordresettokenexpiry resetpasswordwithin passwordresettimeout otpexpiration",
    "weaker",
    authn,
    "medium",
    asvs,
    "unlimited",
  ),
  flag(
    "allowanonymous anonymousenabled authanonymous.enabled anonymous.enabled allowguest guestaccess allowguestaccess disableauth authdisabled disableauthentication skipauth noauth permitemptypasswords",
    false,
    authn,
    "high",
    asvs,
  ),
  flag(
    "requireauth authenabled auth.enabled enableauth authentication.enabled requireauthentication authrequired enablecaptcha captchaenabled recaptchaenabled breachcheck checkbreachedpasswords",
    true,
    authn,
    "high",
    asvs,
  ),
  order(
    "permitrootlogin",
    ["yes", "without-password prohibit-password forced-commands-only", "no"],
    authn,
    "high",
    ssh,
    "prohibit-password",
  ),
  flag("passwordauthentication", false, authn, "high", ssh, "true"),

  members(
    "accesscontrolalloworigin corsalloworigin corsorigins corsallowedorigins corsoriginwhitelist allowedorigins alloworigins alloworigin cors.origin cors.origins corsorigin",
    /./,
    cors,
    "medium",
    `${mdn}/Access-Control-Allow-Origin`,
    /[,\s]+/,
  ),
  flag(
    "corsallowallorigins corsoriginallowall allowallorigins",
    false,
    cors,
    "high",
    "https://github.com/adamchainz/django-cors-headers",
    "false",
  ),
  flag(
    "accesscontrolallowcredentials corsallowcredentials cors.credentials cors.allowcredentials",
    false,
    cors,
    "high",
    `${mdn}/Access-Control-Allow-Credentials`,
    "false",
  ),
  order("enablecors corsenabled cors.enabled", ["true on", "false off"], cors, "low", mdn),

  policy(
    "contentsecuritypolicy csp contentsecuritypolicydirectives",
    headers,
    "medium",
    `${mdn}/Content-Security-Policy`,
  ),
  number(
    "securehstsseconds hsts.maxage hstsmaxage hstsseconds stricttransportsecurity.maxage",
    "stronger",
    headers,
    "medium",
    `${django}#secure-hsts-seconds`,
    "off",
  ),
  flag(
    "securehstsincludesubdomains hsts.includesubdomains hstsincludesubdomains hsts.preload securehstspreload hsts",
    true,
    headers,
    "medium",
    `${mdn}/Strict-Transport-Security`,
  ),
  order(
    "xframeoptions frameoptions frameguard.action",
    ["allowall", "sameorigin", "deny"],
    headers,
    "medium",
    `${mdn}/X-Frame-Options`,
    "allowall",
  ),
  order(
    "xcontenttypeoptions",
    ["none", "nosniff"],
    headers,
    "medium",
    `${mdn}/X-Content-Type-Options`,
    "none",
  ),
  flag(
    "securecontenttypenosniff securebrowserxssfilter contenttypenosniff nosniff xcontenttypenosniff",
    true,
    headers,
    "medium",
    `${django}#secure-content-type-nosniff`,
    "true",
  ),
  order(
    "crossoriginopenerpolicy crossoriginembedderpolicy securecrossoriginopenerpolicy crossoriginresourcepolicy",
    [
      "unsafe-none cross-origin",
      "same-origin-allow-popups credentialless same-site",
      "same-origin require-corp",
    ],
    headers,
    "medium",
    `${mdn}/Cross-Origin-Opener-Policy`,
    "unsafe-none",
  ),
  order(
    "referrerpolicy securereferrerpolicy",
    [
      "unsafe-url",
      "no-referrer-when-downgrade",
      "origin origin-when-cross-origin",
      "strict-origin-when-cross-origin",
      "strict-origin",
      "same-origin",
      "no-referrer",
    ],
    headers,
    "low",
    `${mdn}/Referrer-Policy`,
  ),
  number(
    "stricttransportsecurity",
    "stronger",
    headers,
    "medium",
    `${mdn}/Strict-Transport-Security`,
    "off",
  ),

  flag(
    "modsecurity modsecurityengine enablemodsecurity enableowaspmodsecuritycrs enableowaspcorerules ratelimitenabled ratelimit.enabled ratelimiting.enabled enableratelimit rateLimitingenabled wafenabled waf.enabled throttling.enabled",
    true,
    limit,
    "medium",
    "https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/",
  ),
  order(
    "secruleengine",
    ["off", "detectiononly", "on"],
    limit,
    "high",
    "https://github.com/owasp-modsecurity/ModSecurity/wiki",
    "off",
  ),
  number(
    "limitrps limitrpm limitconnections ratelimit.average ratelimit.burst maxrequestsperminute maxrequestspersecond requestsperminute requestspersecond ratelimit.requests ratelimitrequests",
    "weaker",
    limit,
    "low",
    nginx,
    "unlimited",
  ),

  flag(
    "debug debugmode appdebug flaskdebug djangodebug considerallrequestslocal",
    false,
    config,
    "low",
    `${django}#debug`,
  ),
  flag(
    "strictmode strict.enabled strictvalidation validateinput enablevalidation hostcheck",
    true,
    config,
    "low",
    asvs,
  ),
  flag(
    "allowinsecure insecure insecuremode allowhttp allowprivilegedmode disablesecurity disablesecurityplugin unsafemode dangerouslydisablehostcheck disablehostcheck allowunsafe exposesecrets allowprivateips allowlocalnetworks",
    false,
    config,
    "medium",
    asvs,
  ),
  flag(
    "auditenabled audit.enabled auditlog.enabled security.enabled xpack.security.enabled verifysignatures requiresignedimages signatureverification rbac.enabled rbacenabled networkpolicy.enforced",
    true,
    config,
    "medium",
    asvs,
  ),
  members(
    "trustedproxies allowedhosts trustedhosts hosts.allowed",
    /^(?:\*|0\.0\.0\.0\/0|::\/0|all|true)$/i,
    config,
    "medium",
    `${django}#allowed-hosts`,
    /[,\s]+/,
  ),
  number(
    "maxuploadsize maxbodysize clientmaxbodysize maxrequestsize maxpayloadsize bodylimit maxfilesize datauploadmaxmemorysize",
    "weaker",
    config,
    "info",
    nginx,
    "unlimited",
  ),

  flag(
    "securitycontext.runasnonroot containersecuritycontext.runasnonroot podsecuritycontext.runasnonroot",
    true,
    workload,
    "high",
    k8s,
    "false",
  ),
  flag(
    "securitycontext.readonlyrootfilesystem containersecuritycontext.readonlyrootfilesystem",
    true,
    workload,
    "medium",
    k8s,
    "false",
  ),
  flag(
    "securitycontext.allowprivilegeescalation containersecuritycontext.allowprivilegeescalation",
    false,
    workload,
    "high",
    k8s,
    "true",
  ),
  flag(
    "securitycontext.privileged containersecuritycontext.privileged",
    false,
    workload,
    "high",
    k8s,
    "false",
  ),
];
