/* SPDX-License-Identifier: Apache-2.0 */
/* Signed notes: the published examples byte for byte, every malformed form refused, and every way to make a note lie. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "seal/seal_priv.h"

#define DASH "\xe2\x80\x94 "
static const char go_skey[] = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
static const char peter_vkey[] = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
static const char enoch_vkey[] = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop";
#define GO_TEXT "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
#define PETER DASH "PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
#define ENOCH DASH "EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"

static struct sk_verify_key key_of(const char *text)
{
	struct sk_verify_key key;
	assert_int_equal(sk_verify_key_parse(text, &key), SK_OK);
	return key;
}

static struct sk_note note_of(const char *text)
{
	struct sk_note note;
	struct sk_fault fault = {0};
	assert_int_equal(sk_note_parse(text, strlen(text), &note, &fault), SK_OK);
	return note;
}

/* golang.org/x/mod/sumdb/note: signing this text with this key gives exactly this note. */
static void test_go_note(void **state)
{
	(void)state;
	struct sk_sign_key *peter = NULL;
	assert_int_equal(sk_sign_key_parse((struct sk_span){go_skey, strlen(go_skey)}, &peter), SK_OK);
	struct sk_buf out;
	sk_buf_init(&out, SK_NOTE_MAX);
	sk_note_sign(&out, GO_TEXT, strlen(GO_TEXT), peter);
	assert_string_equal(sk_buf_text(&out), GO_TEXT "\n" PETER);
	struct sk_verify_key peter_key = key_of(peter_vkey), enoch_key = key_of(enoch_vkey);
	struct sk_note note = note_of(GO_TEXT "\n" PETER ENOCH);
	assert_int_equal(note.signature_count, 2);
	assert_int_equal(note.body_length, strlen(GO_TEXT));
	assert_int_equal(sk_note_verify(&note, &peter_key), SK_OK);
	assert_int_equal(sk_note_verify(&note, &enoch_key), SK_OK);
	note = note_of(GO_TEXT "\n" PETER);
	assert_int_equal(sk_note_verify(&note, &enoch_key), SK_ENOENT);
	sk_buf_fini(&out);
	sk_sign_key_free(peter);
}

/* The specifications' own examples. */
static void test_spec_notes(void **state)
{
	(void)state;
	struct sk_verify_key key = key_of("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k");
	struct sk_note note = note_of("This is an example message.\n\n" DASH
				      "example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n");
	assert_int_equal(sk_note_verify(&note, &key), SK_OK);
	/* signed-note: an empty line inside the text belongs to the text */
	note = note_of("Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned \xc3\xa8 subito sera.\n\n" DASH
		       "quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n");
	assert_int_equal(note.body_length, 88);
	/* tlog-cosignature: a log's and a witness's line on one checkpoint */
	note = note_of("example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n" DASH
		       "example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n" DASH
		       "witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n");
	assert_int_equal(note.signatures[1].length, 72);
	assert_int_equal(note.signatures[1].id, 0x8d66cf3f);
}

static void test_malformed_notes(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"", "\n", "\n\n", GO_TEXT, GO_TEXT "\n", GO_TEXT PETER, /* no empty line */
		"\x01" GO_TEXT "\n" PETER, "\xff" GO_TEXT "\n" PETER, "tab\there\n\n" PETER, "\r\n\n" PETER, "\xed\xa0\x80\n\n" PETER,
		GO_TEXT "\n" PETER "Unexpected line.\n", GO_TEXT "\n" "- PeterNeumann x08go/ZJ\n",
		GO_TEXT "\n" DASH "Bad Name x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n",
		GO_TEXT "\n" DASH "a+b x08go/ZJkuA=\n", GO_TEXT "\n" DASH " x08go/ZJkuA=\n", GO_TEXT "\n" DASH "a\xc2\xa0" "b x08go/ZJkuA=\n",
		GO_TEXT "\n" DASH "a \n", GO_TEXT "\n" DASH "a AAAAAA==\n" /* an id alone */, GO_TEXT "\n" DASH "a AAAAAAA\n" /* no padding */,
		GO_TEXT "\n" DASH "a AAAAAAB=\n" /* trailing bits */, GO_TEXT "\n" DASH "a AAAA AAAA\n", GO_TEXT "\n" DASH "a AAAAAA_-\n",
		GO_TEXT "\n" DASH "a AAAAAA\xd1\xa5\n" /* good UTF-8 whose bytes libsodium alone takes for letters */,
		GO_TEXT "\n" DASH "a AAAA====\n", GO_TEXT "\n" DASH "a AAAAAAA= \n",
	};
	struct sk_note note;
	struct sk_fault fault;
	for (size_t i = 0; i < SK_COUNT(bad); i++) {
		fault.line[0] = '\0';
		assert_int_equal(sk_note_parse(bad[i], strlen(bad[i]), &note, &fault), SK_EMALFORMED);
		assert_int_not_equal(fault.line[0], '\0');
	}
	/* cut anywhere, a note of one signature is refused: at no length is it a shorter good note */
	static const char whole[] = GO_TEXT "\n" PETER;
	for (size_t length = 0; length < strlen(whole); length++)
		assert_int_equal(sk_note_parse(whole, length, &note, &fault), SK_EMALFORMED);
	assert_int_equal(sk_note_parse("a\n\0\n", 4, &note, &fault), SK_EMALFORMED);
}

/* Sabotage: every single changed bit of body or signature is seen, at the latest by the verification. */
static void test_changed_bit(void **state)
{
	(void)state;
	char text[] = GO_TEXT "\n" PETER;
	struct sk_verify_key key = key_of(peter_vkey);
	struct sk_note note;
	for (size_t bit = 0; bit < 8 * strlen(GO_TEXT "\n" PETER); bit++) {
		text[bit / 8] ^= (char)(1 << bit % 8);
		bool accepted = sk_note_parse(text, sizeof text - 1, &note, NULL) == SK_OK && sk_note_verify(&note, &key) == SK_OK;
		assert_false(accepted);
		text[bit / 8] ^= (char)(1 << bit % 8);
	}
	assert_int_equal(sk_note_parse(text, sizeof text - 1, &note, NULL), SK_OK);
	assert_int_equal(sk_note_verify(&note, &key), SK_OK);
}

/* One good line of a key does not excuse a bad one, and a line of the wrong length by a known key is wrong, not unknown. */
static void test_known_key_fails(void **state)
{
	(void)state;
	struct sk_verify_key key = key_of(peter_vkey);
	struct sk_note note = note_of(GO_TEXT "\n" PETER DASH "PeterNeumann x08go/ZJkuA=\n");
	assert_int_equal(sk_note_verify(&note, &key), SK_ESIGNATURE);
	note = note_of(GO_TEXT "\n" PETER PETER);
	assert_int_equal(sk_note_verify(&note, &key), SK_OK);
	note = note_of(GO_TEXT "\n" DASH "PeterNeumann AAAAAAAAAAA=\n"); /* same name, other id: unknown */
	assert_int_equal(sk_note_verify(&note, &key), SK_ENOENT);
}

/* Signatures that we do not know may have any length and any name; they are ignored, not a reason to refuse. */
static void test_unknown_signatures(void **state)
{
	(void)state;
	struct sk_verify_key key = key_of(peter_vkey);
	struct sk_buf text;
	sk_buf_init(&text, SK_NOTE_MAX);
	sk_buf_add_text(&text, GO_TEXT "\n" DASH "pq.example ");
	for (int i = 0; i < 3240; i += 4) /* 2,430 bytes: the size of ML-DSA-44 */
		sk_buf_add_text(&text, "abcd");
	sk_buf_add_text(&text, "\n" DASH);
	for (int i = 0; i < 500; i++)
		sk_buf_add_text(&text, "n");
	sk_buf_add_text(&text, " AAAAAAAAAAA=\n" PETER);
	struct sk_note note = note_of(sk_buf_text(&text));
	assert_int_equal(note.signature_count, 3);
	assert_int_equal(note.signatures[0].length, 0);
	assert_int_equal(note.signatures[1].length, 0);
	assert_int_equal(sk_note_verify(&note, &key), SK_OK);
	/* a bad byte in a later chunk of a long signature is still seen */
	char *late = strstr((char *)text.bytes, "abcd\n");
	assert_non_null(late);
	*late = '?';
	assert_int_equal(sk_note_parse((char *)text.bytes, text.length, &note, NULL), SK_EMALFORMED);
	sk_buf_fini(&text);
}

static void test_signature_limit(void **state)
{
	(void)state;
	struct sk_buf text;
	sk_buf_init(&text, SK_NOTE_MAX);
	sk_buf_add_text(&text, GO_TEXT "\n");
	for (int i = 0; i < SK_NOTE_SIGNATURES_MAX; i++)
		sk_buf_add_text(&text, PETER);
	struct sk_note note = note_of(sk_buf_text(&text));
	assert_int_equal(note.signature_count, SK_NOTE_SIGNATURES_MAX);
	sk_buf_add_text(&text, PETER);
	assert_int_equal(sk_note_parse((char *)text.bytes, text.length, &note, NULL), SK_EMALFORMED);
	sk_buf_fini(&text);
}

static void test_cosignature(void **state)
{
	(void)state;
	static const char body[] = "example.com/log\n7\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
	struct sk_sign_key *log = NULL, *witness = NULL;
	assert_int_equal(sk_sign_key_new("example.com/log", &log), SK_OK);
	assert_int_equal(sk_sign_key_new("witness.example", &witness), SK_OK);
	struct sk_verify_key witness_key, as_note = *sk_sign_key_public(witness);
	sk_verify_key_as_witness(sk_sign_key_public(witness), &witness_key);
	struct sk_buf text;
	sk_buf_init(&text, SK_NOTE_MAX);
	sk_note_sign(&text, body, strlen(body), log);
	sk_note_add_cosignature(&text, body, strlen(body), witness, 1763793000);
	sk_note_add_cosignature(&text, body, strlen(body), witness, 1763790000);
	struct sk_note note = note_of(sk_buf_text(&text));
	uint64_t seconds = 0;
	assert_int_equal(sk_note_verify(&note, sk_sign_key_public(log)), SK_OK);
	assert_int_equal(sk_note_verify_cosignature(&note, &witness_key, &seconds), SK_OK);
	assert_int_equal(seconds, 1763793000);
	/* the two kinds never stand in for each other */
	assert_int_equal(sk_note_verify(&note, &as_note), SK_ENOENT);
	assert_int_equal(sk_note_verify(&note, &witness_key), SK_ENOENT);
	assert_int_equal(sk_note_verify_cosignature(&note, &as_note, &seconds), SK_ENOENT);
	/* sabotage: another time, another body, a time past 2^63 */
	note.signatures[1].bytes[7] ^= 1;
	assert_int_equal(sk_note_verify_cosignature(&note, &witness_key, &seconds), SK_ESIGNATURE);
	note.signatures[1].bytes[7] ^= 1;
	note.signatures[1].bytes[0] ^= 0x80;
	assert_int_equal(sk_note_verify_cosignature(&note, &witness_key, &seconds), SK_ESIGNATURE);
	note.signatures[1].bytes[0] ^= 0x80;
	note.body_length--;
	assert_int_equal(sk_note_verify_cosignature(&note, &witness_key, &seconds), SK_ESIGNATURE);
	sk_buf_fini(&text);
	sk_sign_key_free(log);
	sk_sign_key_free(witness);
}

static int start(void **state)
{
	(void)state;
	return sk_seal_start() == SK_OK ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_go_note), cmocka_unit_test(test_spec_notes), cmocka_unit_test(test_malformed_notes), cmocka_unit_test(test_changed_bit),
		cmocka_unit_test(test_known_key_fails), cmocka_unit_test(test_unknown_signatures), cmocka_unit_test(test_signature_limit),
		cmocka_unit_test(test_cosignature),
	};
	return cmocka_run_group_tests(tests, start, NULL);
}
