import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { html, render, visible } from "./html.ts";
import { paths } from "./paths.ts";
import { bytes, instant, span } from "./time.ts";

/** What a parser makes of escaped text. */
function unescape(text: string): string {
  return text.replaceAll(/&(?:#(\d+)|(\w+));/g, (_all, code: string | undefined, name: string) =>
    code === undefined
      ? ({ amp: "&", lt: "<", gt: ">", quot: '"' }[name] ?? "?")
      : String.fromCodePoint(Number(code)),
  );
}

describe("html", () => {
  test("escapes every value, in text and in attributes", () => {
    const hostile = `<script>alert("1")</script>' onload=x \`&amp;`;
    expect(render(html`<a title="${hostile}">${hostile}</a>`)).toBe(
      `<a title="&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&#39; onload=x &#96;&amp;amp;">&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&#39; onload=x &#96;&amp;amp;</a>`,
    );
  });

  test("leaves what html made as it is, and lists are their items", () => {
    const items = ["<", ">"].map((item) => html`<b>${item}</b>`);
    expect(render(html`<i>${items}</i>`)).toBe("<i><b>&lt;</b><b>&gt;</b></i>");
  });

  test("false and undefined are nothing, zero and the empty string are themselves", () => {
    expect(render(html`[${false}${undefined}${0}${""}]`)).toBe("[0]");
  });

  test("an object that looks like markup is none", () => {
    // What a parsed JSON document can hold, by any of its keys.
    for (const forged of [{ html: "<b>" }, { "Symbol(html)": "<b>" }]) {
      expect(() => render(html`${forged as never}`)).toThrow();
    }
  });

  test("any text comes back from the parser as what is visible of it", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const shown = render(html`${text}`);
        expect(shown).not.toMatch(/[<>"'`\n\t]/);
        expect(unescape(shown)).toBe(visible(text));
      }),
    );
  });
});

describe("visible", () => {
  test.each([
    ["\u0000", "\\u0000"],
    ["\u001b[2J", "\\u001b[2J"],
    ["\u007f\u0085", "\\u007f\\u0085"],
    ["a\u202eb\u2066c", "a\\u202eb\\u2066c"],
    ["\u200b\u200d\ufeff\u00ad", "\\u200b\\u200d\\ufeff\\u00ad"],
    ["\u{e0041}", "\\u{e0041}"],
    ["\ud800", "\\ud800"],
    ["\udc00x", "\\udc00x"],
    ["\u2028", "\\u2028"],
    ["a\rb", "a\\u000db"],
    ["a\r\nb\n\tc", "a\nb\n\tc"],
    ["Grüße, 日本語, עברית, 🙂", "Grüße, 日本語, עברית, 🙂"],
  ])("%j is %j", (text, shown) => {
    expect(visible(text)).toBe(shown);
  });
});

describe("links", () => {
  test("hold no text that could leave its place", () => {
    expect(paths.record("../x?y#z")).toBe("/records/..%2Fx%3Fy%23z");
    expect(paths.home({ service: "a&b=c", status: "", after: "\ud800" })).toBe(
      "/?service=a%26b%3Dc&after=%EF%BF%BD",
    );
    expect(paths.home()).toBe("/");
    expect(paths.reversals("/srv/a b")).toBe("/reversals?repository=%2Fsrv%2Fa%20b");
  });
});

describe("times", () => {
  test("an instant has its machine form", () => {
    expect(render(instant("2026-11-23T02:14:03.120Z"))).toBe(
      '<time datetime="2026-11-23T02:14:03.120Z">2026-11-23 02:14:03 UTC</time>',
    );
    expect(render(instant('"><script>'))).toBe("&quot;&gt;&lt;script&gt;");
  });

  test.each([
    [59_499, "59 s"],
    [60_000, "1 min"],
    [3_600_000, "1 h"],
    [7_800_000, "2 h 10 min"],
    [86_400_000, "1 d"],
    [100_000_000, "1 d 3 h"],
    [8_000_000_000, "92 d"],
    [-5, "0 s"],
  ])("%i ms is %s", (gap, says) => {
    expect(span(gap)).toBe(says);
  });

  test.each([
    [0, "0 bytes"],
    [1, "1 byte"],
    [999, "999 bytes"],
    [1000, "1.0 KB"],
    [1_482_113, "1.5 MB"],
    [64_000_000_000_000_000, "64000.0 TB"],
  ])("%i bytes are %s", (n, says) => {
    expect(bytes(n)).toBe(says);
  });
});
