/* SPDX-License-Identifier: MIT */
/*
 * From a configuration to a site.
 */
#include "server/webroot.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "http/media.h"
#include "os/docroot.h"
#include "os/process.h"
#include "server/binding.h"

/* Reads --mime-types into *media; without it, that is an empty table. */
static int read_media(const struct config *config, struct http_media **media,
		      char **cause)
{
	const char *path = config->mime_types;
	struct slice text = {"", 0};
	unsigned line;

	if (path && process_read_file(path, &text) < 0)
		return binding_fail(cause, "--mime-types=%s: %s", path,
				    strerror(errno));
	*media = http_media_parse(text, &line);
	if (path)
		process_free_file(text);
	if (!*media && line == 0)
		return binding_fail(cause, "out of memory");
	if (!*media)
		return binding_fail(
			cause,
			"--mime-types=%s: line %u: not a media type and "
			"its extensions",
			path, line);
	if (config->default_type)
		http_media_set_default(*media, config->default_type);
	return 0;
}

static struct site_options site_options_of(const struct config *config,
					   size_t max_open)
{
	return (struct site_options){
		.listing = config->listing,
		.hidden = config->hidden,
		.max_age_s = config->max_age_ns == SETTING_OFF
				     ? -1
				     : (int64_t)(config->max_age_ns /
						 CLOCK_NS_PER_S),
		.cache = {.max_bytes = (size_t)config->limits.cache_size,
			  .max_files = (size_t)config->limits.cache_files,
			  .max_open = max_open},
	};
}

/* Why the document root cannot be had, and what helps. */
static void explain_root(const char *root, char **cause)
{
	(void)binding_fail(cause,
			   "document root %s: %s (%sname a folder with "
			   "--root, or --http-port=off)",
			   root, strerror(errno),
			   strcmp(root, HTDOCS_DIR) == 0
				   ? "it comes with make install; before, "
				   : "");
}

struct site *webroot_open_site(struct loop *loop, const struct config *config,
			       size_t max_open, char **cause)
{
	const struct site_options options = site_options_of(config, max_open);
	struct docroot *root = docroot_open(config->root);
	struct http_media *media;
	struct site *site;

	if (!root) {
		explain_root(config->root, cause);
		return NULL;
	}
	if (read_media(config, &media, cause) < 0) {
		docroot_close(root);
		return NULL;
	}
	site = site_new(loop, root, media, &options);
	if (site)
		return site;
	http_media_free(media);
	docroot_close(root);
	(void)binding_fail(cause, "out of memory");
	return NULL;
}
