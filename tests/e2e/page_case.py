"""The status page of a server in a browser, for the tests of it."""

import unittest

from harness import LIMIT_SECONDS
from playwright.sync_api import Page, sync_playwright

BROWSER = "/usr/bin/chromium-headless-shell"
PATIENCE_MS = LIMIT_SECONDS * 1000


class PageCase(unittest.TestCase):
    """A browser for all tests of a class, whose setUpClass() says the page's `url`."""

    url: str

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        playwright = sync_playwright().start()
        cls.addClassCleanup(playwright.stop)
        cls.browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        cls.addClassCleanup(cls.browser.close)

    def open(self, own_clock: bool = False, **options) -> Page:
        """The page with its first data; what goes wrong on its console fails the test. With a clock of
        its own the page's time can be moved on."""
        context = self.browser.new_context(**options)
        self.addCleanup(context.close)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        wrong: list[str] = []
        page.on("console", lambda said: wrong.append(said.text) if said.type != "log" else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        self.addCleanup(lambda: self.assertEqual(wrong, []))
        if own_clock:
            page.clock.install()
        page.goto(self.url)
        page.wait_for_selector("#models td.name")
        page.wait_for_selector("#try-input-0")
        return page

    def choose(self, page: Page, model: str) -> dict[str, str]:
        """Chooses a model in the form: the selectors of its inputs, by their names."""
        page.select_option("#try-model", model)
        page.wait_for_selector("#try-inputs textarea")
        return {label.inner_text(): f"#{label.get_attribute('for')}"
                for label in page.locator("#try-inputs label").all()}

    def answer(self, page: Page) -> dict[str, str]:
        """Sends the form: the values of each output, by its name."""
        with page.expect_response("**/infer"):
            page.click("#try-send")
        page.wait_for_selector("#try-send:enabled")
        return {output.locator(".name").inner_text(): output.locator("output").inner_text()
                for output in page.locator("#try-answer .output").all()}
