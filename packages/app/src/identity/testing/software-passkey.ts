/** For tests: a passkey made of software, which can also answer what no honest one would. */
import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { passkeyChallenge } from "../passkey.ts";

export class SoftwarePasskey {
  readonly #pair = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  readonly relyingParty: string;

  constructor(relyingParty: string) {
    this.relyingParty = relyingParty;
  }

  /** As the registry has it. */
  get line(): string {
    const { x, y } = this.#pair.publicKey.export({ format: "jwk" });
    const point = Buffer.concat([Buffer.from([4]), bytes(x), bytes(y)]);
    return passkeyLine(point, this.relyingParty);
  }

  /** The JSON that `/login.js` sends, for a message of the server. */
  answer(
    message: string,
    person: string,
    origin: string,
    changes: {
      readonly flags?: number;
      readonly challenge?: Uint8Array;
      readonly relyingParty?: string;
      readonly type?: string;
      readonly crossOrigin?: boolean;
    } = {},
  ) {
    const clientData = Buffer.from(
      JSON.stringify({
        type: changes.type ?? "webauthn.get",
        challenge: Buffer.from(changes.challenge ?? passkeyChallenge(message)).toString(
          "base64url",
        ),
        origin,
        crossOrigin: changes.crossOrigin ?? false,
      }),
    );
    const authenticatorData = Buffer.concat([
      digest(Buffer.from(changes.relyingParty ?? this.relyingParty)),
      Buffer.from([changes.flags ?? 0x05, 0, 0, 0, 0]),
    ]);
    const signed = Buffer.concat([authenticatorData, digest(clientData)]);
    return {
      message,
      userHandle: Buffer.from(person).toString("base64url"),
      authenticatorData: authenticatorData.toString("base64url"),
      clientDataJson: clientData.toString("base64url"),
      signature: sign("sha256", signed, this.#pair.privateKey).toString("base64url"),
    };
  }
}

/** A P-256 point (65 bytes) as an authorized_keys line of a passkey. */
export function passkeyLine(point: Uint8Array, relyingParty: string): string {
  const type = "sk-ecdsa-sha2-nistp256@openssh.com";
  const blob = Buffer.concat(
    [Buffer.from(type), Buffer.from("nistp256"), point, Buffer.from(relyingParty)].map((field) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(field.length);
      return Buffer.concat([length, field]);
    }),
  );
  return `${type} ${blob.toString("base64")}`;
}

function bytes(base64url: unknown): Buffer {
  return Buffer.from(String(base64url), "base64url");
}

function digest(data: Buffer): Buffer {
  return createHash("sha256").update(data).digest();
}
