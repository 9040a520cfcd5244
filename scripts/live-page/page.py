"""The live page in a real browser: what happens in the loop is on the page, also when the database goes and comes."""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from selenium import webdriver
from selenium.webdriver.common.by import By

ROOT = pathlib.Path(__file__).resolve().parents[2]
PICTURES = ROOT / "docs" / "live-page"
SIZES = [(1280, 900), (360, 740)]


class Loop:
    """`runner dev` with its own queue and PostgreSQL."""

    def __init__(self, runner, folder):
        # PostgreSQL does not run as root, and has to reach its data.
        os.chmod(folder, 0o755)
        self.log, self.database = pathlib.Path(folder) / "log", None
        for name in ("pipelines", "schemas"):
            shutil.copytree(ROOT / name, pathlib.Path(folder) / name)
        # The database is kept where it can be started again.
        command = [runner, "dev", "pipelines/transactions.yaml", "--keep", "database"]
        command += ["--rate", "20", "--invalid", "0.2"]
        with self.log.open("w") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
        self.page = until(self.address, "the address of the page", 120)

    def address(self):
        found = re.search(r"http://127\.0\.0\.1:\d+/", self.log.read_text())
        return found and found[0]

    def stop_database(self):
        """Shuts the PostgreSQL server down; gives what starts it again. Without fsync it would not survive a kill."""
        port = re.search(r"postgres://\S+@127\.0\.0\.1:(\d+)/", self.log.read_text())[1]
        for process in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                arguments = (process / "cmdline").read_bytes().split(b"\0")[:-1]
            except OSError:
                continue
            if b"-D" in arguments and port.encode() in arguments:
                owner = process.stat().st_uid
                os.kill(int(process.name), signal.SIGINT)
                gone = lambda: not process.exists() or b"-D" not in (process / "cmdline").read_bytes()
                until(gone, "the end of PostgreSQL")
                # The folder of its socket goes with it.
                arguments[arguments.index(b"-k") + 1] = b""
                return arguments, owner if os.getuid() == 0 else None
        raise AssertionError(f"no PostgreSQL server on port {port}")

    def start_database(self, arguments, user):
        self.database = subprocess.Popen(arguments, user=user, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def end(self):
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
        if self.database:
            self.database.send_signal(signal.SIGINT)
            self.database.wait(60)


def until(look, what, seconds=30):
    """Waits until `look` gives something true, and gives how long that took as well where nothing else is given."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} s: {what}")


def text(browser, selector):
    return browser.execute_script(f"return document.querySelector({selector!r})?.textContent ?? ''")


def number(browser, selector):
    digits = re.sub(r"[^\d]", "", text(browser, selector))
    return int(digits) if digits else 0


def open_browser():
    options = webdriver.ChromeOptions()
    for argument in ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]:
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    options.binary_location = subprocess.check_output(["which", "chromium"], text=True).strip()
    service = webdriver.ChromeService(subprocess.check_output(["which", "chromedriver"], text=True).strip())
    return webdriver.Chrome(options=options, service=service)


def show(browser, width, height, scheme):
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
    )


def the_counter_moves(browser):
    first = until(lambda: number(browser, ".rows"), "a stored row on the page")
    until(lambda: number(browser, ".rows") > first, "more stored rows")
    until(lambda: text(browser, "#overall") == "running", "the state")


def an_invalid_event_appears_with_its_reason(browser):
    until(lambda: browser.find_elements(By.CSS_SELECTOR, ".kinds tbody tr"), "a kind of rejection")
    until(lambda: len(text(browser, ".kinds .reason")) > 10, "its reason")
    assert text(browser, ".kinds .code") in ("schema", "not_json"), text(browser, ".kinds .code")


def an_outage_is_shown_soon(browser, loop):
    server = loop.stop_database()
    stopped = time.monotonic()
    until(lambda: text(browser, ".state") == "outage: database", "the outage")
    took = time.monotonic() - stopped
    # Below two seconds where nothing else runs; printed at the end.
    assert took < 5, f"the page showed the outage after {took:.1f} s"
    until(lambda: "Nothing is lost" in text(browser, ".cause") and "For" in text(browser, ".cause"), "the cause")
    return took, server


def it_passes(browser, loop, server):
    before = number(browser, ".rows")
    loop.start_database(*server)
    until(lambda: text(browser, ".state") == "running", "the end of the outage")
    until(lambda: number(browser, ".rows") > before, "rows after the outage")


def nothing_is_wider_than_the_window(browser):
    for width, height in SIZES:
        show(browser, width, height, "light")
        wide = browser.execute_script("return document.documentElement.scrollWidth")
        assert wide <= width, f"{wide} px on {width} px"


def take_pictures(browser, state):
    PICTURES.mkdir(parents=True, exist_ok=True)
    for width, height in SIZES:
        for scheme in ("light", "dark"):
            show(browser, width, height, scheme)
            time.sleep(0.3)
            browser.save_screenshot(str(PICTURES / f"{state}-{width}-{scheme}.png"))


def main(runner, pictures):
    with tempfile.TemporaryDirectory() as folder:
        loop, browser = Loop(os.path.abspath(runner), folder), open_browser()
        try:
            browser.get(loop.page)
            the_counter_moves(browser)
            an_invalid_event_appears_with_its_reason(browser)
            nothing_is_wider_than_the_window(browser)
            if pictures:
                time.sleep(45)
                take_pictures(browser, "running")
            took, server = an_outage_is_shown_soon(browser, loop)
            if pictures:
                time.sleep(8)
                take_pictures(browser, "outage")
            it_passes(browser, loop, server)
            complaints = [entry["message"] for entry in browser.get_log("browser")]
            assert not complaints, complaints
        except BaseException:
            print(loop.log.read_text()[-3000:], file=sys.stderr)
            raise
        finally:
            browser.quit()
            loop.end()
    print(f"live page: counts, rejections and an outage are shown; the outage after {took:.1f} s")


if __name__ == "__main__":
    main(sys.argv[1], "--pictures" in sys.argv[2:])
