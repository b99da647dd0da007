/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UDP_FIXTURE_H
#define TESTS_UDP_FIXTURE_H

#include <event2/event_struct.h>
#include <time.h>

#include "loop/loop.h"
#include "os/address.h"
#include "server/udp_service.h"

/*
 * One loop and the UDP service in it, over a real loopback socket, driven turn
 * by turn, and a client. The monotonic clock is the program's own: it stands
 * before the C library's, and is later_s seconds ahead.
 */
extern struct loop loop;
extern struct event stop;
extern struct udp_service *service;
extern struct address server; /* where it is */
extern int client;
extern time_t later_s;

void udp_set_up(void);
void udp_tear_down(void);

/* A socket at a port of its own, which goes to *at. */
int bound(struct address *at);

/* One connected to it. */
int client_of(const struct address *at);

/* Runs what is ready. */
void turn(void);

/* The client sends this. */
void say(const char *text);

#endif
