// SPDX-License-Identifier: Apache-2.0
// Terms of the domain that several views use: classes, severities, fates, reasons. Japanese as in LAW.md 7.
export default {
	'class.FF': { en: 'transit', ja: '外外' },
	'class.FD': { en: 'inbound', ja: '外内' },
	'class.DF': { en: 'outbound', ja: '内外' },
	'class.DD': { en: 'domestic', ja: '内内' },
	'class.UNKNOWN': { en: 'unknown', ja: '不明' },
	'class.long.FF': { en: 'FF: foreign to foreign', ja: 'FF：外外通信' },
	'class.long.FD': { en: 'FD: foreign to domestic', ja: 'FD：外内通信' },
	'class.long.DF': { en: 'DF: domestic to foreign', ja: 'DF：内外通信' },
	'class.long.DD': { en: 'DD: domestic; erased unread', ja: 'DD：内内通信（未読で消去）' },
	'class.long.UNKNOWN': { en: 'Unknown; treated as domestic', ja: '不明（国内と同じ扱い）' },
	'severity.3': { en: 'high', ja: '高' },
	'severity.2': { en: 'medium', ja: '中' },
	'severity.1': { en: 'low', ja: '低' },
	'severity.label': { en: 'Severity {word}', ja: '重大度 {word}' },
	'confidence.label': { en: 'Confidence {n} %', ja: '確度 {n} %' },
	'unit.frames': { en: 'frames', ja: 'フレーム' },
	'unit.bytes': { en: 'bytes', ja: 'バイト' },
};
