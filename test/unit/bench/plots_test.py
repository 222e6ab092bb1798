# SPDX-License-Identifier: Apache-2.0
"""What scripts/bench makes of the results of several runs: medians, tables and plots."""
import importlib.machinery
import importlib.util
import os
import sys
import tempfile
import unittest
import xml.etree.ElementTree

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), *[os.pardir] * 3))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(ROOT, "bench", "plots"))
import chart  # noqa: E402
import plots  # noqa: E402
import runs  # noqa: E402
import tables  # noqa: E402


def load_bench():
    loader = importlib.machinery.SourceFileLoader("bench_script",
                                                  os.path.join(ROOT, "scripts", "bench"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


bench = load_bench()
SVG = "{http://www.w3.org/2000/svg}"


def spread(median, low=None, high=None):
    return {"median": median, "min": median if low is None else low,
            "max": median if high is None else high, "runs": 15}


def point(x, mpps):
    return {"x": x, "mpps": spread(mpps), "ns_per_packet": spread(1e3 / mpps)}


def measured(mpps):
    return {"ns_per_packet": spread(1e3 / mpps), "mpps": spread(mpps),
            "over_base": spread(mpps / 40), "over_raw_rte_acl": spread(mpps / 10)}


def answer(factor):
    """What the programs might say in one run."""
    field = {"rules": 10, "rows": 20, "expanded_rows": 300, "shapes": 1, "flows": 65536,
             "agreement": {"probes": 100, "allowed": 50, "different": 0},
             **{name: measured(factor * (number + 1))
                for number, name in enumerate(tables.NAMES)}}
    return {"established_64k_ratio": {**spread(0.4 * factor), "rules": 10000},
            "swap_lost": spread(0),
            "pod_add_p99_ms": {**spread(2 * factor),
                               "values": [1, 2],
                               "figures": {"latency_ms": {"count": 100, "min": 1, "p50": 2,
                                                          "p99": 3 * factor, "max": 4}}},
            "notes": {"huge_pages": True, "by_rules": {"base": [point(100, 40), point(1000, 40)],
                                   "new flows": [point(100, factor), point(1000, factor)]},
                      "by_size": {"base": [{**point(64, 40), "gbit_s": 26.88}]},
                      "many_shapes_over_one": {"base": spread(1), "raw_rte_acl": spread(0.5)},
                      "side_by_side": {"one_shape": field, "many_shapes": field}}}


class Runs(unittest.TestCase):
    def test_the_median_of_the_runs_counts_and_not_their_extremes(self):
        merged = runs.merged([spread(3, 0, 90), spread(1, 0, 2), spread(2, 1, 3)])
        self.assertEqual((merged["median"], merged["min"], merged["max"]), (2, 1, 3))
        self.assertEqual(merged["runs"], 3)
        self.assertEqual(merged["of_runs"], [3, 1, 2])

    def test_one_run_stays_as_it_is(self):
        self.assertEqual(runs.merged([spread(3, 0, 90)]), spread(3, 0, 90))

    def test_points_of_curves_meet_by_their_place(self):
        merged = runs.merged([{"a": [point(1, 2), point(2, 4)]}, {"a": [point(1, 4), point(2, 8)]}])
        self.assertEqual([each["x"] for each in merged["a"]], [1, 2])
        self.assertEqual([each["mpps"]["median"] for each in merged["a"]], [3, 6])

    def test_lists_of_figures_are_put_together(self):
        self.assertEqual(runs.merged([[1, 2], [3, 4]]), [1, 2, 3, 4])
        self.assertEqual(runs.merged([[1], [3, 4]]), [1, 3, 4])

    def test_what_one_run_lacks_is_left_out(self):
        self.assertEqual(runs.merged([{"a": 1, "b": 2}, {"a": 3}]), {"a": 2})

    def test_what_differs_and_is_no_figure_is_kept_of_every_run(self):
        self.assertEqual(runs.merged(["x", "x"]), "x")
        self.assertEqual(runs.merged([True, False]), [True, False])
        self.assertIs(runs.merged([True, True]), True)

    def test_counts_stay_whole(self):
        self.assertEqual(str(runs.merged([7, 7])), "7")


class Whole(unittest.TestCase):
    def setUp(self):
        self.answers = [answer(factor) for factor in (1.0, 0.9, 1.1, 1.2, 0.8)]
        self.results = bench.together(self.answers)
        tables.add_targets(self.results, bench.TARGETS)

    def test_all_runs_are_kept(self):
        self.assertEqual(self.results["all_runs"], self.answers)
        self.assertEqual(self.results["runs"], 5)

    def test_a_key_has_the_median_and_the_spread_of_the_runs(self):
        entry = self.results["established_64k_ratio"]
        self.assertAlmostEqual(entry["median"], 0.4)
        self.assertAlmostEqual(entry["min"], 0.32)
        self.assertAlmostEqual(entry["max"], 0.48)
        self.assertTrue(entry["met"])
        self.assertEqual(entry["rules"], 10000)

    def test_one_lost_packet_in_one_run_is_a_miss(self):
        self.answers[3]["swap_lost"] = spread(1)
        results = bench.together(self.answers)
        tables.add_targets(results, bench.TARGETS)
        self.assertEqual(results["swap_lost"]["median"], 0)
        self.assertFalse(results["swap_lost"]["met"])
        self.assertTrue(self.results["swap_lost"]["met"])

    def test_what_failed_in_one_run_is_taken_from_the_others(self):
        del self.answers[0]["pod_add_p99_ms"]
        del self.answers[1]["notes"]
        results = bench.together(self.answers)
        self.assertEqual(results["pod_add_p99_ms"]["runs"], 4)
        self.assertEqual(results["notes"]["by_rules"]["base"][0]["mpps"]["runs"], 4)

    def test_the_tables_have_a_row_for_each_key_and_point(self):
        text = tables.markdown(self.results, bench.TARGETS)
        self.assertIn("| `established_64k_ratio` | 0.4 | 0.32 | 0.48 | >= 0.4 | met |", text)
        self.assertIn("### Side by side, many shapes", text)
        self.assertIn("Both say the same about 100 of 100 packets.", text)
        self.assertIn("| raw rte_acl | ", text)
        self.assertIn("Many shapes over one: base 1, raw rte\\_acl 0.5.", text)
        self.assertIn("| 1000 | 40 | 1 |", text)
        self.assertIn("5 runs, with huge pages.", text)
        self.answers[0]["notes"]["huge_pages"] = False
        text = tables.markdown(bench.together(self.answers), {})
        self.assertIn("with huge pages in some of them only", text)
        for line in text.splitlines():
            if line.startswith("|"):
                self.assertTrue(line.endswith("|"), line)

    def test_every_plot_is_sound_and_inside_its_frame(self):
        with tempfile.TemporaryDirectory() as folder:
            written = plots.draw(self.results, folder)
            self.assertEqual({os.path.basename(path) for path in written},
                             {"throughput-rules.svg", "throughput-size.svg", "bit-rate-size.svg",
                              "side-by-side.svg", "update-latency.svg"})
            for path in written:
                root = xml.etree.ElementTree.parse(path).getroot()
                for circle in root.iter(SVG + "circle"):
                    self.assertTrue(0 <= float(circle.get("cx")) <= chart.WIDTH, path)
                    self.assertTrue(0 <= float(circle.get("cy")) <= chart.HEIGHT, path)
                for bar in root.iter(SVG + "rect"):
                    self.assertGreaterEqual(float(bar.get("height")), 0, path)


class Chart(unittest.TestCase):
    def test_higher_values_stand_higher(self):
        text = chart.line_chart("t", ("x", "y"), [("a", [(1, 1, 1, 1), (2, 5, 4, 6)])])
        circles = list(xml.etree.ElementTree.fromstring(text).iter(SVG + "circle"))
        low, high = [float(circle.get("cy")) for circle in circles]
        self.assertLess(high, low)

    def test_powers_are_as_far_apart_on_a_logarithmic_axis(self):
        axis = chart.Axis([1, 10, 100], True, (0, 200))
        self.assertEqual([axis.place(value) for value in (1, 10, 100)], [0, 100, 200])

    def test_few_places_are_named_as_they_are(self):
        self.assertEqual(chart.Axis([1, 2, 1, 2], False, (0, 100)).ticks(), [1, 2])
        self.assertEqual(chart.Axis([64, 128, 1500], False, (0, 100)).ticks(), [64, 128, 1500])

    def test_bars_are_as_high_as_their_values(self):
        text = chart.bar_chart("t", "y", [("g", [("a", (1, 1, 1)), ("b", (2, 2, 2))])])
        bars = list(xml.etree.ElementTree.fromstring(text).iter(SVG + "rect"))[1:]
        first, second = [float(bar.get("height")) for bar in bars]
        self.assertAlmostEqual(second / first, 2, places=2)

    def test_words_cannot_break_the_picture(self):
        text = chart.line_chart("<a> & b", ("x", "y"), [("<c>", [(1, 1, 1, 1)])])
        xml.etree.ElementTree.fromstring(text)

    def test_quantiles_are_read_from_their_names(self):
        self.assertEqual([plots.percent(word) for word in ("min", "p50", "p99", "p999", "max")],
                         [0, 50, 99, 99.9, 100])
        self.assertIsNone(plots.percent("count"))


class Commands(unittest.TestCase):
    def given(self, *words):
        before, sys.argv = sys.argv, ["bench", *words]
        try:
            return bench.arguments()
        finally:
            sys.argv = before

    def test_five_runs_unless_something_else_is_said(self):
        self.assertEqual(self.given().runs, 5)
        self.assertEqual(self.given("--quick").runs, 1)
        self.assertEqual(self.given("--quick", "--runs", "2").runs, 2)

    def test_a_program_runs_only_for_its_keys(self):
        self.assertEqual(list(bench.commands(self.given("--only", "side_by_side"))), ["path"])
        self.assertEqual(list(bench.commands(self.given("--only", "workers_sim"))), ["simulation"])
        self.assertEqual(list(bench.commands(self.given())), ["path", "update", "simulation"])

    def test_what_was_not_measured_is_told(self):
        given = self.given("--only", "established_64k_ratio,curves,side_by_side")
        self.assertEqual(bench.missing(given, answer(1)), ["curves"])
        self.assertEqual(bench.missing(given, {}), given.only)

    def test_the_estimate_counts_all_runs_that_are_left(self):
        given = self.given("--runs", "5")
        progress = bench.Progress(["path", "update", "simulation"], given)
        programs = bench.PROGRAMS
        whole = 5 * (programs["path"][1][1] + programs["update"][1][1]) + \
            programs["simulation"][1][1]
        self.assertAlmostEqual(progress.seconds_left(), whole, delta=1)
        self.assertLess(whole, 40 * 60)
        progress.done()
        self.assertLess(progress.seconds_left(), whole - programs["path"][1][1])


if __name__ == "__main__":
    unittest.main()
