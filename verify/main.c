/* SPDX-License-Identifier: Apache-2.0 */
#include <getopt.h>
#include <stdio.h>

#include "verify.h"

static const char usage[] =
	"usage: sekisho-verify [--key VKEY|FILE] [--old CHECKPOINT] [--policy FILE] [--drill NOTE [--drill-key VKEY|FILE]] [--openings FILE [--enforcer VKEY|FILE]] [--json] LEDGERDIR\n"
	"\n"
	"Recomputes a Sekisho ledger from its entries and checks what its records say.\n"
	"  --key VKEY|FILE     the key that the ledger must be signed with; without it the ledger's own is taken on first use\n"
	"  --old CHECKPOINT    an older checkpoint of this ledger: it must be a prefix\n"
	"  --policy FILE       witnesses that must have signed (C2SP tlog-policy)\n"
	"  --drill NOTE        what an oversight drill signed: it must follow from this ledger\n"
	"  --drill-key VKEY|FILE  the key that the drill must be signed with; without it the one that the note names\n"
	"  --openings FILE     what a centre's ledger commits to (sekisho centre openings): every signature, step and quorum is recomputed\n"
	"  --enforcer VKEY|FILE  the enforcer's key: its receipts must be there and be about the warrants that follow from the approvals\n"
	"  --json              one JSON object\n"
	"exit: 0 verified, 1 refused (one line says what and where), 2 wrong call, 3 unreadable\n";

int main(int argc, char **argv)
{
	static const struct option long_options[] = {
	    {"key", required_argument, NULL, 'k'},
	    {"old", required_argument, NULL, 'o'},
	    {"policy", required_argument, NULL, 'p'},
	    {"drill", required_argument, NULL, 'd'},
	    {"drill-key", required_argument, NULL, 'D'},
	    {"openings", required_argument, NULL, 'O'},
	    {"enforcer", required_argument, NULL, 'E'},
	    {"json", no_argument, NULL, 'j'},
	    {"help", no_argument, NULL, 'h'},
	    {"version", no_argument, NULL, 'V'},
	    {NULL, 0, NULL, 0},
	};
	struct sk_verify_options options = {.folder = NULL};
	for (int option; (option = getopt_long(argc, argv, "h", long_options, NULL)) != -1;) {
		switch (option) {
		case 'k':
			options.key = optarg;
			break;
		case 'o':
			options.old = optarg;
			break;
		case 'p':
			options.policy = optarg;
			break;
		case 'd':
			options.drill = optarg;
			break;
		case 'D':
			options.drill_key = optarg;
			break;
		case 'O':
			options.openings = optarg;
			break;
		case 'E':
			options.enforcer = optarg;
			break;
		case 'j':
			options.json = true;
			break;
		case 'h':
			(void)fputs(usage, stdout);
			return SK_VERIFY_OK;
		case 'V':
			(void)printf("sekisho-verify %s\n", SK_VERSION);
			return SK_VERIFY_OK;
		default:
			(void)fputs(usage, stderr);
			return SK_VERIFY_USAGE;
		}
	}
	if (optind + 1 != argc) {
		(void)fputs(usage, stderr);
		return SK_VERIFY_USAGE;
	}
	options.folder = argv[optind];
	static struct sk_verify_result result; /* static: large, and there is one */
	int code = sk_verify_ledger(&options, &result);
	sk_verify_print(&options, &result);
	/* A verdict that nobody could read must not look like success. */
	if (fflush(stdout) != 0 && code == SK_VERIFY_OK)
		code = SK_VERIFY_UNREADABLE;
	return code;
}
