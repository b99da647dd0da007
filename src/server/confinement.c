/* SPDX-License-Identifier: MIT */
/*
 * The last steps before serving: first the user, so that whatever is judged and
 * allowed afterwards is so with that user's eyes; then the sandbox.
 */
#include "server/confinement.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "os/keeper.h"
#include "os/privileges.h"
#include "os/sandbox.h"
#include "server/allowance.h"
#include "server/binding.h"

#define CONFINEMENT_USER "uppercase" /* when there is one */
#define CONFINEMENT_REST "nobody"

struct confinement {
	struct allowance allowance;
	unsigned gaps; /* enum sandbox_gap */
	bool is_sandboxed;
	struct keeper keeper; /* of the configuration file */
};

/* --- the user --- */

static int find_user(const struct config *config, struct privileges_user *user,
		     char **cause)
{
	const char *name = config->user;

	if (!name && privileges_find(CONFINEMENT_USER, user) == 0)
		return 0;
	if (!name)
		name = CONFINEMENT_REST;
	if (privileges_find(name, user) == 0)
		return 0;
	if (errno == ENOENT)
		return binding_fail(cause,
				    "--user=%s: there is no such user (name "
				    "one that exists; root stays root)",
				    name);
	return binding_fail(cause, "--user=%s: %s", name, strerror(errno));
}

/* Who is not root can only stay who it is. */
static int stay_user(const struct config *config,
		     const struct privileges_user *user, char **cause)
{
	if (config->user && user->uid != geteuid())
		return binding_fail(cause,
				    "--user=%s: only root can become another "
				    "user",
				    config->user);
	if (privileges_give_up() < 0)
		return binding_fail(cause, "capabilities: %s", strerror(errno));
	return 0;
}

/* A log that is new must be one that the user can open anew. */
static void give_log(const char *path, const struct privileges_user *user)
{
	int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size == 0 &&
	    st.st_uid == 0 && st.st_nlink == 1 &&
	    fchownat(fd, "", user->uid, user->gid, AT_EMPTY_PATH) < 0)
		log_warn("log %s: it stays root's: %s", path, strerror(errno));
	(void)close(fd);
}

/* Calls one of the functions for each log that is a file. */
static void each_log(const struct config *config,
		     void (*look)(const char *path,
				  const struct privileges_user *user),
		     const struct privileges_user *user)
{
	const char *paths[CONFIG_LOGS];

	config_logs(config, paths);
	for (size_t i = 0; i < CONFIG_LOGS; i++)
		if (paths[i] && strcmp(paths[i], "-") != 0)
			look(paths[i], user);
}

static void warn_of_log(const char *path, const struct privileges_user *user)
{
	if (access(path, W_OK) < 0)
		log_warn("log %s: user %s cannot open it anew: %s", path,
			 user->name, strerror(errno));
}

/* What can be done at the start and not any more. */
static void warn_of_losses(const struct config *config,
			   const struct privileges_user *user)
{
	each_log(config, warn_of_log, user);
	if (config->file_read && access(config->file_read, R_OK) < 0)
		log_warn("%s: user %s cannot read it again: %s",
			 config->file_read, user->name, strerror(errno));
}

/* The root was opened as root; its files will not be. */
static int try_root(const struct config *config,
		    const struct privileges_user *user, char **cause)
{
	if (config_is_off(&config->http) || access(config->root, X_OK) == 0)
		return 0;
	return binding_fail(cause,
			    "document root %s: user %s cannot read it: %s "
			    "(open it to that user, or name one by --user)",
			    config->root, user->name, strerror(errno));
}

static int become_user(const struct config *config,
		       const struct privileges_user *user, char **cause)
{
	each_log(config, give_log, user);
	if (privileges_drop(user) < 0)
		return binding_fail(cause,
				    "cannot become user %s: %s (--user=root "
				    "stays root)",
				    user->name, strerror(errno));
	if (try_root(config, user, cause) < 0)
		return -1;
	warn_of_losses(config, user);
	log_info("user: %s, without privileges", user->name);
	return 0;
}

static int change_user(const struct config *config, char **cause)
{
	struct privileges_user user = {.uid = geteuid()};
	bool is_root = geteuid() == 0;

	if ((is_root || config->user) && find_user(config, &user, cause) < 0)
		return -1;
	if (privileges_lock() < 0)
		return binding_fail(cause, "no_new_privs: %s", strerror(errno));
	if (!is_root)
		return stay_user(config, &user, cause);
	if (user.uid != 0)
		return become_user(config, &user, cause);
	log_warn("user: this stays root, as it was told: whoever takes the "
		 "server over has the host");
	return 0;
}

/* --- the sandbox --- */

static bool has_files(const struct confinement *confinement)
{
	return confinement && confinement->is_sandboxed &&
	       !(confinement->gaps & (SANDBOX_NO_FILES | SANDBOX_NO_BUILD));
}

static void tell_gaps(unsigned gaps)
{
	static const struct {
		enum sandbox_gap gap;
		const char *text;
	} texts[] = {
		{SANDBOX_NO_FILES, "no Landlock in this kernel: files and "
				   "ports are not confined"},
		{SANDBOX_NO_PORTS, "no TCP ports in this kernel's Landlock "
				   "(Linux 6.7 has them)"},
		{SANDBOX_NO_CALLS, "no seccomp in this kernel: system calls "
				   "are not confined"},
		{SANDBOX_NO_LIBRARY, "built without libseccomp: system calls "
				     "are not confined"},
		{SANDBOX_NO_BUILD, "none in a build with sanitizers or "
				   "coverage"},
	};

	if (gaps & SANDBOX_NO_FILES)
		gaps &= ~(unsigned)SANDBOX_NO_PORTS;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (gaps & texts[i].gap)
			log_info("sandbox: %s", texts[i].text);
}

static void warn_of_overlap(const struct confinement *confinement,
			    const struct config *config)
{
	const char *folder;

	if (config_is_off(&config->http))
		return;
	folder = allowance_find_overlap(&confinement->allowance, config->root);
	if (folder)
		log_warn("sandbox: %s is for logs and holds the document root: "
			 "that can be written to",
			 folder);
}

static int enter_sandbox(struct confinement *confinement,
			 const struct config *config, char **cause)
{
	const struct allowance *allowance = &confinement->allowance;
	struct sandbox_plan plan = {
		.places = allowance->places,
		.n_places = allowance->n_places,
		.tcp_ports = allowance->ports,
		.n_tcp_ports = allowance->n_ports,
		.binds_any_port = allowance->binds_any_port,
	};

	if (sandbox_enter(&plan, &confinement->gaps) < 0)
		return binding_fail(cause,
				    "sandbox: %s (--no-sandbox does without)",
				    strerror(errno));
	confinement->is_sandboxed = true;
	tell_gaps(confinement->gaps);
	if (has_files(confinement))
		warn_of_overlap(confinement, config);
	return 0;
}

/* A file that is alone can be replaced only if somebody else opens it. */
static int start_keeper(struct confinement *confinement,
			const struct config *config, char **cause)
{
	if (!confinement->allowance.is_file_alone ||
	    keeper_start(&confinement->keeper, config->file_read) == 0)
		return 0;
	return binding_fail(cause, "sandbox: a process for %s: %s",
			    config->file_read, strerror(errno));
}

static int confine(struct confinement *confinement, const struct config *config,
		   char **cause)
{
	if (change_user(config, cause) < 0)
		return -1;
	if (config->no_sandbox || config->test_config)
		return 0;
	if (allowance_init(&confinement->allowance, config) < 0)
		return binding_fail(cause, "sandbox: %s", strerror(errno));
	if (start_keeper(confinement, config, cause) < 0 ||
	    enter_sandbox(confinement, config, cause) < 0)
		return -1;
	if (!has_files(confinement))
		keeper_stop(&confinement->keeper);
	return 0;
}

struct confinement *confinement_enter(const struct config *config, char **cause)
{
	struct confinement *confinement = calloc(1, sizeof(*confinement));

	if (!confinement) {
		(void)binding_fail(cause, "out of memory");
		return NULL;
	}
	confinement->keeper.fd = -1;
	if (confine(confinement, config, cause) == 0)
		return confinement;
	confinement_free(confinement);
	return NULL;
}

/* --- later --- */

static int judge_wanted(const struct confinement *confinement,
			const struct allowance *wanted, char **cause)
{
	const char *place =
		allowance_find_place(&confinement->allowance, wanted);
	int port = allowance_find_port(&confinement->allowance, wanted);

	if (place)
		return binding_fail(cause,
				    "%s is not in the sandbox that was made at "
				    "the start: start anew (see --spare-root, "
				    "--no-sandbox)",
				    place);
	if (port >= 0 && !(confinement->gaps & SANDBOX_NO_PORTS))
		return binding_fail(cause,
				    "TCP port %d is not in the sandbox that "
				    "was made at the start: start anew (see "
				    "--no-sandbox)",
				    port);
	return 0;
}

int confinement_judge(const struct confinement *confinement,
		      const struct config *config, char **cause)
{
	struct allowance wanted;
	int result = 0;

	if (!has_files(confinement))
		return 0;
	if (allowance_init(&wanted, config) < 0)
		result = binding_fail(cause, "sandbox: %s", strerror(errno));
	else
		result = judge_wanted(confinement, &wanted, cause);
	allowance_clear(&wanted);
	return result;
}

int confinement_open_config(const struct confinement *confinement)
{
	if (!confinement || confinement->keeper.fd < 0)
		return -1;
	return keeper_open(&confinement->keeper);
}

void confinement_free(struct confinement *confinement)
{
	if (!confinement)
		return;
	keeper_stop(&confinement->keeper);
	allowance_clear(&confinement->allowance);
	free(confinement);
}
