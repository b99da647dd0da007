/* SPDX-License-Identifier: MIT */
#ifndef TESTS_ATTACKERS_H
#define TESTS_ATTACKERS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Clients that mean no good, in a process of their own: heads that come byte by
 * byte and never end, content that does not come, answers that are not taken,
 * noise, ends and resets at every stage. Which one does what next is drawn.
 */
struct attackers;

/* n of them, to these ports of 127.0.0.1; target is a large file. */
struct attackers *attackers_start(unsigned n, uint16_t udp, uint16_t tcp,
				  uint16_t http, const char *target);

/* Takes all away, or lets them come again. */
void attackers_pause(struct attackers *attackers, bool is_paused);

/* How often one has connected so far. */
unsigned attackers_count(const struct attackers *attackers);

void attackers_stop(struct attackers *attackers);

#endif
