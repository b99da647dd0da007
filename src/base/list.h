/* SPDX-License-Identifier: MIT */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"

/*
 * A doubly linked ring through nodes that objects embed. The head is a node
 * too, so every operation is O(1) and none has a special case:
 *
 *	head <-> first <-> ... <-> last <-> head
 *
 * A node stands in one list at most; a node in none points at itself. The
 * list owns nothing.
 */
struct list_node {
	struct list_node *prev;
	struct list_node *next;
};

static inline void list_init(struct list_node *node)
{
	node->prev = node->next = node;
}

static inline bool list_is_empty(const struct list_node *head)
{
	return head->next == head;
}

/* Takes node out of whichever list it stands in; harmless in none. */
static inline void list_remove(struct list_node *node)
{
	node->prev->next = node->next;
	node->next->prev = node->prev;
	list_init(node);
}

static inline void list_add_first(struct list_node *head,
				  struct list_node *node)
{
	node->prev = head;
	node->next = head->next;
	head->next->prev = node;
	head->next = node;
}

static inline void list_add_last(struct list_node *head, struct list_node *node)
{
	node->prev = head->prev;
	node->next = head;
	head->prev->next = node;
	head->prev = node;
}

/* Visits each node. The visited node may be removed, no other one. */
#define LIST_FOR_EACH(node, following, head)                                   \
	for ((node) = (head)->next, (following) = (node)->next;                \
	     (node) != (head);                                                 \
	     (node) = (following), (following) = (node)->next)

#endif
