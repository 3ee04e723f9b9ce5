/* SPDX-License-Identifier: Apache-2.0 */
/* The object in the kernel: load, tables, trial runs, counters, digests. */
#include "live/live_priv.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/membarrier.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

enum { HALVES = 2, LOG_BYTES = 1 << 20, RUN_FRAME_MAX = 3400, RUN_PREFIX_BYTES = ETH_HLEN, INSTRUCTIONS_MAX = 1 << 16, CPUS_MAX = 4096 };

struct live_program {
	struct bpf_object *object;
	bool xdp;
	int gate_fd, steer_fd, link_fd;
	int nodes_fd, tables_fd, counts_fd, states_fd, sockets_fd;
	int head_fd[HALVES];
	uint32_t head_id[HALVES];
	struct live_node *nodes;
	size_t nodes_bytes, half_nodes;
	struct live_table_head head[HALVES];
	unsigned spare;      /* the half that is not in force */
	bool in_force;       /* one is */
	uint8_t code_digest[SK_HASH_BYTES];
	uint32_t secret;
	unsigned cpus;
	struct live_counters *percpu; /* of every CPU, for reading */
};

/* ---- loading ---- */

/* libbpf's own lines would go to standard error; what matters of them is in the verifier's log and errno. */
static int say_nothing(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

/* The line of the verifier's log that says why: the last but for its statistics. */
static const char *last_words(char *log)
{
	char *last = NULL, *rest = NULL;
	for (char *line = strtok_r(log, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest))
		if (strncmp(line, "processed ", 10) != 0 && strncmp(line, "verification time", 17) != 0 && strncmp(line, "stack depth", 11) != 0 && line[0] != '-')
			last = line;
	return last != NULL ? last : "nothing";
}

static enum sk_err not_permitted(int error, struct sk_fault *fault)
{
	return sk_fault_errno(fault, error, "the kernel does not let this process load its gate; start as root, or with CAP_BPF, CAP_NET_ADMIN and CAP_NET_RAW");
}

/* Only what this mode needs is loaded; maps that belong to the other are still made, and small. */
static enum sk_err prepare(struct live_program *program, const struct live_program_options *options, char *log, struct sk_fault *fault)
{
	const struct bpf_object_open_opts open = {.sz = sizeof open, .object_name = "sekisho_live"};
	program->object = bpf_object__open_mem(options->object, options->object_bytes, &open);
	if (program->object == NULL)
		return sk_fault_errno(fault, errno, "the gate for the kernel cannot be read");
	struct bpf_program *each;
	bpf_object__for_each_program(each, program->object) {
		const char *name = bpf_program__name(each);
		bool wanted = strcmp(name, "sk_live_xdp") == 0 ? options->xdp : strcmp(name, "sk_live_filter") == 0 ? !options->xdp : !options->xdp && options->sockets > 1;
		if (bpf_program__set_autoload(each, wanted) != 0 || (wanted && bpf_program__set_log_buf(each, log, LOG_BYTES) != 0))
			return sk_fault_set(fault, SK_EIO, "the gate for the kernel cannot be prepared");
	}
	struct bpf_map *nodes = bpf_object__find_map_by_name(program->object, "live_nodes"), *constants = bpf_object__find_map_by_name(program->object, ".rodata");
	const struct live_config config = {.ifindex = options->ifindex, .test_secret = program->secret, .sockets = options->sockets};
	if (nodes == NULL || constants == NULL || bpf_map__set_initial_value(constants, &config, sizeof config) != 0 ||
	    bpf_map__set_max_entries(nodes, (uint32_t)(HALVES * program->half_nodes)) != 0)
		return sk_fault_set(fault, SK_EIO, "the gate for the kernel lacks a map; build it again");
	return SK_OK;
}

static int find_map(const struct live_program *program, const char *name)
{
	const struct bpf_map *map = bpf_object__find_map_by_name(program->object, name);
	return map != NULL ? bpf_map__fd(map) : -1;
}

static int find_program(const struct live_program *program, const char *name)
{
	const struct bpf_program *found = bpf_object__find_program_by_name(program->object, name);
	return found != NULL ? bpf_program__fd(found) : -1;
}

/* Two maps for heads, of the kind that the slots of live_tables take. */
static enum sk_err make_heads(struct live_program *program, struct sk_fault *fault)
{
	for (unsigned half = 0; half < HALVES; half++) {
		struct bpf_map_info info = {0};
		uint32_t length = sizeof info;
		program->head_fd[half] = bpf_map_create(BPF_MAP_TYPE_ARRAY, "live_head", sizeof(uint32_t), sizeof(struct live_table_head), 1, NULL);
		if (program->head_fd[half] < 0 || bpf_obj_get_info_by_fd(program->head_fd[half], &info, &length) != 0)
			return sk_fault_errno(fault, errno, "the head of a table cannot be made in the kernel");
		program->head_id[half] = info.id;
	}
	return SK_OK;
}

/* The program as this kernel translated it. What differs from one loading to the next (numbers of maps, addresses of functions) is left out. */
static enum sk_err digest_program(const struct live_program *program, uint8_t digest[SK_HASH_BYTES], struct sk_fault *fault)
{
	struct bpf_insn *code = calloc(INSTRUCTIONS_MAX, sizeof *code);
	if (code == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	struct bpf_prog_info info = {.xlated_prog_insns = (uintptr_t)code, .xlated_prog_len = INSTRUCTIONS_MAX * sizeof *code};
	uint32_t length = sizeof info;
	int failed = bpf_obj_get_info_by_fd(program->gate_fd, &info, &length);
	if (failed != 0 || info.xlated_prog_len == 0 || info.xlated_prog_len > INSTRUCTIONS_MAX * sizeof *code) {
		free(code);
		return failed != 0 ? sk_fault_errno(fault, errno, "the gate in the kernel cannot be read back")
				   : sk_fault_set(fault, SK_EIO, "the gate in the kernel cannot be read back: it shows no code");
	}
	size_t count = info.xlated_prog_len / sizeof *code;
	struct sk_sha256 *hash = sk_sha256_new();
	SK_INVARIANT(hash != NULL);
	for (size_t i = 0; i < count; i++) {
		bool wide = code[i].code == (BPF_LD | BPF_IMM | BPF_DW);
		if (wide || code[i].code == (BPF_JMP | BPF_CALL))
			code[i].imm = 0;
		if (wide && i + 1 < count)
			code[++i].imm = 0;
	}
	sk_sha256_add(hash, info.tag, sizeof info.tag); /* the kernel's own digest of what was loaded: it tells which functions are called */
	sk_sha256_add(hash, code, count * sizeof *code);
	sk_sha256_take(hash, digest);
	sk_sha256_free(hash);
	free(code);
	return SK_OK;
}

static enum sk_err load(struct live_program *program, const struct live_program_options *options, char *log, struct sk_fault *fault)
{
	SK_TRY(prepare(program, options, log, fault));
	int error = -bpf_object__load(program->object);
	if (error == EPERM)
		return not_permitted(error, fault);
	if (error != 0)
		return sk_fault_set(fault, SK_EUNSUPPORTED, "this kernel does not take the gate (%s; its verifier said: %.200s); see docs/kernel-gate.md for the kernels that do", strerror(error),
				    last_words(log));
	program->gate_fd = find_program(program, options->xdp ? "sk_live_xdp" : "sk_live_filter");
	program->steer_fd = find_program(program, "sk_live_steer");
	program->nodes_fd = find_map(program, "live_nodes");
	program->tables_fd = find_map(program, "live_tables");
	program->counts_fd = find_map(program, "live_counts");
	program->states_fd = find_map(program, "live_states");
	program->sockets_fd = find_map(program, "live_sockets");
	if (program->gate_fd < 0 || program->nodes_fd < 0 || program->tables_fd < 0 || program->counts_fd < 0 || program->states_fd < 0 || program->sockets_fd < 0)
		return sk_fault_set(fault, SK_EIO, "the gate for the kernel lacks a map; build it again");
	SK_TRY(make_heads(program, fault));
	void *nodes = mmap(NULL, program->nodes_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, program->nodes_fd, 0);
	if (nodes == MAP_FAILED)
		return sk_fault_errno(fault, errno, "the kernel's table cannot be mapped");
	program->nodes = nodes;
	/* A loaded program does not change, and is shown only to whoever has the rights to load one: it is read back now. */
	return digest_program(program, program->code_digest, fault);
}

enum sk_err live_program_load(const struct live_program_options *options, struct live_program **out, struct sk_fault *fault)
{
	SK_TRY(sk_seal_start());
	int cpus = libbpf_num_possible_cpus();
	struct live_program *program = calloc(1, sizeof *program);
	char *log = calloc(1, LOG_BYTES);
	if (program != NULL && cpus > 0 && cpus <= CPUS_MAX)
		program->percpu = calloc((size_t)cpus, sizeof *program->percpu);
	if (log == NULL || program == NULL || program->percpu == NULL) {
		free(log);
		live_program_free(program);
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	}
	program->cpus = (unsigned)cpus;
	program->xdp = options->xdp;
	program->link_fd = program->gate_fd = program->head_fd[0] = program->head_fd[1] = -1;
	program->half_nodes = options->nodes;
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	program->nodes_bytes = (HALVES * options->nodes * sizeof *program->nodes + page - 1) / page * page;
	do {
		sk_random(&program->secret, sizeof program->secret);
	} while (program->secret == 0);
	/* Kernels before 5.11 count maps as locked memory. */
	(void)setrlimit(RLIMIT_MEMLOCK, &(struct rlimit){RLIM_INFINITY, RLIM_INFINITY});
	libbpf_print_fn_t printed = libbpf_set_print(say_nothing);
	enum sk_err err = load(program, options, log, fault);
	(void)libbpf_set_print(printed);
	free(log);
	if (err != SK_OK) {
		live_program_free(program);
		return err;
	}
	*out = program;
	return SK_OK;
}

void live_program_free(struct live_program *program)
{
	if (program == NULL)
		return;
	if (program->link_fd > 0)
		(void)close(program->link_fd);
	for (unsigned half = 0; half < HALVES; half++)
		if (program->head_fd[half] > 0)
			(void)close(program->head_fd[half]);
	if (program->nodes != NULL)
		(void)munmap(program->nodes, program->nodes_bytes);
	bpf_object__close(program->object);
	free(program->percpu);
	free(program);
}

/* ---- tables ---- */

static enum sk_err put_head(const struct live_program *program, unsigned half, const struct live_table_head *head, struct sk_fault *fault)
{
	const uint32_t zero = 0;
	if (bpf_map_update_elem(program->head_fd[half], &zero, head, BPF_ANY) != 0)
		return sk_fault_errno(fault, errno, "the head of a table cannot be written to the kernel");
	return SK_OK;
}

/* The kernel answers when every CPU is done with what stood in the slot before. */
static enum sk_err put_slot(const struct live_program *program, uint32_t lane, unsigned half, struct sk_fault *fault)
{
	if (bpf_map_update_elem(program->tables_fd, &lane, &program->head_fd[half], BPF_ANY) != 0)
		return sk_fault_errno(fault, errno, "the table in the kernel cannot be exchanged");
	return SK_OK;
}

enum sk_err live_program_write(struct live_program *program, const struct sk_border *border, unsigned covered, struct sk_fault *fault)
{
	size_t needed = live_table_nodes(border);
	unsigned half = program->spare;
	if (needed > program->half_nodes)
		return sk_fault_set(fault, SK_ETOOBIG, "the border table has %zu nodes, and the kernel was given room for %zu at the start; restart to take it", needed, program->half_nodes);
	live_table_write(border, covered, program->nodes, half * program->half_nodes, &program->head[half]);
	SK_TRY(put_head(program, half, &program->head[half], fault));
	return put_slot(program, LIVE_LANE_TEST, half, fault);
}

enum sk_err live_program_commit(struct live_program *program, struct sk_fault *fault)
{
	SK_TRY(put_slot(program, LIVE_LANE_LIVE, program->spare, fault));
	program->spare = 1 - program->spare;
	program->in_force = true;
	return SK_OK;
}

enum sk_err live_program_shut(struct live_program *program, struct sk_fault *fault)
{
	if (!program->in_force)
		return SK_OK;
	struct live_table_head *head = &program->head[program->spare];
	*head = (struct live_table_head){.magic = LIVE_TABLE_MAGIC};
	SK_TRY(put_head(program, program->spare, head, fault));
	SK_TRY(put_slot(program, LIVE_LANE_LIVE, program->spare, fault));
	program->in_force = false;
	return SK_OK;
}

struct live_node *live_program_nodes(struct live_program *program)
{
	return program->nodes;
}

const struct live_table_head *live_program_written(const struct live_program *program)
{
	return &program->head[program->spare];
}

/* ---- trial runs ---- */

/* The kernel's answer lies in front of the frame that comes back. */
static enum sk_err run_xdp(const struct live_program *program, const uint8_t *frame, size_t length, uint32_t *verdict, struct sk_fault *fault)
{
	uint8_t out[sizeof(struct live_mark) + RUN_FRAME_MAX];
	struct live_mark mark;
	struct bpf_test_run_opts run = {.sz = sizeof run, .data_in = frame, .data_size_in = (uint32_t)length, .data_out = out, .data_size_out = sizeof out, .repeat = 1};
	if (bpf_prog_test_run_opts(program->gate_fd, &run) != 0)
		return sk_fault_errno(fault, errno, "the gate in the kernel cannot be tried on a frame of %zu bytes", length);
	memcpy(&mark, out, sizeof mark);
	if (run.data_size_out != length + sizeof mark || mark.magic != LIVE_MARK_MAGIC)
		return sk_fault_set(fault, SK_EIO, "the gate in the kernel gave no answer to a frame of %zu bytes", length);
	*verdict = (uint32_t)(mark.finished ? LIVE_VERDICT_FINISHED : LIVE_VERDICT_UNFINISHED) | (uint32_t)mark.class_ << 8 | mark.reason;
	bool passes = !mark.finished || mark.reason == LIVE_REASON_ADMITTED;
	if (run.retval != (passes ? (uint32_t)XDP_REDIRECT : (uint32_t)XDP_DROP))
		return sk_fault_set(fault, SK_EKERNELGATE, "the gate in the kernel does not act as it says (verdict %#x, action %u)", *verdict, run.retval);
	return SK_OK;
}

/* The kernel takes a link header off before a filter runs; it gets one of its own to take off. */
static enum sk_err run_filter(const struct live_program *program, const uint8_t *frame, size_t length, uint32_t *verdict, struct sk_fault *fault)
{
	uint8_t in[RUN_PREFIX_BYTES + RUN_FRAME_MAX] = {[12] = 0x88, [13] = 0xb5}; /* an ethertype for experiments */
	struct __sk_buff before = {.cb = {[1] = program->secret}}, after = {0};
	memcpy(in + RUN_PREFIX_BYTES, frame, length);
	struct bpf_test_run_opts run = {.sz = sizeof run, .data_in = in, .data_size_in = (uint32_t)(RUN_PREFIX_BYTES + length), .ctx_in = &before, .ctx_size_in = sizeof before,
					.ctx_out = &after, .ctx_size_out = sizeof after, .repeat = 1};
	if (bpf_prog_test_run_opts(program->gate_fd, &run) != 0)
		return sk_fault_errno(fault, errno, "the gate in the kernel cannot be tried on a frame of %zu bytes", length);
	*verdict = after.cb[0];
	bool passes = (*verdict & LIVE_VERDICT_FINISHED) == 0 || (*verdict & 0xff) == LIVE_REASON_ADMITTED;
	if (*verdict == 0 || (run.retval != 0) != passes)
		return sk_fault_set(fault, SK_EKERNELGATE, "the gate in the kernel does not act as it says (verdict %#x, answer %u)", *verdict, run.retval);
	return SK_OK;
}

enum sk_err live_program_run(const struct live_program *program, const uint8_t *frame, size_t length, uint32_t *verdict, struct sk_fault *fault)
{
	if (length < ETH_HLEN || length > RUN_FRAME_MAX)
		return sk_fault_set(fault, SK_ETOOBIG, "the kernel tries frames of %d to %d bytes, this one has %zu", ETH_HLEN, RUN_FRAME_MAX, length);
	return program->xdp ? run_xdp(program, frame, length, verdict, fault) : run_filter(program, frame, length, verdict, fault);
}

/* ---- counters ---- */

static void add_cell(struct live_cell *sum, const struct live_cell *more)
{
	sum->frames += more->frames;
	sum->bytes += more->bytes;
}

enum sk_err live_program_counts(const struct live_program *program, unsigned lane, struct live_counters *out, struct sk_fault *fault)
{
	const uint32_t key = lane;
	if (bpf_map_lookup_elem(program->counts_fd, &key, program->percpu) != 0)
		return sk_fault_errno(fault, errno, "the counters in the kernel cannot be read");
	memset(out, 0, sizeof *out);
	for (unsigned cpu = 0; cpu < program->cpus; cpu++) {
		const struct live_counters *one = &program->percpu[cpu];
		for (unsigned class_ = 0; class_ < LIVE_CLASS_COUNT; class_++)
			for (unsigned reason = 0; reason < LIVE_REASON_COUNT; reason++)
				add_cell(&out->erased[class_][reason], &one->erased[class_][reason]);
		add_cell(&out->passed, &one->passed);
		add_cell(&out->unfinished, &one->unfinished);
		add_cell(&out->no_socket, &one->no_socket);
		add_cell(&out->in, &one->in);
	}
	return SK_OK;
}

enum sk_err live_program_residue(const struct live_program *program, size_t *residue, struct sk_fault *fault)
{
	struct live_state *states = calloc(program->cpus, sizeof *states); /* 8 bytes aligned, as the kernel lays out the values of CPUs */
	*residue = 0;
	if (states == NULL)
		return sk_fault_set(fault, SK_ENOMEM, "out of memory");
	for (uint32_t lane = 0; lane < LIVE_LANES; lane++) {
		if (bpf_map_lookup_elem(program->states_fd, &lane, states) != 0) {
			free(states);
			return sk_fault_errno(fault, errno, "the working memory in the kernel cannot be read");
		}
		for (unsigned cpu = 0; cpu < program->cpus; cpu++)
			*residue += sk_count_nonzero(states[cpu].source, sizeof *states - offsetof(struct live_state, source));
	}
	free(states);
	return SK_OK;
}

/* ---- attaching ---- */

enum sk_err live_program_attach(struct live_program *program, const char *interface, bool native, struct sk_fault *fault)
{
	const struct bpf_link_create_opts options = {.sz = sizeof options, .flags = native ? XDP_FLAGS_DRV_MODE : XDP_FLAGS_SKB_MODE};
	int fd = bpf_link_create(program->gate_fd, (int)if_nametoindex(interface), BPF_XDP, &options);
	if (fd >= 0) {
		program->link_fd = fd;
		return SK_OK;
	}
	if (errno == EBUSY || errno == EEXIST)
		return sk_fault_set(fault, SK_EUSAGE, "%s: another XDP program is attached; ip link show %s names it, remove it first", interface, interface);
	if (errno == EOPNOTSUPP || errno == EINVAL || errno == ERANGE || errno == ENOSPC) /* ENOSPC: of queues */
		return sk_fault_set(fault, SK_EUNSUPPORTED, "%s: its driver takes no %s XDP program (%s)", interface, native ? "native" : "generic", strerror(errno));
	return sk_fault_errno(fault, errno, "%s: cannot attach the gate", interface);
}

enum sk_err live_program_socket(struct live_program *program, unsigned queue, int fd, struct sk_fault *fault)
{
	const uint32_t key = queue;
	if (bpf_map_update_elem(program->sockets_fd, &key, &fd, BPF_ANY) != 0)
		return sk_fault_errno(fault, errno, "queue %u: its socket cannot be given to the gate in the kernel", queue);
	return SK_OK;
}

int live_program_filter_fd(const struct live_program *program)
{
	return program->gate_fd;
}

int live_program_steer_fd(const struct live_program *program)
{
	return program->steer_fd;
}

/* ---- digests ---- */

enum sk_err live_program_digests(const struct live_program *program, uint8_t code[SK_HASH_BYTES], uint8_t table[SK_HASH_BYTES], struct sk_fault *fault)
{
	const uint32_t lane = LIVE_LANE_LIVE, zero = 0;
	unsigned half = program->in_force ? 1 - program->spare : program->spare;
	struct live_table_head head;
	uint32_t id = 0;
	memcpy(code, program->code_digest, SK_HASH_BYTES);
	if (program->in_force && (bpf_map_lookup_elem(program->tables_fd, &lane, &id) != 0 || id != program->head_id[half]))
		return sk_fault_set(fault, SK_EINCONSISTENT, "the table in force in the kernel is not the one that was put there");
	if (bpf_map_lookup_elem(program->head_fd[half], &zero, &head) != 0)
		return sk_fault_errno(fault, errno, "the head of the table cannot be read back from the kernel");
	if (memcmp(&head, &program->head[half], sizeof head) != 0)
		return sk_fault_set(fault, SK_EINCONSISTENT, "the head of the table in the kernel is not the one that was put there");
	live_table_digest(program->nodes, &head, table);
	return SK_OK;
}
