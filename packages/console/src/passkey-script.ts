/** What runs in a browser, on the few pages where passkeys need it. Each script is one string, served as a file. */

/** Shared by all: bytes to text and back, questions to the server, and telling people. */
export const passkeyLibrary = `"use strict";
const told = document.getElementById("told");
const toBytes = (text) =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const toText = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\\+/g, "-").replace(/\\//g, "_").replace(/=+$/, "");
async function post(path, body) {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const value = await answer.json();
  if (!answer.ok) throw new Error(value.detail);
  return value;
}
async function withButton(button, work) {
  button.disabled = true;
  told.textContent = "Waiting for your passkey.";
  try {
    await work();
  } catch (error) {
    told.textContent =
      error.name === "NotAllowedError"
        ? "No passkey was used: it was refused, took too long, or could not tell that it was you."
        : error.name === "InvalidStateError"
          ? "This device has a passkey of yours for this server already."
          : "Nothing was done: " + error.message;
    button.disabled = false;
  }
}
function whereThereArePasskeys(id, work) {
  const button = document.getElementById(id);
  if (window.PublicKeyCredential === undefined || button === null) return;
  document.getElementById("passkey-lacks").hidden = true;
  button.hidden = false;
  button.addEventListener("click", () => withButton(button, () => work(button)));
}
`;

/** For `/sign.js`: signs the statement that the page shows. */
export const signScript = `${passkeyLibrary}
whereThereArePasskeys("sign", async (button) => {
  const { challenge, relyingParty, payload, openings, fingerprint, after } = button.dataset;
  const { response } = await navigator.credentials.get({
    publicKey: {
      challenge: toBytes(challenge),
      rpId: relyingParty,
      userVerification: "required",
      timeout: 120000,
    },
  });
  await post("/v1/passkey-statements", {
    payload,
    openings: JSON.parse(openings),
    fingerprint,
    authenticatorData: toText(response.authenticatorData),
    clientDataJson: toText(response.clientDataJSON),
    signature: toText(response.signature),
  });
  location.assign(after);
});
`;

/** For `/passkey.js`: makes a passkey, whose public key an administrator then enrols. */
export const passkeyScript = `${passkeyLibrary}
whereThereArePasskeys("make", async (button) => {
  const { relyingParty, person } = button.dataset;
  const { response } = await navigator.credentials.create({
    publicKey: {
      challenge: crypto.getRandomValues(new Uint8Array(32)),
      rp: { id: relyingParty, name: "Countermand" },
      user: { id: new TextEncoder().encode(person), name: person, displayName: person },
      pubKeyCredParams: [{ type: "public-key", alg: -7 }],
      authenticatorSelection: { residentKey: "required", userVerification: "required" },
      attestation: "none",
      timeout: 120000,
    },
  });
  const found = await post("/v1/passkeys", { publicKey: toText(response.getPublicKey()) });
  document.getElementById("line").textContent = found.line;
  document.getElementById("fingerprint").textContent = found.fingerprint;
  document.getElementById("command").textContent = found.command;
  document.getElementById("made").hidden = false;
  told.textContent = "The passkey is made. It counts once an administrator has enrolled it.";
});
`;
