/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ASSETS_H
#define SERVER_ASSETS_H

/*
 * The parts of the live page that never change, as they stand in the files
 * dashboard.css and dashboard.js; src/local.mk makes assets.c of them.
 */
const char *assets_style(void);
const char *assets_script(void);

#endif
