/** A real time-stamping authority for tests: `openssl ts` behind HTTP, with a root of its own. */
import { execFile, execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { onTestFinished } from "vitest";

const run = promisify(execFile);

const settings = `
[ req ]
distinguished_name = name
[ name ]
[ root ]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign
[ stamping ]
extendedKeyUsage = critical,timeStamping
keyUsage = critical,digitalSignature
[ authority ]
serial = ./serial
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ess_cert_id_alg = sha256
`;

export class TimeAuthorityUnderTest {
  readonly folder = mkdtempSync(join(tmpdir(), "countermand-authority-"));
  readonly roots = join(this.folder, "root.pem");
  url = "";
  asked = 0;
  /** Instead of the good answer. */
  answer: ((query: Buffer, response: ServerResponse) => void | Promise<void>) | undefined;

  static async start(name = "Time"): Promise<TimeAuthorityUnderTest> {
    const it = new TimeAuthorityUnderTest();
    writeFileSync(join(it.folder, "settings"), settings);
    writeFileSync(join(it.folder, "serial"), "01\n");
    const made = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -config settings".split(" ");
    const root = "-keyout root.key -out root.pem -days 30 -extensions root -subj".split(" ");
    it.#run("req", "-x509", ...made, ...root, `/CN=${name} root`);
    it.#run("req", "-new", ...made, "-keyout", "key", "-out", "csr", "-subj", `/CN=${name}`);
    const given = "-in csr -CA root.pem -CAkey root.key -CAcreateserial -days 30 -out certificate";
    it.#run(..."x509 -req -extfile settings -extensions stamping".split(" "), ...given.split(" "));
    const server = createServer((request, response) => {
      void (async () => {
        it.asked += 1;
        const query = Buffer.concat(await request.toArray());
        if (it.answer !== undefined) return await it.answer(query, response);
        response.setHeader("content-type", "application/timestamp-reply");
        response.end(await it.stamp(query));
      })();
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
      rmSync(it.folder, { recursive: true, force: true });
    });
    it.url = `http://127.0.0.1:${(server.address() as { port: number }).port}/tsa`;
    return it;
  }

  /** What the authority answers, as `openssl ts -reply` makes it. */
  async stamp(query: Uint8Array): Promise<Buffer> {
    const { folder } = this;
    writeFileSync(join(folder, "query"), query);
    const args = "ts -reply -queryfile query -config settings -section authority";
    const keys = "-signer certificate -inkey key -out reply";
    await run("openssl", `${args} ${keys}`.split(" "), { cwd: folder });
    return readFileSync(join(folder, "reply"));
  }

  #run(...args: string[]): void {
    execFileSync("openssl", args, { cwd: this.folder, stdio: "pipe" });
  }
}
