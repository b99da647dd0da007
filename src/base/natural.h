/* SPDX-License-Identifier: MIT */
#ifndef BASE_NATURAL_H
#define BASE_NATURAL_H

/*
 * Compares two names as people count: "file2" comes before "file10". Runs of
 * digits are numbers, of any length; everything else is compared byte by byte.
 * Names that differ only in leading zeros stand by their bytes, so the order is
 * total: only equal names compare equal. Takes time linear in what the names
 * have in common. Below 0, 0 or above 0, as strcmp(3).
 */
int natural_compare(const char *a, const char *b);

#endif
