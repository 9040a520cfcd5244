"""The live page in a real browser: what happens in the loop is on the page, also when the database goes and comes."""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid

from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PICTURES = ROOT / "docs" / "live-page"
SIZES = [(1280, 900), (360, 740)]
# A text that would become an element of a page that took it for HTML.
HOSTILE = "<img src=x>"


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
        """With the token behind it, which lets the page act."""
        found = re.search(r"http://127\.0\.0\.1:\d+/#token=\w+", self.log.read_text())
        return found and found[0]

    def dead_letters(self, bodies):
        """Sends letters as an earlier version with another schema would have."""
        endpoint = until(lambda: re.search(r"--endpoint-url (\S+)", self.log.read_text()), "the endpoint of the queue", 120)[1]
        reason = {"message": "`/payload` has the unknown field \"fee\"", "pipeline": "transactions"}
        reason |= {"message_id": "m-1", "instance_path": "/payload/fee", "keyword": "additionalProperties"}
        attributes = {"runner.code": "schema", "runner.reason": json.dumps(reason)}
        attributes = {name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()}
        for body in bodies:
            message = {"QueueUrl": f"{endpoint}/000000000000/transactions-dlq", "MessageBody": body}
            headers = {"X-Amz-Target": "AmazonSQS.SendMessage", "Content-Type": "application/x-amz-json-1.0"}
            data = json.dumps(message | {"MessageAttributes": attributes}).encode()
            urllib.request.urlopen(urllib.request.Request(endpoint, data, headers), timeout=30).read()

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
    raise AssertionError(f"not within {seconds} s: {what() if callable(what) else what}")


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


def the_newest_rows_are_named(browser):
    key = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    until(lambda: re.fullmatch(key, text(browser, ".newest code")), "the key of a new row")


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
    started = time.monotonic()
    until(lambda: text(browser, ".state") == "running", "the end of the outage")
    took = time.monotonic() - started
    until(lambda: number(browser, ".rows") > before, "rows after the outage")
    return took


def event(amount):
    payload = {"transaction_id": "txn_000000000001", "amount": amount, "currency": "EUR", "merchant": HOSTILE}
    payload |= {"card_last4": "1234", "status": "approved"}
    names = {"event_id": str(uuid.uuid4()), "client_id": "replayed", "event_type": "transaction_approved"}
    return json.dumps(names | {"timestamp": "2026-01-01T00:00:00Z", "payload": payload})


def press(browser, *keys):
    chain = webdriver.ActionChains(browser)
    for key in keys:
        chain.send_keys(key)
    chain.perform()


def tab_to(browser, selector):
    """Moves the focus there as somebody without a mouse would."""
    for _ in range(200):
        press(browser, Keys.TAB)
        if browser.execute_script("return document.activeElement.matches(arguments[0])", selector):
            return
    raise AssertionError(f"the keyboard does not reach {selector}")


def shows(browser, words):
    until(lambda: words in text(browser, "dialog .result"), lambda: f"{words!r}, not {text(browser, 'dialog .result')!r}")


def a_kind_is_redriven_by_keyboard_alone(browser, loop, pictures):
    loop.dead_letters([event(12.5) for _ in range(12)] + [event("12.5") for _ in range(3)])
    mark = "const row = [...document.querySelectorAll('.letters tbody tr')].find((one) => one.textContent.includes('/payload/fee')); if (row) row.id = 'replay'; return !!row"
    tab_to(browser, ".list")
    press(browser, Keys.ENTER)
    until(lambda: browser.execute_script(mark), "the kind in the list")
    assert number(browser, "#replay .number b") == 15, text(browser, "#replay")
    tab_to(browser, "#replay .look")
    press(browser, Keys.ENTER)
    shows(browser, "has the unknown field")
    assert HOSTILE in text(browser, "dialog pre"), text(browser, "dialog pre")
    assert not browser.find_elements(By.CSS_SELECTOR, "dialog img"), "a text became an element"
    press(browser, Keys.ESCAPE)
    until(lambda: not browser.find_elements(By.CSS_SELECTOR, "dialog[open]"), "the end of the dialog")
    tab_to(browser, "#replay .again")
    press(browser, Keys.ENTER)
    shows(browser, "12 would now pass, 3 would still fail.")
    nothing_is_wider_than_the_window(browser)
    assert not browser.find_elements(By.CSS_SELECTOR, "dialog img, main img"), "a text became an element"
    tab_to(browser, "dialog .go")
    if pictures:
        take_pictures(browser, "redrive")
    press(browser, Keys.ENTER)
    shows(browser, "12 sent back to the queue, 3 still fail.")
    until(lambda: number(browser, "#replay .number b") == 3, "three letters in the list")


def the_token_is_needed(browser, loop):
    """A tab that was opened without it asks for it."""
    before = browser.current_window_handle
    browser.switch_to.new_window("tab")
    address, token = loop.page.split("#token=")
    browser.get(address)
    until(lambda: browser.find_elements(By.CSS_SELECTOR, "body.acting .letters .list"), "the button")
    tab_to(browser, ".list")
    press(browser, Keys.ENTER)
    shows(browser, "for whoever knows the token")
    press(browser, "not the token at all", Keys.ENTER)
    shows(browser, "The token is wrong.")
    press(browser, token, Keys.ENTER)
    until(lambda: browser.find_elements(By.CSS_SELECTOR, ".letters tbody tr"), "the list")
    # The two refusals are in its log.
    refused = [entry["message"] for entry in browser.get_log("browser")]
    assert len(refused) == 2 and all("401" in message for message in refused), refused
    browser.close()
    browser.switch_to.window(before)


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
            the_newest_rows_are_named(browser)
            an_invalid_event_appears_with_its_reason(browser)
            nothing_is_wider_than_the_window(browser)
            if pictures:
                time.sleep(45)
                take_pictures(browser, "running")
            a_kind_is_redriven_by_keyboard_alone(browser, loop, pictures)
            press(browser, Keys.ESCAPE)
            the_token_is_needed(browser, loop)
            took, server = an_outage_is_shown_soon(browser, loop)
            if pictures:
                time.sleep(8)
                take_pictures(browser, "outage")
            back = it_passes(browser, loop, server)
            complaints = [entry["message"] for entry in browser.get_log("browser")]
            assert not complaints, complaints
        except BaseException:
            print(loop.log.read_text()[-3000:], file=sys.stderr)
            raise
        finally:
            browser.quit()
            loop.end()
    print("live page: counts and rejections are shown, and a kind is redriven by keyboard")
    print(f"live page: an outage is shown after {took:.1f} s, its end {back:.1f} s after PostgreSQL was started")


if __name__ == "__main__":
    main(sys.argv[1], "--pictures" in sys.argv[2:])
