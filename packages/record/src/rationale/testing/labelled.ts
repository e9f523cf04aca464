/**
 * Rationales with labels, all made up for these tests by the people who wrote the
 * checks: they show what the checks are meant to do, not how people write.
 * `good`: nothing is missing. `thin`: taken, with exactly these hints. `refused`:
 * not taken, for this. Names, numbers and advisories in them are invented.
 */
import type { FaultName, RationaleToCheck } from "../rationale.ts";
import type { HintName } from "../uses.ts";

type Place = Partial<Omit<RationaleToCheck, "text">>;
export interface Labelled extends Place {
  readonly language: string;
  readonly text: string;
}

export const good: readonly Labelled[] = [
  {
    language: "en",
    text: "Since 14:20 UTC 12 % of card payments fail with E1042 after the deploy of 2.9.0. A hotfix needs the provider, which answers tomorrow, so going back is faster. Nothing security related is in the range.",
  },
  {
    language: "en",
    text: "p95 of the search API doubled to 900 ms at 09:15 right after `use_new_ranker` was turned on. Tuning would take a day; the flag takes a minute. No exposed surface changes.",
  },
  {
    language: "de",
    text: "Seit 02:40 Uhr schlagen 7 % der Bezahlungen im Checkout mit Zeitüberschreitung fehl, seit Version 1.42.0 läuft. Ein Fix braucht eine Schemaänderung und dauert einen Tag.",
  },
  {
    language: "de",
    text: "Die Anmeldung ist seit dem Deployment um 9.30 Uhr für alle Kunden aus Österreich nicht möglich (etwa 400 je Stunde); ein Vorwärtsfix ist nicht vor morgen fertig.",
  },
  {
    language: "ja",
    text: "1.42.0のリリース直後の02:40から決済の7%がタイムアウトで失敗しています。修正にはスキーマ変更が必要で一日かかるため、1.41.3に戻します。",
  },
  {
    language: "ja",
    text: "午前9時15分のデプロイ以降、検索のp95が180msから2.4sに悪化しました。インデックス再構築には5時間かかります。",
  },
  {
    language: "ar",
    text: "منذ الساعة ٠٢:٤٠ تفشل ٧٪ من عمليات الدفع بعد نشر الإصدار 1.42.0، والإصلاح يحتاج إلى يوم كامل لأن مخطط قاعدة البيانات سيتغير.",
  },
  {
    language: "ar",
    text: "ارتفع زمن الاستجابة من ١٨٠ إلى ٢٤٠٠ ميلي ثانية بعد تحديث max_conns، والرجوع أسرع من انتظار اختبار الحمل.",
  },
  {
    language: "fr",
    text: "Depuis 14h20, 12 % des paiements échouent après le déploiement de la 2.9.0 ; un correctif prendrait une journée.",
  },
  {
    language: "es",
    text: "Desde las 14:20 falla el 12 % de los pagos tras el despliegue de 2.9.0; arreglarlo hacia adelante lleva un día entero.",
  },
  {
    language: "zh",
    text: "2.9.0 发布之后，从14:20起有12%的支付失败。修复需要改表结构，至少一天，所以先回退。",
  },
  {
    language: "ko",
    text: "14:20부터 2.9.0 배포 이후 결제의 12%가 실패합니다. 수정에는 스키마 변경이 필요해 하루가 걸립니다.",
  },
  {
    language: "ru",
    text: "С 14:20 после релиза 2.9.0 не проходят 12 % платежей; исправление требует миграции и займёт день.",
  },
  {
    language: "th",
    text: "ตั้งแต่ 14:20 หลังปล่อย 2.9.0 การชำระเงินล้มเหลว 12 % และการแก้ไขต้องใช้เวลาหนึ่งวัน",
  },
  {
    language: "en",
    use: "emergency",
    text: "Nobody can log in since 02:40, about 9,000 users; restarts did not help.",
  },
  {
    language: "en",
    use: "exercise",
    text: "Drill on staging with the new on-call: 3.1.0 back to 3.0.9, passed if smoke is green within 15 min.",
  },
  {
    language: "de",
    use: "plan",
    text: "Wenn nach 3.1.0 mehr als 2 % der Anfragen fehlschlagen, zurück auf 3.0.9; dauert 4 Minuten, möglich bis zur Migration am 26.11. früh.",
  },
  {
    language: "en",
    use: "clearing",
    reason: "not-affected",
    text: "The decoder is only built with the feature `legacy_xml`, which our image leaves out; see SEC-88 and Dockerfile line 12.",
  },
  {
    language: "ja",
    use: "override",
    text: "22:00まで1900件の振込が処理中で、今戻すと失われます。それまではSEC-314のWAFルールで経路を塞いでいます。",
  },
  {
    language: "en",
    use: "exception",
    text: "The fix is in review as #4431 and ships on 2026-11-26; without the renewal the broken importer returns.",
  },
  {
    language: "en",
    use: "condition",
    text: "The canary must stay under 0.2 % errors for ten minutes, otherwise the schema does not fit.",
  },
  {
    language: "en",
    use: "rejection",
    text: "This brings CVE-2026-1111 back on a public endpoint; turn off new_checkout instead and ship 1.41.4.",
  },
  {
    language: "de",
    use: "change-request",
    text: "Das Ziel enthält noch CVE-2026-1111, bitte 1.41.4 nehmen und den Rauchtest als Beleg anhängen.",
  },
];

/** What begins like a copy and says something of its own. */
const ownWords =
  'Revert "Add retries": since 14:20 12 % of cards are charged twice, and support answers "wait until the fix"';

export const thin: readonly (Labelled & { readonly hints: readonly HintName[] })[] = [
  {
    language: "en",
    text: "Checkout is slow since the release and customers complain about it a lot",
    hints: ["no-number", "no-alternative", "no-exposure"],
  },
  {
    language: "en",
    text: "Customers see timeouts while paying with a card, and the support team is flooded",
    hints: ["no-number", "no-time", "no-change", "no-exposure"],
  },
  {
    language: "en",
    text: "We see 12 % of the payments fail with E1042 and that is more than we can bear",
    hints: ["no-time", "no-change", "no-exposure"],
  },
  {
    language: "en",
    text: "The new ranker of 2.9.0 gives the wrong results for 12 % of queries since 09:15",
    fields: { security: "Nothing in the range is about security" },
    hints: ["no-alternative"],
  },
  {
    language: "de",
    text: "Kunden melden Zeitüberschreitungen beim Bezahlen, der Support ist überlastet",
    hints: ["no-number", "no-time", "no-change"],
  },
  {
    language: "ja",
    text: "決済でタイムアウトが多発しており、サポートに問い合わせが殺到しています",
    hints: ["no-number", "no-time", "no-change"],
  },
  {
    language: "ar",
    text: "العملاء لا يستطيعون الدفع والدعم الفني مشغول بالشكاوى الكثيرة",
    hints: ["no-number", "no-time", "no-change"],
  },
  {
    language: "en",
    text: "Checkout is failing for customers since 02:40 with 1.42.0",
    hints: ["no-number"],
  },
  {
    language: "en",
    text: "we need to revert this because prod is broken, 70 %",
    hints: ["no-time", "no-change", "no-exposure"],
  },
  {
    language: "ja",
    text: "決済画面が真っ白になり誰も注文できない状態が続いています",
    hints: ["no-number", "no-time", "no-change"],
  },
  { language: "ja", text: "決済が七割失敗、再起動も無効", hints: ["no-time", "no-change"] },
  {
    language: "th",
    text: "ระบบชำระเงินล่มทั้งหมด",
    hints: ["no-number", "no-time", "no-change"],
  },
  { language: "en", text: ownWords, hints: ["no-change", "no-exposure"] },
  {
    language: "en",
    text: 'Revert "Add retries" because 12 % are charged twice since 14:20, with a new version "soon"',
    hints: [],
  },
  {
    language: "en",
    use: "emergency",
    text: "Nobody can reach the shop, the load balancer refuses connections",
    hints: ["no-time"],
  },
  {
    language: "en",
    use: "exercise",
    text: "Practise the runbook with the new colleague before the holidays",
    hints: ["no-number", "no-change"],
  },
  {
    language: "en",
    use: "plan",
    text: "Set the flag `strict_mfa` back if logins fail too often",
    hints: ["no-number", "no-time"],
  },
  {
    language: "en",
    use: "clearing",
    text: "We do not think that anybody can reach this from outside",
    hints: ["no-reference"],
  },
  {
    language: "en",
    use: "override",
    text: "The payouts are running and the WAF blocks the path meanwhile",
    hints: ["no-number", "no-time", "no-reference"],
  },
  {
    language: "en",
    use: "exception",
    text: "The fix waits for its review and nobody has time",
    hints: ["no-time", "no-reference"],
  },
  {
    language: "en",
    use: "condition",
    text: "Only if the canary looks good enough to the on-call",
    hints: ["no-number"],
  },
  {
    language: "en",
    use: "rejection",
    text: "I do not believe that this is the cause of the errors that we have seen",
    hints: ["no-alternative", "no-reference"],
  },
  {
    language: "en",
    use: "change-request",
    text: "Please describe the effect on users more clearly",
    hints: ["no-reference"],
  },
];

const subject = "Add retries to the payment client and raise its timeout";
export const refused: readonly (Labelled & { readonly fault: FaultName })[] = [
  { language: "", text: "", fault: "empty" },
  { language: "", text: " \n\t ", fault: "empty" },
  { language: "", text: "…!?—", fault: "empty" },
  { language: "en", text: "prod is broken", fault: "too-short" },
  { language: "en", text: "see ticket", fault: "too-short" },
  { language: "de", text: "geht nicht mehr", fault: "too-short" },
  { language: "ja", text: "壊れた", fault: "too-short" },
  { language: "ar", text: "لا يعمل", fault: "too-short" },
  { language: "", text: "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", fault: "repeated" },
  { language: "", text: "aababb abbaba bbaab", fault: "repeated" },
  { language: "", text: "asdf asdf asdf asdf asdf asdf asdf asdf asdf", fault: "repeated" },
  {
    language: "en",
    text: "error error error error error error error error error",
    fault: "repeated",
  },
  { language: "ja", text: "ああああああああああああああああああ", fault: "repeated" },
  { language: "", text: "INC-4471", fault: "only-reference" },
  { language: "", text: "INC-4471, OPS-12 #331", fault: "only-reference" },
  { language: "", text: "https://tracker.example/browse/INC-4471", fault: "only-reference" },
  { language: "", text: "8f2c1d9e0b7a", fault: "only-reference" },
  { language: "", text: "incident/4471", tickets: ["incident/4471"], fault: "only-reference" },
  {
    language: "en",
    text: 'Revert "Add retries to the payment client and raise its timeout"',
    fault: "copied",
  },
  {
    language: "en",
    text: `Revert "${subject}"\n\nThis reverts commit 8f2c1d9e0b7a6c5d4e3f2a1b0c9d8e7f6a5b4c3d.`,
    fault: "copied",
  },
  {
    language: "en",
    text: 'Revert "Revert "Add retries to the payment client"" (#4431)',
    fault: "copied",
  },
  { language: "en", text: subject, commitMessages: [`${subject}\n\nBody`], fault: "copied" },
  { language: "en", text: "What was seen, with a number", fault: "copied" },
  {
    language: "en",
    text: "Customers cannot pay since 02:40, about 7 % of checkouts fail",
    fields: { impact: "customers CANNOT pay since 02:40 -- about 7% of checkouts fail!" },
    fault: "same-as-field",
  },
  {
    language: "en",
    text: "we need to roll back because prod is broken and this is urgent please",
    fault: "says-nothing",
  },
  { language: "", text: "x ".repeat(2001), fault: "too-long" },
];
