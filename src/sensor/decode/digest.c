/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/digest_priv.h"

#include <openssl/evp.h>
#include <pthread.h>

/* Globals: OpenSSL looks a digest up by name on each one-shot call, which costs more than the digest. The fetched ones are immutable. */
static EVP_MD *fetched[2];
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t context_of_thread;
static bool usable;

static void free_context(void *context)
{
	EVP_MD_CTX_free(context);
}

static void fetch(void)
{
	fetched[SK_DIGEST_MD5] = EVP_MD_fetch(NULL, "MD5", NULL);
	fetched[SK_DIGEST_SHA256] = EVP_MD_fetch(NULL, "SHA256", NULL);
	usable = pthread_key_create(&context_of_thread, free_context) == 0;
}

static EVP_MD_CTX *thread_context(void)
{
	EVP_MD_CTX *context = pthread_getspecific(context_of_thread);
	if (context != NULL)
		return context;
	context = EVP_MD_CTX_new();
	if (context != NULL && pthread_setspecific(context_of_thread, context) != 0) {
		EVP_MD_CTX_free(context);
		return NULL;
	}
	return context;
}

bool sk_digest(enum sk_digest_kind kind, const void *bytes, size_t length, uint8_t out[SK_DIGEST_MAX_BYTES])
{
	(void)pthread_once(&once, fetch);
	EVP_MD_CTX *context = usable ? thread_context() : NULL;
	return context != NULL && fetched[kind] != NULL && EVP_DigestInit_ex2(context, fetched[kind], NULL) == 1 &&
	       EVP_DigestUpdate(context, bytes, length) == 1 && EVP_DigestFinal_ex(context, out, NULL) == 1;
}
