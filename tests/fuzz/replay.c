/* SPDX-License-Identifier: Apache-2.0 */
/* The other half of a fuzz harness: without libFuzzer, run LLVMFuzzerTestOneInput over every file of the folders and files given. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

enum { SEED_MAX_BYTES = 16 << 20 };

static int replay_file(const char *path)
{
	struct sk_buf buf;
	struct sk_fault fault;
	sk_buf_init(&buf, SEED_MAX_BYTES);
	if (sk_file_read(path, &buf, &fault) != SK_OK) {
		(void)fprintf(stderr, "%s\n", fault.line);
		return -1;
	}
	/* An exact-size copy, so that the sanitizer sees a read one past the end. */
	uint8_t *exact = malloc(buf.length != 0 ? buf.length : 1);
	if (exact == NULL)
		return -1;
	if (buf.length != 0)
		memcpy(exact, buf.bytes, buf.length);
	(void)LLVMFuzzerTestOneInput(exact, buf.length);
	free(exact);
	sk_buf_fini(&buf);
	return 1;
}

static int replay(const char *path)
{
	struct stat info;
	if (stat(path, &info) != 0)
		return -1;
	if (!S_ISDIR(info.st_mode))
		return replay_file(path);
	DIR *folder = opendir(path);
	if (folder == NULL)
		return -1;
	int count = 0;
	for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
		char inner[SK_PATH_MAX];
		if (entry->d_name[0] == '.' || sk_file_join(inner, sizeof inner, path, entry->d_name) != SK_OK)
			continue;
		int done = replay(inner);
		if (done < 0) {
			(void)closedir(folder);
			return -1;
		}
		count += done;
	}
	(void)closedir(folder);
	return count;
}

int main(int argc, char **argv)
{
	int count = 0;
	for (int i = 1; i < argc; i++) {
		int done = replay(argv[i]);
		if (done < 0) {
			(void)fprintf(stderr, "%s: cannot replay\n", argv[i]);
			return 1;
		}
		count += done;
	}
	(void)printf("%d seeds replayed\n", count);
	return count > 0 ? 0 : 1;
}
