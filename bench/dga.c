/* SPDX-License-Identifier: Apache-2.0 */
/* How well names that programs made up are told from others, families left out: bench/dga runs this. usage: bench-dga [--weights | --shipped] LABELLED.tsv.gz BENIGN.json...
   LABELLED: domain, "dga" or "benign", family, with tabs. BENIGN: lists of the MISP warning list form, a source of their own.
   For each family: weights are trained on all others against one half of the labelled benign names, the threshold is set on the other half, so that one in 1,000
   (in 100) is above it, and false alarms are counted on the benign lists, of which nothing was trained or set on.
   --weights: print name/weight.def, trained on everything labelled. --shipped: no training, the weights that the program has. */
#include <json-c/json.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "name/name.h"

enum { TERMS = SK_FEATURE_COUNT + 1, FAMILIES_MAX = 256, LINE_BYTES = 512, STEPS = 25, FAMILY_BYTES = 64 };

struct sample {
	char *domain;
	double x[SK_FEATURE_COUNT];
	double score;
	int family;       /* -1 benign of the labelled file, -2 benign of the lists, -3 what was registered of those */
	bool weighed, half;
};
struct corpus {
	struct sample *samples;
	size_t count, room;
	char family[FAMILIES_MAX][FAMILY_BYTES];
	int families;
	struct sk_suffixes *suffixes;
};

_Noreturn static void fail(const char *what, const char *which)
{
	(void)fprintf(stderr, "bench-dga: %s: %s\n", which, what);
	exit(2);
}

static void add(struct corpus *corpus, const char *domain, int family)
{
	if (corpus->count == corpus->room) {
		corpus->room = corpus->room != 0 ? 2 * corpus->room : 4096;
		corpus->samples = realloc(corpus->samples, corpus->room * sizeof corpus->samples[0]);
		if (corpus->samples == NULL)
			fail("out of memory", domain);
	}
	struct sample *sample = &corpus->samples[corpus->count++];
	struct sk_name name;
	*sample = (struct sample){.domain = strdup(domain), .family = family};
	sample->weighed = sk_name_split(corpus->suffixes, sample->domain, &name) && sk_name_features(&name, sample->x);
	uint64_t hash = 14695981039346656037u;
	for (const char *c = domain; *c != '\0'; c++)
		hash = (hash ^ (uint8_t)*c) * 1099511628211u;
	sample->half = (hash >> 40 & 1) != 0;
}

static int family_of(struct corpus *corpus, const char *name)
{
	for (int i = 0; i < corpus->families; i++)
		if (strcmp(corpus->family[i], name) == 0)
			return i;
	if (corpus->families == FAMILIES_MAX)
		fail("too many families", name);
	(void)snprintf(corpus->family[corpus->families], FAMILY_BYTES, "%s", name);
	return corpus->families++;
}

static void read_labelled(struct corpus *corpus, const char *path)
{
	gzFile file = gzopen(path, "rb");
	char line[LINE_BYTES];
	if (file == NULL)
		fail("cannot be read", path);
	while (gzgets(file, line, sizeof line) != NULL) {
		char *save = NULL, *domain = strtok_r(line, "\t\r\n", &save), *label = strtok_r(NULL, "\t\r\n", &save), *family = strtok_r(NULL, "\t\r\n", &save);
		if (family == NULL)
			continue;
		if (strcmp(label, "benign") == 0)
			add(corpus, domain, -1);
		else if (strcmp(label, "dga") == 0)
			add(corpus, domain, family_of(corpus, family));
	}
	(void)gzclose(file);
}

static int by_domain(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* What stands in the labelled file too is no other source. */
static void read_list(struct corpus *corpus, const char *path, char **known, size_t known_count)
{
	struct json_object *root = json_object_from_file(path), *list = NULL;
	if (root == NULL || !json_object_object_get_ex(root, "list", &list))
		fail("not a warning list", path);
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		const char *domain = json_object_get_string(json_object_array_get_idx(list, i));
		while (*domain == '.')
			domain++;
		if (bsearch(&domain, known, known_count, sizeof known[0], by_domain) == NULL)
			add(corpus, domain, -2);
		struct sk_name name;
		if (sk_name_split(corpus->suffixes, domain, &name) && name.label_length != 0)
			add(corpus, domain + name.label_at, -3);
	}
	json_object_put(root);
}

/* ---- training: penalized logistic regression by Newton's method; a weight with a forbidden sign is held at 0 ---- */

struct model {
	double mean[SK_FEATURE_COUNT], width[SK_FEATURE_COUNT], weight[TERMS];
	bool held[SK_FEATURE_COUNT];
};

static double weight_of(const struct corpus *corpus, const struct sample *sample, int out, bool all, const size_t *sizes, size_t benign, int families)
{
	(void)corpus;
	if (!sample->weighed || sample->family < -1 || (out >= 0 && sample->family == out))
		return 0;
	if (sample->family == -1)
		return all || sample->half ? 1 : 0;
	/* Every family weighs the same, all together as much as the benign names. */
	return (double)benign / families / (double)sizes[sample->family];
}

static bool solve(double a[TERMS][TERMS], double *b)
{
	for (int i = 0; i < TERMS; i++) {
		int best = i;
		for (int j = i + 1; j < TERMS; j++)
			best = fabs(a[j][i]) > fabs(a[best][i]) ? j : best;
		if (fabs(a[best][i]) < 1e-12)
			return false;
		for (int k = 0; k < TERMS; k++) {
			double t = a[i][k];
			a[i][k] = a[best][k];
			a[best][k] = t;
		}
		double t = b[i];
		b[i] = b[best];
		b[best] = t;
		for (int j = 0; j < TERMS; j++) {
			double factor = j == i ? 0 : a[j][i] / a[i][i];
			for (int k = i; factor != 0 && k < TERMS; k++)
				a[j][k] -= factor * a[i][k];
			b[j] -= factor * b[i];
		}
	}
	for (int i = 0; i < TERMS; i++)
		b[i] /= a[i][i];
	return true;
}

static double fixed_part(const struct sample *sample)
{
	double sum = 0;
	for (int i = 0; i < SK_FEATURE_COUNT; i++)
		sum += sk_name_feature_fixed((enum sk_name_feature)i) * sample->x[i];
	return sum;
}

static void newton(struct model *model, const struct corpus *corpus, const double *weights)
{
	for (int i = 0; i < TERMS; i++)
		model->weight[i] = 0;
	for (int step = 0; step < STEPS; step++) {
		double hessian[TERMS][TERMS] = {{0}}, gradient[TERMS] = {0};
		for (size_t s = 0; s < corpus->count; s++) {
			if (weights[s] == 0)
				continue;
			double z[TERMS], sum = model->weight[SK_FEATURE_COUNT];
			for (int i = 0; i < SK_FEATURE_COUNT; i++) {
				z[i] = model->held[i] ? 0 : (corpus->samples[s].x[i] - model->mean[i]) / model->width[i];
				sum += z[i] * model->weight[i];
			}
			z[SK_FEATURE_COUNT] = 1;
			sum += fixed_part(&corpus->samples[s]);
			double p = 1 / (1 + exp(-sum)), target = corpus->samples[s].family >= 0;
			for (int i = 0; i < TERMS; i++) {
				gradient[i] += weights[s] * (target - p) * z[i];
				for (int j = 0; j < TERMS; j++)
					hessian[i][j] += weights[s] * p * (1 - p) * z[i] * z[j];
			}
		}
		for (int i = 0; i < TERMS; i++) {
			gradient[i] -= i < SK_FEATURE_COUNT ? model->weight[i] : 0;
			hessian[i][i] += i < SK_FEATURE_COUNT ? 1 : 1e-6;
		}
		if (!solve(hessian, gradient))
			break;
		for (int i = 0; i < TERMS; i++)
			model->weight[i] += gradient[i];
	}
}

/* Weights for features as they are: the standardizing is put into them. */
static void train(const struct corpus *corpus, int out, bool all, double result[TERMS])
{
	size_t sizes[FAMILIES_MAX] = {0}, benign = 0;
	int families = 0;
	for (size_t s = 0; s < corpus->count; s++) {
		const struct sample *sample = &corpus->samples[s];
		if (sample->weighed && sample->family >= 0)
			sizes[sample->family]++;
		benign += sample->weighed && sample->family == -1 && (all || sample->half);
	}
	for (int i = 0; i < corpus->families; i++)
		families += sizes[i] != 0 && i != out;
	double *weights = calloc(corpus->count, sizeof *weights), total = 0;
	struct model model = {.held = {false}};
	for (size_t s = 0; weights != NULL && s < corpus->count; s++)
		total += weights[s] = weight_of(corpus, &corpus->samples[s], out, all, sizes, benign, families);
	for (int i = 0; i < SK_FEATURE_COUNT; i++) {
		double sum = 0, square = 0;
		for (size_t s = 0; s < corpus->count; s++) {
			sum += weights[s] * corpus->samples[s].x[i];
			square += weights[s] * corpus->samples[s].x[i] * corpus->samples[s].x[i];
		}
		model.mean[i] = sum / total;
		model.width[i] = sqrt(fmax(square / total - model.mean[i] * model.mean[i], 1e-9));
	}
	for (int i = 0; i < SK_FEATURE_COUNT; i++)
		model.held[i] = sk_name_feature_fixed((enum sk_name_feature)i) != 0;
	for (int worst = 0; worst >= 0;) {
		newton(&model, corpus, weights);
		worst = -1;
		for (int i = 0; i < SK_FEATURE_COUNT; i++)
			if (!model.held[i] && sk_name_feature_sign((enum sk_name_feature)i) * model.weight[i] < 0 &&
			    (worst < 0 || fabs(model.weight[i]) > fabs(model.weight[worst])))
				worst = i;
		if (worst >= 0)
			model.held[worst] = true;
	}
	result[SK_FEATURE_COUNT] = model.weight[SK_FEATURE_COUNT];
	for (int i = 0; i < SK_FEATURE_COUNT; i++) {
		result[i] = model.held[i] ? 0 : model.weight[i] / model.width[i];
		result[SK_FEATURE_COUNT] -= result[i] * model.mean[i];
		result[i] += sk_name_feature_fixed((enum sk_name_feature)i);
	}
	free(weights);
}

/* ---- measuring ---- */

static void weigh_all(struct corpus *corpus, const double *weights)
{
	for (size_t s = 0; s < corpus->count; s++)
		corpus->samples[s].score = corpus->samples[s].weighed ? sk_name_weigh(corpus->samples[s].x, weights) : -1e9;
}

static int by_score(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return x < y ? -1 : x > y;
}

/* Scores of benign names: of the labelled file (which = -1; all, or those that were not trained on), or of the lists (-2). Ascending. */
static double *benign_scores(const struct corpus *corpus, int which, bool all, size_t *count)
{
	double *scores = calloc(corpus->count + 1, sizeof *scores);
	*count = 0;
	for (size_t s = 0; scores != NULL && s < corpus->count; s++)
		if (corpus->samples[s].family == which && (which < -1 || all || !corpus->samples[s].half))
			scores[(*count)++] = corpus->samples[s].score;
	if (scores != NULL)
		qsort(scores, *count, sizeof *scores, by_score);
	return scores;
}

static double above(const double *sorted, size_t count, double limit)
{
	size_t low = 0, high = count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (sorted[middle] > limit)
			high = middle;
		else
			low = middle + 1;
	}
	return count != 0 ? (double)(count - low) / (double)count : 0;
}

/* The chance that a name of the family scores more than a benign one; a tie is a half. */
static double auroc(const struct corpus *corpus, int family, const double *benign, size_t count)
{
	double sum = 0;
	size_t names = 0;
	for (size_t s = 0; s < corpus->count; s++) {
		if (corpus->samples[s].family != family)
			continue;
		double score = corpus->samples[s].score;
		double more = 1 - above(benign, count, score), least = 1 - above(benign, count, nextafter(score, -INFINITY));
		sum += (more + least) / 2;
		names++;
	}
	return names != 0 ? sum / (double)names : 0;
}

static double recall(const struct corpus *corpus, int family, double limit, size_t *names)
{
	size_t found = 0;
	*names = 0;
	for (size_t s = 0; s < corpus->count; s++)
		if (corpus->samples[s].family == family) {
			++*names;
			found += corpus->samples[s].score > limit;
		}
	return *names != 0 ? (double)found / (double)*names : 0;
}

static double limit_at(const double *sorted, size_t count, double share)
{
	size_t allowed = (size_t)((double)count * share);
	return count != 0 ? sorted[count - 1 - allowed] : 0;
}

static void print_weights(struct corpus *corpus)
{
	static const char *const symbols[] = {
#define SK_FEATURE(symbol, name, sign, fixed, prose) #symbol,
#include "name/feature.def"
#undef SK_FEATURE
	};
	double weights[TERMS];
	size_t count;
	train(corpus, -1, true, weights);
	weigh_all(corpus, weights);
	double *scores = benign_scores(corpus, -1, true, &count);
	(void)printf("/* SPDX-License-Identifier: Apache-2.0 */\n/* Weights of the features, the constant, and the scores that one benign name in 100 and in 1,000 passes. Written by bench/dga --weights. */\n");
	for (int i = 0; i < SK_FEATURE_COUNT; i++)
		(void)printf("SK_WEIGHT(%s, %.4f)\n", symbols[i], weights[i]);
	(void)printf("SK_ALONE(%.4f)\nSK_AT_1_IN_100(%ld)\nSK_AT_1_IN_1000(%ld)\n", weights[SK_FEATURE_COUNT], lround(100 * limit_at(scores, count, 0.01)),
		     lround(100 * limit_at(scores, count, 0.001)));
	free(scores);
}

static void print_table(struct corpus *corpus, bool shipped)
{
	double sum = 0, weights[TERMS], alarms[4] = {0}, found_sum = 0;
	int weak = 0;
	(void)printf("| family left out | names | AUROC | found at 1 in 1,000 | at 1 in 100 |\n|---|--:|--:|--:|--:|\n");
	for (int family = 0; family < corpus->families; family++) {
		size_t held, listed, names, cut;
		if (!shipped)
			train(corpus, family, false, weights);
		weigh_all(corpus, shipped ? sk_name_weights() : weights);
		double *set = benign_scores(corpus, -1, shipped, &held), *other = benign_scores(corpus, -2, true, &listed),
		       *registered = benign_scores(corpus, -3, true, &cut);
		double strict = limit_at(set, held, 0.001), loose = limit_at(set, held, 0.01);
		double area = auroc(corpus, family, set, held), found = recall(corpus, family, strict, &names);
		(void)printf("| %s | %zu | %.3f%s | %.0f %% | %.0f %% |\n", corpus->family[family], names, area, area < 0.9 ? " (fails)" : "", 100 * found,
			     100 * recall(corpus, family, loose, &names));
		sum += area;
		found_sum += found;
		weak += area < 0.9;
		alarms[0] += above(other, listed, strict) / corpus->families;
		alarms[1] += above(other, listed, loose) / corpus->families;
		alarms[2] += above(registered, cut, strict) / corpus->families;
		alarms[3] += above(registered, cut, loose) / corpus->families;
		if (family == corpus->families - 1)
			(void)printf("| **mean of %d** | | **%.3f** | %.0f %% | |\n\n%d below 0.90. Thresholds set on %zu benign names give %.3f %% and %.2f %% false alarms on %zu of another source,\n"
				     "%.3f %% and %.2f %% on the domains alone that were registered for them.\n",
				     corpus->families, sum / corpus->families, 100 * found_sum / corpus->families, weak, held, 100 * alarms[0], 100 * alarms[1], listed,
				     100 * alarms[2], 100 * alarms[3]);
		free(set);
		free(other);
		free(registered);
	}
}

int main(int argc, char **argv)
{
	bool weights = argc > 1 && strcmp(argv[1], "--weights") == 0, shipped = argc > 1 && strcmp(argv[1], "--shipped") == 0;
	int first = 1 + (weights || shipped);
	struct corpus corpus = {.count = 0};
	if (argc <= first) {
		(void)fprintf(stderr, "usage: bench-dga [--weights | --shipped] LABELLED.tsv.gz BENIGN.json...\n");
		return 2;
	}
	if (sk_suffixes_open(&corpus.suffixes) != SK_OK)
		fail("no public suffix list", "libpsl");
	read_labelled(&corpus, argv[first]);
	size_t known_count = corpus.count;
	char **known = calloc(known_count + 1, sizeof *known);
	for (size_t i = 0; known != NULL && i < known_count; i++)
		known[i] = corpus.samples[i].domain;
	if (known != NULL)
		qsort(known, known_count, sizeof *known, by_domain);
	for (int i = first + 1; i < argc; i++)
		read_list(&corpus, argv[i], known, known_count);
	if (weights)
		print_weights(&corpus);
	else
		print_table(&corpus, shipped);
	for (size_t i = 0; i < corpus.count; i++)
		free(corpus.samples[i].domain);
	free(corpus.samples);
	free(known);
	sk_suffixes_close(corpus.suffixes);
	return 0;
}
