/* SPDX-License-Identifier: MIT */
/*
 * Access lists: at the most a few dozen networks, looked through one by one.
 * Their order has no meaning, so that a list can be sorted, and one rule does
 * not hide another: what is denied is denied.
 */
#include "loop/access.h"

#include <stdio.h>
#include <string.h>

#define ACCESS_EVERY ((1u << ACCESS_SERVICES) - 1)

static const char *const prefixes[ACCESS_SERVICES] = {
	[ACCESS_UDP] = "udp:",
	[ACCESS_TCP] = "tcp:",
	[ACCESS_HTTP] = "http:",
};

/* The services that *text names; *text is what stands behind them. */
static unsigned take_services(const char **text)
{
	for (size_t i = 0; i < ACCESS_SERVICES; i++) {
		size_t len = strlen(prefixes[i]);

		if (strncmp(*text, prefixes[i], len) == 0) {
			*text += len;
			return 1u << i;
		}
	}
	return ACCESS_EVERY;
}

static int append_rule(struct access_list *list, const struct access_rule *rule,
		       char cause[NETWORK_CAUSE_SIZE])
{
	if (!list)
		return 0;
	if (list->n == ACCESS_RULES_MAX) {
		(void)snprintf(cause, NETWORK_CAUSE_SIZE,
			       "more than %d of them", ACCESS_RULES_MAX);
		return -1;
	}
	list->services |= rule->services;
	list->rules[list->n++] = *rule;
	return 0;
}

int access_add(struct access_list *list, const char *text,
	       char cause[NETWORK_CAUSE_SIZE])
{
	struct access_rule rule = {.services = take_services(&text)};

	if (network_parse(text, &rule.network, cause) < 0)
		return -1;
	return append_rule(list, &rule, cause);
}

int access_add_proxy(struct access_list *list, const char *text,
		     char cause[NETWORK_CAUSE_SIZE])
{
	struct access_rule rule = {.services = take_services(&text)};

	if (rule.services == 1u << ACCESS_UDP) {
		(void)snprintf(cause, NETWORK_CAUSE_SIZE,
			       "datagrams have no PROXY header here");
		return -1;
	}
	/* Their one address is a network without any bit. */
	if (strcmp(text, "unix") == 0)
		rule.network.family = AF_UNIX;
	else if (network_parse(text, &rule.network, cause) < 0)
		return -1;
	return append_rule(list, &rule, cause);
}

bool access_list_has(const struct access_list *list,
		     enum access_service service, const struct address *peer)
{
	unsigned bit = 1u << service;

	for (size_t i = 0; i < list->n; i++)
		if ((list->rules[i].services & bit) &&
		    network_contains(&list->rules[i].network, peer))
			return true;
	return false;
}

bool access_permits(const struct access *access, enum access_service service,
		    const struct address *peer)
{
	unsigned bit = 1u << service;

	if (peer->sa.any.sa_family == AF_UNIX)
		return true;
	if (access_list_has(&access->deny, service, peer))
		return false;
	return !(access->allow.services & bit) ||
	       access_list_has(&access->allow, service, peer);
}
