/* SPDX-License-Identifier: MIT */
/*
 * The header that a balancer puts before the bytes of whom it speaks for
 * (haproxy.org/download/2.9/doc/proxy-protocol.txt). It decides whom limits and
 * logs see, so it is read strictly: in version 1 one space between the parts,
 * numbers and addresses as they are written in full, CRLF at the end; in
 * version 2 the commands, families and lengths that the standard has, and no
 * others. What stands behind the addresses of version 2 (TLVs) is passed over.
 *
 * Bytes that cannot become a header are refused as soon as that is certain: who
 * speaks HTTP at once is known by his first byte.
 */
#include "base/proxy_header.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#include "base/slice.h"
#include "base/units.h"

#define LINE_MAX_V1 107 /* 2.1: the longest line, CRLF included */

/* Version 2 begins with 12 bytes that no protocol begins with. */
#define SIGNATURE     "\r\n\r\n\0\r\nQUIT\n"
#define SIGNATURE_LEN 12
#define FIXED_LEN     16 /* signature, command, family, length */

/* What a version 2 header's 13th byte may be. */
#define COMMAND_LOCAL 0x20
#define COMMAND_PROXY 0x21

/* Whether buf[0..len) and this text are alike as far as both go. */
static bool agrees(const char *buf, size_t len, const char *text,
		   size_t text_len)
{
	return memcmp(buf, text, len < text_len ? len : text_len) == 0;
}

/* --- version 1 --- */

/* The text before the next space, which is cut off with it. */
static struct slice take_word(struct slice *line)
{
	const char *space = memchr(line->ptr, ' ', line->len);
	size_t len = space ? (size_t)(space - line->ptr) : line->len;
	struct slice part = {line->ptr, len};

	line->ptr += space ? len + 1 : len;
	line->len -= space ? len + 1 : len;
	return part;
}

/* A copy that ends by a NUL; false when there is no room, or one inside. */
static bool copy_word(struct slice part, char *text, size_t size)
{
	if (part.len == 0 || part.len >= size ||
	    memchr(part.ptr, '\0', part.len))
		return false;
	*(char *)mempcpy(text, part.ptr, part.len) = '\0';
	return true;
}

static bool read_host(struct slice part, int family, uint8_t host[16])
{
	char text[INET6_ADDRSTRLEN];

	return copy_word(part, text, sizeof(text)) &&
	       inet_pton(family, text, host) == 1;
}

static bool read_port(struct slice part, uint16_t *port)
{
	char text[sizeof("65535")];
	uint64_t value;

	if (!copy_word(part, text, sizeof(text)) ||
	    (text[0] == '0' && part.len > 1) ||
	    units_parse_uint(text, 0, UINT16_MAX, &value) < 0)
		return false;
	*port = (uint16_t)value;
	return true;
}

/* "192.0.2.1 192.0.2.2 5000 80": source and destination. */
static bool read_addresses(struct slice line, int family,
			   struct proxy_origin *origin)
{
	struct slice source = take_word(&line), target = take_word(&line);
	struct slice source_port = take_word(&line);
	uint8_t unused[16];
	uint16_t unused_port;

	origin->family = (uint16_t)family;
	return read_host(source, family, origin->host) &&
	       read_host(target, family, unused) &&
	       read_port(source_port, &origin->port) &&
	       read_port(line, &unused_port);
}

/* The whole line, without "PROXY " and CRLF. */
static bool read_line(struct slice line, struct proxy_origin *origin)
{
	struct slice protocol = take_word(&line);

	if (slice_is(protocol, "TCP4"))
		return read_addresses(line, AF_INET, origin);
	if (slice_is(protocol, "TCP6"))
		return read_addresses(line, AF_INET6, origin);
	/* 2.1: whatever else stands there is to be ignored. */
	return slice_is(protocol, "UNKNOWN");
}

/* The first CR or LF; NULL when there is none yet. */
static const char *find_line_end(const char *buf, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (buf[i] == '\r' || buf[i] == '\n')
			return buf + i;
	return NULL;
}

static enum proxy_verdict read_v1(const char *buf, size_t len,
				  struct proxy_origin *origin,
				  size_t *header_len)
{
	static const char name[] = "PROXY ";
	const size_t name_len = sizeof(name) - 1;
	const char *end;

	if (!agrees(buf, len, name, name_len))
		return PROXY_BAD;
	if (len > LINE_MAX_V1)
		len = LINE_MAX_V1;
	end = find_line_end(buf, len);
	/* The CR of a line that is too long would leave no room for its LF. */
	if (!end || (*end == '\r' && end + 1 == buf + len))
		return len < LINE_MAX_V1 ? PROXY_PARTIAL : PROXY_BAD;
	if (end[0] != '\r' || end[1] != '\n' ||
	    !read_line((struct slice){buf + name_len,
				      (size_t)(end - buf) - name_len},
		       origin))
		return PROXY_BAD;
	*header_len = (size_t)(end - buf) + 2;
	return PROXY_DONE;
}

/* --- version 2 --- */

/* The combinations of family and transport that there are; see 2.2. */
static const struct shape {
	uint8_t code;
	int family;
	size_t host_len;
	size_t least; /* bytes that the addresses take */
} shapes[] = {
	{0x00, 0, 0, 0},	  /* unspecified */
	{0x11, AF_INET, 4, 12},	  /* TCP */
	{0x12, AF_INET, 4, 12},	  /* UDP: QUIC on the far side, perhaps */
	{0x21, AF_INET6, 16, 36}, /* likewise */
	{0x22, AF_INET6, 16, 36},
	{0x31, 0, 0, 216}, /* Unix sockets: two names of 108 bytes */
	{0x32, 0, 0, 216},
};

static const struct shape *find_shape(uint8_t code)
{
	for (size_t i = 0; i < ARRAY_LEN(shapes); i++)
		if (shapes[i].code == code)
			return &shapes[i];
	return NULL;
}

static uint16_t get_u16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

/* Source host, target host, source port, target port. */
static void take_origin(const uint8_t *at, const struct shape *shape,
			struct proxy_origin *origin)
{
	if (shape->family == 0)
		return;
	origin->family = (uint16_t)shape->family;
	memcpy(origin->host, at, shape->host_len);
	origin->port = get_u16(at + 2 * shape->host_len);
}

static enum proxy_verdict read_v2(const char *buf, size_t len,
				  struct proxy_origin *origin,
				  size_t *header_len)
{
	const uint8_t *at = (const void *)buf;
	/* What a balancer says on its own behalf has no family to look at. */
	const struct shape *shape = &shapes[0];
	size_t rest;

	if (!agrees(buf, len, SIGNATURE, SIGNATURE_LEN))
		return PROXY_BAD;
	if (len > 12 && at[12] != COMMAND_LOCAL && at[12] != COMMAND_PROXY)
		return PROXY_BAD;
	if (len > 13 && at[12] == COMMAND_PROXY)
		shape = find_shape(at[13]);
	if (!shape)
		return PROXY_BAD;
	if (len < FIXED_LEN)
		return PROXY_PARTIAL;
	rest = get_u16(at + 14);
	if (rest < shape->least || rest > PROXY_HEADER_MAX - FIXED_LEN)
		return PROXY_BAD;
	if (len < FIXED_LEN + rest)
		return PROXY_PARTIAL;
	take_origin(at + FIXED_LEN, shape, origin);
	*header_len = FIXED_LEN + rest;
	return PROXY_DONE;
}

enum proxy_verdict proxy_header_read(const char *buf, size_t len,
				     struct proxy_origin *origin,
				     size_t *header_len)
{
	*origin = (struct proxy_origin){0};
	if (len == 0)
		return PROXY_PARTIAL;
	if (buf[0] == SIGNATURE[0])
		return read_v2(buf, len, origin, header_len);
	return read_v1(buf, len, origin, header_len);
}
