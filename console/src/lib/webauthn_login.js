// SPDX-License-Identifier: Apache-2.0
// Signing in with a security key: challenge and credential ids as base64url, the answer as the JSON that WebAuthn names.
export const toBytes = (text) => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0));
export const toText = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');

export const possible = () => Boolean(globalThis.PublicKeyCredential && navigator.credentials);

/** @param {string} challenge base64url @param {string[]} credentials ids, base64url @returns what POST .../webauthn takes */
export async function sign(challenge, credentials) {
	const made = await navigator.credentials.get({
		publicKey: { challenge: toBytes(challenge), allowCredentials: credentials.map((id) => ({ type: 'public-key', id: toBytes(id) })), userVerification: 'required', timeout: 60000 },
	});
	const r = made.response;
	return {
		id: made.id, rawId: toText(made.rawId), type: made.type,
		response: { clientDataJSON: toText(r.clientDataJSON), authenticatorData: toText(r.authenticatorData), signature: toText(r.signature), userHandle: r.userHandle ? toText(r.userHandle) : null },
	};
}
