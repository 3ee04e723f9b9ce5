// SPDX-License-Identifier: Apache-2.0
// What the centre does with a security key, done again for the stand-in: a registration's key out of its attestation, and an assertion judged as a note's
// signature is (docs/formats/keys.md): type, challenge, origin, crossOrigin in this order, relying party, presence, signature.
import { createHash, createPublicKey, verify } from 'node:crypto';

const sha256 = (bytes) => createHash('sha256').update(bytes).digest();

/* As much of CBOR as an attestation object has. */
function cbor(bytes, at = 0) {
	const head = bytes[at++], major = head >> 5;
	let n = head & 31;
	if (n === 24) n = bytes[at++];
	else if (n === 25) { n = bytes.readUInt16BE(at); at += 2; }
	else if (n === 26) { n = bytes.readUInt32BE(at); at += 4; }
	else if (n > 26) throw new Error('CBOR that no attestation has');
	if (major === 0) return [n, at];
	if (major === 1) return [-1 - n, at];
	if (major === 2) return [bytes.subarray(at, at + n), at + n];
	if (major === 3) return [bytes.subarray(at, at + n).toString(), at + n];
	if (major === 4) { const out = []; for (let i = 0; i < n; i++) { const [v, to] = cbor(bytes, at); out.push(v); at = to; } return [out, at]; }
	if (major === 5) { const out = new Map(); for (let i = 0; i < n; i++) { const [k, a] = cbor(bytes, at); const [v, b] = cbor(bytes, a); out.set(k, v); at = b; } return [out, at]; }
	throw new Error('CBOR that no attestation has');
}
function keyOf(cose) {
	const [kty, alg] = [cose.get(1), cose.get(3)];
	if (kty === 1 && alg === -8) return { alg, key: createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x: cose.get(-2).toString('base64url') } }) };
	if (kty === 2 && alg === -7) return { alg, key: createPublicKey({ format: 'jwk', key: { kty: 'EC', crv: 'P-256', x: cose.get(-2).toString('base64url'), y: cose.get(-3).toString('base64url') } }) };
	throw new Error('a key of another kind than Ed25519 or ES256');
}
const CLIENT = /^\{"type":"webauthn\.(get|create)","challenge":"([A-Za-z0-9_-]+)","origin":"([^"]+)","crossOrigin":false/;
function checkClient(text, type, challenge, rpId) {
	const found = CLIENT.exec(text);
	if (!found || found[1] !== type) throw new Error('clientDataJSON is not in the form of level 2');
	if (found[2] !== challenge.toString('base64url')) throw new Error('the challenge is another one');
	if (new URL(found[3]).hostname !== rpId) throw new Error('another origin');
}
function checkData(data, rpId) {
	if (!data.subarray(0, 32).equals(sha256(rpId))) throw new Error('another relying party');
	if ((data[32] & 1) === 0) throw new Error('nobody touched the key');
}

/** @returns {{id: string, alg: number, key: import('node:crypto').KeyObject}} */
export function register(response, challenge, rpId) {
	checkClient(Buffer.from(response.response.clientDataJSON, 'base64url').toString(), 'create', challenge, rpId);
	const [object] = cbor(Buffer.from(response.response.attestationObject, 'base64url'));
	const data = object.get('authData');
	checkData(data, rpId);
	const length = data.readUInt16BE(53);
	return { id: data.subarray(55, 55 + length).toString('base64url'), ...keyOf(cbor(data, 55 + length)[0]) };
}

/** Throws unless the assertion is by that credential over exactly this statement. */
export function judge(response, statement, credential, rpId) {
	if (response.id !== credential.id) throw new Error('another credential');
	const client = Buffer.from(response.response.clientDataJSON, 'base64url');
	checkClient(client.toString(), 'get', sha256(statement), rpId);
	const data = Buffer.from(response.response.authenticatorData, 'base64url');
	checkData(data, rpId);
	const signed = Buffer.concat([data, sha256(client)]);
	if (!verify(credential.alg === -8 ? null : 'sha256', signed, credential.key, Buffer.from(response.response.signature, 'base64url'))) throw new Error('the signature does not verify');
}
