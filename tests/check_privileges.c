/* SPDX-License-Identifier: MIT */
/*
 * From root to nobody, in the test's own process: what the kernel says of it
 * afterwards, and what it cannot do any more.
 */
#include "os/privileges.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "harness.h"

static bool is_root(void)
{
	if (geteuid() == 0)
		return true;
	harness_skip("only root has privileges to drop");
	return false;
}

/* The line of /proc/self/status must have these words and nothing else. */
static void expect_status(const char *name, const char *values)
{
	FILE *file = fopen("/proc/self/status", "r");
	char line[256], expected[128], found[256] = "";
	char *rest, *word;

	ck_assert_ptr_nonnull(file);
	(void)snprintf(expected, sizeof(expected), "%s:", name);
	while (fgets(line, sizeof(line), file)) {
		if (strncmp(line, expected, strlen(expected)) != 0)
			continue;
		for (word = strtok_r(line, " \t\n", &rest); word;
		     word = strtok_r(NULL, " \t\n", &rest)) {
			strcat(found, word);
			strcat(found, " ");
		}
	}
	(void)fclose(file);
	(void)snprintf(expected, sizeof(expected), "%s: %s ", name, values);
	ck_assert_str_eq(found, expected);
}

static void drop(void)
{
	struct privileges_user user;

	ck_assert_int_eq(privileges_find("nobody", &user), 0);
	ck_assert_int_eq(privileges_lock(), 0);
	ck_assert_int_eq(privileges_drop(&user), 0);
}

START_TEST(nobody_is_all_that_is_left_of_root)
{
	static const char *const sets[] = {"CapInh", "CapPrm", "CapEff",
					   "CapBnd", "CapAmb"};
	struct privileges_user user;
	char text[128];

	if (!is_root())
		return;
	ck_assert_int_eq(privileges_find("nobody", &user), 0);
	drop();
	(void)snprintf(text, sizeof(text), "%u %u %u %u", user.uid, user.uid,
		       user.uid, user.uid);
	expect_status("Uid", text);
	(void)snprintf(text, sizeof(text), "%u %u %u %u", user.gid, user.gid,
		       user.gid, user.gid);
	expect_status("Gid", text);
	(void)snprintf(text, sizeof(text), "%u", user.gid);
	expect_status("Groups", text);
	for (size_t i = 0; i < ARRAY_LEN(sets); i++)
		expect_status(sets[i], "0000000000000000");
	expect_status("NoNewPrivs", "1");
}
END_TEST

START_TEST(there_is_no_way_back)
{
	struct privileges_user user;

	if (!is_root())
		return;
	drop();
	/* Nor can it be done a second time. */
	ck_assert_int_eq(privileges_find("root", &user), 0);
	ck_assert_int_eq(privileges_drop(&user), -1);
	ck_assert_int_eq(errno, EPERM);
	ck_assert_int_lt(setuid(0), 0);
	ck_assert_int_lt(seteuid(0), 0);
	ck_assert_int_lt(setresuid(0, 0, 0), 0);
	ck_assert_int_lt(setgid(0), 0);
	ck_assert_int_lt(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, 0, 0, 0),
			 0);
	ck_assert_int_lt(chroot("/"), 0);
}
END_TEST

static int bind_at(uint16_t port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), result;

	ck_assert_int_ge(fd, 0);
	result = bind(fd, (struct sockaddr *)&address, sizeof(address));
	(void)close(fd);
	return result;
}

START_TEST(ports_below_1024_are_closed_afterwards)
{
	uint16_t port = 1;

	if (!is_root() || !harness_own_network())
		return;
	ck_assert_int_eq(bind_at(port), 0);
	/* That network may be of a user of its own, who is root alone. */
	if (privileges_give_up() < 0)
		harness_fail("giving up: %s", strerror(errno));
	ck_assert_int_lt(bind_at(port), 0);
	ck_assert_int_eq(errno, EACCES);
}
END_TEST

START_TEST(who_stays_gives_up_capabilities_too)
{
	ck_assert_int_eq(privileges_lock(), 0);
	ck_assert_int_eq(privileges_give_up(), 0);
	expect_status("CapPrm", "0000000000000000");
	expect_status("CapEff", "0000000000000000");
	expect_status("NoNewPrivs", "1");
}
END_TEST

/* As a service manager does that has taken all of them already. */
static void forbid_capset(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_capset, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {ARRAY_LEN(code), code};

	ck_assert_int_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program),
			 0);
}

START_TEST(who_has_none_need_not_ask_to_have_none)
{
	ck_assert_int_eq(privileges_lock(), 0);
	if (geteuid() == 0) {
		forbid_capset();
		ck_assert_int_eq(privileges_give_up(), -1);
		ck_assert_int_eq(errno, EPERM);
		return;
	}
	ck_assert_int_eq(privileges_give_up(), 0);
	forbid_capset();
	ck_assert_int_eq(privileges_give_up(), 0);
}
END_TEST

START_TEST(after_root_has_gone_nothing_is_left_to_ask_for)
{
	if (!is_root())
		return;
	drop();
	forbid_capset();
	ck_assert_int_eq(privileges_give_up(), 0);
}
END_TEST

START_TEST(who_does_not_exist_is_not_found)
{
	struct privileges_user user;

	ck_assert_int_eq(privileges_find("no-such-user-here", &user), -1);
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_int_eq(privileges_find("", &user), -1);
	ck_assert_int_eq(errno, ENOENT);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("privileges");
	TCase *tcase = harness_case(suite, "privileges");

	tcase_add_test(tcase, nobody_is_all_that_is_left_of_root);
	tcase_add_test(tcase, there_is_no_way_back);
	tcase_add_test(tcase, ports_below_1024_are_closed_afterwards);
	tcase_add_test(tcase, who_stays_gives_up_capabilities_too);
	tcase_add_test(tcase, who_has_none_need_not_ask_to_have_none);
	tcase_add_test(tcase, after_root_has_gone_nothing_is_left_to_ask_for);
	tcase_add_test(tcase, who_does_not_exist_is_not_found);
	return harness_run(suite);
}
