/** Names in source: split into words, taken from text, compared without white space. */

/** `requireAdmin_user` → require, admin, user. */
export function wordsOf(name: string): string[] {
  return name
    .slice(0, 2000)
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replaceAll(/([A-Z])([A-Z][a-z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== "");
}

export function squash(text: string): string {
  return text.replaceAll(/[\s;]+/g, "");
}

/** String contents are no names. */
export function withoutStrings(text: string): string {
  return text.replaceAll(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`/g, '""');
}

const notCalls = new Set(
  "if for while switch catch return function and or not elif elsif unless when match func def fn super in".split(
    " ",
  ),
);

/** What is called, by its last name: `a.b.c(x)` → c; and Ruby's commands, `authorize x`. */
export function callsOf(text: string): string[] {
  const plain = withoutStrings(text);
  const calls = [...plain.matchAll(/([A-Za-z_$][\w$]{0,100}[!?]?)\s?\(/g)].flatMap(([, name]) =>
    name === undefined || notCalls.has(name) ? [] : [name],
  );
  const command = /^@?(?:[\w@$]{1,80}\.)*([a-z_]\w{0,80}[!?]?)(?:$| [:@"'\w])/.exec(plain)?.[1];
  if (command !== undefined && !notCalls.has(command)) calls.push(command);
  const mark = /^(?:@|#?\[)([\w.]{1,100})/.exec(plain)?.[1];
  if (mark !== undefined) calls.push(mark.split(".").at(-1) ?? mark);
  const last = /\.([a-z_]\w{0,80}[!?]?)$/.exec(plain)?.[1];
  if (last !== undefined) calls.push(last);
  return [...new Set(calls)];
}

const keywords = new Set(
  (
    "if else elif elsif unless end return raise throw new not and or is in nil null None true false True False " +
    "undefined self this super await async const let var func def fn function typeof instanceof err error ok len " +
    "string str int bool byte ctx context class do then begin puts go defer mut ref errors field"
  ).split(" "),
);

/**
 * The names in a text, keywords and the likes of `err` left out. With `roots` only
 * the first of each chain, and none that is called or written as a constant.
 */
export function namesOf(text: string, { roots = false } = {}): Set<string> {
  const names = new Set<string>();
  for (const found of withoutStrings(text).matchAll(
    /(\.|::|->|&\.)?@?([A-Za-z_$][\w$]{0,100})(\s?\(|[?!](?![.=]))?/g,
  )) {
    const [, before, name, call] = found;
    if (name === undefined || keywords.has(name)) continue;
    if (roots && (before !== undefined || call !== undefined || /^[A-Z]/.test(name))) continue;
    names.add(name);
  }
  return names;
}
