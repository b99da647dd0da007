/* SPDX-License-Identifier: MIT */
#ifndef TESTS_INTERPOSE_H
#define TESTS_INTERPOSE_H

/* The file with the rules has this many bytes; NULs fill it up. */
#define INTERPOSE_SIZE 256

#endif
