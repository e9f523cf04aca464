/** Calls that are safe, and what does the same unsafely. */
import type { Loss } from "./losses.ts";

/** What is safe, and what stands there when it is not; both sides must be seen. */
const pairs: readonly (readonly [safe: RegExp, unsafe: RegExp, name: string])[] = [
  [/\braise_exception=True/, /\.is_valid\(\s?\)/, "a check whose answer is not asked for"],
  [/"html\/template"/, /"text\/template"/, "a template that does not escape"],
  [
    /\byaml\.safe_load|\bSafeLoader|\bYAML\.safe_load/,
    /\byaml\.(?:unsafe_|full_)?load\(|\bYAML\.(?:unsafe_)?load\b(?!_file)/,
    "an unsafe YAML load",
  ],
  [/\.(?:textContent|innerText)\s?=/, /\.innerHTML\s?=|dangerouslySetInnerHTML/, "innerHTML"],
  [/\b(?:execFile|spawn)(?:Sync)?\(/, /\bexec(?:Sync)?\(/, "a shell"],
  [/\bhtml_escape\b|\bsanitize\b|\bERB::Util|\bh\(/, /\braw[ (]|\.html_safe\b/, "raw output"],
  [
    /\bjson\.loads?\(|\bJSON\.parse\b/,
    /\bpickle\.loads?\(|\beval\(|\bMarshal\.load\b|\bunserialize\(/,
    "an unsafe deserialiser",
  ],
  [/\bast\.literal_eval\(/, /(?:^|[^.\w])eval\(/, "eval"],
  [
    /\bdefusedxml\b|resolve_entities=False|XMLConstants|FEATURE_SECURE_PROCESSING/,
    /\betree\b|resolve_entities=True|newInstance\(/,
    "an XML parser with entities",
  ],
  [/\bsubprocess\.\w+\(\s?\[/, /shell\s?=\s?True|\bos\.(?:system|popen)\(/, "a shell"],
  [
    /(?:\?|\$\d|%s|:\w+).{0,200}["'`]\s?,/,
    /(?:SELECT|INSERT|UPDATE|DELETE|WHERE)\b.{0,300}(?:\$\{|#\{|["']\s?\+|\.format\(|%\s?\()/i,
    "SQL put together from text",
  ],
  [
    /\bpublic_send\b|\brecognize_path\b/,
    /\.(?:send|constantize)\b/,
    "a call by a name from outside",
  ],
  [
    /\bcrypto\.(?:randomBytes|randomUUID|getRandomValues)|\bsecrets\.|\bSecureRandom\b|\bcrypto\/rand/,
    /\bMath\.random\(|\brandom\.(?:random|choice|randint)\(|\bmt_rand\(|\bmath\/rand/,
    "guessable randomness",
  ],
  [
    /\btimingSafeEqual|\bcompare_digest|\bsecure_compare|\bConstantTimeCompare|\bhash_equals/,
    /===?/,
    "a comparison that takes more or less time",
  ],
  [
    /\bfilepath-securejoin|\bsecure_filename\(|\bSecureJoin\(/,
    /\bfilepath\.Join\(|\bos\.path\.join\(/,
    "a path from outside",
  ],
];

/** The name of the first unsafe call that took a safe one's place in the same function. */
export function unsafePair(loss: Loss): string | null {
  for (const [safe, unsafe, name] of pairs) {
    if (!safe.test(loss.text) || unsafe.test(loss.text)) continue;
    const found = loss.gains.some((gain) => unsafe.test(gain) && !safe.test(gain));
    if (found && !loss.gains.some((gain) => safe.test(gain))) return name;
  }
  return null;
}
