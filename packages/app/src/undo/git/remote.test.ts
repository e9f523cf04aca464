import { describe, expect, it } from "vitest";
import { nameInUrl } from "./remote.ts";

describe("the name of a repository in its URL", () => {
  it.each([
    ["https://github.com/Acme/Shop.git", "acme/shop"],
    ["https://user:secret@gitlab.example/group/sub/shop/", "group/sub/shop"],
    ["ssh://git@github.com:22/acme/shop", "acme/shop"],
    ["git@github.com:acme/shop.git", "acme/shop"],
  ])("%s", (url, name) => {
    expect(nameInUrl(url)).toBe(name);
  });

  it.each([
    "",
    "/srv/git/shop.git",
    "../shop",
    "https://github.com/acme",
    "ext::sh -c true",
    "x".repeat(2000),
  ])("%s has none", (url) => {
    expect(nameInUrl(url)).toBeNull();
  });
});
