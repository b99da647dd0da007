/* SPDX-License-Identifier: MIT */
/*
 * A plot as SVG, piece by piece: the frame with its axes, labels that do not
 * overlap, lines with gaps, marks. The plane is 358 by 208, from 68,10 to
 * 426,218.
 */
#include "result/plot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"

#define NO_NUMBER ((double)NAN)

/* What was drawn so far, and what of it was looked at. */
static char *drawn;
static size_t drawn_len, seen;
static struct plot plot;

/* 0 to 10 and 0 to 100, with a tick at both ends of each. */
static void set_up(void)
{
	struct scale x = {.high = 10, .step = 10};
	struct scale y = {.high = 100, .step = 100};

	plot = (struct plot){
		.out = open_memstream(&drawn, &drawn_len),
		.id = "name",
		.about = "what it is",
		.x_title = "seconds",
		.x = plot_axis(x, figure_tick),
		.y = plot_axis(y, figure_tick),
	};
	ck_assert_ptr_nonnull(plot.out);
	seen = 0;
}

static void tear_down(void)
{
	(void)fclose(plot.out);
	free(drawn);
}

/* Fails unless that is all that was drawn since the last time. */
static void assert_drawn(const char *want)
{
	ck_assert_int_eq(fflush(plot.out), 0);
	ck_assert_str_eq(drawn + seen, want);
	seen = drawn_len;
}

static size_t count_drawn(const char *word)
{
	size_t n = 0;

	ck_assert_int_eq(fflush(plot.out), 0);
	for (const char *at = drawn + seen; (at = strstr(at, word)); at++)
		n++;
	seen = drawn_len;
	return n;
}

/* --- the frame --- */

START_TEST(an_axis_has_the_ticks_of_its_scale)
{
	ck_assert_uint_eq(plot.x.ticks.n, 2);
	ck_assert_double_eq(plot.x.ticks.at[1], 10);
	ck_assert_double_eq(plot.x.scale.high, 10);
	ck_assert(plot.x.label == figure_tick);
}
END_TEST

START_TEST(a_plot_without_data_is_a_frame_that_says_so)
{
	plot_begin(&plot);
	plot_no_data(&plot, "nothing");
	plot_end(&plot);
	assert_drawn("<svg id=\"name\" viewBox=\"0 0 440 260\" role=\"img\" "
		     "aria-label=\"what it is\">\n"
		     "<path class=\"grid\" d=\"M68.0 10.0V222.0\"/>\n"
		     "<text x=\"68.0\" y=\"235.0\" class=\"mid\">0</text>\n"
		     "<path class=\"grid\" d=\"M426.0 10.0V222.0\"/>\n"
		     "<text x=\"426.0\" y=\"235.0\" class=\"mid\">10</text>\n"
		     "<text x=\"247.0\" y=\"253.0\" class=\"mid soft\">seconds"
		     "</text>\n"
		     "<path class=\"grid\" d=\"M68.0 218.0H426.0\"/>\n"
		     "<text x=\"62.0\" y=\"222.0\" class=\"end\">0</text>\n"
		     "<path class=\"grid\" d=\"M68.0 10.0H426.0\"/>\n"
		     "<text x=\"62.0\" y=\"14.0\" class=\"end\">100</text>\n"
		     "<path class=\"axis\" d=\"M68.0 218.0H426.0\"/>\n"
		     "<text x=\"247.0\" y=\"114.0\" class=\"mid soft\">nothing"
		     "</text>\n"
		     "</svg>\n");
}
END_TEST

static struct figure label_of_four(double value)
{
	(void)value;
	return (struct figure){"1234"};
}

static struct figure label_of_five(double value)
{
	(void)value;
	return (struct figure){"12345"};
}

static struct figure label_of_seventeen(double value)
{
	(void)value;
	return (struct figure){"12345678901234567"};
}

static struct figure label_of_eighteen(double value)
{
	(void)value;
	return (struct figure){"123456789012345678"};
}

/* Its unit is a column of the plot, so that steps can be told in those. */
static struct plot_axis axis_of_steps(double step, plot_label_fn *label)
{
	return plot_axis((struct scale){.high = 358, .step = step}, label);
}

static const struct {
	double step;
	plot_label_fn *label;
	size_t n_labels;
	const char *why;
} spacings[] = {
	{36.1, label_of_four, 10, "a label is 32 wide, with 4 beside it"},
	{35.7, label_of_four, 6, "less has no room for every second"},
	{44.1, label_of_five, 8, "40 and 4; the last one is moved in"},
	{43.5, label_of_five, 5, "again less"},
	{358, label_of_seventeen, 2, "the first reaches to the very edge"},
	{358, label_of_eighteen, 1, "or beyond it, and is left out"},
};

START_TEST(labels_do_not_overlap)
{
	plot.x = axis_of_steps(spacings[_i].step, spacings[_i].label);
	plot_begin(&plot);
	ck_assert_msg(count_drawn("class=\"mid\">1") == spacings[_i].n_labels,
		      "%s", spacings[_i].why);
}
END_TEST

START_TEST(the_last_label_is_moved_in_from_the_edge)
{
	plot.x = axis_of_steps(358, label_of_four);
	plot_begin(&plot);
	ck_assert_uint_eq(count_drawn("<text x=\"424.0\" y=\"235.0\""), 1);
	/* But not its line. */
	plot_begin(&plot);
	ck_assert_uint_eq(count_drawn("d=\"M426.0 10.0V222.0\""), 1);
}
END_TEST

/* --- lines --- */

START_TEST(a_line_goes_from_point_to_point)
{
	struct plot_pen pen = plot_line_begin(&plot, "c1");

	plot_pen_to(&pen, 0, 0);
	plot_pen_to(&pen, 5, 50);
	plot_pen_to(&pen, 10, 100);
	plot_pen_end(&pen);
	assert_drawn("<path class=\"c1\" d=\"M68.0 218.0h0L247.0 114.0"
		     "L426.0 10.0\"/>\n");
}
END_TEST

START_TEST(what_is_no_number_makes_a_gap_in_a_line)
{
	struct plot_pen pen = plot_line_begin(&plot, "c1");

	plot_pen_to(&pen, 0, NO_NUMBER);
	plot_pen_to(&pen, 0, 0);
	plot_pen_to(&pen, NO_NUMBER, 50);
	plot_pen_to(&pen, 5, 50);
	plot_pen_to(&pen, 6, HUGE_VAL);
	plot_pen_end(&pen);
	assert_drawn("<path class=\"c1\" d=\"M68.0 218.0h0M247.0 114.0h0\"/>"
		     "\n");
}
END_TEST

START_TEST(an_area_is_closed_at_the_axis_before_a_gap_and_at_its_end)
{
	struct plot_pen pen = plot_area_begin(&plot, "c1");

	plot_pen_to(&pen, 0, 100);
	plot_pen_to(&pen, 5, 50);
	plot_pen_to(&pen, 6, NO_NUMBER);
	plot_pen_to(&pen, 7, NO_NUMBER);
	plot_pen_to(&pen, 10, 50);
	plot_pen_end(&pen);
	assert_drawn("<path class=\"c1\" d=\"M68.0 218.0V10.0L247.0 114.0"
		     "L247.0 218.0ZM426.0 218.0V114.0L426.0 218.0Z\"/>\n");
}
END_TEST

START_TEST(an_empty_area_has_nothing_to_close)
{
	struct plot_pen pen = plot_area_begin(&plot, "c1");

	plot_pen_end(&pen);
	assert_drawn("<path class=\"c1\" d=\"\"/>\n");
}
END_TEST

START_TEST(a_level_goes_across)
{
	plot_level(&plot, "dash", 50);
	assert_drawn("<path class=\"dash\" d=\"M68.0 114.0H426.0\"/>\n");
	plot_level(&plot, "dash", NO_NUMBER);
	assert_drawn("");
}
END_TEST

/* --- marks --- */

START_TEST(a_mark_stands_at_its_point_or_nowhere)
{
	plot_dot(&plot, "dot", 5, 100);
	assert_drawn("<circle class=\"dot\" cx=\"247.0\" cy=\"10.0\" "
		     "r=\"3.5\"/>\n");
	plot_dot(&plot, "dot", NO_NUMBER, 100);
	plot_dot(&plot, "dot", 5, HUGE_VAL);
	assert_drawn("");
	plot_flag(&plot, "flag", 5);
	assert_drawn("<path class=\"flag\" d=\"M247.0 218.0l-3.5 -8h7z\"/>\n");
	plot_flag(&plot, "flag", NO_NUMBER);
	assert_drawn("");
}
END_TEST

START_TEST(a_hint_covers_a_column)
{
	plot_hint_begin(&plot, 5, 10);
	plot_hint_end(&plot);
	assert_drawn("<rect class=\"hint\" x=\"247.0\" y=\"10.0\" "
		     "width=\"179.0\" height=\"208.0\"><title></title></rect>"
		     "\n");
	/* No width is below 0. */
	plot_hint_begin(&plot, 10, 5);
	assert_drawn("<rect class=\"hint\" x=\"426.0\" y=\"10.0\" "
		     "width=\"0.0\" height=\"208.0\"><title>");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("plot");
	TCase *tcase = harness_case(suite, "plot");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, an_axis_has_the_ticks_of_its_scale);
	tcase_add_test(tcase, a_plot_without_data_is_a_frame_that_says_so);
	tcase_add_loop_test(tcase, labels_do_not_overlap, 0,
			    (int)ARRAY_LEN(spacings));
	tcase_add_test(tcase, the_last_label_is_moved_in_from_the_edge);
	tcase_add_test(tcase, a_line_goes_from_point_to_point);
	tcase_add_test(tcase, what_is_no_number_makes_a_gap_in_a_line);
	tcase_add_test(
		tcase,
		an_area_is_closed_at_the_axis_before_a_gap_and_at_its_end);
	tcase_add_test(tcase, an_empty_area_has_nothing_to_close);
	tcase_add_test(tcase, a_level_goes_across);
	tcase_add_test(tcase, a_mark_stands_at_its_point_or_nowhere);
	tcase_add_test(tcase, a_hint_covers_a_column);
	return harness_run_together(suite);
}
