// SPDX-License-Identifier: Apache-2.0
// Ed25519 verification: WebCrypto where the browser has it, else the audited library (loaded only then).

let native;

// Does SubtleCrypto verify Ed25519? Asked once, with RFC 8032's first test vector, which must verify, and its twin with one bit flipped, which must not.
export async function hasNative(subtle = globalThis.crypto?.subtle) {
	const key = Uint8Array.from('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a'.match(/../g), (x) => parseInt(x, 16));
	const signature = Uint8Array.from(
		'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b'.match(/../g),
		(x) => parseInt(x, 16),
	);
	try {
		const imported = await subtle.importKey('raw', key, { name: 'Ed25519' }, false, ['verify']);
		const good = await subtle.verify({ name: 'Ed25519' }, imported, signature, new Uint8Array());
		signature[3] ^= 1;
		return good && !(await subtle.verify({ name: 'Ed25519' }, imported, signature, new Uint8Array()));
	} catch {
		return false;
	}
}

// True when `signature` (64 bytes) over `message` is by `key` (32 bytes). `how` receives which code verified.
export async function verify(key, signature, message, how) {
	if (key.length !== 32 || signature.length !== 64) return false;
	native ??= hasNative();
	if (await native) {
		how?.('WebCrypto');
		const imported = await crypto.subtle.importKey('raw', key, { name: 'Ed25519' }, false, ['verify']).catch(() => null);
		return imported !== null && crypto.subtle.verify({ name: 'Ed25519' }, imported, signature, message);
	}
	how?.('@noble/ed25519');
	const { verifyAsync } = await import('@noble/ed25519');
	return verifyAsync(signature, message, key, { zip215: false }).catch(() => false);
}
