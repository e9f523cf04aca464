/**
 * What a text shows without being understood: numbers, times, links, names of
 * changes. These look alike in every language, so nobody is asked to write
 * English. The few lists of words only ever accept; what needs a language to be
 * missed is looked for in English text alone (`english`).
 */
export interface TextFacts {
  /** How much is said: letters and digits outside references; one of a script without word spaces counts three. */
  readonly weight: number;
  /** A quantity: not a date, a clock time, a version or a ticket. */
  readonly number: boolean;
  /** A time, a date, a span, or since which event. */
  readonly time: boolean;
  /** What changed: a version, a commit, a pull request, a link, an identifier, or a word for a change. */
  readonly change: boolean;
  /** Where a reader can look: a link, a ticket, a commit, an advisory, a path, an identifier. */
  readonly reference: boolean;
  /** An advisory, or in English text a word about what is exposed. */
  readonly exposure: boolean;
  /** A way that was weighed against this one; only English text can lack it. */
  readonly alternative: boolean;
  /** Enough of the commonest words of English to look for what is not there. */
  readonly english: boolean;
}

const link = /\b[a-z][a-z0-9+.-]{1,10}:\/\/[^\s<>"'）」]+/giu;
const advisory =
  /\b(?:CVE-\d{4}-\d{4,7}|GHSA(?:-[0-9a-z]{4}){3}|(?:RUSTSEC|GO|PYSEC|DSA|USN)-\d{4}-\d+)\b/giu;
const ticket =
  /(?<![\p{Script=Latin}\p{N}])(?:[A-Z][A-Z0-9]{1,9}-\d+|[\w.-]{1,60}\/[\w.-]{1,60}#\d+)/gu;
const request = /[#!]\d+/gu;
const hash = /\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{7,64}\b/giu;
const version = /\bv?\d+\.\d+\.(?!(?:19|20)\d\d\b)\d+(?:[-+][0-9a-z.-]+)?|\bv\d+(?:\.\d+)*/giu;
const code = /`[^`\n]{1,200}`/gu;
/** `max_conns`, `retryLimit`, `app/limits.ts`, `--pool-size`, `db.pool`. */
const identifier =
  /(?<![\w/])(?:[a-z0-9]+(?:_[a-z0-9]+)+|[a-z]+[A-Z]\w*|(?:[\w.-]+\/)+[\w-]+\.\w+|--[a-z][\w-]+|[a-z]\w+\.[a-z]\w+(?:\.\w+)*)(?!\w)/gu;
const date =
  /\b\d{4}-\d{2}-\d{2}(?:T[\d:.]+Z?)?|\b\d{1,2}[./]\d{1,2}[./]\d{4}|\b\d{1,2}\.\d{1,2}\.(?!\d)|\d+\s*[年月日]/gu;
const clock =
  /\b\d{1,2}:\d{2}(?::\d{2})?\b|\b\d{1,2}h\d{2}\b|\b\d{1,2}(?:[.:]\d{2})?\s?(?:[ap]\.?m\b|Uhr\b)|\d{1,2}\s*[時点시](?!間)/giu;
const span =
  /\d\s*(?:min\p{L}*|h\b|hrs?\b|hours?|stunden?|heures?|horas?|ore\b|days?|tagen?|tage?|jours?|d[ií]as?|giorni|weeks?|wochen?|semaines?|semanas?|час\p{L}*|мин\p{L}*|дн\p{L}+|分|時間|日間|小时|小時|分钟|分鐘|天|분|시간|دقيقة|دقائق|ساعة|ساعات|أيام|يوم)/giu;
/** Since when, by an event instead of a clock. */
const event =
  /\b(?:since|after|yesterday|overnight|seit|nach dem|nachdem|gestern|depuis|après|hier|desde|después|ayer|dopo|dal|desde|após|sinds)\b|以来|以降|直後|してから|昨日|之后|以后|今天|이후|부터|منذ|بعد|после|с момента/iu;
const quantity =
  /\b(?:all|every|none|nobody|half|doubled|twice|alle[nrs]?|jede[rsnm]?|keine[rn]?|hälfte|tous|toutes|aucun|moitié|todos|todas|ningún|mitad|tutti|tutte|nessuno)\b|すべて|全て|全員|半分|所有|全部|一半|모든|절반|جميع|نصف|كل |все|половин/iu;
const changed =
  /\b(?:releas\p{L}*|deploy\p{L}*|despliegue|déploiement|upgrad\p{L}*|updat\p{L}*|migra\p{L}*|rollout|feature|flag|config\p{L}*|konfigur\p{L}*|certificat\p{L}*|zertifikat|schema\p{L}*|merge\p{L}*|patch\p{L}*|version\p{L}*|versión)\b|リリース|デプロイ|更新|変更|設定|バージョン|发布|發布|部署|配置|升级|배포|업데이트|설정|الإصدار|إصدار|النشر|نشر|تحديث|релиз|обновлени|деплой/iu;
const exposed =
  /\b(?:expos\p{L}*|secur\p{L}*|vulnerab\p{L}*|exploit\p{L}*|attack\p{L}*|permission\p{L}*|unauth\p{L}*|leak\p{L}*|patch\p{L}*|hardening|encrypt\p{L}*|access)\b/iu;
const weighed =
  /\b(?:instead|rather|than|because|forward|faster|safer|slower|takes?|longer|cannot|can't|would|risk\p{L}*|while|until|before|only way|no other|wait\p{L}*|either|alternativ\p{L}*|hotfix|workaround)\b/iu;
const commonEnglish =
  /\b(?:the|is|are|were|of|to|and|with|from|that|this|it|has|have|by|been|which|not|be|we)\b/giu;
/** Scripts that are written without a space between words: a character says more. */
const dense = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/gu;
const unspaced = /[\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/gu;

export function factsOf(text: string): TextFacts {
  const plain = westernDigits(text.normalize("NFKC"));
  const named = (...patterns: readonly RegExp[]) =>
    patterns.some((pattern) => plain.search(pattern) >= 0);
  const pointers = named(link, advisory, request, hash, code, identifier);
  const bare = without(plain, [link, advisory, ticket, request, hash, code]);
  const words = bare.match(/[\p{L}\p{M}\p{N}][\p{L}\p{M}\p{N}'’-]*/gu) ?? [];
  const common = bare.match(commonEnglish)?.length ?? 0;
  const english = common >= 3 && common >= words.length / 10;
  return {
    weight:
      count(without(bare, [version]), /[\p{L}\p{N}]/gu) +
      2 * count(bare, dense) +
      count(bare, unspaced),
    number:
      quantity.test(plain) ||
      /(?<![\p{Script=Latin}\p{N}_])\p{N}/u.test(
        without(bare, [version, date, clock, identifier]),
      ) ||
      /[一二三四五六七八九十百千万]+(?:割|件|人|倍|回|%)/u.test(bare),
    time: named(date, clock, span) || event.test(plain),
    change: pointers || named(version) || changed.test(plain),
    reference: pointers || named(ticket),
    exposure: !english || named(advisory) || exposed.test(plain),
    alternative: !english || weighed.test(plain),
    english,
  };
}

/** Two texts that differ in case, spaces and punctuation alone are the same. */
export function sameText(one: string, other: string): boolean {
  return normal(one) === normal(other);
}

export function normal(text: string): string {
  return westernDigits(text.normalize("NFKC"))
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{M}\p{N}]+/gu, " ")
    .trim();
}

export function withoutLinks(text: string): string {
  return without(text, [link]);
}

function without(text: string, patterns: readonly RegExp[]): string {
  return patterns.reduce((rest, pattern) => rest.replaceAll(pattern, " "), text);
}

function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}

/** `٠٢:٤٠` as `02:40`. Unicode keeps the ten digits of a script side by side, the nought first. */
function westernDigits(text: string): string {
  return text.replaceAll(/[^\P{Nd}0-9]/gu, (digit) => {
    const at = digit.codePointAt(0) ?? 0;
    let value = 0;
    while (value < 9 && /\p{Nd}/u.test(String.fromCodePoint(at - value - 1))) value++;
    return String(value);
  });
}
