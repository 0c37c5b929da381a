"""What bench/modes does without measuring: the figures, the table and the chart."""

import unittest
import xml.dom.minidom

from scaling import figures, picture, table
from scaling.figures import ANSWERS, FIGURES


def results(costs, names=tuple(ANSWERS)):
    """One round for each cost: every figure of it is the cost, and twice as much for each answer that follows."""
    rounds = {name: [{figure.key: cost * 2**at * figure.unit for figure in FIGURES} for cost in costs]
              for at, name in enumerate(names)}
    return {"environment": {"cpu": "a processor", "cores": 2, "kernel": "6.1", "busy_percent": {"0": 0.0, "1": 1.0}},
            "settings": {"rounds": len(costs), "sessions": 300, "users": 100, "handshakes": 10, "messages": 5},
            "rounds": rounds, "lines": {name: 10 for name in names}}


def figure(key, beyond=False):
    return next(each for each in FIGURES if each.key == key and each.beyond == beyond)


class Figures(unittest.TestCase):
    def test_rounds_that_differ_are_told_with_their_spread(self):
        rounds = results([1, 3, 2])["rounds"]
        self.assertEqual(figures.told(figure("imbalance_before"), rounds, "sticky"), "2.00 (1.00 to 3.00)")
        self.assertEqual(figures.told(figure("imbalance_before"), results([1, 1])["rounds"], "sticky"), "1.00")

    def test_what_is_beyond_the_base_is_taken_within_a_round(self):
        rounds = results([1, 10])["rounds"]
        self.assertEqual(figures.values(figure("first_p50_ms", beyond=True), rounds, "shared"), [1, 10])

    def test_memory_is_told_in_mib(self):
        self.assertEqual(figures.told(figure("limpet_bytes"), results([7])["rounds"], "sticky"), "7.0")


class Report(unittest.TestCase):
    def test_every_row_has_a_column_for_each_answer(self):
        rows = [line for line in table.whole(results([1, 2])).splitlines() if line.startswith("|")]
        self.assertEqual({line.count("|") for line in rows}, {len(ANSWERS) + 2})
        self.assertEqual(len(rows), 2 + len(FIGURES) + 1)

    def test_without_the_base_nothing_is_told_beyond_it(self):
        self.assertNotIn("beyond", table.whole(results([1], names=("hybrid",))))

    def test_a_busy_machine_is_told(self):
        busy = results([1])
        busy["environment"]["busy_percent"] = {"0": 50.0}
        self.assertIn("not quiet", table.whole(busy))
        self.assertNotIn("not quiet", table.whole(results([1])))

    def test_the_chart_is_well_formed_and_has_a_bar_for_each(self):
        drawn = xml.dom.minidom.parseString(picture.draw(results([1])))
        bars = [each for each in drawn.getElementsByTagName("rect") if each.getAttribute("height") == str(picture.BAR)]
        self.assertEqual(len(bars), len(picture.SHOWN) * len(ANSWERS))


if __name__ == "__main__":
    unittest.main()
