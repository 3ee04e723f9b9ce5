/* SPDX-License-Identifier: Apache-2.0 */
/* make_seeds FOLDER: writes the seeds of this room's fuzz targets from the scenes of tests/golden/ledger. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "scene.h"

static void put(const char *folder, const char *target, const char *name, const char *text, size_t length)
{
	char path[SK_PATH_MAX];
	(void)snprintf(path, sizeof path, "%s/%s", folder, target);
	SCENE_MUST(sk_file_make_folder(path, 0755, NULL) == SK_OK);
	(void)snprintf(path, sizeof path, "%s/%s/%s", folder, target, name);
	SCENE_MUST(sk_file_replace(path, text, length, 0644, NULL) == SK_OK);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		const struct scene_setting *setting;
	} settings[] = {{"party", &scene_party}, {"lab", &scene_lab}, {"law", &scene_law}, {"live", &scene_live}, {"exports", &scene_exports}, {"countries", &scene_countries}};
	static const char *const checkpoints[] = {"example.org/sekisho\n70000\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
						  "example.org/sekisho\n18446744073709551615\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\nmore\n",
						  "o\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"};
	SCENE_MUST(argc == 2);
	for (size_t i = 0; i < SK_COUNT(checkpoints); i++) {
		char name[32];
		(void)snprintf(name, sizeof name, "checkpoint-%zu", i);
		put(argv[1], "fz_checkpoint", name, checkpoints[i], strlen(checkpoints[i]));
	}
	for (size_t s = 0; s < SK_COUNT(settings); s++) {
		struct scene scene;
		struct sk_buf all;
		scene_two(&scene, settings[s].setting);
		sk_buf_init(&all, 1 << 20);
		for (size_t i = 0; i < scene.count; i++) {
			char name[64];
			sk_buf_add_text(&all, scene.leaf[i]);
			sk_buf_add_u8(&all, '\n');
			(void)snprintf(name, sizeof name, "%s-%02zu", settings[s].name, i);
			if (s == 0 || i == scene.basis || (settings[s].setting->losses && i == scene.second) || ((settings[s].setting->exports || settings[s].setting->countries) && i == scene.first))
				put(argv[1], "fz_record", name, scene.leaf[i], strlen(scene.leaf[i]));
		}
		put(argv[1], "fz_check", settings[s].name, sk_buf_text(&all), all.length);
		if (!settings[s].setting->losses)
			scene_old(&scene);
		if (s == 0)
			put(argv[1], "fz_record", "party-old", scene.leaf[scene.first], strlen(scene.leaf[scene.first]));
		sk_buf_fini(&all);
		scene_fini(&scene);
	}
	return 0;
}
