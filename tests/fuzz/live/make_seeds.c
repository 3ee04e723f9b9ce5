/* SPDX-License-Identifier: Apache-2.0 */
/* Seeds of fz_live_machine: the self-test's frames. usage: make_live_seeds FOLDER */
#include <stdio.h>

#include "live/selftest_priv.h"

static const struct {
	const char *recipe;
	unsigned cut;
} rows[] = {
#define LIVE_VECTOR(recipe, cut, end, what) {recipe, cut},
#include "live/vectors.def"
#undef LIVE_VECTOR
};

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	for (size_t i = 0; i < SK_COUNT(rows); i++) {
		struct live_pair pairs[LIVE_PAIRS_MAX];
		struct live_frame frame;
		char path[4096];
		for (unsigned p = 0; p < live_recipe_pairs(rows[i].recipe); p++) {
			pairs[p] = (struct live_pair){.source = {.bytes = {203, 0, 113, 5}, .family = 4}, .destination = {.bytes = {198, 51, 100, 7}, .family = 4}};
			if (live_recipe_family(rows[i].recipe, p) == 6)
				pairs[p] = (struct live_pair){.source = {.bytes = {0x20, 1, 0x0d, 0xb8, [15] = 5}, .family = 6}, .destination = {.bytes = {0x20, 1, 0x0d, 0xb8, [15] = 7}, .family = 6}};
		}
		live_recipe_build(rows[i].recipe, rows[i].cut, pairs, &frame);
		(void)snprintf(path, sizeof path, "%s/%02zu-%s", argv[1], i, rows[i].recipe);
		FILE *file = fopen(path, "wb");
		if (file == NULL || fputc(7, file) == EOF || fwrite(frame.room + frame.start, 1, frame.length, file) != frame.length || fclose(file) != 0)
			return 1;
	}
	return 0;
}
