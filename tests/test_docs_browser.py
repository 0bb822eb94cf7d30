"""The built site in headless Chromium: `make test-docs`.

Screenshots of each kind of page, wide, at phone width and in the dark, are written to
docs/_build/screenshots for a person to look at.
"""

import functools
import http.server
import re
import threading
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin, urlparse

import pytest

webdriver = pytest.importorskip("selenium.webdriver")
wait = pytest.importorskip("selenium.webdriver.support.wait")

pytestmark = pytest.mark.browser
SITE = Path(__file__).parents[1] / "docs" / "_build" / "html"
SHOTS = SITE.parent / "screenshots"
CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
]
PAGES = sorted(
    page.relative_to(SITE).as_posix()
    for page in SITE.rglob("*.html")
    if page.relative_to(SITE).parts[0] != "_static"  # a template of the theme's
)
# One page of each kind for the pictures.
LOOKED_AT = [
    "index.html",
    "user_guide/forecasting.html",
    "user_guide/training.html",
    "api/index.html",
    "api/generated/skwave.LSTMForecaster.html",
    "auto_examples/index.html",
    "auto_examples/plot_04_sunspots.html",
    "ja/tutorial.html",
    "changelog.html",
    "users_of.html",
]


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        """Say nothing."""


@pytest.fixture(scope="module")
def address():
    if not PAGES:
        pytest.fail("There is no site in docs/_build/html; run make docs.")
    handler = functools.partial(Quiet, directory=str(SITE))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    options = webdriver.ChromeOptions()
    if CHROMIUM.exists():
        options.binary_location = str(CHROMIUM)
    for flag in [*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"]:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = "/usr/bin/chromedriver"
    service = webdriver.ChromeService(driver) if Path(driver).exists() else None
    browser = webdriver.Chrome(options=options, service=service)
    yield browser
    browser.quit()


def look(browser, name, *, width, dark):
    """Set width and colours, and take a picture of the whole page."""
    media = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": media})
    height = browser.execute_script("return document.documentElement.scrollHeight")
    size = {"width": width, "height": min(height, 4000), "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    SHOTS.mkdir(exist_ok=True)
    browser.save_screenshot(str(SHOTS / f"{name}.png"))


def internal_links(page):
    """Return the pages and anchors of this site that a page links to or shows."""
    text = (SITE / page).read_text()
    for target in re.findall(r'(?:href|src)="([^"]+)"', text):
        target, fragment = urldefrag(target.replace("&amp;", "&"))
        if not urlparse(target).scheme and not target.startswith("//"):
            path = urlparse(urljoin(page, target)).path if target else page
            # Text fragments, of the parameters in a diagram, are no anchors.
            yield unquote(path), fragment.split(":~:")[0]


@functools.cache
def anchors(page):
    return set(re.findall(r'\b(?:id|name)="([^"]+)"', (SITE / page).read_text()))


@pytest.mark.parametrize("page", PAGES)
def test_no_internal_link_is_dead(page):
    links = set(internal_links(page))
    dead = [path for path, _ in links if not (SITE / path).exists()]
    assert dead == []
    lost = [
        (path, anchor)
        for path, anchor in links
        if anchor and path.endswith(".html") and anchor not in anchors(path)
    ]
    assert lost == []


@pytest.mark.parametrize("page", PAGES)
def test_page_opens_without_errors_and_with_all_its_pictures(page, browser, address):
    browser.get(address + page)
    missing = browser.execute_script(
        "return [...document.images].filter(i => !(i.complete && i.naturalWidth)).map(i => i.src)"
    )
    # Pictures further down are fetched when they come into sight.
    if missing:
        browser.execute_script("document.querySelectorAll('img').forEach(i => i.loading = 'eager')")
        browser.execute_async_script(
            "Promise.all([...document.images].map(i => i.decode().catch(() => 0)))"
            ".then(arguments[0])"
        )
        missing = browser.execute_script(
            "return [...document.images].filter(i => !i.naturalWidth).map(i => i.src)"
        )
    assert missing == []
    entries = browser.get_log("browser")
    assert [entry["message"] for entry in entries if entry["level"] in ("SEVERE", "WARNING")] == []
    assert browser.title


def test_the_search_finds_the_forecaster(browser, address):
    browser.get(address + "search.html?q=LSTMForecaster")
    results = wait.WebDriverWait(browser, 20).until(
        lambda b: b.find_elements("css selector", "#search-results ul.search a")
    )
    assert any("skwave.LSTMForecaster" in link.get_attribute("href") for link in results)


@pytest.mark.parametrize(
    ("words", "page"),
    [
        ("confidence", "user_guide/intervals.html"),
        ("uncertainty", "user_guide/intervals.html"),
        ("exogenous", "user_guide/known_inputs.html"),
        ("missing values", "user_guide/missing_values.html"),
        ("reproducible", "user_guide/training.html"),
        ("ensemble", "user_guide/forecasting.html"),
    ],
)
def test_the_search_finds_what_newcomers_look_for(words, page, browser, address):
    browser.get(f"{address}search.html?q={words.replace(' ', '+')}")
    # Results appear one after the other.
    wait.WebDriverWait(browser, 20).until(
        lambda b: b.find_elements("css selector", f'#search-results a[href*="{page}"]')
    )


CUT_CODE = """
return [...document.querySelectorAll("article pre")]
  .filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.innerText.slice(0, 80));
"""


@pytest.mark.parametrize("page", PAGES)
def test_no_code_is_cut_on_a_screen_of_1280_pixels(page, browser, address):
    size = {"width": 1280, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    browser.get(address + page)
    cut = browser.execute_script(CUT_CODE)
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert cut == []


# Text wider than the screen, other than code and tables, which can be scrolled.
CUT = """
return [...document.querySelectorAll("article p, article h1, article h2, article dt, article dd")]
  .filter(e => !e.closest("pre, table, .sk-top-container, .pst-scrollable-table-container"))
  .filter(e => e.getBoundingClientRect().right > window.innerWidth + 1)
  .map(e => e.innerText.slice(0, 40));
"""


@pytest.mark.parametrize("page", PAGES)
def test_page_fits_the_width_of_a_phone(page, browser, address):
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True},
    )
    browser.get(address + page)
    width = browser.execute_script("return document.documentElement.scrollWidth")
    cut = browser.execute_script(CUT)
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert width <= 390
    assert cut == []


CONTRAST = """
function light(colour) {
  const parts = colour.match(/[\\d.]+/g).map(Number);
  const [r, g, b] = parts.slice(0, 3).map(
    v => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
function ground(element) {
  for (; element; element = element.parentElement) {
    const colour = getComputedStyle(element).backgroundColor;
    if (!/, 0\\)$/.test(colour) && colour !== "transparent") return colour;
  }
  return "rgb(255, 255, 255)";
}
const article = document.querySelector("article");
// The colours of a model's diagram are scikit-learn's.
const texts = [...article.querySelectorAll("p, li, pre, td, h1, h2, a")].filter(
  e => e.innerText && !e.closest(".sk-top-container"));
return texts.map(e => {
  const [a, b] = [light(getComputedStyle(e).color), light(ground(e))];
  return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), e.innerText.slice(0, 40)];
}).filter(pair => pair[0] < 3);
"""


@pytest.mark.parametrize("page", LOOKED_AT)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_text_has_contrast_and_screenshots_are_taken(page, dark, browser, address):
    media = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": media})
    browser.get(address + page)
    assert browser.execute_script(CONTRAST) == []
    name = page.removesuffix(".html").replace("/", "_")
    for width, kind in ((1400, "wide"), (390, "phone")):
        look(browser, f"{name}_{kind}_{'dark' if dark else 'light'}", width=width, dark=dark)
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
