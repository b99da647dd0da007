/* SPDX-License-Identifier: MIT */
#ifndef LOAD_LOAD_H
#define LOAD_LOAD_H

/* How a run ends; scripts read these as the exit status. */
enum load_status {
	LOAD_OK = 0,
	LOAD_FAILED = 1,    /* could not run, or nobody answered */
	LOAD_USAGE = 2,	    /* asked for something that cannot be */
	LOAD_STOPPED = 3,   /* answers stopped coming before the end */
	LOAD_WRONG = 4,	    /* wrong replies were seen */
	LOAD_CONDITION = 5, /* a --fail-if condition held */
};

/* The whole program but main(): reads the command line, loads, reports. */
enum load_status load_main(int argc, char **argv);

#endif
