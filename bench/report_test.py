"""What bench/run does without measuring: order, arithmetic, goals, report and chart."""

import dataclasses
import pathlib
import subprocess
import tempfile
import unittest
import unittest.mock
import xml.dom.minidom

import chart
import figures
import goals
import install
import modes
import quiet
import report
import schedule
import together


def measurement(value, **other):
    """Every figure of it is a multiple of `value`."""
    return {"cpu_us": value, "p50_us": 10 * value, "p99_us": 20 * value, "p999_us": 30 * value, "per_second": 1000,
            "bytes_per_session": 100 * value, "before_bytes": 2**20, "during_bytes": 2**21, "core_percent": 90,
            "others_percent": 0, "load": {"failed": 0}, **other}


def results(costs, names=tuple(modes.MODES), over_tls=False):
    """Of two rounds in which each target costs what `costs` says: in every mode the same."""
    return {
        "environment": {"cpu": "a processor", "cores": 2, "kernel": "6.1", "busy_percent": {"0": 0.0, "1": 1.0}},
        "versions": {target: f"{target} 1.0" for target in costs},
        "settings": {"seconds": 3, "affinity": "cookie", "peer_buffer_kib": 0, "tls": over_tls},
        "modes": {name: dataclasses.asdict(modes.MODES[name]) for name in names},
        "rounds": {name: {target: [measurement(cost), measurement(cost)] for target, cost in costs.items()}
                   for name in names}}


class Schedule(unittest.TestCase):
    def test_every_target_has_every_round_and_no_fixed_predecessor(self):
        turns = list(schedule.turns(["a", "b", "c"], 3))
        self.assertEqual(turns, [(0, "a"), (0, "b"), (0, "c"), (1, "c"), (1, "b"), (1, "a"), (2, "a"), (2, "b"), (2, "c")])


class Figures(unittest.TestCase):
    def test_a_ratio_is_taken_within_a_round(self):
        rounds = {"limpet": [measurement(2), measurement(20)], "nginx": [measurement(4), measurement(40)]}
        self.assertEqual(figures.ratios(rounds, "limpet", "nginx", "cpu_us"), [0.5, 0.5])

    def test_a_failed_round_has_no_ratio_and_counts_as_failure(self):
        rounds = {"limpet": [None, measurement(1)], "nginx": [measurement(1), measurement(4)]}
        self.assertEqual(figures.ratios(rounds, "limpet", "nginx", "cpu_us"), [0.25])
        self.assertEqual(figures.failures(rounds["limpet"]), 1)

    def test_failed_exchanges_count(self):
        self.assertEqual(figures.failures([measurement(1, load={"failed": 3})]), 3)


class Goals(unittest.TestCase):
    def verdicts(self, costs, names):
        return {(one.mode, one.against): one.word() for one in goals.verdicts(results(costs, names)["rounds"])}

    def test_a_ratio_at_its_goal_is_met_and_above_it_missed(self):
        found = self.verdicts({"limpet": 0.90, "haproxy": 1.0, "nginx": 0.89}, ["echo"])
        self.assertEqual(found[("echo", "haproxy")], "met")
        self.assertEqual(found[("echo", "nginx")], "missed")
        self.assertEqual(found[("echo", "relay")], "not measured")

    def test_modes_that_took_no_part_are_not_judged(self):
        self.assertEqual({mode for mode, _ in self.verdicts({"limpet": 1, "nginx": 2}, ["echo"])}, {"echo"})

    def test_an_idle_session_has_a_bound_of_its_own(self):
        self.assertEqual(self.verdicts({"limpet": 10.24}, ["idle"])[("idle", "")], "met")
        self.assertEqual(self.verdicts({"limpet": 10.25}, ["idle"])[("idle", "")], "missed")

    def test_more_sessions_may_cost_only_so_much_more(self):
        done = results({"limpet": 1}, ["echo", "echo-9000"])
        self.assertEqual([one.word() for one in goals.verdicts(done["rounds"]) if one.against == "echo"], ["met"])
        done["rounds"]["echo-9000"]["limpet"] = [measurement(1.2)] * 2
        self.assertEqual([one.word() for one in goals.verdicts(done["rounds"]) if one.against == "echo"], ["missed"])

    def test_what_more_sessions_cost_the_kernel_is_taken_out(self):
        done = results({"limpet": 1, "relay": 0.9}, ["echo", "echo-9000"])
        done["rounds"]["echo-9000"] = {"limpet": [measurement(2.2)] * 2, "relay": [measurement(1.8)] * 2}
        self.assertEqual([one.measured for one in goals.verdicts(done["rounds"]) if one.against == "echo"], [1.1])

    def test_over_tls_other_goals_hold(self):
        done = results({"limpet": 0.95, "haproxy": 1.0, "nginx": 1.0}, ["tls-handshake", "echo", "echo-16k"], over_tls=True)
        found = {(one.mode, one.against): one.word() for one in goals.verdicts(done["rounds"], over_tls=True)}
        self.assertEqual(found, {("tls-handshake", "nginx"): "met", ("echo", "nginx"): "met", ("echo-16k", "nginx"): "missed"})
        self.assertIn("2 met, 1 missed, 0 not measured", report.whole(done, with_goals=True))

    def test_an_idle_session_over_tls_may_take_12_kib(self):
        for bytes_per_session, word in ((12 * 1024, "met"), (12 * 1024 + 1, "missed")):
            done = results({"limpet": bytes_per_session / 100}, ["idle"], over_tls=True)
            self.assertEqual([one.word() for one in goals.verdicts(done["rounds"], over_tls=True)], [word])

    def test_every_goal_names_a_mode_and_a_figure_that_exist(self):
        for over, wanted in (("plain", [*goals.RATIOS, *goals.BOUNDS, *goals.FLATNESS]),
                             ("tls", [*goals.TLS_RATIOS, *goals.TLS_BOUNDS])):
            for mode, key in wanted:
                self.assertIn(mode, modes.taking_part(over))
                self.assertIn(key, modes.MODES[mode].figures)


class Quiet(unittest.TestCase):
    BEFORE = "cpu  9 9 9 9 9 9 9 9 0 0\ncpu0 0 0 0 100 0 0 0 0 0 0\ncpu1 10 0 0 100 0 0 0 0 7 0\n"
    AFTER = "cpu  9 9 9 9 9 9 9 9 0 0\ncpu0 0 0 0 200 0 0 0 0 0 0\ncpu1 40 0 10 150 5 0 0 5 7 0\n"

    def test_time_that_is_neither_idle_nor_waiting_is_busy(self):
        self.assertEqual(quiet.busy_percent(self.BEFORE, self.AFTER, 0), 0)
        self.assertEqual(quiet.busy_percent(self.BEFORE, self.AFTER, 1), 45)

    def test_one_busy_core_is_enough(self):
        self.assertFalse(quiet.is_quiet({"0": 0.0, "1": 45.0}))
        self.assertTrue(quiet.is_quiet({"0": 0.0, "1": 2.0}))


class Together(unittest.TestCase):
    def test_rounds_of_the_same_mode_follow_each_other_and_other_modes_join(self):
        merged = together.merge([results({"limpet": 1}, ["echo"]), results({"limpet": 3}, ["echo", "get"])])
        self.assertEqual(figures.values(merged["rounds"]["echo"], "limpet", "cpu_us"), [1, 1, 3, 3])
        self.assertEqual(figures.values(merged["rounds"]["get"], "limpet", "cpu_us"), [3, 3])
        self.assertIn("2 to 4 interleaved rounds", report.whole(merged))

    def test_one_noisy_part_makes_the_whole_noisy(self):
        noisy = results({"limpet": 1}, ["get"])
        noisy["environment"]["busy_percent"] = {"0": 50.0, "1": 0.0}
        merged = together.merge([results({"limpet": 1}, ["echo"]), noisy])
        self.assertEqual(merged["environment"]["busy_percent"], {"0": 50.0, "1": 1.0})

    def test_results_of_other_proxies_or_modes_are_refused(self):
        one, other = results({"limpet": 1}, ["rate"]), results({"limpet": 1}, ["rate"])
        other["modes"]["rate"]["rate"] = 5
        for wrong in (other, results({"limpet": 1, "nginx": 1}, ["echo"]), results({"limpet": 1}, ["rate"], over_tls=True)):
            with self.assertRaises(ValueError):
                together.merge([one, wrong])


class Install(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.policy = pathlib.Path(folder.name) / "policy-rc.d"
        patch = unittest.mock.patch.object(install, "POLICY", self.policy)
        patch.start()
        self.addCleanup(patch.stop)

    def test_services_are_forbidden_to_start_during_an_installation_only(self):
        with install.no_services_started():
            self.assertEqual(subprocess.run([self.policy, "nginx", "start"], check=False).returncode, 101)
        self.assertFalse(self.policy.exists())

    def test_the_policy_of_the_administrator_stays(self):
        self.policy.write_text("theirs")
        with install.no_services_started():
            self.assertEqual(self.policy.read_text(), "theirs")
        self.assertEqual(self.policy.read_text(), "theirs")


class Report(unittest.TestCase):
    def test_the_summary_has_a_row_a_figure_with_medians_and_ratios(self):
        text = report.summary(results({"limpet": 1, "haproxy": 2, "nginx": 4, "relay": 0.5}, ["echo"]))
        self.assertIn("| CPU us / message | 1.00 | 2.00 | 4.00 | 0.50 | 0.50 | 0.25 | 2.00 |", text)

    def test_a_proxy_that_was_missing_has_no_column(self):
        self.assertNotIn("nginx", report.summary(results({"limpet": 1, "haproxy": 2})))

    def test_every_mode_can_be_reported(self):
        text = report.whole(results({"limpet": 1, "haproxy": 2, "nginx": 4, "relay": 0.5}), with_goals=True)
        for name in modes.MODES:
            self.assertIn(f"### {name}:", text)

    def test_the_head_tells_that_clients_came_over_tls(self):
        self.assertIn("over TLS", report.head_section(results({"limpet": 1}, ["echo"], over_tls=True)))
        self.assertNotIn("over TLS", report.head_section(results({"limpet": 1}, ["echo"])))

    def test_results_from_before_there_was_tls_can_be_reported(self):
        old = results({"limpet": 1}, ["echo"])
        del old["settings"]["tls"]
        self.assertNotIn("over TLS", report.whole(old, with_goals=True) + chart.draw(old))

    def test_a_mode_without_latencies_is_reported(self):
        done = results({"limpet": 1}, ["tls-handshake"], over_tls=True)
        for one in done["rounds"]["tls-handshake"]["limpet"]:
            for key in ("p50_us", "p99_us", "p999_us"):
                del one[key]
        self.assertIn("| limpet | 1.00 (1.00 - 1.00) | 1,000 (1,000 - 1,000) | - | - | - |", report.whole(done))

    def test_a_mode_in_which_all_rounds_failed_is_reported(self):
        done = results({"limpet": 1, "nginx": 2}, ["echo"])
        done["rounds"]["echo"]["nginx"] = [None, None]
        self.assertIn("| nginx | - | - | - | - | - | - | 2 |", report.whole(done))

    def test_noise_is_told(self):
        done = results({"limpet": 1}, ["echo"])
        self.assertNotIn("not quiet", report.whole(done))
        done["environment"]["busy_percent"] = {"0": 60.0}
        done["rounds"]["echo"]["limpet"][0]["others_percent"] = 50
        self.assertIn("not quiet", report.whole(done))
        self.assertIn("in 1 of 2 measurements", report.whole(done))

    def test_only_what_is_between_the_marks_is_replaced(self):
        document = "before\n<!-- bench:summary -->old \\1\n<!-- bench:end -->\nafter <!-- bench:report -->x<!-- bench:end -->"
        filled = report.fill(document, "summary", "new \\1")
        self.assertEqual(filled, "before\n<!-- bench:summary -->\n\nnew \\1\n\n<!-- bench:end -->\nafter "
                                 "<!-- bench:report -->x<!-- bench:end -->")
        self.assertTrue(report.has_marks(document))
        self.assertEqual(report.fill("no marks", "summary", "new"), "no marks")
        self.assertFalse(report.has_marks("no marks <!-- bench:summary -->"))


class Chart(unittest.TestCase):
    def bars(self, done):
        document = xml.dom.minidom.parseString(chart.draw(done))
        return {one.getAttribute("class"): float(one.getAttribute("width")) for one in document.getElementsByTagName("rect")
                if one.getAttribute("height") == str(chart.BAR)}

    def test_bars_are_as_long_as_the_cost_relative_to_limpet(self):
        bars = self.bars(results({"limpet": 3, "haproxy": 6, "relay": 1.5}, ["echo"]))
        self.assertAlmostEqual(bars["haproxy"], 2 * bars["limpet"], delta=0.2)
        self.assertAlmostEqual(bars["relay"], bars["limpet"] / 2, delta=0.2)

    def test_a_bar_off_the_scale_is_cut_and_its_number_told(self):
        done = results({"limpet": 1, "nginx": 40}, ["echo"])
        self.assertEqual(self.bars(done)["nginx"], chart.PLOT_RIGHT - chart.PLOT_LEFT)
        self.assertIn('class="cut"', chart.draw(done))
        self.assertIn("40.00x", chart.draw(done))

    def test_every_mode_can_be_drawn(self):
        drawn = chart.draw(results({"limpet": 1, "haproxy": 2, "nginx": 4, "relay": 0.5}))
        self.assertEqual(drawn.count('class="mode"'), len(modes.MODES))


if __name__ == "__main__":
    unittest.main()
