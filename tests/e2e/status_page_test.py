"""The status page in a browser, and predictions over real HTTP."""

import json
import unittest
import urllib.error
import urllib.request

from harness import LIMIT_SECONDS, Server, repository, serve
from page_case import PageCase
from playwright.sync_api import Route

LINEAR = {"name": "x", "shape": [1, 1], "datatype": "FP32", "data": [3]}


class WithServer(unittest.TestCase):
    """A server with HTTP for all tests of a class."""

    server: Server
    url: str

    @classmethod
    def setUpClass(cls):
        folder = repository(cls, "linear", "raises", "types", "integers")
        cls.server = serve(folder, "--http_address=127.0.0.1:0", "--workers=2",
                           env={"TOURNANT_MAX_IN_FLIGHT": "1000"})
        cls.addClassCleanup(cls.server.kill)
        cls.url = f"http://127.0.0.1:{cls.server.ready['http']}"

    def ask(self, path: str, request: object = None, headers: dict[str, str] | None = None):
        """(code, JSON) of a GET, or of a POST of `request`."""
        data = None if request is None else json.dumps(request).encode()
        sent = urllib.request.Request(self.url + path, data, headers or {})
        try:
            with urllib.request.urlopen(sent, timeout=LIMIT_SECONDS) as response:
                return response.status, json.load(response)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)


class RestForm(WithServer):
    def test_predicts_with_the_model_that_is_served(self):
        code, answer = self.ask("/v2/models/linear/infer", {"id": "a", "inputs": [LINEAR]})
        self.assertEqual(code, 200, answer)
        self.assertEqual((answer["model_name"], answer["id"]), ("linear", "a"))
        self.assertEqual(answer["outputs"][0]["data"], [7])

    def test_describes_what_it_takes(self):
        self.assertEqual(self.ask("/v2")[1]["name"], "tournant")
        code, metadata = self.ask("/v2/models/linear/versions/1")
        self.assertEqual(code, 200)
        self.assertEqual(metadata["inputs"][0]["name"], "x")
        self.assertEqual(self.ask("/v2/models/linear/ready"), (200, {"name": "linear", "ready": True}))

    def test_says_what_is_wrong(self):
        code, answer = self.ask("/v2/models/linear/infer", {"inputs": [{**LINEAR, "data": ["a"]}]})
        self.assertEqual(code, 400)
        self.assertEqual(answer["error"], "inputs[0].data[0]: 'a' is not a value of FP32")
        self.assertEqual(self.ask("/v2/models/none/infer", {"inputs": [LINEAR]})[0], 404)
        code, answer = self.ask("/v2/models/linear/infer", {"inputs": [LINEAR]}, {"grpc-timeout": "0m"})
        self.assertEqual(code, 504, answer)

    def test_counts_as_every_call(self):
        before = self.ask("/status.json")[1]
        self.ask("/v2/models/linear/infer", {"inputs": [LINEAR]})
        after = self.ask("/status.json")[1]

        def done(status):
            linear = next(entry for entry in status["models"] if entry["model"] == "linear")
            return linear["calls"]["ok"], status["calls"]["ended"]["Done"]

        self.assertEqual(done(after), tuple(count + 1 for count in done(before)))

    def test_serves_what_its_openapi_document_says(self):
        api = self.ask("/openapi.json")[1]
        self.assertTrue(api["openapi"].startswith("3."))

        def resolve(node):
            """Every reference in the document leads to something."""
            if isinstance(node, dict):
                if "$ref" in node:
                    found = api
                    for part in node["$ref"].removeprefix("#/").split("/"):
                        found = found[part]
                for value in node.values():
                    resolve(value)
            elif isinstance(node, list):
                for value in node:
                    resolve(value)

        resolve(api)
        operations = [operation["operationId"] for path in api["paths"].values()
                      for method, operation in path.items() if method != "parameters"]
        self.assertEqual(len(operations), len(set(operations)))
        for path, methods in api["paths"].items():
            place = path.replace("{model}", "linear").replace("{version}", "1")
            if "get" in methods:
                code, _ = self.ask(place)
            else:
                code, answer = self.ask(place, {"inputs": [LINEAR]})
                required = api["components"]["schemas"]["InferResponse"]["required"]
                self.assertLessEqual(set(required), set(answer))
            self.assertIn(str(code), methods.get("get", methods.get("post"))["responses"], place)
            self.assertEqual(code, 200, place)

    def test_tells_where_settings_come_from(self):
        settings = self.ask("/status.json")[1]["settings"]
        self.assertEqual(settings["workers"], {"value": "2", "from": "flag"})
        self.assertEqual(settings["max_in_flight"], {"value": "1000", "from": "environment"})
        self.assertEqual(settings["reflection"], {"value": "true", "from": "default"})


class StatusPage(PageCase, WithServer):
    def test_shows_the_models_and_that_the_server_is_ready(self):
        page = self.open()
        self.assertEqual(page.inner_text("#state").strip(), "ready")
        self.assertIn("linear", page.inner_text("#models"))
        self.assertTrue(page.locator("#problem").is_hidden())
        self.assertIn("No calls are in flight", page.inner_text("#oldest"))

    def test_predicts_with_its_form(self):
        page = self.open()
        page.fill(self.choose(page, "linear")["x"], "3")
        self.assertEqual(self.answer(page), {"y": "7"})

    def test_sends_and_shows_integers_as_they_are(self):
        page = self.open()
        inputs = self.choose(page, "integers")
        self.assertEqual(page.input_value(inputs["int64"]), "0")
        typed = {"int64": "9223372036854775807, -9223372036854775808, 9007199254740993, -1",
                 "uint64": "18446744073709551615, 9007199254740993, 9007199254740992, 0",
                 "uint8": "255, 0, 1, 2"}
        for name, text in typed.items():
            page.fill(inputs[name], text)
        self.assertEqual(self.answer(page), {f"{name}_out": text for name, text in typed.items()})

    def test_takes_values_as_json_too(self):
        page = self.open()
        inputs = self.choose(page, "types")
        for name, text in (("fp32", '["NaN", [-Infinity]]'), ("fp64", "[ -0, 1e300 ]"), ("int32", "+7, 007"),
                           ("int64", "[[1], [2]]"), ("flag", "true, false")):
            page.fill(inputs[name], text)
        self.assertEqual(self.answer(page), {
            "fp32_out": "NaN, -Infinity", "fp64_out": "-0, 1e+300", "int32_out": "7, 7", "int64_out": "1, 2",
            "flag_out": "true, false"})

    def test_says_which_element_it_cannot_read(self):
        page = self.open()
        inputs = self.choose(page, "types")
        for name, typed, wrong in (
                ("int64", "1, 1.5", "int64[1]: '1.5' is no INT64"),
                ("int64", "[0, [9223372036854775808]]", "int64[1]: '9223372036854775808' is no INT64"),
                ("int32", "-2147483649, 0", "int32[0]: '-2147483649' is no INT32"),
                ("fp32", "1, three", "fp32[1]: 'three' is no FP32"),
                ("fp32", "1 2", "fp32[0]: '1 2' is no FP32; values are separated by commas"),
                ("fp64", "1, 1e999", "fp64[1]: '1e999' is no FP64"),
                ("fp64", "1,", "fp64[1]: '' is no FP64"),
                ("flag", "true, 1", "flag[1]: '1' is no BOOL"),
                ("flag", "[true, false", "flag: the brackets or commas are not those of a JSON array")):
            right = page.input_value(inputs[name])
            page.fill(inputs[name], typed)
            page.click("#try-send")
            self.assertEqual(page.inner_text("#try-answer"), wrong)
            self.assertEqual(page.get_attribute(inputs[name], "aria-invalid"), "true")
            self.assertEqual(f"#{page.evaluate('document.activeElement.id')}", inputs[name])
            page.fill(inputs[name], right)
        self.assertEqual(len(self.answer(page)), 5)
        self.assertEqual(page.locator("[aria-invalid]").count(), 0)

    def test_takes_nothing_until_the_inputs_of_a_model_are_there(self):
        page = self.open()
        held: list[Route] = []
        page.route("**/v2/models/linear", lambda route: held.append(route))
        with page.expect_request("**/v2/models/linear"):
            page.select_option("#try-model", "linear")
        self.assertEqual(page.locator("#try-inputs textarea").count(), 0)
        self.assertTrue(page.is_disabled("#try-send"))
        with page.expect_request("**/v2/models/raises"):
            page.select_option("#try-model", "raises")
        page.wait_for_selector("#try-input-0")
        page.fill("#try-input-0", "5")
        with page.expect_response("**/v2/models/linear"):
            held[0].continue_()
        self.assertEqual(page.input_value("#try-input-0"), "5", "a late answer changes nothing")
        self.assertTrue(page.is_enabled("#try-send"))

    def test_has_roles_and_names_for_who_does_not_see_it(self):
        page = self.open()
        self.choose(page, "linear")
        for role, name in (("heading", "The kitchen"), ("heading", "Models"), ("status", "ready"),
                           ("button", "Pause"), ("combobox", "Model"), ("textbox", "x"),
                           ("button", "Predict"), ("table", ""), ("list", ""), ("meter", ""),
                           ("navigation", "Other views"), ("link", "Metrics")):
            found = page.get_by_role(role, name=name) if name and role != "status" else page.get_by_role(role)
            self.assertGreater(found.count(), 0, f"{role} {name}")
        self.assertEqual(page.locator("h1").count(), 1)
        stations = page.locator("#stations > li")
        self.assertEqual(stations.count(), 5)
        self.assertIn("waiting for features", stations.nth(1).inner_text())

    def test_leads_the_keyboard_through_it_in_order(self):
        page = self.open()
        seen = []
        for _ in range(12):
            page.keyboard.press("Tab")
            seen.append(page.evaluate(
                "document.activeElement.id || document.activeElement.textContent.trim().slice(0, 20)"))
        order = [seen.index(name) for name in ("Skip to the kitchen", "pause", "try-model", "try-input-0", "try-send")]
        self.assertEqual(order, sorted(order), seen)

    def test_stops_asking_when_it_is_paused(self):
        page = self.open(own_clock=True)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url)
                if request.url.endswith("/status.json") else None)
        page.clock.run_for(10_000)
        self.assertTrue(asked, "it asks again and again")
        page.click("#pause")
        self.assertEqual(page.get_attribute("#pause", "aria-pressed"), "true")
        self.assertEqual(page.inner_text("#updated"), "paused")
        asked.clear()
        page.clock.run_for(10_000)
        self.assertEqual(page.inner_text("#updated"), "paused")
        self.assertEqual(asked, [])
        with page.expect_request("**/status.json"):
            page.click("#pause")

    def test_fits_a_phone_by_day_and_by_night(self):
        for scheme in ("light", "dark"):
            page = self.open(viewport={"width": 360, "height": 740}, color_scheme=scheme)
            self.assertLessEqual(page.evaluate("document.documentElement.scrollWidth"), 360)
            ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
            brightness = sum(int(part) for part in ground.strip("rgb()").split(","))
            self.assertEqual(brightness < 300, scheme == "dark", ground)

    def test_takes_names_for_text(self):
        page = self.open()
        page.evaluate("""() => fetch('/status.json').then((answer) => answer.json()).then((status) => {
          status.models[0].model = '<img src=x onerror=window.hurt=1>';
          window.fetch = () => Promise.resolve({ok: true, json: () => Promise.resolve(status)});
        })""")
        page.locator("#models td", has_text="<img").wait_for()
        self.assertEqual(page.locator("#models img").count(), 0)
        self.assertEqual(page.evaluate("typeof window.hurt"), "undefined")


if __name__ == "__main__":
    unittest.main()
