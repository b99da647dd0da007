/* SPDX-License-Identifier: MIT */
/*
 * The list against a plain array that is moved about in the same way.
 */
#include "base/list.h"

#include <string.h>

#include "harness.h"

#define N 8

struct item {
	unsigned number;
	struct list_node node;
};

/* A list, its items, and which of them it should hold in which order. */
struct fixture {
	struct list_node head;
	struct item items[N];
	unsigned order[N];
	size_t n;
};

static void fixture_init(struct fixture *fixture)
{
	list_init(&fixture->head);
	fixture->n = 0;
	for (unsigned i = 0; i < N; i++) {
		fixture->items[i].number = i;
		list_init(&fixture->items[i].node);
	}
}

static void assert_order(struct fixture *fixture)
{
	struct list_node *node, *following;
	size_t at = 0;

	ck_assert_int_eq(list_is_empty(&fixture->head), fixture->n == 0);
	LIST_FOR_EACH (node, following, &fixture->head) {
		struct item *item = CONTAINER_OF(node, struct item, node);

		ck_assert_uint_lt(at, fixture->n);
		ck_assert_uint_eq(item->number, fixture->order[at++]);
		ck_assert_ptr_eq(node->next->prev, node);
		ck_assert_ptr_eq(node->prev->next, node);
	}
	ck_assert_uint_eq(at, fixture->n);
}

static void remove_item(struct fixture *fixture, unsigned number)
{
	list_remove(&fixture->items[number].node);
	for (size_t i = 0; i < fixture->n; i++)
		if (fixture->order[i] == number) {
			fixture->n--;
			memmove(&fixture->order[i], &fixture->order[i + 1],
				(fixture->n - i) * sizeof(unsigned));
			return;
		}
}

static void add_item(struct fixture *fixture, unsigned number)
{
	list_add_last(&fixture->head, &fixture->items[number].node);
	fixture->order[fixture->n++] = number;
}

START_TEST(a_new_list_is_empty)
{
	struct fixture fixture;

	fixture_init(&fixture);
	assert_order(&fixture);
}
END_TEST

START_TEST(items_stand_in_the_order_in_which_they_came)
{
	struct fixture fixture;

	fixture_init(&fixture);
	for (unsigned i = 0; i < N; i++) {
		add_item(&fixture, N - 1 - i);
		assert_order(&fixture);
	}
}
END_TEST

START_TEST(any_item_can_be_taken_out)
{
	struct fixture fixture;

	fixture_init(&fixture);
	for (unsigned i = 0; i < N; i++)
		add_item(&fixture, i);
	remove_item(&fixture, (unsigned)_i);
	assert_order(&fixture);
	ck_assert(list_is_empty(&fixture.items[_i].node));
	remove_item(&fixture, (unsigned)_i); /* harmless in no list */
	assert_order(&fixture);
	add_item(&fixture, (unsigned)_i);
	assert_order(&fixture);
}
END_TEST

START_TEST(a_list_that_was_emptied_is_like_a_new_one)
{
	struct fixture fixture;

	fixture_init(&fixture);
	for (int round = 0; round < 3; round++) {
		for (unsigned i = 0; i < N; i++)
			add_item(&fixture, i);
		for (unsigned i = 0; i < N; i++)
			remove_item(&fixture, (i * 3) % N);
		assert_order(&fixture);
	}
}
END_TEST

START_TEST(the_visited_item_may_be_taken_out)
{
	struct list_node *node, *following;
	struct fixture fixture;
	unsigned n_visited = 0;

	fixture_init(&fixture);
	for (unsigned i = 0; i < N; i++)
		add_item(&fixture, i);
	LIST_FOR_EACH (node, following, &fixture.head) {
		unsigned number = CONTAINER_OF(node, struct item, node)->number;

		ck_assert_uint_eq(number, n_visited++);
		if (number % 2 == 0)
			remove_item(&fixture, number);
	}
	ck_assert_uint_eq(n_visited, N);
	assert_order(&fixture);
}
END_TEST

START_TEST(an_item_moves_from_one_list_to_another)
{
	struct fixture fixture;
	struct list_node other;

	fixture_init(&fixture);
	list_init(&other);
	add_item(&fixture, 0);
	add_item(&fixture, 1);
	remove_item(&fixture, 0);
	list_add_last(&other, &fixture.items[0].node);
	assert_order(&fixture);
	ck_assert_ptr_eq(other.next, &fixture.items[0].node);
	ck_assert_ptr_eq(other.prev, &fixture.items[0].node);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("list");
	TCase *tcase = harness_case(suite, "list");

	tcase_add_test(tcase, a_new_list_is_empty);
	tcase_add_test(tcase, items_stand_in_the_order_in_which_they_came);
	tcase_add_loop_test(tcase, any_item_can_be_taken_out, 0, N);
	tcase_add_test(tcase, a_list_that_was_emptied_is_like_a_new_one);
	tcase_add_test(tcase, the_visited_item_may_be_taken_out);
	tcase_add_test(tcase, an_item_moves_from_one_list_to_another);
	return harness_run_together(suite);
}
