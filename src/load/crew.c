/* SPDX-License-Identifier: MIT */
/*
 * Every run has its jobs in processes of their own, also when there is one
 * only. So the parent's display and files never delay a message, and what a
 * job does is the same whatever their number. Counters lie in shared memory,
 * a job writing only to its own; words go over a socket pair, whose end tells
 * either side of the other's.
 */
#include "load/crew.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "load/worker.h"

struct crew {
	unsigned n;
	struct share *shares;
	bool has_failed;
	struct member {
		pid_t pid; /* 0: gone */
		int fd;	   /* -1: gone */
		bool is_ready;
	} jobs[LOAD_JOBS_MAX];
};

/* The child: nothing of the parent's but the plan and the counters. */
static void become_job(struct crew *crew, const struct plan *plan, unsigned i,
		       int fd)
{
	sigset_t none;

	/* The parent hears them and tells; its end is heard by the pair's. */
	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGTERM, SIG_IGN);
	(void)signal(SIGHUP, SIG_IGN);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	for (unsigned k = 0; k < i; k++)
		(void)close(crew->jobs[k].fd);
	_exit(worker_run(plan, i, fd, &crew->shares[i]));
}

static bool start_job(struct crew *crew, const struct plan *plan, unsigned i)
{
	struct member *job = &crew->jobs[i];
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC,
		       0, pair) < 0)
		return false;
	job->fd = pair[0];
	job->pid = fork();
	if (job->pid == 0) {
		(void)close(pair[0]);
		become_job(crew, plan, i, pair[1]);
	}
	(void)close(pair[1]);
	if (job->pid < 0)
		job->pid = 0;
	return job->pid > 0;
}

struct crew *crew_new(const struct plan *plan)
{
	unsigned n = plan->options->jobs;
	struct crew *crew = calloc(1, sizeof(*crew));
	void *memory =
		mmap(NULL, n * sizeof(*crew->shares), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (!crew || memory == MAP_FAILED) {
		if (memory != MAP_FAILED)
			(void)munmap(memory, n * sizeof(*crew->shares));
		free(crew);
		return NULL;
	}
	crew->n = n;
	crew->shares = memory;
	for (unsigned i = 0; i < n; i++)
		crew->jobs[i].fd = -1;
	for (unsigned i = 0; i < n; i++) {
		if (!start_job(crew, plan, i)) {
			int saved = errno;

			crew_free(crew);
			errno = saved;
			return NULL;
		}
	}
	return crew;
}

/* A job's end of the pair is closed: it has ended, or is about to. */
static void bury(struct crew *crew, struct member *job)
{
	int status = 0;

	(void)close(job->fd);
	job->fd = -1;
	while (waitpid(job->pid, &status, 0) < 0 && errno == EINTR)
		;
	job->pid = 0;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != EXIT_SUCCESS)
		crew->has_failed = true;
}

void crew_free(struct crew *crew)
{
	if (!crew)
		return;
	for (unsigned i = 0; i < crew->n; i++) {
		struct member *job = &crew->jobs[i];

		if (job->pid > 0) {
			(void)kill(job->pid, SIGKILL);
			bury(crew, job);
		} else if (job->fd >= 0) {
			(void)close(job->fd);
		}
	}
	(void)munmap(crew->shares, crew->n * sizeof(*crew->shares));
	free(crew);
}

static void crew_tell(struct crew *crew, struct job_order order)
{
	for (unsigned i = 0; i < crew->n; i++)
		if (crew->jobs[i].fd >= 0)
			(void)!send(crew->jobs[i].fd, &order, sizeof(order),
				    MSG_NOSIGNAL);
}

void crew_go(struct crew *crew, uint64_t at_ns)
{
	crew_tell(crew, (struct job_order){JOB_GO, at_ns});
}

void crew_stop(struct crew *crew)
{
	crew_tell(crew, (struct job_order){.word = JOB_STOP});
}

bool crew_is_ready(const struct crew *crew)
{
	for (unsigned i = 0; i < crew->n; i++)
		if (crew->jobs[i].fd >= 0 && !crew->jobs[i].is_ready)
			return false;
	return true;
}

bool crew_is_done(const struct crew *crew)
{
	for (unsigned i = 0; i < crew->n; i++)
		if (crew->jobs[i].fd >= 0)
			return false;
	return true;
}

bool crew_has_failed(const struct crew *crew)
{
	return crew->has_failed;
}

static void hear(struct crew *crew, struct member *job)
{
	struct job_order order;
	ssize_t n = recv(job->fd, &order, sizeof(order), 0);

	if (n == (ssize_t)sizeof(order))
		job->is_ready = true;
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		bury(crew, job);
}

void crew_wait(struct crew *crew, uint64_t until_ns, const sigset_t *mask)
{
	struct pollfd fds[LOAD_JOBS_MAX];
	uint64_t now_ns = clock_mono_ns();
	uint64_t left_ns = until_ns > now_ns ? until_ns - now_ns : 0;
	const struct timespec left = {
		.tv_sec = (time_t)(left_ns / CLOCK_NS_PER_S),
		.tv_nsec = (long)(left_ns % CLOCK_NS_PER_S),
	};

	for (unsigned i = 0; i < crew->n; i++)
		fds[i] = (struct pollfd){crew->jobs[i].fd, POLLIN, 0};
	if (ppoll(fds, crew->n, &left, mask) <= 0)
		return;
	for (unsigned i = 0; i < crew->n; i++)
		if (fds[i].revents)
			hear(crew, &crew->jobs[i]);
}

void crew_sum(const struct crew *crew, struct stats *out)
{
	*out = (struct stats){0};
	for (unsigned i = 0; i < crew->n; i++)
		stats_merge(out, &crew->shares[i].stats);
}

const struct share *crew_share(const struct crew *crew, unsigned i)
{
	return &crew->shares[i];
}
