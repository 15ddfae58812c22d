"""Every part of the status page with numbers in it: features, caches and a prediction log, calls that were
answered, that failed, that were refused, and two that wait. What it shows is what /status.json says."""

import json
import shutil
import tempfile
import threading
import unittest
import urllib.request

import grpc
import numpy as np
import tritonclient.grpc as triton
from faulty_store import FaultyStore
from harness import DATA, LIMIT_SECONDS, NOW, repository, serve, serve_features, until
from page_case import PageCase
from playwright.sync_api import Page, Route
from triton_calls import floats, tensor
from tritonclient.utils import InferenceServerException

YEARS = "{ seconds: 315360000 }"
CACHE = f'view {{ name: "plane_facts" cache {{ soft_age {YEARS} hard_age {YEARS} negative_age {YEARS} }} }}\n'
RATE = r"^[\d.]+/s$"
TIME = r"^[\d.]+\s(µs|ms|s|min|d)$"

READ_TABLE = """(table) => {
  const titles = [...table.tHead.rows[0].cells].map((cell) => cell.textContent);
  return [...table.tBodies[0].rows].map((row) =>
    Object.fromEntries([...row.cells].map((cell, i) => [titles[i], cell.textContent])));
}"""
READ_FIGURES = """(figures) => Object.fromEntries([...figures.children].map((figure) =>
  [...figure.children].slice(0, 2).map((part) => part.textContent)))"""
READ_FACTS = """(part) => Object.fromEntries([...part.querySelectorAll('dl.pairs > div')].map((pair) =>
  [pair.children[0].textContent, pair.children[1].textContent]))"""


def planes(*names: str) -> triton.InferInput:
    return tensor("tailnum", np.array([[name.encode()] for name in names], dtype=np.object_))


class StatusPageParts(PageCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        real_store = serve_features()
        cls.addClassCleanup(real_store.kill)
        cls.store = FaultyStore(real_store.address)
        cls.addClassCleanup(cls.store.close)
        folder = repository(cls, "linear", "raises", "seats")
        with (folder / "seats" / "features.pbtxt").open("a") as bindings:
            bindings.write(CACHE)
        cls.log = tempfile.mkdtemp(prefix="tournant-e2e-")
        cls.addClassCleanup(shutil.rmtree, cls.log, ignore_errors=True)
        server = serve(
            folder, f"--feature_store=grpc:{cls.store.address}?health_check=false",
            f"--feature_registry={DATA}/registry.db", f"--now={NOW}", f"--prediction_log={cls.log}",
            "--http_address=127.0.0.1:0", "--workers=2",
            # So that two calls in memory are all that the lowest class may have.
            "--max_in_flight=8", env={"TOURNANT_MAX_IN_FLIGHT_BYTES": "1048576"},
        )
        cls.addClassCleanup(server.kill)
        cls.url = f"http://127.0.0.1:{server.ready['http']}"
        cls.client = triton.InferenceServerClient(server.address)
        cls.addClassCleanup(cls.client.close)
        cls.make_calls()

    @classmethod
    def infer(cls, model: str, value: triton.InferInput, code: str = "OK", **options) -> None:
        try:
            cls.client.infer(model, [value], client_timeout=LIMIT_SECONDS, **options)
            ended = "OK"
        except InferenceServerException as error:
            ended = error.status().removeprefix("StatusCode.")
        if ended != code:
            raise AssertionError(f"{model} ended with {ended}, not {code}")

    @classmethod
    def refuse(cls) -> None:
        """While two calls are in memory, a third one of the lowest class finds no place."""
        cls.infer("linear", floats(1), headers={"tournant-criticality": "sheddable"},
                  code="RESOURCE_EXHAUSTED")

    @classmethod
    def make_calls(cls) -> None:
        """One of each kind, and two that wait for the feature store as long as the tests run."""
        cls.infer("seats", planes("N1602", "N1603"))
        cls.infer("seats", planes("N1602", "N1602", "NOPE"))
        for i in (*range(40), *range(40)):  # Fetches enough for their time to be known, then cached rows.
            cls.infer("seats", planes(f"NOPE{i}"))
        cls.infer("raises", floats(-1), code="INTERNAL")
        release = threading.Event()

        def wait(_, answer: bytes) -> bytes:
            release.wait(LIMIT_SECONDS)
            return answer

        cls.store.fault = wait
        cls.addClassCleanup(release.set)
        cls.held: list[grpc.Future] = [
            cls.client.async_infer("seats", [planes(name)], lambda *_: None, request_id=f"held-{name}",
                                   client_timeout=LIMIT_SECONDS) for name in ("HELD1", "HELD2")]
        until(lambda: cls.status()["calls"]["live"]["AwaitingFeatures"] == 2)
        cls.refuse()
        # What is counted after an answer, and what is written after it.
        until(lambda: sum(cls.status()["calls"]["live"].values()) == 2)
        until(lambda: cls.status()["prediction_log"]["in_memory"] == 0)

    @classmethod
    def status(cls) -> dict:
        with urllib.request.urlopen(cls.url + "/status.json", timeout=LIMIT_SECONDS) as answer:
            return json.load(answer)

    def open(self, **options) -> Page:
        """With nothing that it could not show, now and when the test is over."""
        until(lambda: sum(self.status()["calls"]["live"].values()) == 2)
        page = super().open(own_clock=True, **options)
        self.addCleanup(lambda: self.assertTrue(page.locator("#problem").is_hidden(),
                                                page.locator("#problem").text_content()))
        return page

    def look(self, page: Page) -> None:
        """Lets the page ask again."""
        with page.expect_response("**/status.json"):
            page.clock.run_for(2000)

    def table(self, page: Page, name: str) -> list[dict[str, str]]:
        return page.locator(f"#{name}").evaluate(READ_TABLE)

    def facts(self, page: Page, part: str) -> dict[str, str]:
        return page.locator(f"#{part}").evaluate(READ_FACTS)

    def model(self, page: Page, name: str) -> dict[str, str]:
        return next(row for row in self.table(page, "models") if row["Model"] == name)

    def test_models_with_their_state_and_calls(self):
        page = self.open()
        for entry in self.status()["models"]:
            row = self.model(page, entry["model"])
            self.assertEqual((row["Version"], row["State"]), ("1", "ready"))
            self.assertRegex(row["Loaded in"], TIME)
            self.assertRegex(row["of it warm-up"], TIME)
            calls = entry["calls"]["ok"] + entry["calls"]["failed"]
            self.assertEqual(row["Calls so far"], str(calls))
            self.assertGreater(calls, 0)

    def test_calls_that_a_model_refuses_are_no_errors_of_it(self):
        page = self.open()
        row: dict[str, str] = {}

        def refuses() -> bool:
            self.refuse()
            self.look(page)
            row.update(self.model(page, "linear"))
            return row["Refused or late"] not in ("–", "0/s")

        until(refuses)
        self.assertRegex(row["Refused or late"], RATE)
        self.assertEqual((row["Answers"], row["Errors"]), ("0/s", "0/s"))

    def test_rates_errors_and_times_while_calls_come(self):
        page = self.open()
        stove = page.locator("#stations > li").nth(3)
        row: dict[str, str] = {}
        figures: dict[str, str] = {}
        lines: list[str] = []
        forms = {"Answers": RATE, "Errors": RATE, "Mean time": TIME, "Rows a batch": "^1$"}

        def flows() -> bool:
            self.infer("raises", floats(1))
            self.infer("raises", floats(-1), code="INTERNAL")
            self.look(page)
            row.update(self.model(page, "raises"))
            figures.update(page.locator("#figures").evaluate(READ_FIGURES))
            lines[:] = [line.get_attribute("d")
                        for line in page.locator("#figures path").all() + stove.locator(".spark path").all()]
            return (all(row[title] not in ("–", "0/s") for title in forms)
                    and all("L" in line for line in lines) and figures["In flight"] == "2")

        until(flows)
        self.assertEqual(row["Refused or late"], "0/s")
        for title, form in forms.items():
            self.assertRegex(row[title], form)
        self.assertRegex(figures.pop("Calls"), RATE)
        self.assertRegex(figures.pop("Errors"), RATE)
        self.assertRegex(figures.pop("Workers’ use"), r"%$")
        self.assertEqual(figures, {"Refused": "0/s", "In flight": "2"})
        p50, p99 = stove.locator(".times span").all_inner_texts()
        self.assertRegex(p50.removeprefix("p50 "), TIME)
        self.assertRegex(p99.removeprefix("p99 "), TIME)

    def test_calls_where_they_are(self):
        page = self.open()
        stations = page.locator("#stations > li").evaluate_all(
            "(all) => all.map((one) => ['h3', 'b'].map((tag) => one.querySelector(tag).textContent))")
        self.assertEqual(dict(stations), {"Order": "0", "Pantry": "2", "Ticket rail": "0", "Stove": "0", "Pass": "0"})
        self.assertEqual(page.locator("#stations > li.busy").count(), 1)
        self.assertEqual(page.locator("#stations > li").nth(1).locator(".ticket").count(), 2)

    def test_the_oldest_calls_with_phase_and_age(self):
        page = self.open()
        rows = self.table(page, "oldest")
        self.assertEqual({row["Request id"] for row in rows}, {"held-HELD1", "held-HELD2"})
        for row in rows:
            self.assertEqual([row[title] for title in ("Phase", "Model", "Version", "Rows")],
                             ["awaiting features", "seats", "1", "1"])
            self.assertRegex(row["Age"], TIME)

    def test_workers_and_sizes_of_batches(self):
        page = self.open()
        self.assertIn("2 workers in use", page.inner_text("#workers"))
        sizes: dict[int, int] = {}
        for entry in self.status()["models"]:
            for rows, n in entry["batches"].items():
                bucket = next(size for size in (1, 2, 4, 8) if int(rows) <= size)
                sizes[bucket] = sizes.get(bucket, 0) + n
        self.assertGreaterEqual(len(sizes), 2)
        bars = [" ".join(bar.text_content().split()) for bar in page.locator("#workers .bars li").all()]
        names = {1: "1", 2: "2", 4: "3–4", 8: "5–8"}
        self.assertEqual(bars, [f"{n} batches of {names[size]} rows" for size, n in sorted(sizes.items())])

    def test_features_their_stores_and_caches(self):
        page = self.open()
        status = self.status()
        cells = status["features"]["cells"]
        self.assertTrue(cells["live"] and cells["cached"] and cells["defaulted"], cells)
        self.assertEqual(page.locator("#features .parts").get_attribute("aria-label"),
                         ", ".join(f"{name.replace('_', ' ')} {n}" for name, n in cells.items()))
        facts = self.facts(page, "features")
        self.assertRegex(facts["Oldest value, median"], TIME)
        self.assertRegex(facts["Oldest value, p99"], TIME)
        degraded = status["features"]["degraded_answers"]
        self.assertTrue(facts["Degraded answers"].startswith(f"{degraded} ("), facts)
        self.assertRegex(facts["Fetch, median"], TIME)
        self.assertRegex(facts["Fetch, p95"], TIME)
        self.assertEqual((facts["Failed or late"], facts["Brown-out"]), ("0\u202f%", "none"))
        stores, caches = page.locator("#features .backends").all()
        backend = status["feature_store"]["backends"][0]
        self.assertIn(backend["name"], stores.inner_text())
        self.assertEqual(stores.locator(".badge").inner_text(), "healthy")
        self.assertIn(f"2 of {backend['limit']:,} in flight", stores.inner_text())
        cache = status["caches"][0]
        hits = cache["hits"] + cache["negative_hits"]
        self.assertIn("plane_facts", caches.inner_text())
        part = f"{hits / (hits + cache['misses']) * 100:.3g}"
        self.assertIn(f"{part} % hits, {cache['entries']} rows", " ".join(caches.inner_text().split()))

    def test_a_feature_store_that_is_ill(self):
        page = self.open()
        status = self.status()
        backend = status["feature_store"]["backends"][0]

        def answer(route: Route) -> None:
            route.fulfill(json=status)

        page.route("**/status.json", answer)
        for change, badge in (({"reachable": False}, "unreachable"),
                              ({"reachable": True, "breaker": "half_open"}, "breaker half open")):
            backend.update(change)
            self.look(page)
            page.locator("#features .badge.bad", has_text=badge).wait_for()

    def test_admission_with_limits_and_causes(self):
        page = self.open()
        meters = [" ".join(meter.inner_text().split()) for meter in page.locator("#admission .metered").all()]
        self.assertEqual(meters[0], "Calls admitted and not yet answered 2 of 8")
        self.assertRegex(meters[1], r"^Bytes of their requests \d+ B of 1 MiB$")
        admission = self.status()["admission"]
        causes = {row["Cause"].replace(" ", "_"): int(row["so far"]) for row in self.table(page, "causes")}
        rejected = [entry["rejected"] for entry in admission["classes"].values()]
        self.assertEqual(causes, {cause: sum(of[cause] for of in rejected) for cause in rejected[0]})
        self.assertGreater(causes["too_many_calls"], 0)
        self.assertEqual((admission["max_calls"], admission["max_request_bytes"]), (8, 1 << 20))
        self.assertEqual({row["Class"]: row["most calls"] for row in self.table(page, "classes")},
                         {name: str(int(entry["share"] * 8)) for name, entry in admission["classes"].items()})
        limited = {row["Class"]: row["most calls"] for row in self.table(page, "classes")}
        self.assertEqual((limited["critical-plus"], limited["sheddable"]), ("8", "2"))

    def test_the_prediction_log(self):
        until(lambda: self.status()["prediction_log"]["in_memory"] == 0)
        page = self.open()
        log = self.status()["prediction_log"]
        self.assertGreater(log["durable"], 0)
        facts = self.facts(page, "log")
        self.assertEqual(facts["Saved"].split(" ")[0], str(log["durable"]))
        self.assertEqual((facts["In memory"], facts["Dropped"]), ("0 (0\u202fB)", "0"))
        self.assertIn(self.log, page.inner_text("#log"))

    def test_settings_with_their_sources(self):
        page = self.open()
        page.click("#settings-all summary")
        rows = {row["Flag"]: (row["Value"], row["From"]) for row in self.table(page, "settings")}
        self.assertEqual(rows["--max_in_flight"], ("8", "flag"))
        self.assertEqual(rows["--max_in_flight_bytes"], ("1048576", "environment"))
        self.assertEqual(rows, {f"--{name}": (setting["value"] or "(empty)", setting["from"])
                                for name, setting in self.status()["settings"].items()})

    def test_all_of_it_fits_a_phone(self):
        page = self.open(viewport={"width": 360, "height": 740})
        page.click("#settings-all summary")
        page.locator("#settings tbody tr").first.wait_for()
        self.assertLessEqual(page.evaluate("document.documentElement.scrollWidth"), 360)

    def test_a_text_in_the_form(self):
        page = self.open()
        inputs = self.choose(page, "seats")
        self.assertEqual(list(inputs), ["tailnum"])
        page.fill(inputs["tailnum"], "N1602")
        self.assertEqual(self.answer(page), {"y": "660"})
        self.assertIn("features cached: 1", page.inner_text("#try-answer"))
        page.fill(inputs["tailnum"], '"N1602", "NO, PE')
        page.click("#try-send")
        self.assertIn("tailnum[1]: '\"NO' is no BYTES", page.inner_text("#try-answer"))


if __name__ == "__main__":
    unittest.main()
