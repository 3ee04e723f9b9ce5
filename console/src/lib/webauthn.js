// SPDX-License-Identifier: Apache-2.0
// Security keys: enrolment, and a signature over exactly the statement that was shown. The challenge is SHA-256 of the statement's text (docs/formats/keys.md),
// computed here and not taken from the server; what the statement says is held against what the page shows before a key is asked.
import { canonical, fromBase64Url, fromHex, sha256, toBase64Url, toHex, utf8 } from './bytes.js';

const WAIT_MS = 120_000;
export const ALGORITHMS = [-8, -7]; // EdDSA, ES256: what a centre's notes know

export class KeyError extends Error {
	constructor(code, cause) {
		super(code, { cause });
		this.code = code; // a word of the catalogue: key.CODE
	}
}

// Why a browser would not: a word that the page has a sentence for.
export function whyNot(error) {
	return { NotAllowedError: 'cancelled', InvalidStateError: 'enrolled', SecurityError: 'origin', NotSupportedError: 'unsupported', AbortError: 'cancelled' }[error?.name] ?? 'failed';
}

export const isThere = () => typeof globalThis.PublicKeyCredential === 'function' && typeof navigator?.credentials?.get === 'function';

const bytesOf = (buffer) => new Uint8Array(buffer);

/* ---- JSON forms (WebAuthn level 3, 5.1.8), written out because not every browser has toJSON ---- */

const credentialJson = (credential, response) => ({
	id: credential.id,
	rawId: toBase64Url(bytesOf(credential.rawId)),
	type: credential.type,
	clientExtensionResults: {},
	response,
});

export function assertionJson(credential) {
	const { response } = credential;
	return credentialJson(credential, {
		authenticatorData: toBase64Url(bytesOf(response.authenticatorData)),
		clientDataJSON: toBase64Url(bytesOf(response.clientDataJSON)),
		signature: toBase64Url(bytesOf(response.signature)),
		...(response.userHandle ? { userHandle: toBase64Url(bytesOf(response.userHandle)) } : {}),
	});
}

export function registrationJson(credential) {
	const { response } = credential;
	return credentialJson(credential, {
		attestationObject: toBase64Url(bytesOf(response.attestationObject)),
		clientDataJSON: toBase64Url(bytesOf(response.clientDataJSON)),
		...(response.getTransports ? { transports: response.getTransports() } : {}),
	});
}

/* ---- statements ---- */

// {digest, act}: the digest of a statement's text and the act that it is. Refuses what is not exactly one line of canonical JSON with the members of docs/formats/act.md.
export async function readStatement(text) {
	const digest = toHex(await sha256(utf8(text)));
	if (typeof text !== 'string' || !text.endsWith('\n') || text.indexOf('\n') !== text.length - 1) throw new KeyError('statement');
	let act;
	try {
		act = JSON.parse(text);
	} catch (error) {
		throw new KeyError('statement', error);
	}
	const members = ['body', 'event', 'format', 'id', 'matter', 'policy', 'previous', 'time'];
	if (act?.format !== 'sekisho-act/1' || Object.keys(act).join() !== members.join() || `${canonical(act)}\n` !== text) throw new KeyError('statement');
	return { digest, act };
}

// What was prepared must be what was asked for: this step of this matter, about this order's digest, and the digest that the page shows.
export async function checkPrepared(prepared, wanted) {
	const { digest, act } = await readStatement(prepared.statement);
	if (prepared.digest !== undefined && prepared.digest !== digest) throw new KeyError('digest');
	for (const member of ['matter', 'event', 'id']) if (wanted[member] !== undefined && act[member] !== wanted[member]) throw new KeyError('other');
	if (wanted.order !== undefined && act.body.order !== wanted.order) throw new KeyError('other');
	if (wanted.digest !== undefined && digest !== wanted.digest) throw new KeyError('other');
	return { digest, act };
}

// The digest of an order as a page shows it: SHA-256 over its canonical JSON and one line feed (docs/formats/warrant.md).
export async function orderDigest(order) {
	return toHex(await sha256(utf8(`${canonical(order)}\n`)));
}

/* ---- asking the key ---- */

// `digest` (hex) is what readStatement gave. Resolves to the JSON of the assertion.
export async function signDigest(digest, credentialIds, { rpId = globalThis.location?.hostname, credentials = globalThis.navigator?.credentials } = {}) {
	return assertWith(fromHex(digest), credentialIds, { rpId, credentials });
}

// A login: the challenge is the server's.
export async function signChallenge(challenge, credentialIds, { rpId = globalThis.location?.hostname, credentials = globalThis.navigator?.credentials } = {}) {
	return assertWith(fromBase64Url(challenge), credentialIds, { rpId, credentials });
}

async function assertWith(challenge, ids, { rpId, credentials }) {
	try {
		const credential = await credentials.get({
			publicKey: {
				challenge,
				rpId,
				timeout: WAIT_MS,
				userVerification: 'preferred',
				allowCredentials: (ids ?? []).map((id) => ({ type: 'public-key', id: fromBase64Url(id) })),
			},
		});
		return assertionJson(credential);
	} catch (error) {
		throw error instanceof KeyError ? error : new KeyError(whyNot(error), error);
	}
}

export async function enrol({ challenge, account, title, exclude = [] }, { rpId = globalThis.location?.hostname, credentials = globalThis.navigator?.credentials } = {}) {
	try {
		const credential = await credentials.create({
			publicKey: {
				challenge: fromBase64Url(challenge),
				rp: { id: rpId, name: 'Sekisho' },
				user: { id: utf8(account), name: account, displayName: title ?? account },
				pubKeyCredParams: ALGORITHMS.map((alg) => ({ type: 'public-key', alg })),
				timeout: WAIT_MS,
				attestation: 'none',
				authenticatorSelection: { residentKey: 'discouraged', userVerification: 'preferred' },
				excludeCredentials: exclude.map((id) => ({ type: 'public-key', id: fromBase64Url(id) })),
			},
		});
		return registrationJson(credential);
	} catch (error) {
		throw error instanceof KeyError ? error : new KeyError(whyNot(error), error);
	}
}
