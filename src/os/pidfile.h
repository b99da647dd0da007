/* SPDX-License-Identifier: MIT */
#ifndef OS_PIDFILE_H
#define OS_PIDFILE_H

#include <sys/types.h>

#include "base/compiler.h"

/*
 * A file with this process's number, locked for as long as the process lives,
 * so that no second one runs beside it; what a killed one has left is taken
 * over. Returns a descriptor, to be kept open, or -1 with errno: EAGAIN when
 * somebody has locked it, and *holder is who, 0 when the system does not tell.
 */
int pidfile_open(const char *path, pid_t *holder) MUST_CHECK;

/* Removes the file and gives it free. Harmless on -1. */
void pidfile_close(int fd, const char *path);

#endif
