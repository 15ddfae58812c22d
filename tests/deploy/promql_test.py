"""What is read of a query in PromQL."""

import re
import unittest

import rendered  # noqa: F401 - makes the folder of the checks known.
import manifests  # noqa: F401
from promql import Query


class Selectors(unittest.TestCase):
    def assert_names(self, text, *names):
        self.assertEqual([selector.name for selector in Query(text).selectors], list(names))

    def test_metrics_are_told_from_functions_words_and_labels(self):
        self.assert_names(
            "rate(a_total[5m]) / on (job) group_left (x) b unless c offset 5m > bool 2", "a_total", "b", "c"
        )
        self.assert_names("sum by (le) (rate(h_bucket[1h30m:5m] @ end())) or absent(up)", "h_bucket", "up")
        self.assert_names("sum(x) by (sum) + count without (by) (y)", "x", "y")
        self.assert_names("quantile(0.9, z) > -1e-3 and Inf", "z")
        self.assert_names("job:a:rate5m * 2 # not_this", "job:a:rate5m")

    def test_matchers_are_read_over_lines_and_in_every_kind_of_quotes(self):
        (selector,) = Query("a{\n x=\"1,}\", y!~'b|c',\n z=~`d` , }").selectors
        self.assertEqual(selector.matchers, [("x", "=", "1,}"), ("y", "!~", "b|c"), ("z", "=~", "d")])

    def test_a_selector_may_have_its_name_among_its_matchers(self):
        self.assert_names('{__name__="a", x="1"} + {x="2"}', "a", "")

    def test_variables_of_a_dashboard_are_no_metrics(self):
        (selector,) = Query('rate(a{job=~"$job"}[$__rate_interval]) > $limit + ${more:raw}').selectors
        self.assertEqual((selector.name, selector.matchers), ("a", [("job", "=~", "$job")]))

    def test_what_is_grouped_is_what_the_labels_are_applied_to(self):
        def groups(text):
            return [(g.word, g.labels, [s.name for s in g.selectors]) for g in Query(text).groups]

        self.assertEqual(groups("sum by (x, le) (a) / sum(b) by (y)"),
                         [("by", ["x", "le"], ["a"]), ("by", ["y"], ["b"])])
        self.assertEqual(groups("a * on (x) group_left () b"),
                         [("on", ["x"], ["a", "b"]), ("group_left", [], ["a", "b"])])

    def test_what_cannot_be_read_is_refused(self):
        for text, error in (
            ("sum(a", "has a ( that is not closed"),
            ("a)", "has a ) that closes nothing"),
            ("a{x}", "has {x}, which are no matchers"),
            ("a ; b", "cannot be read from '; b' on"),
        ):
            with self.subTest(text), self.assertRaisesRegex(ValueError, re.escape(error)):
                Query(text)


if __name__ == "__main__":
    unittest.main()
