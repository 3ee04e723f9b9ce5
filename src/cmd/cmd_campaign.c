/* SPDX-License-Identifier: Apache-2.0 */
/* sekisho campaign: findings tied together, and whose working hours they keep. */
#include <string.h>

#include "cmd/campaign.h"

int sk_cmd_campaign(struct sk_cmd *cmd, int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	if (strcmp(what, "--help") == 0)
		return sk_cmd_help(cmd, argv[0]);
	if (strcmp(what, "hours") == 0)
		return sk_campaign_hours_command(cmd, argc - 1, argv + 1);
	if (strcmp(what, "list") == 0 || strcmp(what, "show") == 0)
		return sk_campaign_graph_command(cmd, argc - 1, argv + 1);
	return what[0] == '\0' ? sk_cmd_usage(cmd, argv[0], "list, show or hours was expected") : sk_cmd_usage(cmd, argv[0], "'%.40s' is none of list, show and hours", what);
}
