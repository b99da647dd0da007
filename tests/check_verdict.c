/* SPDX-License-Identifier: MIT */
/*
 * Stories of runs, each with its only right verdict: what must be said, and
 * what cannot have happened. The numbers are such as real runs of that story
 * have; what is not named is 0.
 */
#include "result/verdict.h"

#include <string.h>

#include "harness.h"
#include "load/silence.h"

/* Ten seconds that went well; what a story changes stands behind it, and that
 * is what the compilers would warn of. */
#pragma GCC diagnostic ignored "-Woverride-init"
#define OPEN_LOOP                                                              \
	.target_rate = 5000, .rate = 5000, .duration_s = 10, .due = 50000,     \
	.exchanges = 50000, .p50_ms = 0.1, .p99_ms = 0.3, .typical_ms = 0.08,  \
	.busiest = 0.2, .cpu_share = 0.2, .late_p50_ms = 0.02,                 \
	.late_p99_ms = 0.08
#define CLOSED_LOOP                                                            \
	.rate = 80000, .duration_s = 10, .due = 800000, .exchanges = 800000,   \
	.p50_ms = 0.1, .p99_ms = 0.3, .typical_ms = 0.08, .busiest = 0.7,      \
	.cpu_share = 0.7

static const struct story {
	const char *story;
	struct verdict_facts facts;
	enum verdict_limit limit;
	const char *says[3];  /* all of these */
	const char *never[2]; /* none of these */
} stories[] = {
	/* --- the server --- */
	{"all went well", {OPEN_LOOP}, LIMIT_NONE, {"kept up"}, {"limit", ";"}},
	{"all went well in the closed loop",
	 {CLOSED_LOOP},
	 LIMIT_SERVER,
	 {"server or the network was the limit", "closed loop"},
	 {"generator", ";"}},
	{"the server was stopped for 0.6 s of 10: in the mean it kept up",
	 {OPEN_LOOP, .p99_ms = 587, .silence_s = 0.6, .silence_at_s = 2.1,
	  .n_silences = 1},
	 LIMIT_SERVER,
	 {"not all of the time",
	  "no answer came for 0.6 s, 2.1 s after the start", "587 ms"},
	 {"kept up", "generator"}},
	{"the same in the closed loop, where percentiles show nothing",
	 {CLOSED_LOOP, .silence_s = 0.6, .silence_at_s = 2.1, .n_silences = 1},
	 LIMIT_SERVER,
	 {"no answer came for 0.6 s, 2.1 s"},
	 {"generator"}},
	{"it stalls every two seconds",
	 {OPEN_LOOP, .p99_ms = 480, .silence_s = 0.5, .silence_at_s = 1,
	  .n_silences = 5},
	 LIMIT_SERVER,
	 {"0.5 s, 1 s after the start", "the longest of 5 times"},
	 {"kept up"}},
	{"killed after a third of a closed loop, which then sends little",
	 {CLOSED_LOOP, .rate = 26419, .due = 264223, .exchanges = 264190,
	  .loss_percent = 0.0126, .silence_s = 6.7, .silence_at_s = 3.3,
	  .n_silences = 1, .has_stopped = true, .stopped_s = 3.3,
	  .cause = "ECONNREFUSED"},
	 LIMIT_SERVER,
	 {"stopped answering", "after 3.3 s (ECONNREFUSED)"},
	 {"generator", "was the limit"}},
	{"killed in the open loop; what was due then is late and unsent",
	 {OPEN_LOOP, .rate = 1650, .exchanges = 16500, .unsent = 33000,
	  .loss_percent = 67, .has_stopped = true, .stopped_s = 3.3,
	  .late_p99_ms = 800, .p99_ms = 0.4, .cause = "ECONNREFUSED"},
	 LIMIT_SERVER,
	 {"stopped answering", "after 3.3 s", "67 %"},
	 {"kept up", "generator"}},
	{"killed when this program was busy, too",
	 {CLOSED_LOOP, .busiest = 0.99, .has_stopped = true, .stopped_s = 9},
	 LIMIT_SERVER,
	 {"stopped answering"},
	 {"generator"}},
	{"restarted in between: it is the server's time",
	 {CLOSED_LOOP, .silence_s = 1.2, .silence_at_s = 4, .n_silences = 1,
	  .loss_percent = 0.01, .cause = "ECONNREFUSED"},
	 LIMIT_SERVER,
	 {"no answer came for 1.2 s, 4 s"},
	 {"stopped"}},
	{"it falls behind and only queues",
	 {OPEN_LOOP, .rate = 4990, .p50_ms = 900, .p99_ms = 1800,
	  .piled_up = true},
	 LIMIT_SERVER,
	 {"did not keep up", "piled up"},
	 {"kept up with", "generator"}},
	{"all clients wait, so what is due can't be sent",
	 {OPEN_LOOP, .rate = 1000, .exchanges = 10000, .unsent = 40000,
	  .loss_percent = 80, .p50_ms = 800},
	 LIMIT_SERVER,
	 {"did not keep up", "all clients waiting", "80 %"},
	 {"generator"}},
	{"a network that loses one in twenty",
	 {OPEN_LOOP, .rate = 4750, .exchanges = 47500, .loss_percent = 5,
	  .lost = 2500},
	 LIMIT_SERVER,
	 {"did not keep up", "5 % of what was due had no answer"},
	 {"kept up with", "generator"}},
	{"one that loses one in two hundred: on target, and told",
	 {OPEN_LOOP, .rate = 4975, .exchanges = 49750, .loss_percent = 0.5,
	  .lost = 250},
	 LIMIT_NONE,
	 {"kept up", "0.5 % of what was due had no answer in time"},
	 {"generator"}},
	{"half of the answers come after the timeout",
	 {OPEN_LOOP, .rate = 2500, .exchanges = 25000, .loss_percent = 50},
	 LIMIT_SERVER,
	 {"did not keep up", "50 %"},
	 {"kept up with"}},
	{"a server that takes 0.3 s for each, and always has: no stall",
	 {CLOSED_LOOP, .rate = 3.3, .due = 33, .exchanges = 33, .p50_ms = 300,
	  .p99_ms = 0, .typical_ms = 300, .silence_s = 0.3, .n_silences = 16,
	  .busiest = 0.01},
	 LIMIT_SERVER,
	 {"server or the network was the limit"},
	 {"no answer came"}},
	{"one in fifty takes half a second, beside the others",
	 {OPEN_LOOP, .p99_ms = 500},
	 LIMIT_NONE,
	 {"kept up", "one in a hundred took 500 ms or longer"},
	 {"no answer came"}},

	/* --- the generator --- */
	{"it is starved by others on the same core",
	 {CLOSED_LOOP, .cpu_share = 0.4, .wait_share = 0.55, .busiest = 0.95},
	 LIMIT_GENERATOR,
	 {"generator was the limit", "waited for its turn 0.55"},
	 {"the server or"}},
	{"it uses a whole core",
	 {CLOSED_LOOP, .cpu_share = 0.98, .busiest = 0.99},
	 LIMIT_GENERATOR,
	 {"generator was the limit", "more --jobs"},
	 {"the server or"}},
	{"two jobs, one of which has no time left",
	 {CLOSED_LOOP, .cpu_share = 1.3, .busiest = 0.97},
	 LIMIT_GENERATOR,
	 {"generator was the limit"},
	 {"the server or"}},
	{"so short a run is busy with its start",
	 {CLOSED_LOOP, .duration_s = 0.05, .busiest = 1},
	 LIMIT_SERVER,
	 {"the server or the network"},
	 {"generator"}},
	{"it sends late, and that is the latency",
	 {OPEN_LOOP, .p50_ms = 3, .p99_ms = 40, .late_p50_ms = 2.8,
	  .late_p99_ms = 38},
	 LIMIT_GENERATOR,
	 {"generator was the limit", "sent late, by p99 38 ms"},
	 {"kept up"}},
	{"it sends late, but the server takes much longer",
	 {OPEN_LOOP, .p50_ms = 200, .p99_ms = 400, .typical_ms = 150,
	  .late_p50_ms = 2, .late_p99_ms = 6},
	 LIMIT_NONE,
	 {"kept up"},
	 {"generator"}},
	{"this program was stopped for 0.6 s: the server is not to blame",
	 {CLOSED_LOOP, .paused_s = 0.6},
	 LIMIT_GENERATOR,
	 {"generator was the limit", "stood still for 0.6 s"},
	 {"no answer came", "the server or"}},
	{"the same in the open loop",
	 {OPEN_LOOP, .p99_ms = 580, .late_p99_ms = 570, .paused_s = 0.6},
	 LIMIT_GENERATOR,
	 {"stood still for 0.6 s"},
	 {"no answer came", "kept up"}},
	{"its own sockets overflow",
	 {OPEN_LOOP, .rate = 4500, .exchanges = 45000, .lost = 5000,
	  .own_drops = 4900, .loss_percent = 10},
	 LIMIT_GENERATOR,
	 {"lost 4900 answers in its own sockets", "10 %"},
	 {"kept up", "the server or"}},
	{"a few were lost there, and many more elsewhere",
	 {OPEN_LOOP, .rate = 4500, .exchanges = 45000, .lost = 5000,
	  .own_drops = 100, .loss_percent = 10},
	 LIMIT_SERVER,
	 {"did not keep up"},
	 {"generator"}},
	{"local ports run out, and nothing can be sent any more",
	 {CLOSED_LOOP, .rate = 2800, .due = 28900, .exchanges = 28000,
	  .own_errors = 900, .own_cause = "EADDRNOTAVAIL",
	  .cause = "EADDRNOTAVAIL", .has_stopped = true, .stopped_s = 1.1,
	  .loss_percent = 3.1},
	 LIMIT_GENERATOR,
	 {"generator was the limit",
	  "own limits stopped it 900 times "
	  "(EADDRNOTAVAIL)",
	  "no answer came after 1.1 s"},
	 {"the server stopped", "the server or"}},
	{"nine of twenty clients got no port, the others work",
	 {CLOSED_LOOP, .own_errors = 27, .own_cause = "EADDRNOTAVAIL",
	  .n_unconnected = 9},
	 LIMIT_GENERATOR,
	 {"generator was the limit", "EADDRNOTAVAIL"},
	 {"the server or"}},
	{"a job was killed",
	 {OPEN_LOOP, .rate = 5000, .has_failed = true},
	 LIMIT_GENERATOR,
	 {"a job of it ended before its time", "incomplete"},
	 {"kept up"}},

	/* --- nothing, or not to the end --- */
	{"nobody is there",
	 {.target_rate = 5000,
	  .duration_s = 1,
	  .due = 100,
	  .loss_percent = 100,
	  .cause = "ECONNREFUSED",
	  .is_given_up = true},
	 LIMIT_NOTHING,
	 {"no exchange succeeded (ECONNREFUSED)"},
	 {"kept up", "limit"}},
	{"every page is missing",
	 {.duration_s = 1, .due = 100, .cause = "HTTP 404"},
	 LIMIT_NOTHING,
	 {"no exchange succeeded (HTTP 404)"},
	 {"stopped"}},
	{"Ctrl-C before anything was sent",
	 {.is_interrupted = true},
	 LIMIT_NOTHING,
	 {"cut short", "nothing was measured"},
	 {"no exchange succeeded"}},
	{"Ctrl-C in mid-run",
	 {OPEN_LOOP, .duration_s = 2.5, .is_interrupted = true},
	 LIMIT_NONE,
	 {"cut short after 2.5 s: ", "kept up"},
	 {"stopped"}},
	{"Ctrl-C after the server had stopped",
	 {CLOSED_LOOP, .is_interrupted = true, .has_stopped = true,
	  .stopped_s = 3},
	 LIMIT_SERVER,
	 {"cut short after 10 s: ", "no answer came after 3 s"},
	 {"generator"}},
	{"nobody answers the last steps of a ramp, whose first were late",
	 {OPEN_LOOP, .is_several = true, .worst = LIMIT_GENERATOR,
	  .is_given_up = true, .cause = "ECONNREFUSED"},
	 LIMIT_SERVER,
	 {"stopped answering", "in the end nobody answered (ECONNREFUSED)"},
	 {"kept up", "generator"}},
	{"all steps of a ramp went well",
	 {OPEN_LOOP, .is_several = true, .worst = LIMIT_NONE},
	 LIMIT_NONE,
	 {"kept up with the target rate of every step"},
	 {"limit"}},
	{"the last steps of a ramp did not",
	 {OPEN_LOOP, .is_several = true, .worst = LIMIT_SERVER},
	 LIMIT_SERVER,
	 {"did not keep up with the target rate of every step"},
	 {"kept up with"}},

	/* --- at the bounds of what counts --- */
	{"one a second or less is an open loop all the same",
	 {.target_rate = 0.5,
	  .rate = 0.5,
	  .duration_s = 10,
	  .due = 5,
	  .exchanges = 5,
	  .p50_ms = 0.1},
	 LIMIT_NONE,
	 {"kept up"},
	 {"closed"}},
	{"99 of 100 are on target",
	 {OPEN_LOOP, .exchanges = 49500},
	 LIMIT_NONE,
	 {"kept up"},
	 {NULL}},
	{"one less is not",
	 {OPEN_LOOP, .exchanges = 49499},
	 LIMIT_SERVER,
	 {"did not keep up"},
	 {"piled up"}},
	{"a rate that is low by a little",
	 {OPEN_LOOP, .rate = 4901},
	 LIMIT_NONE,
	 {"kept up"},
	 {NULL}},
	{"by more, and one that could not be sent",
	 {OPEN_LOOP, .rate = 4900, .unsent = 1},
	 LIMIT_SERVER,
	 {"did not keep up", "all clients waiting"},
	 {NULL}},
	{"all at the target: nobody waited",
	 {OPEN_LOOP, .rate = 4900},
	 LIMIT_SERVER,
	 {"did not keep up"},
	 {"all clients waiting"}},
	{"a silence of five times what is usual is none",
	 {OPEN_LOOP, .typical_ms = 100, .silence_s = 0.5, .n_silences = 1},
	 LIMIT_NONE,
	 {"kept up"},
	 {"no answer came"}},
	{"a longer one is, and one of two is the longest",
	 {OPEN_LOOP, .typical_ms = 100, .silence_s = 0.51, .n_silences = 2},
	 LIMIT_SERVER,
	 {"no answer came for 0.51 s", "the longest of 2 times"},
	 {NULL}},
	{"one of one is not",
	 {OPEN_LOOP, .typical_ms = 100, .silence_s = 0.51, .n_silences = 1},
	 LIMIT_SERVER,
	 {"no answer came for 0.51 s"},
	 {"longest"}},
	{"nobody knows what is usual, and there was no silence",
	 {OPEN_LOOP, .typical_ms = 0},
	 LIMIT_NONE,
	 {"kept up"},
	 {"no answer came"}},
	{"busy as far as that counts",
	 {CLOSED_LOOP, .busiest = 0.93},
	 LIMIT_GENERATOR,
	 {"it used 0.70 of a core (try more --jobs"},
	 {"sent late"}},
	{"not quite as busy",
	 {CLOSED_LOOP, .busiest = 0.929},
	 LIMIT_SERVER,
	 {"closed loop"},
	 {NULL}},
	{"busy for as long as counts",
	 {CLOSED_LOOP, .busiest = 1, .duration_s = 0.1},
	 LIMIT_GENERATOR,
	 {"it used"},
	 {NULL}},
	{"busy in the open loop, and late for that",
	 {OPEN_LOOP, .busiest = 1, .late_p99_ms = 50, .rate = 4000,
	  .exchanges = 40000},
	 LIMIT_GENERATOR,
	 {"it used 0.20 of a core"},
	 {"sent late"}},
	{"busy in the open loop, and not late: the target was missed",
	 {OPEN_LOOP, .busiest = 1, .rate = 4000, .exchanges = 40000},
	 LIMIT_GENERATOR,
	 {"it used 0.20 of a core"},
	 {"sent late"}},
	{"busy in the open loop, but the target was met",
	 {OPEN_LOOP, .busiest = 1},
	 LIMIT_NONE,
	 {"kept up"},
	 {NULL}},
	{"it waited for its turn, but not as much as it worked",
	 {CLOSED_LOOP, .busiest = 1, .wait_share = 0.3},
	 LIMIT_GENERATOR,
	 {"try more --jobs"},
	 {"waited"}},
	{"or a little more",
	 {CLOSED_LOOP, .busiest = 1, .wait_share = 0.31},
	 LIMIT_GENERATOR,
	 {"waited for its turn 0.31"},
	 {"try more --jobs"}},
	{"late by a millisecond in the median",
	 {OPEN_LOOP, .late_p50_ms = 1},
	 LIMIT_NONE,
	 {"kept up"},
	 {NULL}},
	{"by more",
	 {OPEN_LOOP, .late_p50_ms = 1.01},
	 LIMIT_GENERATOR,
	 {"it sent late"},
	 {NULL}},
	{"by more, but no more than half of the latency",
	 {OPEN_LOOP, .p50_ms = 4, .late_p50_ms = 2},
	 LIMIT_NONE,
	 {"kept up"},
	 {NULL}},
	{"late by five in a hundredth",
	 {OPEN_LOOP, .late_p99_ms = 5},
	 LIMIT_NONE,
	 {"kept up"},
	 {NULL}},
	{"by more than five",
	 {OPEN_LOOP, .late_p99_ms = 5.1},
	 LIMIT_GENERATOR,
	 {"it sent late, by p99 5.1 ms"},
	 {NULL}},
	{"a tenth of what was lost was lost here",
	 {OPEN_LOOP, .lost = 400, .own_drops = 40, .exchanges = 49600},
	 LIMIT_NONE,
	 {"kept up"},
	 {NULL}},
	{"more than a tenth",
	 {OPEN_LOOP, .lost = 400, .own_drops = 41, .exchanges = 49600},
	 LIMIT_GENERATOR,
	 {"lost 41 answers in its own sockets"},
	 {NULL}},
	{"it stood still for a twentieth of the time",
	 {OPEN_LOOP, .paused_s = 0.5},
	 LIMIT_NONE,
	 {"kept up"},
	 {NULL}},
	{"for more",
	 {OPEN_LOOP, .paused_s = 0.51},
	 LIMIT_GENERATOR,
	 {"stood still for 0.51 s"},
	 {NULL}},
	{"a hundredth failed for want of means",
	 {OPEN_LOOP, .own_errors = 500},
	 LIMIT_NONE,
	 {"kept up"},
	 {NULL}},
	{"more than that",
	 {OPEN_LOOP, .own_errors = 501},
	 LIMIT_GENERATOR,
	 {"stopped it 501 times (-)"},
	 {NULL}},
	{"one did, and that was a client's connection",
	 {OPEN_LOOP, .own_errors = 1, .n_unconnected = 1},
	 LIMIT_GENERATOR,
	 {"stopped it 1 times"},
	 {NULL}},
	{"a client has no connection, for another reason",
	 {OPEN_LOOP, .n_unconnected = 1},
	 LIMIT_NONE,
	 {"kept up"},
	 {NULL}},
	{"a single exchange is one",
	 {.rate = 1, .duration_s = 1, .due = 1, .exchanges = 1},
	 LIMIT_SERVER,
	 {"closed loop"},
	 {"no exchange"}},
	{"one that was due came to nothing before Ctrl-C",
	 {.due = 1, .is_interrupted = true},
	 LIMIT_NOTHING,
	 {"cut short after 0 s: no exchange succeeded"},
	 {"nothing was measured", ";"}},
	{"a hundredth took 100 ms",
	 {OPEN_LOOP, .p50_ms = 1, .p99_ms = 100},
	 LIMIT_NONE,
	 {"kept up"},
	 {"one in a hundred"}},
	{"or longer",
	 {OPEN_LOOP, .p50_ms = 1, .p99_ms = 101},
	 LIMIT_NONE,
	 {"kept up", "one in a hundred took 101 ms or longer"},
	 {NULL}},
	{"longer, but that is no more than 20 times what is usual",
	 {OPEN_LOOP, .p50_ms = 10, .p99_ms = 200},
	 LIMIT_NONE,
	 {"kept up"},
	 {"one in a hundred"}},
	{"longer, and nobody knows what is usual",
	 {OPEN_LOOP, .p50_ms = 0, .p99_ms = 200},
	 LIMIT_NONE,
	 {"kept up"},
	 {"one in a hundred"}},
	{"several runs, on the whole on target: the worst counts",
	 {OPEN_LOOP, .is_several = true, .worst = LIMIT_SERVER,
	  .piled_up = true},
	 LIMIT_SERVER,
	 {"of every step, and answers piled up"},
	 {"on the whole"}},
};

START_TEST(each_story_has_its_only_right_verdict)
{
	const struct story *story = &stories[_i];
	char buf[VERDICT_SIZE];
	const char *text = verdict_tell(&story->facts, buf);

	ck_assert_msg(verdict_judge(&story->facts) == story->limit, "%s: %s",
		      story->story, text);
	for (size_t i = 0; i < ARRAY_LEN(story->says) && story->says[i]; i++)
		ck_assert_msg(strstr(text, story->says[i]),
			      "%s: \"%s\" lacks \"%s\"", story->story, text,
			      story->says[i]);
	for (size_t i = 0; i < ARRAY_LEN(story->never) && story->never[i]; i++)
		ck_assert_msg(!strstr(text, story->never[i]),
			      "%s: \"%s\" says \"%s\"", story->story, text,
			      story->never[i]);
}
END_TEST

static const struct {
	enum verdict_limit limit;
	double failed, sent;
	enum verdict_search verdict;
	const char *story;
} searches[] = {
	{LIMIT_SERVER, 8000, 8000, SEARCH_SERVER, "the server's limit"},
	{LIMIT_NONE, 8000, 8000, SEARCH_SERVER, "the condition's"},
	{LIMIT_GENERATOR, 80000, 64000, SEARCH_GENERATOR,
	 "it never sent as much"},
	{LIMIT_GENERATOR, 64000, 64000, SEARCH_DISTURBED, "it sent just that"},
	{LIMIT_GENERATOR, 24000, 64000, SEARCH_DISTURBED,
	 "it had sent more a moment ago"},
};

START_TEST(what_was_sent_before_can_be_sent)
{
	ck_assert_msg(
		verdict_judge_search(searches[_i].limit, searches[_i].failed,
				     searches[_i].sent) == searches[_i].verdict,
		"%s", searches[_i].story);
}
END_TEST

/* --- silences --- */

#define MS     UINT64_C(1000000)
#define AT(ms) ((ms)*MS)
#define SPAN(from, to)                                                         \
	{                                                                      \
		AT(from), AT(to)                                               \
	}

enum step_kind {
	STEP_END_OF_STORY = 0,
	ASK,	/* n of them */
	ANSWER, /* to one that waited for n ms; others wait */
	LAST,	/* the same; nobody else waits */
	BREAK,	/* a connection */
	PAUSE,	/* of ours, n ms long, that ends now */
	END
};

static const struct {
	const char *story;
	struct silence_rule rule;
	struct {
		unsigned at_ms;
		enum step_kind kind;
		unsigned n;
	} steps[8];
	unsigned from_ms, to_ms; /* of the longest; 0: none */
	unsigned stopped_ms;
} silences[] = {
	{"answers flow",
	 {10, AT(1000)},
	 {{1, ASK, 10}, {100, ANSWER, 99}, {250, ANSWER, 150}, {300, END, 0}},
	 0,
	 0,
	 0},
	{"nobody waits: that is no silence",
	 {10, AT(1000)},
	 {{1, ASK, 1},
	  {2, LAST, 1},
	  {900, ASK, 1},
	  {901, LAST, 1},
	  {999, END, 0}},
	 0,
	 0,
	 0},
	{"closed loop, all wait for half a second, and are answered",
	 {10, AT(1000)},
	 {{1, ASK, 10}, {501, ANSWER, 500}, {502, LAST, 501}, {510, END, 0}},
	 1,
	 501,
	 0},
	{"closed loop, all ten are lost, and asked again after the timeout",
	 {10, AT(1000)},
	 {{1, ASK, 10}, {1030, ASK, 10}, {1031, ANSWER, 1}, {1040, END, 0}},
	 0,
	 0,
	 0},
	{"asked twice for nothing: that is longer than a loss",
	 {10, AT(500)},
	 {{1, ASK, 10},
	  {510, ASK, 10},
	  {1010, ASK, 10},
	  {1011, ANSWER, 1},
	  {1040, END, 0}},
	 1,
	 1011,
	 0},
	{"open loop: many in a row are not lost by chance",
	 {0, AT(1000)},
	 {{1, ASK, 300}, {601, ANSWER, 1}, {610, END, 0}},
	 1,
	 601,
	 0},
	{"open loop: a few are",
	 {0, AT(1000)},
	 {{1, ASK, 3}, {601, ANSWER, 1}, {610, END, 0}},
	 0,
	 0,
	 0},
	{"connections break, and are refused for 0.3 s",
	 {10, AT(1000)},
	 {{1, ASK, 10},
	  {2, BREAK, 0},
	  {3, ASK, 10},
	  {301, ANSWER, 1},
	  {310, END, 0}},
	 1,
	 301,
	 0},
	{"this program stood still for as long",
	 {10, AT(1000)},
	 {{1, ASK, 10}, {601, PAUSE, 580}, {602, ANSWER, 601}, {610, END, 0}},
	 0,
	 0,
	 0},
	{"killed: refused to the end",
	 {10, AT(1000)},
	 {{1, ASK, 10}, {10, ANSWER, 9}, {11, BREAK, 0}, {500, END, 0}},
	 10,
	 500,
	 10},
	{"hung: nothing comes any more, for longer than a timeout",
	 {1, AT(1000)},
	 {{1, ASK, 1}, {10, ANSWER, 9}, {3000, END, 0}},
	 10,
	 3000,
	 10},
	{"the last one is lost: that is no end of the server",
	 {1, AT(1000)},
	 {{1, ASK, 1}, {10, ANSWER, 9}, {11, ASK, 1}, {900, END, 0}},
	 0,
	 0,
	 0},
};

static void take_step(struct silence *silence, const struct silence_rule *rule,
		      struct silences *out, uint64_t now_ns,
		      enum step_kind kind, unsigned n)
{
	switch (kind) {
	case ASK:
		for (unsigned i = 0; i < n; i++)
			silence_ask(silence, now_ns);
		break;
	case ANSWER:
	case LAST:
		silence_answer(silence, rule, out, now_ns, AT(n),
			       kind == ANSWER);
		break;
	case BREAK:
		silence_break(silence);
		break;
	case PAUSE:
		silence_forgive(silence, AT(n));
		break;
	default:
		silence_end(silence, rule, out, now_ns);
		break;
	}
}

START_TEST(a_silence_is_the_servers_or_none)
{
	struct silence silence = {0};
	struct silences out = {0};
	const struct silence_span *longest;

	for (size_t i = 0; i < ARRAY_LEN(silences[_i].steps) &&
			   silences[_i].steps[i].kind != STEP_END_OF_STORY;
	     i++)
		take_step(&silence, &silences[_i].rule, &out,
			  AT(silences[_i].steps[i].at_ms),
			  silences[_i].steps[i].kind, silences[_i].steps[i].n);
	longest = silence_longest(&out);
	ck_assert_msg((longest != NULL) == (silences[_i].to_ms > 0), "%s",
		      silences[_i].story);
	if (longest)
		ck_assert_msg(longest->from_ns == AT(silences[_i].from_ms) &&
				      longest->to_ns == AT(silences[_i].to_ms),
			      "%s: %llu to %llu ms", silences[_i].story,
			      (unsigned long long)(longest->from_ns / MS),
			      (unsigned long long)(longest->to_ns / MS));
	ck_assert_msg(out.stopped_ns == AT(silences[_i].stopped_ms), "%s",
		      silences[_i].story);
}
END_TEST

/* One job's stuck connection is no stall of the server. */
START_TEST(only_what_all_jobs_share_is_the_servers)
{
	struct silences all = {.spans = {SPAN(1000, 1600), SPAN(3000, 4000)},
			       .n = 2,
			       .stopped_ns = AT(8000)};
	const struct silences other = {
		.spans = {SPAN(1100, 1700), SPAN(5000, 6000)},
		.n = 2,
		.stopped_ns = AT(8100)};
	const struct silences busy = {.n = 0};

	silence_intersect(&all, &other);
	ck_assert_uint_eq(all.n, 1);
	ck_assert(all.spans[0].from_ns == AT(1100) &&
		  all.spans[0].to_ns == AT(1600));
	ck_assert_uint_eq(all.stopped_ns, AT(8100));
	silence_intersect(&all, &busy);
	ck_assert_uint_eq(all.n, 0);
	ck_assert_uint_eq(all.stopped_ns, 0);
}
END_TEST

START_TEST(the_longest_are_kept)
{
	struct silence silence = {0};
	const struct silence_rule rule = {1, AT(1000)};
	struct silences out = {0};
	uint64_t now_ns = AT(1);

	for (unsigned ms = 1200; ms >= 210; ms -= 10) {
		silence_ask(&silence, now_ns);
		now_ns += AT(ms);
		silence_answer(&silence, &rule, &out, now_ns, AT(ms), false);
	}
	ck_assert_uint_eq(out.n, SILENCE_SPANS);
	ck_assert_uint_eq(silence_longest(&out)->to_ns -
				  silence_longest(&out)->from_ns,
			  AT(1200));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("verdict");
	TCase *tcase = harness_case(suite, "verdict");

	tcase_add_loop_test(tcase, each_story_has_its_only_right_verdict, 0,
			    (int)ARRAY_LEN(stories));
	tcase_add_loop_test(tcase, what_was_sent_before_can_be_sent, 0,
			    (int)ARRAY_LEN(searches));
	tcase = harness_case(suite, "silence");
	tcase_add_loop_test(tcase, a_silence_is_the_servers_or_none, 0,
			    (int)ARRAY_LEN(silences));
	tcase_add_test(tcase, only_what_all_jobs_share_is_the_servers);
	tcase_add_test(tcase, the_longest_are_kept);
	return harness_run_together(suite);
}
