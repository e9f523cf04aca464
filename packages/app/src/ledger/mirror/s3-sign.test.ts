/** Signatures from the Amazon S3 API reference, "Signature calculations for the Authorization header: examples". */
import { expect, test } from "vitest";
import { signS3, type S3Request } from "./s3-sign.ts";

const credentials = {
  accessKeyId: "AKIAIOSFODNN7EXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
};
const at = new Date("2013-05-24T00:00:00.000Z");
const host = "examplebucket.s3.amazonaws.com";

const examples: readonly (readonly [string, S3Request, string])[] = [
  [
    "GET an object",
    { method: "GET", host, path: "/test.txt", headers: { range: "bytes=0-9" } },
    "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
  ],
  [
    "PUT an object",
    {
      method: "PUT",
      host,
      path: "/test$file.text",
      headers: {
        date: "Fri, 24 May 2013 00:00:00 GMT",
        "x-amz-storage-class": "REDUCED_REDUNDANCY",
      },
      body: Buffer.from("Welcome to Amazon S3."),
    },
    "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
  ],
  [
    "GET the bucket's lifecycle",
    { method: "GET", host, path: "/", query: { lifecycle: "" } },
    "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
  ],
  [
    "list objects",
    { method: "GET", host, path: "/", query: { "max-keys": "2", prefix: "J" } },
    "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
  ],
];

test.each(examples)("%s", (_, request, signature) => {
  const { headers } = signS3(request, credentials, "us-east-1", at);
  expect(headers["authorization"]).toMatch(new RegExp(`Signature=${signature}$`));
});

test("a session's token is signed with the rest", () => {
  const { headers } = signS3(
    { method: "GET", host, path: "/test.txt" },
    { ...credentials, sessionToken: "token" },
    "us-east-1",
    at,
  );
  expect(headers["x-amz-security-token"]).toBe("token");
  expect(headers["authorization"]).toMatch(/SignedHeaders=[^,]*;x-amz-security-token,/);
});
